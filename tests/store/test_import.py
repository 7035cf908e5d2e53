"""Imports: no gap, no half-built index, only changed rows, one winner."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from milvus_server import Server
from store_children import children, import_slowly, import_until
from store_data import FIRST_AXIS, changed_content, fan, fingerprint, known_content, random_content, unit_rows

from recsys_cli.config import IndexConfig, StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store
from recsys_cli.store.base import Filter, Store
from recsys_cli.store.connection import Connection
from recsys_cli.store.content import IndexContent
from recsys_cli.store.exact import ExactStore
from recsys_cli.store.layout import PROPERTY

OLD, NEW = [40, 10, 30], [60, 50, 20]
_names = (f"import_{number}" for number in itertools.count())


@pytest.fixture(params=["lite", "server"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreConfig]:
    """Milvus Lite and a server, under a name that nothing has used."""
    yield from _place(request, tmp_path)


@pytest.fixture(params=["lite", pytest.param("server", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreConfig]:
    """The same, for tests whose many imports take a server long."""
    yield from _place(request, tmp_path)


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreConfig]:
    if request.param == "lite":
        yield StoreConfig(uri=str(tmp_path / "index.db"))
        return
    server: Server = request.getfixturevalue("milvus_server")
    config = server.config(collection=next(_names))
    yield config
    with open_store(config) as store:
        store.drop()


@pytest.fixture
def lite(tmp_path: Path) -> StoreConfig:
    return StoreConfig(uri=str(tmp_path / "index.db"))


def reversed_content() -> IndexContent:
    """The known movies with vectors of the opposite order."""
    return replace(known_content(), vectors=fan([-0.5, -0.9, 0.5, -0.8, -1.0, 0.7, 0.9]))


def top(store: Store, k: int = 3, **options: Any) -> list[int]:
    found: list[int] = store.search(FIRST_AXIS, k, **options)[0].movie_ids.tolist()
    return found


def test_second_import_of_the_same_does_nothing(place: StoreConfig) -> None:
    with open_store(place) as store:
        built = store.write(known_content(), fingerprint())
        assert (built.action, built.rows, built.added, built.index_type) == ("built", 7, 7, "flat")
        before = store.describe().collection
        assert store.write(known_content(), fingerprint()).action == "current"
        assert store.describe().collection == before


def test_changed_movies_alone_are_written(config: StoreConfig) -> None:
    with open_store(config) as store, ExactStore() as exact:
        store.write(known_content(), fingerprint())
        collection = store.describe().collection
        written: list[int] = []
        report = store.write(changed_content(), fingerprint("grown"), progress=written.append)
        assert (report.action, report.added, report.changed, report.removed, report.rows) == (
            "updated",
            2,
            1,
            1,
            8,
        )
        assert written == [3]
        assert store.fingerprint == fingerprint("grown")
        info = store.describe()
        assert (info.collection, info.rows, info.updating) == (collection, 8, False)
        exact.write(changed_content(), fingerprint("grown"))
        (hits,) = store.search(FIRST_AXIS, 9, with_movies=True)
        (expected,) = exact.search(FIRST_AXIS, 9, with_movies=True)
        assert hits.movie_ids.tolist() == expected.movie_ids.tolist() == [40, 15, 30, 20, 7, 50, 70, 60]
        assert (hits.titles, hits.years, hits.genres) == (expected.titles, expected.years, expected.genres)
        assert top(store, filter=Filter(all_genres=("Sci-Fi",))) == [15]


def test_an_index_of_an_earlier_layout_is_there_and_stale_and_is_built_anew(config: StoreConfig) -> None:
    with open_store(config) as store:
        store.write(known_content(), fingerprint())
        earlier = store.describe().collection
        assert earlier is not None
        link = Connection(config)
        stored = link.client.describe_collection(earlier)["properties"][PROPERTY]
        meta = json.loads(stored) | {"format": 1}
        del meta["fingerprint"]["layout"]
        link.client.alter_collection_properties(earlier, {PROPERTY: json.dumps(meta)})
        with open_store(config) as later:
            assert later.fingerprint == replace(fingerprint(), layout=1)
            assert later.write(known_content(), fingerprint()).action == "built"
            assert later.fingerprint == fingerprint()
            info = later.describe()
            assert info.collection != earlier
            assert info.others == ()
            assert top(later, filter=Filter(min_ratings=2)) == [40, 7, 20]
        link.close()


def test_another_model_builds_a_new_index_and_drops_the_old(place: StoreConfig) -> None:
    with open_store(place) as store, open_store(place) as reader:
        store.write(known_content(), fingerprint())
        first = store.describe().collection
        report = store.write(reversed_content(), fingerprint(model="other"))
        assert report.action == "built"
        info = store.describe()
        assert info.collection != first
        assert info.others == ()
        assert top(store) == NEW
        assert reader.fingerprint is None


def test_reader_goes_on_through_a_rebuild_and_learns_of_another_model(place: StoreConfig) -> None:
    with open_store(place) as writer:
        writer.write(known_content(), fingerprint())
        with open_store(place) as reader:
            assert top(reader) == OLD
            writer.write(known_content(), fingerprint(), rebuild=True)
            assert top(reader) == OLD
            writer.write(reversed_content(), fingerprint(model="other"))
            for _ in range(2):  # for a second question, too, the other one's vectors are wrong
                with pytest.raises(StoreError) as caught:
                    top(reader)
                assert str(caught.value) == (
                    f"{place.uri}: the index was replaced by that of another model or movies file during the "
                    "search: run the command again"
                )


class _MeanwhileSource:
    """Vectors that, when first asked for, let something else happen."""

    def __init__(self, vectors: npt.NDArray[np.float32], action: Callable[[], object]) -> None:
        self._vectors, self._action = vectors, action
        self.shape = vectors.shape
        self._done = False

    def __getitem__(self, rows: Any) -> npt.NDArray[np.float32]:
        if not self._done:
            self._done = True
            self._action()
        picked: npt.NDArray[np.float32] = self._vectors[rows]
        return picked


def test_of_two_imports_at_once_one_wins_and_the_other_says_so(config: StoreConfig) -> None:
    with open_store(config) as slow, open_store(config) as fast:
        source = _MeanwhileSource(
            known_content().vectors[:], lambda: fast.write(reversed_content(), fingerprint(model="fast"))
        )
        with pytest.raises(StoreError) as caught:
            slow.write(replace(known_content(), vectors=source), fingerprint(model="slow"))
        assert str(caught.value) == (
            f"{config.uri}: another import of {config.collection!r} finished first and its index is in use; "
            "nothing of this one is left"
        )
        assert fast.describe().others == ()
        assert top(fast) == NEW


_POINTS = range(1, 25)
_FEW = {4, 9, 17, 19, 21}  # while rows are written, before the check, around the alias, before the drop


@pytest.mark.parametrize("point", [p if p in _FEW else pytest.param(p, marks=pytest.mark.slow) for p in _POINTS])
def test_killed_import_leaves_the_old_index_and_the_next_one_cleans_up(lite: StoreConfig, point: int) -> None:
    with open_store(lite) as store:
        store.write(known_content(), fingerprint("old", model="old"))
    child = children().Process(target=import_until, args=(lite, reversed_content(), "new", point))
    child.start()
    child.join()
    with open_store(lite) as store:
        if child.exitcode == 0:
            assert point > 20
        if store.fingerprint == fingerprint("old", model="old"):
            assert top(store) == OLD
        else:
            assert store.fingerprint == fingerprint("new")
            assert top(store) == NEW
        store.write(reversed_content(), fingerprint("newer"), rebuild=True)
        assert top(store) == NEW
        assert store.describe().others == ()


def test_readers_get_in_while_a_folder_is_imported_to(lite: StoreConfig) -> None:
    with open_store(lite) as store:
        store.write(known_content(), fingerprint())
        first = store.describe().collection
    child = children().Process(target=import_slowly, args=(lite, "movies"))
    child.start()
    during = 0
    while child.is_alive():
        with open_store(lite) as store:
            assert top(store) == OLD
            info = store.describe()
            during += info.collection == first and len(info.others) == 1
        time.sleep(0.25)  # a program that comes back at once leaves no room for others
    child.join()
    assert child.exitcode == 0
    assert during > 0


def test_index_types_and_their_parameters_are_read_back(lite: StoreConfig) -> None:
    content = random_content(np.random.default_rng(3), 400)
    queries = unit_rows(np.random.default_rng(4), 20)
    with open_store(lite) as store, ExactStore() as exact:
        exact.write(content, fingerprint())
        expected = [hits.movie_ids.tolist() for hits in exact.search(queries, 5)]
        for index, params in (
            (IndexConfig(index_type="hnsw", m=8, ef_construction=64), {"M": "8", "efConstruction": "64"}),
            (IndexConfig(index_type="ivf_flat", nlist=4, nprobe=4), {"nlist": "4"}),
        ):
            report = store.write(content, fingerprint(), index=index, rebuild=True)
            info = store.describe()
            assert (report.index_type, info.index_type, info.index_params) == (
                index.index_type,
                index.index_type,
                params,
            )
            assert [hits.movie_ids.tolist() for hits in store.search(queries, 5)] == expected


def test_index_type_that_lite_would_replace_is_refused(lite: StoreConfig) -> None:
    with open_store(lite) as store, pytest.raises(StoreError) as caught:
        store.write(known_content(), fingerprint(), index=IndexConfig(index_type="autoindex"))
    assert str(caught.value) == f"--index-type autoindex: {lite.uri} supports flat, hnsw, ivf_flat"


def test_empty_content_is_refused(lite: StoreConfig) -> None:
    empty = IndexContent(np.empty(0, np.int64), np.empty((0, 8), np.float32), [], np.empty(0, np.int32), [])
    with open_store(lite) as store, pytest.raises(StoreError, match="there is no movie to import"):
        store.write(empty, fingerprint())
