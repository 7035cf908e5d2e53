"""Baselines that estimate ratings: the mean, and how users and movies lie above or below it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys_cli.evaluation.baseline import Baseline, Floats, Interactions, Ints


class Mean(Baseline):
    """The mean training rating for everybody and everything."""

    def __init__(self, data: Interactions):
        self._mean = np.float32(data.mean)

    def estimates(self, users: Ints, movies: Ints) -> Floats:
        """See :meth:`Baseline.estimates`."""
        return np.full(len(users), self._mean)


class Biases(Baseline):
    """Mean + user bias + movie bias, damped; a user or movie without ratings has none.

    Source: Koren, KDD 2008, section 2.1, fitted by alternation.
    """

    def __init__(self, data: Interactions, *, user_damping: float, movie_damping: float, sweeps: int = 10):
        """Fit.

        Args:
            data: training ratings.
            user_damping: ratings at the mean that every user is taken to have given besides, >= 0.
            movie_damping: the same for every movie.
            sweeps: alternations between users and movies.
        """
        self._mean, self._low, self._high = data.mean, data.rating_min, data.rating_max
        above = data.ratings.astype(np.float64) - self._mean
        self._users = np.zeros(data.num_users)
        self._movies = np.zeros(data.num_movies)
        for _ in range(sweeps):
            rest = above - self._users[data.users]
            self._movies = _damped_means(rest, data.movies, data.num_movies, movie_damping)
            rest = above - self._movies[data.movies]
            self._users = _damped_means(rest, data.users, data.num_users, user_damping)

    def scores(self, users: Ints) -> Floats:
        """The movies' biases: the user's own changes no order."""
        return np.repeat(self._movies.astype(np.float32)[None], len(users), axis=0)

    def estimates(self, users: Ints, movies: Ints) -> Floats:
        """See :meth:`Baseline.estimates`."""
        ratings = self._mean + self._users[users] + self._movies[movies]
        return np.clip(ratings, self._low, self._high).astype(np.float32)


def _damped_means(
    values: NDArray[np.float64], groups: NDArray[np.integer], num_groups: int, damping: float
) -> NDArray[np.float64]:
    """(num_groups,) means of (R,) values, as if each group had ``damping`` zeros more."""
    totals = np.bincount(groups, weights=values, minlength=num_groups)
    counts = np.bincount(groups, minlength=num_groups)
    means: NDArray[np.float64] = totals / np.maximum(counts + damping, 1e-9)
    return means
