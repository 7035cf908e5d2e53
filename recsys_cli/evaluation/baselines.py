"""Simple recommenders, each fitted to training ratings."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.evaluation.interactions import Floats, Interactions, Ints
from recsys_cli.solvers.biases import fit_biases
from recsys_cli.solvers.ease import fit_ease
from recsys_cli.solvers.implicit_als import fit_implicit_als
from recsys_cli.solvers.implicit_bpr import fit_implicit_bpr
from recsys_cli.solvers.popularity import count_by_movie, count_in_groups
from recsys_cli.solvers.ridge import fit_ridge, one_hot, several_hot


class Baseline:
    """A fitted baseline: it orders movies, estimates ratings, or both."""

    def scores(self, user_rows: Ints) -> Floats | None:
        """Every movie's score for some users.

        Args:
            user_rows: (N,) int64.

        Returns: (N, M + 1) float32 that the caller may change, larger is better, column 0 without meaning; None
            where it orders nothing.
        """
        return None

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats | None:
        """Ratings of pairs.

        Args:
            user_rows: (P,) int64.
            movie_rows: (P,) int64.

        Returns: (P,) float32 on the rating scale; None where it estimates nothing.
        """
        return None


class Mean(Baseline):
    """The mean training rating for everybody and everything."""

    def __init__(self, data: Interactions):
        self._mean = np.float32(data.mean)

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats:
        """See :meth:`Baseline.estimates`."""
        return np.full(len(user_rows), self._mean)


class Biases(Baseline):
    """Mean + user bias + movie bias, damped; a user or movie without ratings has none."""

    def __init__(self, data: Interactions, *, user_damping: float, movie_damping: float, sweeps: int = 10):
        """Fit.

        Args:
            data: training ratings.
            user_damping: ratings at the mean that every user is taken to have given besides, >= 0.
            movie_damping: the same for every movie.
            sweeps: alternations between users and movies.
        """
        self._mean, self._low, self._high = data.mean, data.rating_min, data.rating_max
        self._users, self._movies = fit_biases(
            data.ratings.user_rows,
            data.ratings.movie_rows,
            data.ratings.values.astype(np.float64) - self._mean,
            sizes=(data.num_users + 1, data.num_movies + 1),
            dampings=(user_damping, movie_damping),
            sweeps=sweeps,
        )

    def scores(self, user_rows: Ints) -> Floats:
        """The movies' biases: the user's own changes no order."""
        return np.repeat(self._movies.astype(np.float32)[None], len(user_rows), axis=0)

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats:
        """See :meth:`Baseline.estimates`."""
        ratings = self._mean + self._users[user_rows] + self._movies[movie_rows]
        estimates: Floats = np.clip(ratings, self._low, self._high).astype(np.float32)
        return estimates


class Chance(Baseline):
    """A random order, another one for every user."""

    def __init__(self, data: Interactions, *, seed: int):
        self._num_movies = data.num_movies
        self._seed = seed

    def scores(self, user_rows: Ints) -> Floats:
        """See :meth:`Baseline.scores`; the same user gets the same order."""
        width = self._num_movies + 1
        orders = [np.random.default_rng([self._seed, row]).random(width) for row in user_rows.tolist()]
        return np.array(orders, dtype=np.float32).reshape(-1, width)


class Product(Baseline):
    """Scores that are a product: what a user has times what each movie makes of it.

    Attributes:
        of_movies: (K, M + 1) float32, what each movie makes of it.
    """

    def __init__(self, of_users: Floats | sp.csr_matrix, of_movies: Floats):
        """Take the factors, float32: (U + 1, K), dense or sparse, and (K, M + 1)."""
        self._users, self.of_movies = of_users, of_movies

    def scores(self, user_rows: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._users[user_rows] @ self.of_movies
        return scores


class ByGroup(Baseline):
    """One order for all users of a group."""

    def __init__(self, scores: Floats, groups: NDArray[np.integer]):
        """Take the scores of each group (G, M + 1), float32, and the group of each user (U + 1,), from 0."""
        self._scores, self._groups = scores, groups

    def scores(self, user_rows: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._scores[self._groups[user_rows]]
        return scores


def popular(data: Interactions, *, likes_only: bool = True) -> ByGroup:
    """Most likes first, or most ratings."""
    return ByGroup(count_by_movie(_chosen(data, likes_only))[None], np.zeros_like(data.genders))


def popular_recently(data: Interactions) -> ByGroup:
    """Most recent likes first, ties by those of all times."""
    everybody = np.zeros_like(data.genders)
    recent, ever = count_by_movie(data.liked_recently()), count_by_movie(data.liked())
    return ByGroup((recent + ever / (ever.max(initial=0) + 1))[None], everybody)


def popular_in_group(data: Interactions, *, likes_only: bool = True) -> ByGroup:
    """Most likes, or ratings, among people of the same gender and age group first, ties by those of everybody."""
    _, groups = np.unique(data.genders * (int(data.ages.max(initial=0)) + 1) + data.ages, return_inverse=True)
    return ByGroup(count_in_groups(_chosen(data, likes_only), groups), groups)


def popular_genres(data: Interactions, *, penalty: float) -> ByGroup:
    """The likes that a movie's genres let one expect; ``penalty`` as in :func:`liked_genres`."""
    return ByGroup(_expected_likes(data, penalty)[None], np.zeros_like(data.genders))


def liked_genres(data: Interactions, *, penalty: float, damping: float) -> Product:
    """The likes expected of a movie's genres, times how much more than others this user likes these genres.

    Args:
        data: training ratings.
        penalty: of the squared weights of the genres in the regression to the number of likes, > 0.
        damping: likes in everybody's proportions that every user is taken to have besides, > 0.
    """
    shares = data.genres / np.maximum(data.genres.sum(axis=1, keepdims=True), np.float32(1.0))  # (M + 1, G)
    liked = data.liked()
    counts = np.asarray(liked.sum(axis=1), dtype=np.float32)  # (U + 1, 1)
    everybody = shares.T @ count_by_movie(liked) / max(liked.nnz, 1)  # (G,)
    own = (liked @ shares + np.float32(damping) * everybody) / (counts + np.float32(damping))  # (U + 1, G)
    expected = np.maximum(_expected_likes(data, penalty), 1e-3)  # a genre may let one expect fewer than none
    return Product((own / np.maximum(everybody, 1e-9)).astype(np.float32), shares.T * expected)


def attribute_ridge(data: Interactions, *, penalty: float) -> Product:
    """Ridge regression from one-hot gender, age, job and more to likes: what people of such attributes like."""
    attributes = (data.genders, data.ages, data.jobs)
    inputs = one_hot(attributes, [int(rows.max(initial=0)) + 1 for rows in attributes])
    inputs = np.hstack([inputs, several_hot(data.further, int(data.further.max(initial=0)))])  # (U + 1, I)
    active = _active(data)
    return Product(inputs, fit_ridge(inputs[active], data.liked()[active], penalty=penalty))


def implicit_als(
    data: Interactions, *, factors: int, alpha: float, regularization: float, sweeps: int, seed: int
) -> Product:
    """Implicit alternating least squares on likes; options as in :func:`fit_implicit_als`."""
    active = _active(data)
    users, movies = fit_implicit_als(
        data.liked()[active], factors=factors, alpha=alpha, regularization=regularization, sweeps=sweeps, seed=seed
    )
    return Product(_spread(users, active, data.num_users), movies.T)


def implicit_bpr(
    data: Interactions, *, factors: int, learning_rate: float, regularization: float, sweeps: int, seed: int
) -> Product:
    """Bayesian personalised ranking on likes; options as in :func:`fit_implicit_bpr`."""
    active = _active(data)
    users, movies = fit_implicit_bpr(
        data.liked()[active],
        factors=factors,
        learning_rate=learning_rate,
        regularization=regularization,
        sweeps=sweeps,
        seed=seed,
    )
    return Product(_spread(users, active, data.num_users), movies.T)


def ease(data: Interactions, *, penalty: float) -> Product:
    """EASE on likes, as published."""
    return _ease(data, data.liked(), penalty)


def ease_on_ratings(data: Interactions, *, penalty: float) -> Product:
    """EASE on all ratings, likes or not."""
    return _ease(data, data.rated(), penalty)


def ease_on_stars(data: Interactions, *, penalty: float) -> Product:
    """EASE on the ratings' values, as shares of the top of the scale: what the default objective starts from."""
    return _ease(data, data.stars(), penalty)


def _ease(data: Interactions, worth: sp.csr_matrix, penalty: float) -> Product:
    ease = fit_ease(worth[_active(data)], penalty=penalty, most_inputs=worth.shape[1])
    return Product(worth, ease.weights)


def _active(data: Interactions) -> Ints:
    """Users with a training rating: nobody else may move what is drawn at random."""
    active: Ints = np.unique(data.ratings.user_rows).astype(np.int64)
    return active


def _spread(vectors: Floats, active: Ints, num_users: int) -> Floats:
    """(U + 1, K) vectors: those of active users (A, K) in their rows, zero elsewhere."""
    spread = np.zeros((num_users + 1, vectors.shape[1]), dtype=np.float32)
    spread[active] = vectors
    return spread


def _chosen(data: Interactions, likes_only: bool) -> sp.csr_matrix:
    """(U + 1, M + 1) float32, 1 at every like, or rating."""
    return data.liked() if likes_only else data.rated()


def _expected_likes(data: Interactions, penalty: float) -> Floats:
    """(M + 1,) float32 likes by ridge regression from the genres of all rated movies; the constant is free."""
    inputs = np.hstack([np.ones((len(data.genres), 1)), data.genres])  # (M + 1, 1 + G)
    rated = np.unique(data.ratings.movie_rows)
    penalties = np.array([0.0] + [penalty] * data.genres.shape[1])
    weights = fit_ridge(inputs[rated], count_by_movie(data.liked())[rated], penalty=penalties)
    expected: Floats = (inputs @ weights).astype(np.float32)
    return expected
