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
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.training import ScheduleConfig, TrainConfig, TrainingOptions
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import Split, hold_out_ratings, hold_out_users
from recsys_cli.evaluation.favourites_curve import SHOWN, measure_ways
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import Favourites, Profile, lean, user_vector
from recsys_cli.progress import Silent
from recsys_cli.training.train import train_split


def train(dataset: Dataset, split: Split, seed: int, *, data: Path, folder: Path) -> ModelFolder:
    """A model of the users that are not held out."""
    options = TrainingOptions(schedule=ScheduleConfig(seed=seed))
    within = hold_out_ratings(
        len(split.train), share=options.schedule.holdout, rng=np.random.default_rng([seed, 1])
    )
    learnt = Split(train=split.train[within.train], held_out=split.train[within.held_out])
    config = TrainConfig(model=folder / "model", options=options)
    train_split(dataset, learnt, config, Silent(), data_dir=data, started=time.monotonic())
    return ModelFolder.open(folder / "model")


def history_alone(folder: ModelFolder, profile: Profile, favourites: Favourites) -> NDArray[np.float32]:
    """The likes as the user tower's history, as in training."""
    gender, age, job, *_ = profile
    return folder.tables.with_history(gender, age, job, favourites.places, favourites.ratings)


def step_alone(folder: ModelFolder, profile: Profile, favourites: Favourites) -> NDArray[np.float32]:
    """The profile's vector, turned towards the likes."""
    return lean(folder, user_vector(folder, profile), favourites)


def crowd_alone(folder: ModelFolder, profile: Profile, favourites: Favourites) -> NDArray[np.float32]:
    """The mean of the people whose likes these may be."""
    if folder.crowd is None or not len(favourites.ratings):
        return user_vector(folder, profile)
    return folder.crowd.expected(favourites.vectors, sharpness=1.0)


def history_and_step(folder: ModelFolder, profile: Profile, favourites: Favourites) -> NDArray[np.float32]:
    """The likes as history, turned towards them, as in a model folder without a crowd."""
    return lean(folder, history_alone(folder, profile, favourites), favourites)


WAYS = {
    "history alone": history_alone,
    "step alone": step_alone,
    "crowd alone": crowd_alone,
    "history and step": history_and_step,
    "recsys": user_vector,
}


def main() -> None:
    """Train, measure, print a table."""
    parser = argparse.ArgumentParser(description="NDCG@10 after a few favourites, users held out whole.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--seed", type=int, default=3, help="of the split and the training; 1 and 2 fitted the constants"
    )
    arguments = parser.parse_args()
    dataset = read_dataset(arguments.data)
    rng = np.random.default_rng([arguments.seed, 77])
    split = hold_out_users(dataset.ratings.user_rows, len(dataset.user_ids), share=0.1, rng=rng)
    with tempfile.TemporaryDirectory() as name:
        table = measure_ways(
            dataset,
            train(dataset, split, arguments.seed, data=arguments.data, folder=Path(name)),
            user_rows=np.unique(dataset.ratings.user_rows[split.held_out]),
            train=split.train,
            ways=WAYS,
            rng=rng,
        )
    print(f"{'favourites':<18}" + "".join(f"{count:>8}" for count in SHOWN))
    for way, values in table.items():
        print(f"{way:<18}" + "".join(f"{value:>8.3f}" for value in values.mean(axis=0)))


if __name__ == "__main__":
    main()
