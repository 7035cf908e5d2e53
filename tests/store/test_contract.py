"""What every store promises, checked on the exact one, on Milvus Lite and on a Milvus server."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from milvus_server import Server
from store_data import FIRST_AXIS, fingerprint, known_content, random_content, unit_rows

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store
from recsys_cli.store.base import Filter, Hits, Store

_names = (f"contract_{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=["exact", "lite", "server"])
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StoreConfig:
    """Each kind of store in turn; one kind serves the whole module before the next."""
    if request.param == "server":
        server: Server = request.getfixturevalue("milvus_server")
        return server.config()
    uri = "exact" if request.param == "exact" else str(tmp_path_factory.mktemp("lite") / "index.db")
    return StoreConfig(uri=uri)


@contextmanager
def open_new(config: StoreConfig) -> Iterator[Store]:
    """A store under a name that nothing has used."""
    with open_store(replace(config, collection=next(_names))) as store:
        yield store
        store.drop()


@pytest.fixture(scope="module")
def known(config: StoreConfig) -> Iterator[Store]:
    """A store that holds the known movies; tests only read it."""
    with open_new(config) as store:
        store.write(known_content(), fingerprint())
        yield store


@pytest.fixture
def opened(config: StoreConfig, known: Store) -> Iterator[Store]:
    """An empty store in the same place as the known one."""
    with open_new(config) as store:
        yield store


def ids(hits: list[Hits]) -> list[list[int]]:
    return [hit.movie_ids.tolist() for hit in hits]


def test_vectors_come_back_in_the_order_asked_for(known: Store) -> None:
    asked = np.array([40, 7, 60])
    np.testing.assert_allclose(known.vectors(asked), known_content().vectors[[4, 0, 6]], atol=1e-6)
    assert known.vectors(np.array([], dtype=np.int64)).shape == (0, 8)


def test_the_vector_of_a_movie_that_is_not_there_is_an_error(known: Store) -> None:
    with pytest.raises(StoreError, match=r"^the index holds no movie 41$"):
        known.vectors(np.array([40, 41]))


def test_new_store_is_empty(opened: Store) -> None:
    assert opened.fingerprint is None
    assert opened.genres == ()
    assert opened.describe().collection is None
    with pytest.raises(StoreError, match=r"there is no index|empty"):
        opened.search(FIRST_AXIS, 3)


def test_hits_come_by_similarity_then_id(known: Store) -> None:
    (hits,) = known.search(FIRST_AXIS, 7)
    assert hits.movie_ids.tolist() == [40, 10, 30, 7, 20, 50, 60]
    np.testing.assert_allclose(hits.similarities, [1.0, 0.9, 0.8, 0.5, 0.5, 0.2, -0.4], atol=1e-6)
    assert hits.movie_ids.dtype == np.int64
    assert hits.similarities.dtype == np.float32
    assert hits.titles == ()


def test_k_limits_and_k_beyond_the_movies_returns_all(known: Store) -> None:
    assert ids(known.search(FIRST_AXIS, 2)) == [[40, 10]]
    assert ids(known.search(FIRST_AXIS, 10**20)) == [[40, 10, 30, 7, 20, 50, 60]]
    assert ids(known.search(FIRST_AXIS, 20_000)) == [[40, 10, 30, 7, 20, 50, 60]]


def test_movies_come_with_the_hits_when_asked_for(known: Store) -> None:
    (hits,) = known.search(FIRST_AXIS, 7, with_movies=True)
    assert hits.titles == ("Speed", "Heat", 'Say "Hi"', "Amélie", "七人の侍", "It's", "Ran")
    assert hits.years == (1994, 1995, 1990, 2001, 1954, 0, 1985)
    assert hits.genres[0] == ("Action", "Crime")
    assert hits.genres[2] == ('x" or id > 0 or "', "Comedy")
    assert hits.genres[5] == ()


def test_genres_come_back_whatever_stands_in_their_names(opened: Store) -> None:
    hostile = [("a|b", "c::d"), ("|", "\\|"), ("", "x"), ("7",), tuple(map(str, range(500))), (), ("|1|", "0")]
    opened.write(replace(known_content(), genres=hostile), fingerprint())
    (hits,) = opened.search(FIRST_AXIS, 7, with_movies=True)
    found = dict(zip(hits.movie_ids.tolist(), hits.genres, strict=True))
    assert found == dict(zip(known_content().movie_ids.tolist(), hostile, strict=True))
    assert ids(opened.search(FIRST_AXIS, 7, filter=Filter(all_genres=("a|b",)))) == [[7]]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(all_genres=("Comedy",)), [30, 7]),
        (Filter(all_genres=("Comedy", "Romance")), [7]),
        (Filter(any_genres=("War", "Crime")), [40, 10, 20]),
        (Filter(not_genres=("Comedy", "Crime")), [20, 50, 60]),
        (Filter(all_genres=("Drama",), not_genres=("War",)), [60]),
        (Filter(all_genres=('x" or id > 0 or "',)), [30]),
        (Filter(all_genres=("It's 100% / odd_\\",)), [60]),
        (Filter(year_min=1990, year_max=1994), [40, 30]),
        (Filter(year_min=1995), [10, 7]),
        (Filter(year_max=1985), [20, 60]),
        (Filter(min_ratings=1), [40, 30, 7, 20, 60]),
        (Filter(min_ratings=250), [20, 60]),
        (Filter(min_ratings=2, year_min=1980, exclude_ids=(40,)), [7, 60]),
        (Filter(min_ratings=2**63 - 1), []),
        (Filter(exclude_ids=(40, 7, 999)), [10, 30, 20, 50, 60]),
        (Filter(all_genres=("Comedy",), any_genres=("Romance", "War"), year_min=2000, exclude_ids=(40,)), [7]),
        (Filter(all_genres=("War", "Comedy")), []),
    ],
)
def test_filters_limit_the_search_itself(known: Store, wanted: Filter, expected: list[int]) -> None:
    assert ids(known.search(FIRST_AXIS, 7, filter=wanted)) == [expected]
    assert ids(known.search(FIRST_AXIS, 1, filter=wanted)) == [expected[:1]]


def test_unknown_genre_is_refused(known: Store) -> None:
    with pytest.raises(StoreError) as caught:
        known.search(FIRST_AXIS, 3, filter=Filter(all_genres=('" or 1 == 1',)))
    assert str(caught.value) == (
        "no movie of the index has the genre '\" or 1 == 1'; its genres are: Action, Comedy, Crime, Drama, "
        'It\'s 100% / odd_\\, Romance, War, x" or id > 0 or "'
    )


def test_batch_equals_single_and_drop_removes_this_index_alone(opened: Store, known: Store) -> None:
    rng = np.random.default_rng(1)
    opened.write(random_content(rng, 300), fingerprint())
    queries = unit_rows(rng, 25)
    wanted = Filter(not_genres=("War",))
    batch = opened.search(queries, 9, filter=wanted)
    single = [opened.search(queries[row : row + 1], 9, filter=wanted)[0] for row in range(25)]
    assert ids(batch) == ids(single)
    for one, other in zip(batch, single, strict=True):
        np.testing.assert_allclose(one.similarities, other.similarities, atol=1e-6)
    assert opened.search(queries[:0], 9) == []

    assert len(opened.drop()) == 1
    assert opened.fingerprint is None
    assert opened.drop() == ()
    assert ids(known.search(FIRST_AXIS, 1)) == [[40]]


def test_wrong_calls_are_refused(known: Store) -> None:
    with pytest.raises(ValueError, match=r"queries must be \(Q, 8\), not \(8,\)"):
        known.search(FIRST_AXIS[0], 3)
    with pytest.raises(ValueError, match="k must be at least 1, not 0"):
        known.search(FIRST_AXIS, 0)
    with pytest.raises(ValueError, match="not finite"):
        known.search(np.full((1, 8), np.nan, dtype=np.float32), 3)


def test_vectors_that_are_not_unit_rows_are_refused(opened: Store) -> None:
    vectors = np.array(known_content().vectors[:])
    vectors[2] *= 2
    with pytest.raises(ValueError, match="the vector of movie 20 has length 2, not 1"):
        opened.write(replace(known_content(), vectors=vectors), fingerprint())
    assert opened.fingerprint is None


def test_written_index_says_what_it_is(known: Store) -> None:
    info = known.describe()
    assert known.fingerprint == info.fingerprint == fingerprint()
    assert (info.rows, info.index_type, info.vector_bytes, info.updating) == (7, "flat", 7 * 8 * 4, False)
    assert info.collection is not None
    assert info.others == ()


_genres = st.lists(st.sampled_from(["Action", "Comedy", "Drama", "Film-Noir", "War", "Children's"]), max_size=2)
_filters = st.builds(
    Filter,
    all_genres=_genres.map(tuple),
    any_genres=_genres.map(tuple),
    not_genres=_genres.map(tuple),
    year_min=st.none() | st.integers(-10, 2010),
    year_max=st.none() | st.integers(-10, 2010),
    exclude_ids=st.lists(st.integers(1, 320), max_size=150).map(tuple),
)


_CONTENT = random_content(np.random.default_rng(5), 300)


def _clear_queries() -> list[npt.NDArray[np.float32]]:
    """Queries (1, D) whose 300 similarities are so far apart that no rounding can swap two movies."""
    queries = [unit_rows(np.random.default_rng(seed), 1) for seed in range(40)]
    gaps = [np.diff(np.sort(_CONTENT.vectors[:] @ query[0])).min() for query in queries]
    return [query for query, gap in zip(queries, gaps, strict=True) if gap > 2e-6]


@pytest.fixture(scope="module", params=["lite", "server"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    """The same 300 random movies in Milvus and in the exact store."""
    config = StoreConfig(uri=str(tmp_path_factory.mktemp("pair") / "index.db"))
    if request.param == "server":
        config = request.getfixturevalue("milvus_server").config()
    with open_new(config) as store, open_store(StoreConfig(uri="exact")) as exact:
        store.write(_CONTENT, fingerprint())
        exact.write(_CONTENT, fingerprint())
        yield [store, exact]


@settings(max_examples=60, deadline=None)
@given(wanted=_filters, k=st.integers(1, 320), query=st.sampled_from(_clear_queries()))
def test_any_filter_gives_the_list_of_the_exact_store(
    pair: list[Store], wanted: Filter, k: int, query: npt.NDArray[np.float32]
) -> None:
    (found,), (expected,) = (store.search(query, k, filter=wanted, with_movies=True) for store in pair)
    assert found.movie_ids.tolist() == expected.movie_ids.tolist()
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-5)
    assert (found.titles, found.years, found.genres) == (expected.titles, expected.years, expected.genres)
