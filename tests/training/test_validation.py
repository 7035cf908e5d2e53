"""RMSE and NDCG@10 of the held-out ratings, beside the same computed densely here."""

import dataclasses

import numpy as np
import pytest
from two_blocks import two_blocks

from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.rows import Ratings
from recsys_cli.training import validation
from recsys_cli.training.data import TrainingData
from recsys_cli.training.export import Snapshot
from recsys_cli.training.trainer import Trainer
from recsys_cli.training.validation import Validation

OPTIONS = TrainingOptions.from_dict({"embedding_dim": 16, "als_factors": 8, "star_factors": 4})


@pytest.fixture(scope="module")
def data() -> TrainingData:
    """One user likes nothing of what is held out, another rated all there is."""
    data = two_blocks()
    held_out = data.validation
    everything = np.arange(1, data.num_movies + 1, dtype=np.int32)
    mine = held_out.movie_rows[held_out.user_rows == 2]
    left = np.setdiff1d(everything, mine)
    more = Ratings(np.full(len(left), 2, np.int32), left, np.full(len(left), 3.0, np.float32))
    held_out.values[held_out.user_rows == 1] = 1.0
    return dataclasses.replace(data, training=data.training.at(data.training.user_rows != 2).followed_by(more))


@pytest.fixture(scope="module")
def snapshot(data: TrainingData) -> Snapshot:
    return Trainer(data, OPTIONS).snapshot()


def by_hand(data: TrainingData, scores: np.ndarray, users: np.ndarray) -> float:
    """Mean NDCG@10 of scores (U + 1, M + 1), place by place."""
    scores = scores.copy()
    scores[:, 0] = -np.inf
    scores[data.training.user_rows, data.training.movie_rows] = -np.inf
    found = []
    for user in users:
        mine = data.validation.at(data.validation.user_rows == user)
        liked = set(mine.movie_rows[mine.values >= 4.0])
        if liked:
            order = [row for row in np.argsort(-scores[user], kind="stable") if np.isfinite(scores[user, row])][
                :10
            ]
            gained = sum(1 / np.log2(place + 2) for place, row in enumerate(order) if row in liked)
            found.append(gained / sum(1 / np.log2(place + 2) for place in range(min(len(liked), 10))))
    return float(np.mean(found))


def errors(data: TrainingData, snapshot: Snapshot, users: np.ndarray) -> np.ndarray:
    asked = data.validation.at(np.isin(data.validation.user_rows, users))
    vectors, stars = snapshot.user_vectors(np.arange(data.num_users + 1)), snapshot.stars
    assert stars is not None
    taste = [
        (vectors[user] * snapshot.movie_vectors[movie]) @ stars.slope
        for user, movie in zip(asked.user_rows, asked.movie_rows, strict=True)
    ]
    offsets = stars.movie_offsets[asked.movie_rows] + stars.user_offsets[asked.user_rows]
    return np.asarray(np.clip(stars.mean + offsets + taste, 1.0, 5.0) - asked.values)


@pytest.mark.parametrize("most", [20_000, 30])
def test_blocks_and_samples_give_what_arithmetic_gives(
    data: TrainingData, snapshot: Snapshot, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(validation, "_BLOCK", 7 * (data.num_movies + 1))  # seven users at a time
    monkeypatch.setattr(validation, "_PAIRS", 100)
    monkeypatch.setattr(validation, "_MOST", most)
    measured = Validation(data, OPTIONS.objective)
    everybody = np.unique(data.validation.user_rows)
    users = np.sort(np.random.default_rng(0).permutation(everybody)[:most])
    assert (measured.num_users, measured.num_measured) == (len(everybody), min(most, len(everybody)))
    metrics = measured.whole(snapshot)
    scores = snapshot.user_vectors(np.arange(data.num_users + 1)) @ snapshot.movie_vectors.T
    assert metrics["ndcg@10"] == pytest.approx(by_hand(data, scores, users), abs=1e-6)
    liked = data.training.movie_rows[data.training.values >= 4.0]
    popular = np.tile(np.bincount(liked, minlength=data.num_movies + 1), (data.num_users + 1, 1)).astype(float)
    assert metrics["ndcg@10 of most popular"] == pytest.approx(by_hand(data, popular, users), abs=1e-6)
    found = errors(data, snapshot, users)
    assert metrics["rmse"] == pytest.approx(np.sqrt(np.mean(found**2)), abs=1e-4)


def test_nobody_who_likes_anything_leaves_no_ndcg(data: TrainingData, snapshot: Snapshot) -> None:
    held_out = data.validation.at(data.validation.user_rows == 1)
    measured = Validation(dataclasses.replace(data, validation=held_out), OPTIONS.objective)
    assert measured.whole(snapshot)["ndcg@10"] is None
    assert "ndcg@10" not in measured.sample(snapshot)
