"""Seconds, peak memory and NDCG@10 of ``recsys train`` on sets of growing size, beside implicit ALS.

    python scripts/bench_scale.py --folder /tmp/scale 100k 5M
    python scripts/bench_scale.py --folder /tmp/scale 25M --make          # the data only
    python scripts/bench_scale.py --folder /tmp/scale 5M -- --epochs 2    # options of recsys train after --

The sets are made here, once, and kept in the folder; they say nothing about real people. Movies lie near planted
tastes and have genres and words by them; their popularity has a long tail. People mix a few tastes, by age, gender
and job too, and of what these offer rate what lies near a vector of their own, and rate that higher.

``recsys train`` runs in a process of its own, with everything from reading the files to the finished model
folder; its peak memory is the system's figure for that process. ALS (the library ``implicit``, 128 factors, alpha
and penalty as they are best on MovieLens 1M, the penalty by the likes a person has) is fitted to the likes of the
same training ratings, and both rank the same people's held-out likes.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_TASTES, _WIDTH, _GENRES = 120, 16, 18
_WORDS_A_TASTE, _WORDS = 12, 6_000
_OWN_TASTES = 5  # of a person
_AGES, _JOBS = (1, 18, 25, 35, 45, 50, 56), 12
_CHUNK = 2_000_000  # ratings that are drawn at a time


@dataclass(frozen=True, slots=True)
class Size:
    """How large a set is."""

    ratings: int
    movies: int
    users: int
    parquet: bool = False


SIZES = {
    "100k": Size(100_000, 10_500, 16_500),
    "1M": Size(1_000_000, 4_000, 6_000),
    "5M": Size(5_000_000, 20_000, 30_000),
    "25M": Size(25_000_000, 59_000, 162_000),
    "100M": Size(100_000_000, 18_000, 480_000, parquet=True),
}


@dataclass(frozen=True, slots=True, eq=False)
class Movies:
    """Planted movies.

    Attributes:
        tastes: (M, 2) int64, the taste that a movie lies near, and another.
        vectors: (M, W) float32.
        quality: (M,) float32 stars.
        choice: (tastes, M) float64, cumulative: how likely somebody of that taste takes which movie.
    """

    tastes: Ints
    vectors: Floats
    quality: Floats
    choice: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Planted people.

    Attributes:
        groups: (U, 3) int64, number of gender, of age group and of job.
        tastes: (U, own tastes) int64.
        vectors: (U, W) float32.
        counts: (U,) int64 ratings.
    """

    groups: Ints
    tastes: Ints
    vectors: Floats
    counts: Ints


def make_movies(size: Size, centres: Floats, rng: np.random.Generator) -> Movies:
    """Movies near two of the tastes' centres (tastes, W), of popularity that falls by rank."""
    tastes = rng.integers(0, _TASTES, (size.movies, 2))
    noise = rng.normal(0.0, 0.5, (size.movies, _WIDTH))
    vectors = (0.7 * centres[tastes[:, 0]] + 0.3 * centres[tastes[:, 1]] + noise).astype(np.float32)
    popularity = (rng.permutation(size.movies) + 50.0) ** -1.0
    affinity = centres @ vectors.T / np.sqrt(_WIDTH)  # (tastes, M)
    weights = popularity * np.exp(2.0 * affinity)
    choice = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return Movies(tastes, vectors, rng.normal(0.0, 0.4, size.movies).astype(np.float32), choice)


def make_people(size: Size, centres: Floats, rng: np.random.Generator) -> People:
    """People whose gender, age and job make some tastes likelier."""
    groups = np.stack([rng.integers(0, count, size.users) for count in (2, len(_AGES), _JOBS)], axis=1)
    likings = [rng.normal(0.0, 0.7, (count, _TASTES)) for count in (2, len(_AGES), _JOBS)]
    drawn = sum(likings[place][groups[:, place]] for place in range(3)) + rng.gumbel(size=(size.users, _TASTES))
    tastes = np.argpartition(-drawn, _OWN_TASTES, axis=1)[:, :_OWN_TASTES]
    vectors = centres[tastes].mean(axis=1) + rng.normal(0.0, 0.8, (size.users, _WIDTH))
    counts = rng.lognormal(0.0, 0.9, size.users)
    wanted = np.maximum(counts * size.ratings / counts.sum(), 3).astype(np.int64)
    return People(groups, tastes, vectors.astype(np.float32), np.minimum(wanted, size.movies // 10))


def make_ratings(
    size: Size, movies: Movies, people: People, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    """Rows of users and of movies, and values in half stars; nobody rates a movie twice."""
    pairs, everybody = np.empty(0, dtype=np.int64), np.repeat(np.arange(len(people.counts)), people.counts)
    while len(pairs) < size.ratings:
        missing = min(2 * (size.ratings - len(pairs)), len(everybody))
        users = np.sort(rng.choice(everybody, missing, replace=False))
        parts = [_draw(movies, people, part, rng) for part in np.array_split(users, -(-len(users) // _CHUNK))]
        pairs = np.unique(np.concatenate([pairs, *parts]))
    pairs = np.sort(rng.choice(pairs, size.ratings, replace=False))
    users, chosen = np.divmod(pairs, len(movies.quality))
    offsets = rng.normal(0.0, 0.4, len(people.counts))
    values = np.empty(len(pairs), dtype=np.float32)
    for start in range(0, len(pairs), _CHUNK):
        own, taken = users[start : start + _CHUNK], chosen[start : start + _CHUNK]
        taste = np.einsum("ij,ij->i", people.vectors[own], movies.vectors[taken]) / np.sqrt(_WIDTH)
        stars = 3.4 + offsets[own] + movies.quality[taken] + 0.6 * np.tanh(taste) + rng.normal(0, 0.7, len(own))
        values[start : start + _CHUNK] = np.clip(np.round(2.0 * stars) / 2.0, 0.5, 5.0)
    return users, chosen, values


def _draw(movies: Movies, people: People, users: Ints, rng: np.random.Generator) -> Ints:
    """One pair of user and movie, as one number, for every entry: the nearer of what three draws offer."""
    best, nearest = np.zeros(len(users), dtype=np.int64), np.full(len(users), -np.inf)
    for _ in range(3):
        tastes = people.tastes[users, rng.integers(0, _OWN_TASTES, len(users))]
        chance, offered = rng.random(len(users)), np.empty(len(users), dtype=np.int64)
        for taste in range(_TASTES):
            mine = np.flatnonzero(tastes == taste)
            offered[mine] = np.searchsorted(movies.choice[taste], chance[mine])
        offered = np.minimum(offered, len(movies.quality) - 1)
        near = np.einsum("ij,ij->i", people.vectors[users], movies.vectors[offered]) / np.sqrt(_WIDTH)
        near += 0.5 * rng.gumbel(size=len(users))
        nearer = near > nearest
        best[nearer], nearest[nearer] = offered[nearer], near[nearer]
    return users * len(movies.quality) + best


def make(folder: Path, size: Size) -> None:
    """Write a set in the layout of a catalogue: movies, users and ratings."""
    rng = np.random.default_rng(size.ratings)
    centres = rng.normal(0.0, 1.0, (_TASTES, _WIDTH)).astype(np.float32)
    movies, people = make_movies(size, centres, rng), make_people(size, centres, rng)
    users, chosen, values = make_ratings(size, movies, people, rng)
    order = rng.permutation(len(values))
    columns = {"userId": users[order] + 1, "movieId": chosen[order] + 1, "rating": values[order]}
    building = folder.with_name(f"{folder.name}.part")
    building.mkdir(parents=True, exist_ok=True)
    ratings = "ratings.parquet" if size.parquet else "ratings.csv"
    if size.parquet:
        pa.parquet.write_table(pa.table(columns), building / ratings)
    else:
        times = 1_000_000_000 + rng.integers(0, 600_000_000, len(values))
        pa.csv.write_csv(pa.table({**columns, "timestamp": times}), building / ratings)
    pa.csv.write_csv(_movie_table(movies, rng), building / "movies.csv")
    genders, ages, jobs = people.groups.T
    people_table = {
        "userId": np.arange(1, len(people.counts) + 1),
        "gender": np.array(["M", "F"])[genders],
        "age": np.array(_AGES)[ages],
        "job": np.array([f"job {number}" for number in range(_JOBS)])[jobs],
    }
    pa.csv.write_csv(pa.table(people_table), building / "users.csv")
    (building / "dataset.toml").write_text(
        '[movies]\nfile = "movies.csv"\nid = "movieId"\ntitle = "title"\ngenres = "genres"\nseparator = "|"\n'
        f'[ratings]\nfile = "{ratings}"\nuser = "userId"\nmovie = "movieId"\nrating = "rating"\n'
        "min = 0.5\nmax = 5\n"
        '[users]\nfile = "users.csv"\nid = "userId"\ngender = "gender"\nage = "age"\njob = "job"\n',
        encoding="utf-8",
    )
    building.replace(folder)


def _movie_table(movies: Movies, rng: np.random.Generator) -> Any:
    """Titles of three words, by taste or of any kind, with a year; one to three genres by taste."""
    of_taste = rng.integers(0, _WORDS, (_TASTES, _WORDS_A_TASTE))
    genre = rng.integers(0, _GENRES, _TASTES)
    titles, genres = [], []
    for row, (first, second) in enumerate(movies.tastes):
        words = [*rng.choice(of_taste[first], 2), rng.integers(0, _WORDS)]
        titles.append(f"{' '.join(f'Word{word}' for word in words)} {row} ({1930 + rng.integers(0, 90)})")
        genres.append("|".join(f"Genre {number}" for number in sorted({genre[first], genre[second]})))
    return pa.table({"movieId": np.arange(1, len(titles) + 1), "title": titles, "genres": genres})


def train(data: Path, model: Path, options: list[str]) -> dict[str, Any]:
    """Run the whole command in a process of its own: its summary, seconds and peak memory in GB."""
    command = [sys.executable, "-m", "recsys_cli", "train", "--data", str(data), "--model", str(model)]
    started = time.monotonic()
    process = subprocess.Popen([*command, "--json", "-v", *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"recsys train ended with {os.waitstatus_to_exitcode(status)}")
    seconds = time.monotonic() - started
    return {**json.loads(printed), "whole": seconds, "peak": usage.ru_maxrss * 1024 / 1e9}


def als_ndcg(data: Path, options: dict[str, Any]) -> dict[str, float]:
    """NDCG@10 of implicit ALS, on the people and the ratings that ``recsys train`` measures with these options."""
    from recsys_cli.config.training import TrainingOptions
    from recsys_cli.dataset.reader import read_dataset
    from recsys_cli.model.vocabulary import Vocabulary
    from recsys_cli.solvers.implicit_als import fit_implicit_als
    from recsys_cli.training.batches import Batches
    from recsys_cli.training.data import training_data
    from recsys_cli.training.train import hold_out
    from recsys_cli.training.validation import Validation

    @dataclass
    class Factors:
        users: Floats
        movie_vectors: Floats

        def user_vectors(self, user_rows: Ints) -> Floats:
            return self.users[user_rows]

    given = TrainingOptions.from_dict({**options, "objective": "ranking"})
    dataset = read_dataset(data)
    held_out = training_data(
        dataset, Vocabulary.from_dataset(dataset), hold_out(len(dataset.ratings), given.schedule)
    )
    batches = Batches(held_out, given.objective, given.masking, batch_users=256, history_damping=1.0)
    likes = batches.likes()
    started = time.monotonic()
    average = likes.nnz / np.count_nonzero(likes.getnnz(axis=1))
    users, movies = fit_implicit_als(
        likes, factors=128, alpha=4.0, regularization=0.63 * average, sweeps=15, seed=1
    )
    seconds = time.monotonic() - started
    measured: Any = Factors(users, movies)
    found = Validation(held_out, given.objective).whole(measured)["ndcg@10"]
    return {"ndcg@10": found or float("nan"), "seconds": seconds}


def main() -> None:
    """Make what is missing, train, measure, print a line a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sets", nargs="+", choices=SIZES, metavar="SET", help=", ".join(SIZES))
    parser.add_argument("--folder", type=Path, required=True, help="where the sets and models are kept")
    parser.add_argument("--make", action="store_true", help="make the sets only")
    parser.add_argument("--no-als", dest="als", action="store_false", help="leave ALS out")
    arguments = sys.argv[1:]
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    named, options = parser.parse_args(arguments[:cut]), arguments[cut + 1 :]
    for name in named.sets:
        data = named.folder / name
        if not data.exists():
            make(data, SIZES[name])
        if named.make:
            continue
        result = train(data, named.folder / f"{name}.model", options)
        ndcg = result["metrics"]["ndcg@10"]
        line = f"{name}: {result['whole']:.0f} s, {result['peak']:.2f} GB, NDCG@10 {ndcg:.4f}"
        line += f" (most popular {result['metrics']['ndcg@10 of most popular']:.4f})"
        if named.als:
            als = als_ndcg(data, {})
            line += f"; ALS {als['ndcg@10']:.4f} after {als['seconds']:.0f} s: {ndcg / als['ndcg@10']:.2f} x"
        print(line, flush=True)


if __name__ == "__main__":
    main()
