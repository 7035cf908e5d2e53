"""The curve of `recsys evaluate`: how good a list is after a few favourites."""

import math
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.evaluation.favourites_curve import POPULAR, SHOWN, curve, measure_ways
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import Favourites, Profile, user_vector


@pytest.fixture(scope="module")
def folder(workspace: Path) -> ModelFolder:
    return ModelFolder.open(workspace / "recommender_system.inference.model")


@pytest.fixture(scope="module")
def dataset(workspace: Path) -> Dataset:
    return read_dataset(workspace / "data" / "sample")


def likes_of(dataset: Dataset, user: int) -> np.ndarray:
    """Places in the model's vectors of what a user row likes."""
    ratings = dataset.ratings
    places: np.ndarray = (
        ratings.movie_rows[(ratings.user_rows == user) & (ratings.values >= 4)].astype(np.int64) - 1
    )
    return places


def test_most_popular_by_hand(dataset: Dataset, folder: ModelFolder) -> None:
    user = next(user for user in range(1, 1001) if len(likes_of(dataset, user)) >= 20)
    train = np.flatnonzero(dataset.ratings.user_rows != user)
    measured = measure_ways(
        dataset, folder, user_rows=np.array([user]), train=train, ways={}, rng=np.random.default_rng(5)
    )
    likes = np.random.default_rng(5).permutation(likes_of(dataset, user))
    asked = set(likes[10:].tolist())
    learnt = dataset.ratings.at(train)
    counts = np.bincount(learnt.movie_rows[learnt.values >= 4] - 1, minlength=len(dataset.movie_ids)).astype(float)
    for place, count in enumerate(SHOWN):
        left = np.setdiff1d(np.arange(len(counts)), likes[:count])
        best = sorted(left.tolist(), key=lambda movie: (-counts[movie], movie))[:10]
        gain = sum(1 / math.log2(rank + 2) for rank, movie in enumerate(best) if movie in asked)
        ideal = sum(1 / math.log2(rank + 2) for rank in range(min(10, len(asked))))
        assert measured[POPULAR][0, place] == pytest.approx(gain / ideal)


def test_a_better_way_has_the_better_curve(dataset: Dataset, folder: ModelFolder) -> None:
    def nobody(folder: ModelFolder, profile: Profile, shown: Favourites) -> np.ndarray:
        return -user_vector(folder, profile, shown)

    users = np.arange(1, 201)
    train = np.flatnonzero(dataset.ratings.user_rows > 200)
    rng = np.random.default_rng(1)
    served = curve(
        [measure_ways(dataset, folder, user_rows=users, train=train, ways={"recsys": user_vector}, rng=rng)]
    )
    opposite = curve(
        [measure_ways(dataset, folder, user_rows=users, train=train, ways={"recsys": nobody}, rng=rng)]
    )
    assert served is not None
    assert opposite is not None
    assert served.shown == SHOWN
    assert served.users == sum(len(likes_of(dataset, user)) >= 20 for user in users.tolist())
    assert served.ndcg[-1] > served.popular[-1]
    assert all(mine > theirs for mine, theirs in zip(served.ndcg, opposite.ndcg, strict=True))


def test_without_people_of_enough_likes_there_is_no_curve(dataset: Dataset, folder: ModelFolder) -> None:
    few = np.array([user for user in range(1, 1001) if len(likes_of(dataset, user)) < 20][:5])
    train = np.arange(len(dataset.ratings))
    ways = {"recsys": user_vector}
    rng = np.random.default_rng(1)
    assert curve([measure_ways(dataset, folder, user_rows=few, train=train, ways=ways, rng=rng)]) is None
