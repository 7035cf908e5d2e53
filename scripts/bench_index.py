"""Measure imports and searches in Milvus Lite and on a Milvus server, on synthetic vectors.

Usage:
    python scripts/bench_index.py index.db --movies 3883 --movies 100000
    python scripts/bench_index.py http://localhost:19530 --movies 1000000 --index-type hnsw

The vectors are clustered unit vectors of 200 dimensions, made a batch at a time, as the movie tower makes them;
the queries are drawn around the same clusters. The peak is that of the process until the import ends; a smaller
catalogue before it in the same run counts too. Recall is against exact search. The last column is the median time
of our search call over that of the bare pymilvus call, in turn and with the same vectors, but not the same at a
time: the second to ask would find the caches of the processor filled.
"""

import argparse
import itertools
import resource
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys_cli.config import IndexConfig, StoreConfig
from recsys_cli.store import open_store
from recsys_cli.store.base import NO_FILTER, Filter, Fingerprint, Hits, Store
from recsys_cli.store.content import IndexContent
from recsys_cli.store.exact import ExactStore

DIM, CLUSTERS, GENRES, K, BLOCK = 200, 500, 18, 10, 5000
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; times in milliseconds unless the name says otherwise."""

    movies: int
    index_type: str
    genre: bool
    import_seconds: float
    peak_mb: float
    recall: float
    p50: float
    p99: float
    batch_seconds: float
    ratio: float


class Movies:
    """(count, DIM) unit rows around the centres, made a block at a time as a movie tower would."""

    def __init__(self, centres: Vectors, count: int):
        self.shape = (count, DIM)
        self._centres = centres

    def __getitem__(self, key: slice | npt.NDArray[np.int64]) -> Vectors:
        """Rows of some positions."""
        positions = np.arange(self.shape[0])[key]
        vectors = np.empty((len(positions), DIM), dtype=np.float32)
        for block in np.unique(positions // BLOCK):
            chosen = positions // BLOCK == block
            rows = clustered(np.random.default_rng([1, block]), self._centres, BLOCK)
            vectors[chosen] = rows[positions[chosen] % BLOCK]
        return vectors


def clustered(rng: np.random.Generator, centres: Vectors, count: int) -> Vectors:
    """(count, DIM) float32 unit rows around the centres (CLUSTERS, DIM)."""
    rows = centres[rng.integers(0, len(centres), count)]
    rows = rows + 0.7 / np.sqrt(DIM) * rng.standard_normal((count, DIM), dtype=np.float32)
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def make_content(rng: np.random.Generator, vectors: Movies) -> IndexContent:
    """Movies 1..M, each of one to three of the genres."""
    count = vectors.shape[0]
    picked = np.sort(rng.integers(0, GENRES, (count, 3)), axis=1).tolist()
    return IndexContent(
        movie_ids=np.arange(1, count + 1, dtype=np.int64),
        vectors=vectors,
        titles=[f"Movie {number}" for number in range(1, count + 1)],
        years=rng.integers(1920, 2001, count).astype(np.int32),
        genres=[tuple(f"Genre {number}" for number in sorted(set(three))) for three in picked],
    )


def recall(found: list[Hits], expected: list[Hits]) -> float:
    """Mean share of the exact answers that were found."""
    pairs = zip(found, expected, strict=True)
    return float(np.mean([np.isin(right.movie_ids, left.movie_ids).mean() for left, right in pairs]))


def measure(config: StoreConfig, movies: int, index: IndexConfig, queries: int, batch: int) -> list[Row]:
    """Import so many movies and search them, without a filter and with one genre."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, DIM), dtype=np.float32)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    content = make_content(rng, Movies(centres, movies))
    asked = clustered(rng, centres, max(queries, batch))
    fingerprint = Fingerprint(model="bench", movies=secrets.token_hex(8), dim=DIM)
    rows = []
    with open_store(config) as store:
        report = store.write(content, fingerprint, index=index)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        exact = ExactStore()
        exact.write(content, fingerprint)
        bare = _bare_search(store, asked)
        for filter in (NO_FILTER, Filter(all_genres=("Genre 3",))):
            ours, theirs, found = _race(store, bare, asked[:queries], filter)
            expected = exact.search(asked[:queries], K, filter=filter)
            started = time.perf_counter()
            store.search(asked[:batch], K, filter=filter)
            row = Row(
                movies=movies,
                index_type=report.index_type,
                genre=filter is not NO_FILTER,
                import_seconds=report.seconds,
                peak_mb=peak,
                recall=recall(found, expected),
                p50=float(np.percentile(ours, 50)),
                p99=float(np.percentile(ours, 99)),
                batch_seconds=time.perf_counter() - started,
                ratio=float(np.median(ours) / np.median(theirs)) if filter is NO_FILTER else float("nan"),
            )
            rows.append(row)
        store.drop()
    return rows


def _race(
    store: Store, bare: Callable[[int], object], asked: Vectors, filter: Filter
) -> tuple[list[float], list[float], list[Hits]]:
    """Milliseconds of our call and of the bare one for each query, in turn, and our answers."""
    store.search(asked[:1], K, filter=filter)
    ours, theirs, found = [], [], []
    for number in range(len(asked)):
        started = time.perf_counter()
        found += store.search(asked[number : number + 1], K, filter=filter)
        between = time.perf_counter()
        bare((number + len(asked) // 2) % len(asked))
        ours.append(1e3 * (between - started))
        theirs.append(1e3 * (time.perf_counter() - between))
    return ours, theirs, found


def _bare_search(store: object, asked: Vectors) -> Callable[[int], object]:
    """The same search through the client alone."""
    link, (name, meta) = store._link, store._index  # type: ignore[attr-defined]
    params = {"params": dict(meta.search)}

    def search(number: int) -> object:
        return link._client.search(
            name, asked[number : number + 1], limit=K, search_params=params, output_fields=["movie_id"]
        )

    return search


def main() -> None:
    """Print one table for one address."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("uri", help="Milvus Lite folder ending in .db, or the address of a server")
    parser.add_argument("--movies", type=int, action="append", help="size of a catalogue; repeatable")
    parser.add_argument("--index-type", help="flat, hnsw, ivf_flat or autoindex; by default the size decides")
    parser.add_argument("--queries", type=int, default=200, help="single queries")
    parser.add_argument("--batch", type=int, default=1000, help="queries of one batch")
    arguments = parser.parse_args()
    config = StoreConfig(uri=arguments.uri, collection="recsys_bench", timeout=600)
    index = IndexConfig(index_type=arguments.index_type)
    print("   movies  index     genre  import s  peak MB  recall@10  p50 ms  p99 ms  batch s  ours/bare")
    sizes = arguments.movies or [3883]
    tables = (measure(config, size, index, arguments.queries, arguments.batch) for size in sizes)
    for row in itertools.chain.from_iterable(tables):
        print(
            f"{row.movies:>9,}  {row.index_type:<8}  {'yes' if row.genre else 'no':<5}  {row.import_seconds:>8.1f}"
            f"  {row.peak_mb:>7.0f}  {row.recall:>9.3f}  {row.p50:>6.1f}  {row.p99:>6.1f}"
            f"  {row.batch_seconds:>7.2f}  {row.ratio:>9.3f}"
        )


if __name__ == "__main__":
    main()
