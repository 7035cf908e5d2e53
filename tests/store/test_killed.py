"""Updates and imports that are killed: what is left is the old index, the new one, or nobody's."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from milvus_server import Server
from store_children import children, import_and_tell, import_until, import_whole
from store_data import CONTENTS, FIRST_AXIS, fingerprint

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store
from recsys_cli.store.base import NO_MOVIES, Store
from recsys_cli.store.collection_ops import read_alias
from recsys_cli.store.content import IndexContent
from recsys_cli.store.exact import ExactStore


def answers(store: Store) -> list[tuple[int, str, tuple[str, ...], int]]:
    """All that an index says of its movies, best first."""
    (hits,) = store.search(FIRST_AXIS, 20, with_movies=True)
    return list(zip(hits.movie_ids.tolist(), hits.titles, hits.genres, hits.years, strict=True))


def exact_answers(content: IndexContent) -> list[tuple[int, str, tuple[str, ...], int]]:
    with ExactStore() as exact:
        exact.write(content, fingerprint())
        return answers(exact)


EXPECTED = {name: exact_answers(content) for name, content in CONTENTS.items()}


def check_who(store: Store) -> str:
    """Whose the index says it is, after its rows were found to be those, or "nobody"."""
    found = store.fingerprint
    assert found is not None
    if found.movies == NO_MOVIES:
        return "nobody"
    assert answers(store) == EXPECTED[found.movies]
    return found.movies


_POINTS = range(1, 26)
_FEW = {7, 8, 10}  # after the mark, between two batches of rows


@pytest.mark.parametrize("point", [p if p in _FEW else pytest.param(p, marks=pytest.mark.slow) for p in _POINTS])
def test_a_killed_update_answers_nobody_before_it_is_imported_anew(tmp_path: Path, point: int) -> None:
    lite = StoreConfig(uri=str(tmp_path / "index.db"))
    with open_store(lite) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    child = children().Process(target=import_until, args=(lite, CONTENTS["new"], "new", point))
    child.start()
    child.join()
    for asked, content in CONTENTS.items():
        copied = StoreConfig(uri=str(tmp_path / f"{asked}.db"))
        shutil.copytree(lite.uri, copied.uri)
        with open_store(copied) as store:
            whose = check_who(store)
            assert whose in ("old", "new", "nobody")
            assert child.exitcode != 0 or whose == "new"
            assert point not in _FEW or whose == "nobody"
            assert store.describe().updating == (whose == "nobody")
            store.write(content, fingerprint(asked))
            assert check_who(store) == asked
            info = store.describe()
            assert (info.rows, info.updating, info.others) == (len(content), False, ())


@pytest.mark.slow
def test_20_imports_and_20_updates_on_a_server_killed_at_random_moments(
    milvus_server: Server, rng: np.random.Generator
) -> None:
    config = milvus_server.config(collection="killed")
    killed, nobody = 0, 0
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    for number, moment in enumerate(rng.uniform(0.05, 1.2, size=40)):
        name = ("new", "third", "old")[number % 3]
        child = children().Process(target=import_whole, args=(config, CONTENTS[name], name, number % 2 == 0))
        child.start()
        child.join(moment)
        killed += child.is_alive()
        child.kill()
        child.join()
        with open_store(config) as store:
            nobody += check_who(store) == "nobody"
    assert killed >= 20
    with open_store(config) as store:
        store.write(CONTENTS["third"], fingerprint("third"), rebuild=True)
        assert check_who(store) == "third"
        assert store.describe().others == ()
        store.drop()


@pytest.mark.slow
def test_two_imports_of_two_processes_on_a_server_begun_at_once(milvus_server: Server) -> None:
    config = milvus_server.config(collection="together")
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    done = 0
    for number in range(3):
        start, told = children().Barrier(2), children().Queue()
        imports = [("new", number % 3 > 0), ("third", number % 3 > 1)]  # both update, one builds anew, both do
        both = [
            children().Process(target=import_and_tell, args=(config, CONTENTS[name], name, rebuild, start, told))
            for name, rebuild in imports
        ]
        for process in both:
            process.start()
        outcomes = [told.get(timeout=60) for _ in both]
        for process in both:
            process.join()
        refused = [outcome for outcome in outcomes if outcome not in ("built", "updated")]
        assert [text for text in refused if not text.startswith(f"{config.uri}: another import")] == []
        done += 2 - len(refused)
        with open_store(config) as store:
            assert check_who(store) in ("new", "third", "nobody")
            store.write(CONTENTS["old"], fingerprint("old"))
            assert check_who(store) == "old"
            assert store.describe().others == ()
    assert done >= 2  # of two that change the same rows none may be in the end
    with open_store(config) as store:
        store.drop()


@pytest.mark.parametrize(("first_to_end", "whose"), [("third", "third"), ("new", "new")])
def test_of_two_updates_at_once_the_rows_of_one_are_in_use(tmp_path: Path, first_to_end: str, whose: str) -> None:
    config = StoreConfig(uri=str(tmp_path / "index.db"))
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    with open_store(config) as late, open_store(config) as early:

        def meanwhile(_: int) -> None:
            early.write(CONTENTS[first_to_end], fingerprint(first_to_end))

        if first_to_end == "new":  # the same movies: the work is done
            assert late.write(CONTENTS["new"], fingerprint("new"), progress=meanwhile).action == "current"
        else:
            with pytest.raises(StoreError) as caught:
                late.write(CONTENTS["new"], fingerprint("new"), progress=meanwhile)
            assert str(caught.value) == (
                f"{config.uri}: another import of 'recsys' finished first and its index is in use; nothing of "
                "this one is left"
            )
    with open_store(config) as store:
        assert check_who(store) == whose
        assert store.describe().others == ()


def test_an_update_ends_when_another_marks_the_index(tmp_path: Path) -> None:
    config = StoreConfig(uri=str(tmp_path / "index.db"))
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))

        def mark(_: int) -> None:
            link, current = store._link, read_alias(store._link, "recsys")  # type: ignore[attr-defined]
            assert current is not None
            properties = current[1].being_changed().to_properties()
            link.call(link.client.alter_collection_properties, current[0], properties)

        with pytest.raises(StoreError) as caught:
            store.write(CONTENTS["new"], fingerprint("new"), progress=mark)
    assert str(caught.value) == (
        f"{config.uri}: another import changes the index 'recsys' at the same time; run the command again when it "
        "has ended"
    )
    with open_store(config) as store:
        assert check_who(store) == "nobody"
