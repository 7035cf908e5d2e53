"""The solvers against arithmetic and brute force; all but the alternating ones are exact."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_cli.solvers.biases import fit_biases
from recsys_cli.solvers.ease import fit_ease
from recsys_cli.solvers.implicit_als import fit_implicit_als
from recsys_cli.solvers.popularity import count_by_movie, count_in_groups
from recsys_cli.solvers.ridge import fit_ridge, one_hot


@pytest.fixture
def likes(rng: np.random.Generator) -> sp.csr_matrix:
    return sp.csr_matrix((rng.random((60, 25)) < 0.3).astype(np.float32))


@pytest.mark.parametrize("sparse_pairs", [0, 10**9])  # inner products of sparse columns, of dense blocks
def test_ease_is_a_ridge_regression_of_each_movie_on_the_others(
    likes: sp.csr_matrix, sparse_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys_cli.solvers.ease._BLOCK", 7)  # several blocks, the last one shorter
    monkeypatch.setattr("recsys_cli.solvers.ease._SPARSE_PAIRS", sparse_pairs)
    dense, expected = likes.toarray().astype(np.float64), np.zeros((25, 25))
    for movie in range(25):
        others = np.delete(np.arange(25), movie)
        gram = dense[:, others].T @ dense[:, others] + 7.0 * np.eye(24)
        expected[others, movie] = np.linalg.solve(gram, dense[:, others].T @ dense[:, movie])
    weights = fit_ease(likes, penalty=7.0).weights
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    assert weights.flags.c_contiguous


@pytest.mark.parametrize("sparse_pairs", [0, 10**9])
def test_ease_predicts_many_movies_from_the_most_used_ones(
    likes: sp.csr_matrix, sparse_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys_cli.solvers.ease._SPARSE_PAIRS", sparse_pairs)
    monkeypatch.setattr("recsys_cli.solvers.ease._COLUMNS", 4)  # several blocks, the last one shorter
    dense = likes.toarray().astype(np.float64)
    ease = fit_ease(likes, penalty=7.0, most_inputs=10)
    used = np.sort(np.argsort(-dense.sum(axis=0), kind="stable")[:10])
    np.testing.assert_array_equal(ease.inputs, used)
    expected = np.zeros((25, 25))
    for movie in range(25):
        inputs = np.setdiff1d(used, [movie])
        gram = dense[:, inputs].T @ dense[:, inputs] + 7.0 * np.eye(len(inputs))
        expected[inputs, movie] = np.linalg.solve(gram, dense[:, inputs].T @ dense[:, movie])
    np.testing.assert_allclose(ease.predict(likes), dense @ expected, atol=1e-4)


def test_ease_of_many_users_is_that_of_some_of_them(likes: sp.csr_matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys_cli.solvers.ease._MOST_USERS", 60)
    twice = sp.vstack([likes, likes]).tocsr()[np.arange(120).reshape(2, 60).T.ravel()]  # everybody and a twin
    ease = fit_ease(twice, penalty=7.0)
    np.testing.assert_allclose(ease.weights, fit_ease(likes, penalty=3.5).weights, atol=0.1)
    assert np.diag(ease.gram).sum() == pytest.approx(twice.nnz, rel=0.05)


def test_factors_are_the_best_approximation_of_the_scores(likes: sp.csr_matrix) -> None:
    ease = fit_ease(likes, penalty=7.0)
    scores = ease.predict(likes)
    singular = np.linalg.svd(scores.astype(np.float64), compute_uv=False)
    for factors in (3, 25):
        found = ease.factorise(factors=factors, rng=np.random.default_rng(1))
        assert found.movies.shape == found.history.shape == (25, factors)
        error = np.linalg.norm(scores - (likes @ found.history) @ found.movies.T)
        assert error == pytest.approx(np.sqrt((singular[factors:] ** 2).sum()), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sparse", [False, True])
def test_a_ridge_is_a_least_squares_with_one_more_row_a_weight(
    likes: sp.csr_matrix, rng: np.random.Generator, dtype: type, sparse: bool
) -> None:
    inputs: np.ndarray = rng.normal(size=(60, 4)).astype(dtype)
    penalties = np.array([0.0, 1.0, 2.0, 3.0])
    padded = np.vstack([inputs, np.diag(np.sqrt(penalties))])
    expected = np.linalg.lstsq(padded, np.vstack([likes.toarray(), np.zeros((4, 25))]), rcond=None)[0]
    weights = fit_ridge(inputs, likes if sparse else likes.toarray(), penalty=penalties)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    assert weights.dtype == dtype


def test_one_hot_by_hand() -> None:
    hot = one_hot([np.array([0, 2]), np.array([1, 0])], [3, 2])
    assert hot.tolist() == [[1, 1, 0, 0, 0, 1], [1, 0, 0, 1, 1, 0]]
    assert hot.dtype == np.float32


def test_biases_by_hand() -> None:
    # One movie: 2 above by two people, damping 2: 1 of 2. Each is left with 1, damping 1: 0.5.
    rows = np.array([1, 2]), np.array([1, 1])
    users, movies = fit_biases(*rows, np.array([2.0, 2.0]), sizes=(4, 2), dampings=(1.0, 2.0))
    assert users.tolist() == [0.0, 0.5, 0.5, 0.0]
    assert movies.tolist() == [0.0, 1.0]
    again, _ = fit_biases(*rows, np.array([2.0, 2.0]), sizes=(4, 2), dampings=(1.0, 2.0), sweeps=2)
    assert again.tolist() == [0.0, 0.625, 0.625, 0.0]  # the movie then has 2 * 1.5 / 4, which leaves 1.25


def test_biases_keep_their_type() -> None:
    rows = np.array([0]), np.array([0])
    for dtype in (np.float32, np.float64):
        found = fit_biases(*rows, np.ones(1, dtype=dtype), sizes=(1, 1), dampings=(1.0, 1.0))
        assert [biases.dtype for biases in found] == [dtype, dtype]


def test_counts_by_hand() -> None:
    likes = sp.csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1]], dtype=np.float32))
    assert count_by_movie(likes).tolist() == [2, 2, 1]
    in_groups = count_in_groups(likes, np.array([1, 1, 0]))
    np.testing.assert_allclose(in_groups, [[2 / 3, 1 + 2 / 3, 1 + 1 / 3], [2 + 2 / 3, 1 + 2 / 3, 1 / 3]])


def test_implicit_als_completes_two_blocks(rng: np.random.Generator) -> None:
    own = np.arange(80)[:, None] % 2 == np.arange(30)[None] % 2
    likes = sp.csr_matrix((own & (rng.random((80, 30)) < 0.4)).astype(np.float32))
    options = {"factors": 2, "alpha": 2.0, "regularization": 0.1, "sweeps": 15}
    users, movies = fit_implicit_als(likes, **options, seed=1)  # type: ignore[arg-type]
    scores = users @ movies.T
    assert scores[own].min() > scores[~own].max()
    again, _ = fit_implicit_als(likes, **options, seed=1)  # type: ignore[arg-type]
    np.testing.assert_array_equal(users, again)
