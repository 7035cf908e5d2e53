"""Alternating least squares between unit vectors: their cosine, times the top of the scale, is the rating.

With the movies' vectors fixed, each user's is a ridge regression that is drawn to the mean vector rather than to
zero, and no longer than 1; then the movies' in turn. A coordinate of their own, in which everything on the other
side is zero, makes up the length that is missing to 1.
"""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.training.batches import Batches
from recsys_cli.training.data import ByUser, Floats, Ratings

Doubles = NDArray[np.float64]

# Ratings as the mean person (or movie) has them, that each has besides: so many, and so many for each of its own.
_PENALTY, _PENALTY_A_RATING = 1.0, 0.008
_START_NOISE = 0.1
_NEWTON_STEPS = 4


def fit_cosine_als(batches: Batches, *, factors: int, sweeps: int, seed: int) -> tuple[Floats, Floats]:
    """Fit to the training ratings.

    Args:
        batches: of the training data.
        factors: coordinates that users and movies share, at least 1.
        sweeps: alternations between users and movies, at least 1.
        seed: of the starting point.

    Returns: user vectors (U + 1, F + 2) and movie vectors (M + 1, F + 2), float32, unit rows; the mean vector for
        whoever has no rating.
    """
    data, training = batches.data, batches.data.training
    shares = training.values / np.float32(data.rating_max)  # cosines
    by_user = ByUser.group(Ratings(training.users, training.movies, shares), data.num_users)
    by_movie = ByUser.group(Ratings(training.movies, training.users, shares), data.num_movies)
    user_mean = np.zeros(factors)
    user_mean[0] = np.sqrt(max(batches.mean / data.rating_max, 0.01))
    movie_mean = user_mean
    noise = np.random.default_rng([seed, 3]).normal(0.0, _START_NOISE, (data.num_movies + 1, factors))
    movies = movie_mean + noise * (np.arange(factors) > 0)
    for _ in range(sweeps):
        users = _solve(by_user, movies, user_mean)
        movies = _solve(by_movie, users, movie_mean)
        user_mean, movie_mean = users[batches.users].mean(axis=0), movies[batches.catalogue].mean(axis=0)
    return _fill_up(users, coordinate=0), _fill_up(movies, coordinate=1)


def _solve(shares: ByUser, others: Doubles, mean: Doubles) -> Doubles:
    """(N, F) vectors no longer than 1, given those of the others (M, F)."""
    solved = np.tile(mean, (len(shares.indptr) - 1, 1))
    identity = np.eye(len(mean))
    for row in np.flatnonzero(shares.counts()):
        own = slice(shares.indptr[row], shares.indptr[row + 1])
        inputs = others[shares.movies[own]]  # (n, F)
        penalty = _PENALTY + _PENALTY_A_RATING * len(inputs)
        gram = inputs.T @ inputs + penalty * identity
        solved[row] = solve_in_ball(gram, inputs.T @ shares.values[own] + penalty * mean)
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
