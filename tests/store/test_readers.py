"""Readers that ask again and again while imports, updates and drops go on."""

import time
from collections import Counter
from pathlib import Path

import pytest
from milvus_server import Server
from store_children import children, import_and_drop
from store_data import CONTENTS, FIRST_AXIS, fingerprint

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store
from recsys_cli.store.base import NO_MOVIES
from recsys_cli.store.exact import ExactStore


def exact_answer(name: str) -> list[int]:
    with ExactStore() as exact:
        exact.write(CONTENTS[name], fingerprint(name))
        found: list[int] = exact.search(FIRST_AXIS, 20)[0].movie_ids.tolist()
    return found


EXPECTED = {name: exact_answer(name) for name in CONTENTS}
REPLACED = (
    "the index was replaced by that of another model or movies file during the search: run the command again"
)


def ask(config: StoreConfig) -> str:
    """What one reader finds: whose movies, "nobody", "none" or "replaced"; another answer fails."""
    with open_store(config) as store:
        found = store.fingerprint
        if found is None:
            return "none"
        if found.movies == NO_MOVIES:
            return "nobody"
        try:
            answer = store.search(FIRST_AXIS, 20)[0].movie_ids.tolist()
        except StoreError as error:
            text = str(error).removeprefix(f"{config.address}: ")
            assert text == REPLACED or text.startswith("there is no index named")
            return "replaced"
    # Rows may be changed in place between the look at the fingerprint and the search: then they are old or new.
    assert answer in EXPECTED.values() or set(answer) <= {movie for ids in EXPECTED.values() for movie in ids}
    return found.movies if answer == EXPECTED[found.movies] else "changing"


@pytest.mark.slow
@pytest.mark.parametrize("place", ["lite", "server"])
def test_200_questions_while_imports_and_drops_go_on(
    place: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    config = StoreConfig(uri=str(tmp_path / "index.db"), timeout=30)
    if place == "server":
        server: Server = request.getfixturevalue("milvus_server")
        config = server.config(collection="readers")
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    child = children().Process(target=import_and_drop, args=(config, 2))
    child.start()
    seen: Counter[str] = Counter()
    while child.is_alive() or seen.total() < 200:
        seen[ask(config)] += 1
        time.sleep(0.02)  # a program that comes back at once leaves no room for others
    child.join()
    assert child.exitcode == 0
    assert seen["changing"] <= 5
    assert {"old", "third"} <= set(seen)
    with open_store(config) as store:
        assert store.search(FIRST_AXIS, 20)[0].movie_ids.tolist() == EXPECTED["third"]
        assert store.describe().others == ()
        store.drop()
