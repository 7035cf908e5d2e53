"""Alternating least squares between unit vectors: their cosine, times the top of the scale, is the rating.

With the movies' vectors fixed, each user's is a ridge regression that is drawn to the mean vector rather than to
zero, and no longer than 1; then the movies' in turn. A coordinate of their own, in which everything on the other
side is zero, makes up the length that is missing to 1.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

# Ratings as the mean person (or movie) has them, that each has besides: so many, and so many for each of its own.
_PENALTY, _PENALTY_A_RATING = 1.0, 0.008
_START_NOISE = 0.1
_NEWTON_STEPS = 4


def fit_cosine_als(
    cosines: sp.csr_matrix, *, mean: float, factors: int, sweeps: int, seed: int
) -> tuple[Floats, Floats]:
    """Fit to ratings.

    Args:
        cosines: (N, M) float32, ratings over the top of the scale; a stored zero is a rating.
        mean: of the ratings, over the top of the scale.
        factors: F, coordinates that users and movies share, at least 1.
        sweeps: alternations between users and movies, at least 1.
        seed: of the starting point.

    Returns: user vectors (N, F + 2) and movie vectors (M, F + 2), float32, unit rows; the mean vector for whoever
        has no rating.
    """
    by_user, by_movie = cosines.sorted_indices(), cosines.T.tocsr().sorted_indices()
    user_mean = np.zeros(factors)
    user_mean[0] = np.sqrt(max(mean, 0.01))
    movie_mean = user_mean
    noise = np.random.default_rng([seed, 3]).normal(0.0, _START_NOISE, (cosines.shape[1], factors))
    movies = movie_mean + noise * (np.arange(factors) > 0)
    for _ in range(sweeps):
        users = _solve(by_user, movies, user_mean)
        movies = _solve(by_movie, users, movie_mean)
        user_mean, movie_mean = users[_stored(by_user)].mean(axis=0), movies[_stored(by_movie)].mean(axis=0)
    return _fill_up(users, coordinate=0), _fill_up(movies, coordinate=1)


def _stored(matrix: sp.csr_matrix) -> NDArray[np.int64]:
    """Rows with something stored, ascending."""
    return np.flatnonzero(np.diff(matrix.indptr))


def _solve(cosines: sp.csr_matrix, others: Doubles, mean: Doubles) -> Doubles:
    """(N, F) vectors no longer than 1, given those of the others (M, F)."""
    solved = np.tile(mean, (cosines.shape[0], 1))
    identity = np.eye(len(mean))
    for row in _stored(cosines):
        own = slice(cosines.indptr[row], cosines.indptr[row + 1])
        inputs = others[cosines.indices[own]]  # (n, F)
        penalty = _PENALTY + _PENALTY_A_RATING * len(inputs)
        gram = inputs.T @ inputs + penalty * identity
        solved[row] = solve_in_ball(gram, inputs.T @ cosines.data[own] + penalty * mean)
    return solved


def solve_in_ball(gram: Doubles, right: Doubles) -> Doubles:
    """The vector x no longer than 1 that minimises x' gram x / 2 - right' x.

    Args:
        gram: (F, F) float64, symmetric and positive definite.
        right: (F,) float64.

    Returns: (F,) float64.

    Source: More and Sorensen, Computing a Trust Region Step, 1983 (Newton's method on one over the length).
    """
    shifted, multiplier = gram, 0.0
    vector = np.linalg.solve(shifted, right)
    for _ in range(_NEWTON_STEPS):
        length = np.linalg.norm(vector)
        if length <= 1.0 + 1e-3:
            break
        slope = vector @ np.linalg.solve(shifted, vector)
        multiplier += float((length - 1.0) * length**2 / slope)
        shifted = gram + multiplier * np.eye(len(right))
        vector = np.linalg.solve(shifted, right)
    inside: Doubles = vector / np.maximum(1.0, np.linalg.norm(vector))
    return inside


def _fill_up(vectors: Doubles, *, coordinate: int) -> Floats:
    """(N, F) to unit rows (N, F + 2)."""
    missing = np.zeros((len(vectors), 2))
    missing[:, coordinate] = np.sqrt(np.maximum(1.0 - (vectors**2).sum(axis=1), 0.0))
    return np.hstack([vectors, missing]).astype(np.float32)
