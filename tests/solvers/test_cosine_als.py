"""Alternating least squares between unit vectors."""

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from two_blocks import two_blocks

from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.dataset.split import hold_out_ratings
from recsys_cli.metrics import rmse
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.solvers.cosine_als import FewEquations, FullEquations, fit_cosine_als, solve_in_ball
from recsys_cli.training.data import TrainingData, training_data
from recsys_cli.training.trainer import Trainer


def cosines(data: TrainingData) -> sp.csr_matrix:
    """The training ratings over the top of the scale."""
    ratings, shape = data.training, (data.num_users + 1, data.num_movies + 1)
    return sp.csr_matrix(
        (ratings.values / np.float32(data.rating_max), (ratings.user_rows, ratings.movie_rows)), shape
    )


def fit(data: TrainingData, factors: int) -> tuple[np.ndarray, np.ndarray]:
    mean = float(data.training.values.mean(dtype=np.float64)) / data.rating_max
    return fit_cosine_als(cosines(data), mean=mean, factors=factors, sweeps=8, seed=1)


def random_problem(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    inputs = rng.normal(size=(9, 4))
    return inputs.T @ inputs + 0.1 * np.eye(4), rng.normal(size=4)


def test_a_solution_inside_the_ball_is_the_solution(rng: np.random.Generator) -> None:
    gram, right = random_problem(rng)
    right *= 0.5 / np.linalg.norm(np.linalg.solve(gram, right))
    np.testing.assert_allclose(gram @ solve_in_ball(FullEquations(gram[None]), right[None])[0], right)


def test_a_solution_outside_becomes_the_best_on_the_ball(rng: np.random.Generator) -> None:
    gram, right = random_problem(rng)
    right *= 3.0 / np.linalg.norm(np.linalg.solve(gram, right))
    vector = solve_in_ball(FullEquations(gram[None]), right[None])[0]
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)

    def value(x: np.ndarray) -> float:
        return float(x @ gram @ x / 2 - right @ x)

    others = rng.normal(size=(20_000, 4))
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    assert value(vector) <= min(map(value, others)) + 1e-3 * abs(value(vector))


def test_fewer_inputs_than_factors_have_the_same_solution(rng: np.random.Generator) -> None:
    inputs = rng.normal(size=(5, 3, 8))
    inputs[1, 1:] = 0.0  # one input only
    penalties, lengths = rng.uniform(1, 2, 5), np.array([0.2, 0.2, 5.0, 50.0, 3.0])
    grams = inputs.transpose(0, 2, 1) @ inputs + penalties[:, None, None] * np.eye(8)
    rights = lengths[:, None] * rng.normal(size=(5, 8))
    found, expected = (
        solve_in_ball(equations, rights) for equations in (FewEquations(inputs, penalties), FullEquations(grams))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert np.linalg.norm(expected[3]) == pytest.approx(1.0, abs=1e-3)
    assert np.linalg.norm(expected[0]) < 0.9


def test_its_cosines_are_the_ratings() -> None:
    data = two_blocks()
    users, movies = fit(data, factors=6)
    np.testing.assert_allclose(np.linalg.norm(users, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(movies, axis=1), 1.0, atol=1e-5)
    ratings = data.training
    products = (users[ratings.user_rows] * movies[ratings.movie_rows]).sum(axis=1)
    of_the_mean = rmse(np.full(len(ratings), ratings.values.mean(), np.float32), ratings.values)
    assert rmse(data.rating_max * products, ratings.values) < 0.7 * of_the_mean


@pytest.mark.parametrize(("most", "padded"), [(10**9, 70), (1_000, 100_000)])
def test_blocks_and_a_sample_of_people_fit_as_well(
    most: int, padded: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = two_blocks()
    whole = fit(data, factors=6)
    monkeypatch.setattr("recsys_cli.solvers.cosine_als._MOST_RATINGS", most)
    monkeypatch.setattr("recsys_cli.solvers.cosine_als._PADDED", padded)
    found, ratings = fit(data, factors=6), data.training

    def error(vectors: tuple[np.ndarray, np.ndarray]) -> float:
        products = (vectors[0][ratings.user_rows] * vectors[1][ratings.movie_rows]).sum(axis=1)
        return rmse(data.rating_max * products, ratings.values)

    if most > len(ratings):
        np.testing.assert_allclose(found[1], whole[1], atol=1e-6)
    assert error(found) < 1.1 * error(whole)


def test_the_towers_start_at_it() -> None:
    data = two_blocks()
    options = TrainingOptions.from_dict({"objective": "rating", "als_factors": 6, "history_width": 8})
    trainer = Trainer(data, options)
    users, movies = fit(data, factors=6)
    snapshot = trainer.snapshot()
    expected = users[1:] @ movies[trainer.batches.catalogue].T
    found = snapshot.user_vectors(np.arange(1, data.num_users + 1)) @ snapshot.movie_vectors[1:].T
    assert np.abs(found[:, trainer.batches.catalogue - 1] - expected).mean() < 0.02


def start_rmse(star_factors: int) -> float:
    """RMSE of the stars before the first step, on the training ratings."""
    data = two_blocks()
    widths = {"embedding_dim": 16, "history_width": 12, "als_factors": 6, "star_factors": star_factors}
    snapshot = Trainer(data, TrainingOptions.from_dict(widths)).snapshot()
    stars, ratings = snapshot.stars, data.training
    assert stars is not None
    users = snapshot.user_vectors(np.arange(data.num_users + 1))[ratings.user_rows] * stars.slope
    taste = (users * snapshot.movie_vectors[ratings.movie_rows]).sum(axis=1)
    offsets = stars.user_offsets[ratings.user_rows] + stars.movie_offsets[ratings.movie_rows]
    return rmse(stars.mean + offsets + taste, ratings.values)


def test_the_stars_start_at_more_than_offsets() -> None:
    assert start_rmse(star_factors=6) < 0.8 * start_rmse(star_factors=0)


@pytest.mark.slow
def test_it_beats_the_biases_on_movielens(ml1m: Path) -> None:
    from recsys_cli.evaluation.baselines import Biases
    from recsys_cli.evaluation.interactions import Interactions

    dataset = read_dataset(ml1m)
    split = hold_out_ratings(len(dataset.ratings), share=0.1, rng=np.random.default_rng(1))
    data = training_data(dataset, Vocabulary.from_dataset(dataset), split)
    users, movies = fit(data, factors=32)
    asked = data.validation
    products = (users[asked.user_rows] * movies[asked.movie_rows]).sum(axis=1)
    estimates = np.clip(data.rating_max * products, data.rating_min, data.rating_max)
    interactions = Interactions(
        ratings=data.training,
        like_from=4.0,
        rating_min=data.rating_min,
        rating_max=data.rating_max,
        genders=data.user_genders,
        ages=data.user_ages,
        jobs=data.user_jobs,
        further=data.user_further,
        genres=data.movie_genres,
    )
    baseline = Biases(interactions, user_damping=5.0, movie_damping=3.0).estimates(
        asked.user_rows.astype(np.int64), asked.movie_rows.astype(np.int64)
    )
    assert rmse(estimates, asked.values) < rmse(baseline, asked.values) - 0.04
