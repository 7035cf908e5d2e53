"""Baselines that count likes, or ratings: of everybody, of people like this one, of the genres."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from recsys_cli.evaluation.baseline import Baseline, Floats, Interactions, Ints


class Popular(Baseline):
    """Most likes first, or most ratings."""

    def __init__(self, data: Interactions, *, likes_only: bool = True):
        self._counts = _count(data, likes_only)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        return np.repeat(self._counts[None], len(users), axis=0)


class PopularInGroup(Baseline):
    """Most likes, or ratings, among people of the same gender and age group first, ties by those of everybody."""

    def __init__(self, data: Interactions, *, likes_only: bool = True):
        groups = data.genders * (int(data.ages.max(initial=0)) + 1) + data.ages
        _, self._groups = np.unique(groups, return_inverse=True)  # (U,)
        members = sp.csr_matrix(
            (np.ones(data.num_users), (self._groups, np.arange(data.num_users)))
        )  # (groups, U)
        counts = (members @ _interactions(data, likes_only)).toarray()  # (groups, M)
        everybody = counts.sum(axis=0)
        # Less than a single one for the most popular movie of all.
        self._counts = (counts + everybody / (everybody.max(initial=0) + 1)).astype(np.float32)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        scores: Floats = self._counts[self._groups[users]]
        return scores


class Chance(Baseline):
    """A random order, another one for every user."""

    def __init__(self, data: Interactions, *, seed: int):
        self._num_movies = data.num_movies
        self._seed = seed

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`; the same user gets the same order."""
        rows = [np.random.default_rng([self._seed, user]).random(self._num_movies) for user in users.tolist()]
        return np.array(rows, dtype=np.float32).reshape(len(users), self._num_movies)


class PopularGenres(Baseline):
    """The likes that a movie's genres let one expect, by ridge regression on the movies that are rated."""

    def __init__(self, data: Interactions, *, penalty: float):
        """Fit.

        Args:
            data: training ratings.
            penalty: of the squared weights of the genres, > 0; the constant is free.
        """
        inputs = np.hstack([np.ones((data.num_movies, 1)), data.genres])  # (M, 1 + G)
        rated = np.bincount(data.movies, minlength=data.num_movies) > 0
        free = np.diag([0.0] + [penalty] * data.genres.shape[1])
        gram = inputs[rated].T @ inputs[rated] + free
        weights = np.linalg.solve(gram, inputs[rated].T @ _count(data)[rated])
        self._scores: Floats = (inputs @ weights).astype(np.float32)  # (M,)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        return np.repeat(self._scores[None], len(users), axis=0)


class LikedGenres(Baseline):
    """The likes expected of a movie's genres, times how much more than others this user likes these genres."""

    def __init__(self, data: Interactions, *, penalty: float, damping: float):
        """Fit.

        Args:
            data: training ratings.
            penalty: of :class:`PopularGenres`.
            damping: likes in everybody's proportions that every user is taken to have besides, > 0.
        """
        self._popular = PopularGenres(data, penalty=penalty)
        self._shares = _genre_shares(data.genres)
        liked = data.liked()
        counts = np.asarray(liked.sum(axis=1), dtype=np.float32)  # (U, 1)
        everybody = self._shares.T @ _count(data) / max(liked.nnz, 1)  # (G,)
        own = (liked @ self._shares + np.float32(damping) * everybody) / (counts + np.float32(damping))  # (U, G)
        self._taste = own / np.maximum(everybody, 1e-9)

    def scores(self, users: Ints) -> Floats:
        """See :meth:`Baseline.scores`."""
        expected = np.maximum(self._popular.scores(users), 1e-3)  # a genre may let one expect fewer than none
        scores: Floats = (expected * (self._taste[users] @ self._shares.T)).astype(np.float32)
        return scores


def _interactions(data: Interactions, likes_only: bool) -> sp.csr_matrix:
    """(U, M) float32, 1 at every like, or rating."""
    return data.liked() if likes_only else data.rated()


def _count(data: Interactions, likes_only: bool = True) -> Floats:
    """(M,) float32, likes or ratings of each movie."""
    counts: Floats = np.asarray(_interactions(data, likes_only).sum(axis=0), dtype=np.float32).ravel()
    return counts


def _genre_shares(genres: Floats) -> Floats:
    """(M, G) float32; the genres of a movie share 1 among them."""
    shares: Floats = genres / np.maximum(genres.sum(axis=1, keepdims=True), np.float32(1.0))
    return shares
