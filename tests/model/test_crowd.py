"""The crowd: whose likes these may be, against arithmetic written here."""

import numpy as np
import pytest
from commands import Recsys

from recsys_cli.model.arrays import unit_rows
from recsys_cli.model.crowd import Crowd
from recsys_cli.model.folder import ModelFolder

DIM = 5


def units(rng: np.random.Generator, rows: int) -> np.ndarray:
    return unit_rows(rng.standard_normal((rows, DIM), dtype=np.float32))


@pytest.mark.parametrize("sharpness", [1.0, 1.6])
def test_the_expected_person_is_the_mean_of_the_crowd_by_bayes_rule(
    rng: np.random.Generator, sharpness: float
) -> None:
    people, movies, counts = units(rng, 7), units(rng, 12), np.array([3, 0, 40, 5, 1, 9, 2])
    crowd = Crowd.choose(people, counts, movies)
    assert crowd is not None
    weights = []
    for person, count in zip(people.astype(np.float64), counts, strict=True):
        chances = np.logaddexp(0.0, movies @ person / 0.01) ** 2
        chances /= chances.sum()
        weights.append(count * (chances[2] * chances[5] * chances[5]) ** sharpness)
    expected = np.array(weights) @ people
    found = crowd.expected(movies[[2, 5, 5]], sharpness=sharpness)
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-5)


def test_a_crowd_is_no_larger_than_it_need_be_and_the_same_every_time(rng: np.random.Generator) -> None:
    people, movies = units(rng, 3000), units(rng, 4)
    counts = np.arange(3000) % 5
    crowd, again = (Crowd.choose(people, counts, movies) for _ in range(2))
    assert crowd is not None
    assert again is not None
    assert crowd.vectors.shape == (2048, DIM)
    np.testing.assert_array_equal(crowd.vectors, again.vectors)
    assert np.isin(crowd.vectors[:, 0], people[counts > 0, 0]).all()


def test_where_nobody_rated_anything_there_is_none(rng: np.random.Generator) -> None:
    assert Crowd.choose(units(rng, 3), np.zeros(3, dtype=np.int64), units(rng, 4)) is None


def test_a_training_keeps_everybody_of_a_small_data_set(recsys: Recsys) -> None:
    folder = ModelFolder.open(recsys.workspace / "recommender_system.inference.model")
    assert folder.crowd is not None
    np.testing.assert_array_equal(folder.crowd.vectors, folder.user_vectors)
    trained_on = np.diff(folder.seen.indptr)
    if folder.held_out is not None:
        trained_on = trained_on - np.diff(folder.held_out.indptr)
    np.testing.assert_allclose(np.exp(folder.crowd.prior), trained_on, rtol=1e-4)


def test_people_opposite_to_the_only_movie_have_finite_sums() -> None:
    people = np.eye(DIM, dtype=np.float32)[:1]
    crowd = Crowd.choose(people, np.array([1]), -people)
    assert crowd is not None
    assert crowd.log_sums[0] < -170  # 2 log softplus(-100), in float32 nearly
    assert np.isfinite(crowd.expected(-people, sharpness=1.0)).all()
