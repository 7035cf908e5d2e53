"""Baselines that are linear algebra: a ridge regression, implicit ALS, EASE."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, lapack

from recsys_cli.evaluation.baseline import Baseline, Floats, Interactions, Ints

_BLOCK = 4096  # users that are dense at a time


class AttributeRidge(Baseline):
    """Ridge regression from one-hot gender, age and job to likes: what people of such attributes like."""

    def __init__(self, data: Interactions, *, penalty: float):
        """Fit.

        Args:
            data: training ratings.
            penalty: of the squared weights, > 0.
        """
        one_hots = [_one_hot(rows) for rows in (data.genders, data.ages, data.jobs)]
        ones = np.ones((data.num_users, 1), dtype=np.float32)
        self._inputs = np.hstack([ones, *one_hots])  # (U, I)
        active = np.unique(data.users)
        inputs = self._inputs[active]
        gram = inputs.T @ inputs + np.float32(penalty) * np.eye(inputs.shape[1], dtype=np.float32)
        targets = data.liked()[active].T @ inputs  # (M, I)
        self._weights = cho_solve(cho_factor(gram), targets.T)  # (I, M)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._inputs[users] @ self._weights
        return scores


class ALS(Baseline):
    """Implicit alternating least squares on likes.

    Source: Hu, Koren and Volinsky, ICDM 2008, as the library ``implicit`` has it.
    """

    def __init__(
        self, data: Interactions, *, factors: int, alpha: float, regularization: float, sweeps: int, seed: int
    ):
        """Fit.

        Args:
            data: training ratings.
            factors: length of the vectors.
            alpha: weight of a like over everything else.
            regularization: ridge penalty.
            sweeps: alternations between users and movies.
            seed: of the starting point.
        """
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, "blas"):  # implicit has threads of its own
            als = AlternatingLeastSquares(
                factors=factors,
                alpha=alpha,
                regularization=regularization,
                iterations=sweeps,
                random_state=seed,
            )
            als.fit(data.liked(), show_progress=False)
        self._users: Floats = als.user_factors
        self._movies: Floats = als.item_factors

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._users[users] @ self._movies.T
        return scores


class EASE(Baseline):
    """Each movie from all the others by ridge regression, in closed form.

    Needs time in the third and memory in the second power of the number of movies.

    Source: Steck, WWW 2019.
    """

    def __init__(self, data: Interactions, *, penalty: float):
        """Fit to all ratings, likes or not.

        Args:
            data: training ratings.
            penalty: of the squared weights, > 0.
        """
        self._rated = data.rated()
        inverse = _inverse(_gram(self._rated) + np.float32(penalty) * np.eye(data.num_movies, dtype=np.float32))
        inverse /= -np.diag(inverse).copy()  # column j by its own diagonal
        np.fill_diagonal(inverse, 0.0)
        self._weights = inverse  # (M, M)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._rated[users] @ self._weights
        return scores


def _one_hot(rows: NDArray[np.integer]) -> Floats:
    hot: Floats = np.eye(int(rows.max(initial=0)) + 1, dtype=np.float32)[rows]
    return hot


def _gram(matrix: sp.csr_matrix) -> Floats:
    """(M, M) float32, how many users two movies share."""
    gram = np.zeros((matrix.shape[1],) * 2, dtype=np.float32)
    for start in range(0, matrix.shape[0], _BLOCK):
        dense = matrix[start : start + _BLOCK].toarray()
        gram += dense.T @ dense
    return gram


def _inverse(matrix: Floats) -> Floats:
    """Inverse of a symmetric positive definite matrix, by its Cholesky factor."""
    factor, failed = lapack.spotrf(matrix, lower=True, overwrite_a=True)
    if failed:
        raise ValueError("the matrix is not positive definite")
    inverse, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(inverse)
    symmetric: Floats = lower + np.tril(lower, -1).T
    return symmetric
