"""How good a list is after 0, 1, 3, 5 and 10 favourites, for people that the model has never seen.

    python scripts/bench_favourites.py --data data/ml-1m --seed 3

A tenth of the users are held out whole and a model is trained on the rest. Of each held-out user with at least 20
likes (ratings of 4 and more of 5), ten likes are set aside; n of them are shown, and NDCG@10 is taken on all the
likes that were not set aside, so that every column is measured on the same movies. Shown movies are left out of
the list. Most popular is measured in the same way; each row stands beside one way to use the favourites.
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli import metrics
from recsys_cli.config.training import ScheduleConfig, TrainConfig, TrainingOptions
from recsys_cli.dataset.movielens import Dataset, read_dataset
from recsys_cli.dataset.split import Split, hold_out_ratings, hold_out_users
from recsys_cli.model.artifact import ModelFolder
from recsys_cli.model.favourites import LIKE_SHARE, Favourites, history_vector, lean
from recsys_cli.steps.train import train_split

SHOWN = (0, 1, 3, 5, 10)
SET_ASIDE, LEAST_LIKES = 10, 20
Vectors = dict[str, NDArray[np.float32]]


class Quiet:
    """Says nothing of the training."""

    def say(self, text: str) -> None:
        """Nothing."""

    def detail(self, text: str) -> None:
        """Nothing."""

    def start(self, *, epochs: int, num_batches: int) -> None:
        """Nothing."""

    def on_batch(self, num_ratings: int, loss: float) -> None:
        """Nothing."""

    def on_epoch(self, epoch: object) -> None:
        """Nothing."""


def train(dataset: Dataset, split: Split, seed: int, folder: Path) -> ModelFolder:
    """A model of the users that are not held out."""
    options = TrainingOptions(schedule=ScheduleConfig(seed=seed))
    within = hold_out_ratings(
        len(split.train), share=options.schedule.holdout, rng=np.random.default_rng([seed, 1])
    )
    learnt = Split(train=split.train[within.train], held_out=split.train[within.held_out])
    config = TrainConfig(model=folder / "model", options=options)
    train_split(dataset, learnt, config, Quiet(), started=time.monotonic())
    return ModelFolder.open(folder / "model")


def vectors_of(folder: ModelFolder, profile: tuple[int, int, int], shown: NDArray[np.int64]) -> Vectors:
    """The user vector that each way makes of some liked movies."""
    like = np.float32(LIKE_SHARE * folder.info.rating_max)
    ratings = np.full(len(shown), like, dtype=np.float32)
    favourites = Favourites(places=shown, ratings=ratings, vectors=folder.movie_vectors[shown])
    base = folder.demographic[profile]
    if not len(shown):
        return {"history alone": base, "step alone": base, "recsys": base}
    step = partial(
        lean,
        favourites=favourites,
        movies=folder.movie_vectors[folder.num_ratings > 0],
        rating_min=folder.info.rating_min,
        rating_max=folder.info.rating_max,
    )
    return {
        "history alone": folder.tables.with_history(*profile, shown, ratings),
        "step alone": step(base),
        "recsys": step(history_vector(folder.tables, profile, favourites)),
    }


def curves(
    dataset: Dataset, folder: ModelFolder, split: Split, rng: np.random.Generator
) -> dict[str, list[float]]:
    """NDCG@10 of each way for each number of favourites."""
    liked = dataset.rating_values >= LIKE_SHARE * folder.info.rating_max
    popular = np.bincount(dataset.rating_movies[split.train][liked[split.train]], minlength=len(dataset.movie_ids))
    found: dict[str, list[list[float]]] = {}
    for user in np.unique(dataset.rating_users[split.held_out]):
        likes = rng.permutation(dataset.rating_movies[liked & (dataset.rating_users == user)].astype(np.int64))
        if len(likes) < LEAST_LIKES:
            continue
        relevant = np.zeros((1, len(popular)), dtype=np.bool_)
        relevant[0, likes[SET_ASIDE:]] = True
        rows = (dataset.user_genders[user], dataset.user_ages[user], dataset.user_jobs[user])
        for place, count in enumerate(SHOWN):
            shown = likes[:count]
            scores = {
                name: folder.movie_vectors @ vector for name, vector in vectors_of(folder, rows, shown).items()
            }
            for name, values in {"most popular": popular.astype(np.float64), **scores}.items():
                line = values.copy()
                line[shown] = -np.inf
                value = float(metrics.ndcg(metrics.top_k(line[None], 10), relevant)[0])
                found.setdefault(name, [[] for _ in SHOWN])[place].append(value)
    return {name: [float(np.mean(values)) for values in columns] for name, columns in found.items()}


def main() -> None:
    """Train, measure, print a table."""
    parser = argparse.ArgumentParser(description="NDCG@10 after a few favourites, users held out whole.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--seed", type=int, default=3, help="of the split and the training; 2 fitted the constants"
    )
    arguments = parser.parse_args()
    dataset = read_dataset(arguments.data)
    rng = np.random.default_rng([arguments.seed, 77])
    split = hold_out_users(dataset.rating_users, len(dataset.user_ids), share=0.1, rng=rng)
    with tempfile.TemporaryDirectory() as name:
        table = curves(dataset, train(dataset, split, arguments.seed, Path(name)), split, rng)
    print(f"{'favourites':<16}" + "".join(f"{count:>8}" for count in SHOWN))
    for way, values in table.items():
        print(f"{way:<16}" + "".join(f"{value:>8.3f}" for value in values))


if __name__ == "__main__":
    main()
