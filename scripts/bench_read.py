#!/usr/bin/env python3
"""Measure how fast and in how much memory a data set is read, against a plain scan of its ratings file.

Without --data a data set of the size and layout of MovieLens 25M is generated first: 162,541 users, 62,423
movies and 25,000,095 ratings.
"""

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from recsys_cli.dataset.reader import read_dataset

USERS, MOVIES, RATINGS = 162_541, 62_423, 25_000_095
CHUNK_USERS = 10_000


def main() -> None:
    """Generate, scan, read, print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a data set to read instead of a generated one")
    parser.add_argument("--share", type=float, default=1.0, help="of the size of MovieLens 25M, 0 to 1")
    options = parser.parse_args()
    if options.data:
        measure(options.data)
        return
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder), share=options.share)
        measure(Path(folder))


def generate(folder: Path, *, share: float) -> None:
    """Write movies.csv and ratings.csv."""
    rng = np.random.default_rng(0)
    num_users, num_movies = max(int(USERS * share), 2), max(int(MOVIES * share), 200)
    genres = ("Action", "Comedy|Drama", "(no genres listed)")
    with (folder / "movies.csv").open("w", encoding="utf-8") as file:
        file.write("movieId,title,genres\n")
        for movie in range(num_movies):
            file.write(f'{3 * movie + 1},"Movie {movie}, The ({1920 + movie % 100})",{genres[movie % 3]}\n')
    per_user = rng.multinomial(int(RATINGS * share), np.full(num_users, 1 / num_users))
    with (folder / "ratings.csv").open("wb") as file:
        file.write(b"userId,movieId,rating,timestamp\n")
        for first in range(0, num_users, CHUNK_USERS):
            counts = per_user[first : first + CHUNK_USERS]
            size = int(counts.sum())
            # Steps of a skewed length through the movies: no user meets a movie twice.
            starts = np.repeat(rng.integers(num_movies, size=len(counts)), counts)
            turn = np.arange(size) - np.repeat(np.cumsum(counts) - counts, counts)
            table = {
                "user": np.repeat(np.arange(first, first + len(counts)) + 1, counts),
                "movie": 3 * ((starts + turn * (turn + 1) // 2) % num_movies) + 1,
                "rating": rng.integers(1, 11, size=size) / 2,
                "time": rng.integers(789_652_009, 1_574_327_703, size=size),
            }
            options = pyarrow.csv.WriteOptions(include_header=False)
            pyarrow.csv.write_csv(pa.table(table), file, write_options=options)


def measure(folder: Path) -> None:
    """Print seconds, the ratio to a scan and the peak memory of this process, which loads nothing else."""
    path = next(folder / name for name in ("ratings.csv", "ratings.dat", "u.data") if (folder / name).exists())
    scan = timed(lambda: sum(1 for _ in path.open("rb")))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = timed(lambda: print_counts(folder))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = {
        "seconds": round(read, 2),
        "ratio_to_counting_lines": round(read / scan, 2),
        "peak_mb": round(peak / 1024),
        "peak_mb_before": round(before / 1024),
    }
    print(json.dumps(result))


def timed(action: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def print_counts(folder: Path) -> None:
    """Read the data set and print what it holds."""
    dataset = read_dataset(folder)
    counts = f"{len(dataset.user_ids):,} users, {len(dataset.movie_ids):,} movies"
    print(f"{dataset.format}: {counts}, {len(dataset.ratings):,} ratings")


if __name__ == "__main__":
    main()
