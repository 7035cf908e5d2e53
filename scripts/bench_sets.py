"""``recsys evaluate`` with its default options on small and strange sets: whether any baseline is better.

    python scripts/bench_sets.py --seeds 3
    python scripts/bench_sets.py sample "20k thinned"
    python scripts/bench_sets.py --list

The sets are the bundled sample, and parts of MovieLens 1M (``--data`` or $RECSYS_ML1M) of 100,000 and 20,000
ratings: all ratings of some people, all of some movies (and no other movies), or some ratings at random. Those of
100,000 are there without anybody's gender, age and job, too, on a scale from 0 to 10 (twice the stars, with
noise), and with half of the people cut down to one rating. A folder that is deleted afterwards holds them.

A row is a set and a group: the model, the best baseline by that metric, and model less baseline with half of its
95 % interval. The last column names the metrics by which that baseline is ahead by more than the interval.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from recsys_cli.dataset.reader import Dataset, read_dataset

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
_NOISE = 1.0  # standard deviation on the scale from 0 to 10
_METRICS = {"ndcg": "NDCG@10", "rmse": "RMSE"}
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def by_people(data: Dataset, num_ratings: int, rng: np.random.Generator) -> Ints:
    """All ratings of so many people, drawn at random, as have ``num_ratings``."""
    return _whole(data.ratings.user_rows, num_ratings, rng)


def by_movies(data: Dataset, num_ratings: int, rng: np.random.Generator) -> Ints:
    """All ratings of so many movies, drawn at random, as have ``num_ratings``."""
    return _whole(data.ratings.movie_rows, num_ratings, rng)


def thinned(data: Dataset, num_ratings: int, rng: np.random.Generator) -> Ints:
    """Ratings drawn at random."""
    return np.sort(rng.choice(len(data.ratings), num_ratings, replace=False))


def _whole(rows: NDArray[np.int32], num_ratings: int, rng: np.random.Generator) -> Ints:
    order = rng.permutation(int(rows.max()) + 1)
    counts = np.bincount(rows, minlength=len(order))
    return np.flatnonzero(np.isin(rows, order[np.cumsum(counts[order]) <= num_ratings]))


_PARTS: dict[str, Callable[[Dataset, int, np.random.Generator], Ints]] = {
    "by people": by_people,
    "by movies": by_movies,
    "thinned": thinned,
}
_VARIANTS = ("", "no demographics", "0 to 10", "half with one rating")
NAMES = (
    "sample",
    *(f"{size} {part}" for size in ("100k", "20k") for part in _PARTS),
    *(f"100k {part}, {variant}" for part in _PARTS for variant in _VARIANTS[1:]),
)


def write_set(data: Dataset, name: str, folder: Path) -> None:
    """Write a part of MovieLens 1M, or a variant of one, as a catalogue with a ``dataset.toml``."""
    part, _, variant = name.partition(", ")
    size, _, kind = part.partition(" ")
    rng = np.random.default_rng(zlib.crc32(part.encode()))  # the variants are of the same ratings
    chosen = _PARTS[kind](data, int(size[:-1]) * 1000, rng)
    if variant == "half with one rating":
        chosen = one_of_half(data.ratings.user_rows[chosen], chosen, rng)
    ratings, ends = data.ratings.at(chosen), (1, 5)
    values = ratings.values.astype(np.float64)
    if variant == "0 to 10":
        values, ends = np.clip(np.rint(2 * values + rng.normal(0.0, _NOISE, len(values))), 0, 10) + 0.0, (0, 10)
    places = np.unique(ratings.movie_rows) - 1 if kind == "by movies" else np.arange(len(data.movie_ids))
    tables: dict[str, dict[str, Any]] = {
        "movies": {
            "id": data.movie_ids[places],
            "title": [data.titles[place] for place in places],
            "genres": ["|".join(data.movie_genres[place]) for place in places],
        },
        "ratings": {
            "user": data.user_ids[ratings.user_rows - 1],
            "movie": data.movie_ids[ratings.movie_rows - 1],
            "rating": values,
        },
    }
    if variant != "no demographics":
        tables["users"] = _people(data, np.unique(ratings.user_rows))
    toml = ""
    for table, columns in tables.items():
        pyarrow.csv.write_csv(pa.table(columns), folder / f"{table}.csv")
        names = "".join(f'{column} = "{column}"\n' for column in columns)
        toml += f'[{table}]\nfile = "{table}.csv"\n{names}'
        toml += f"min = {ends[0]}\nmax = {ends[1]}\n" if table == "ratings" else ""
    (folder / "dataset.toml").write_text(toml, encoding="utf-8")


def _people(data: Dataset, user_rows: NDArray[np.int32]) -> dict[str, Any]:
    known = data.demographics
    return {
        "id": data.user_ids[user_rows - 1],
        "gender": list(map(known.gender_name, data.user_genders[user_rows])),
        "age": [known.ages[row - 1] for row in data.user_ages[user_rows]],
        "job": list(map(known.job_name, data.user_jobs[user_rows])),
    }


def one_of_half(user_rows: NDArray[np.int32], chosen: Ints, rng: np.random.Generator) -> Ints:
    """All of some ratings but those that half of the people give beyond one, which is drawn at random."""
    users = np.unique(user_rows)
    cut = np.isin(user_rows, rng.choice(users, len(users) // 2, replace=False))
    order = rng.permutation(len(chosen))
    _, first = np.unique(user_rows[order], return_index=True)
    kept = ~cut
    kept[order[first]] = True
    return chosen[kept]


def evaluate(folder: Path, *, seeds: int, options: list[str]) -> dict[str, Any]:
    """The report of ``recsys evaluate`` in a process of its own."""
    command = [sys.executable, "-m", "recsys_cli", "evaluate", "--data", str(folder), "--seeds", str(seeds)]
    done = subprocess.run([*command, "--json", *options], stdout=subprocess.PIPE, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def row(name: str, group: dict[str, Any]) -> str:
    """A line of the table."""
    rows = {each["name"]: each for each in group["rows"]}
    found = {each["metric"]: each for each in group["differences"]}
    cells, behind = [f"{name} | {group['kind']}"], []
    for metric, title in _METRICS.items():
        if metric not in found:
            cells += ["", "", ""]
            continue
        estimate, best = found[metric]["estimate"], rows[found[metric]["baseline"]]
        change, half = estimate["value"], (estimate["high"] - estimate["low"]) / 2
        cells += [f"{rows['model'][metric]['value']:.3f}", f"{best['title']} {best[metric]['value']:.3f}"]
        cells.append(f"{change:+.3f} ± {half:.3f}")
        if (change if metric == "rmse" else -change) > half:
            behind.append(title)
    return f"| {' | '.join(cells)} | {', '.join(behind)} |"


def main() -> None:
    """Make the sets that are asked for, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("RECSYS_ML1M", "data/ml-1m")))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--list", action="store_true", help="print the sets and stop")
    parser.add_argument("--keep", type=Path, help="folder that the sets stay in")
    parser.add_argument("--option", action="append", default=[], help="of recsys evaluate, as --option=--epochs=2")
    parser.add_argument("sets", nargs="*", metavar="SET", help="all without any")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(NAMES))
        return
    if unknown := set(arguments.sets) - set(NAMES):
        parser.error(f"no such set: {', '.join(sorted(unknown))}; --list shows them")
    names = arguments.sets or NAMES
    data = read_dataset(arguments.data) if set(names) - {"sample"} else None
    print("| set | group | NDCG@10 | best baseline | difference | RMSE | best baseline | difference | behind |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in names:
            folder = SAMPLE if name == "sample" else (arguments.keep or Path(temporary)) / name.replace(" ", "-")
            if data is not None and name != "sample" and not folder.exists():
                folder.mkdir(parents=True)
                write_set(data, name, folder)
            for group in evaluate(folder, seeds=arguments.seeds, options=arguments.option)["groups"]:
                print(row(name, group), flush=True)


if __name__ == "__main__":
    main()
