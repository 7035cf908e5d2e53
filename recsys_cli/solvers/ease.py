"""EASE: each movie from the others by ridge regression, in closed form."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BLOCK = 4096  # users that are dense at a time
_COLUMNS = 4096  # movies whose weights are made at a time
_MOST_INPUTS = 4_000  # movies that others are predicted from: the inverse is cubic in them
_MOST_USERS = 60_000  # whose products of two movies are summed; with more, those of so many stand for all
_SPARSE_PAIRS = 40  # a product of two stored numbers takes as long as so many of dense ones
_OVERSAMPLING, _POWER_ITERATIONS = 32, 6


@dataclass(frozen=True, slots=True, eq=False)
class Ease:
    """Movie-to-movie weights.

    Attributes:
        inputs: (I,) int64, ascending columns of the movies that the others are predicted from.
        weights: (I, M) float32; a movie has no weight on itself.
        gram: (I, I) float32, inner products of the inputs' columns.
    """

    inputs: NDArray[np.int64]
    weights: Floats
    gram: Floats

    def predict(self, interactions: sp.csr_matrix) -> Floats:
        """(N, M) float32 scores of the users in the rows of ``interactions`` (N, M)."""
        scores: Floats = interactions[:, self.inputs] @ self.weights
        return scores

    def factorise(self, *, factors: int, rng: np.random.Generator) -> "EaseFactors":
        """The best approximation of everybody's scores by inner products of short vectors.

        Args:
            factors: F, length of the vectors, at most M.
            rng: of the start of the subspace iteration.

        Source: Halko, Martinsson and Tropp, SIAM Review 2011 (randomised subspace iteration).
        """
        width = min(factors + _OVERSAMPLING, self.weights.shape[1])
        basis = rng.standard_normal((self.weights.shape[1], width), dtype=np.float32)
        for _ in range(_POWER_ITERATIONS):
            basis, _ = np.linalg.qr(self.weights.T @ (self.gram @ (self.weights @ basis)))
        short = self.weights @ basis  # (I, width)
        _, vectors = np.linalg.eigh((short.T @ (self.gram @ short)).astype(np.float64))
        movies = basis @ vectors[:, : -factors - 1 : -1].astype(np.float32)  # (M, F), most important first
        history = np.zeros((self.weights.shape[1], movies.shape[1]), dtype=np.float32)
        history[self.inputs] = self.weights @ movies
        return EaseFactors(history=history, movies=movies)


@dataclass(frozen=True, slots=True, eq=False)
class EaseFactors:
    """A user's vector is the sum of ``history`` over what they rated; by ``movies`` it gives the scores.

    Attributes:
        history: (M, F) float32.
        movies: (M, F) float32, orthonormal columns.
    """

    history: Floats
    movies: Floats


def fit_ease(interactions: sp.csr_matrix, *, penalty: float, most_inputs: int = _MOST_INPUTS) -> Ease:
    """Fit movie-to-movie weights.

    Needs time in the third and memory in the second power of ``most_inputs``, memory of (most_inputs, M) besides.
    With more than 60,000 users, the products of the movies that predict are those of 60,000, evenly spread.

    Args:
        interactions: (N, M) float32, 0 where there is none: 1, or how much each is worth.
        penalty: of the squared weights, > 0.
        most_inputs: with more movies than this, only so many of the most used predict the others.

    Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """
    num_movies = interactions.shape[1]
    counts = np.bincount(interactions.indices, minlength=num_movies)
    inputs = np.sort(np.argsort(-counts, kind="stable")[:most_inputs]).astype(np.int64)
    used = interactions[:, inputs]
    gram = _sampled_gram(used)
    inverse = gram.astype(np.float64)
    inverse[np.diag_indices_from(inverse)] += penalty
    inverse = scipy.linalg.inv(inverse, overwrite_a=True, check_finite=False)
    weights = np.empty((len(inputs), num_movies), dtype=np.float32)
    others = np.setdiff1d(np.arange(num_movies), inputs)
    if len(others):  # predicted, and predicting nothing: without a weight on themselves by themselves
        short, by_movie = inverse.astype(np.float32), interactions[:, others].T.tocsr()
        for start in range(0, len(others), _COLUMNS):
            shared = by_movie[start : start + _COLUMNS] @ used  # (at most _COLUMNS, I)
            if shared.nnz * _SPARSE_PAIRS > shared.shape[0] * shared.shape[1]:
                shared = shared.toarray()
            weights[:, others[start : start + _COLUMNS]] = (shared @ short).T  # the inverse is symmetric
    inverse /= -np.diag(inverse)  # column j by its own diagonal
    inverse[np.diag_indices_from(inverse)] = 0.0  # a movie says nothing about itself
    weights[:, inputs] = inverse
    return Ease(inputs, weights, gram)


def _sampled_gram(interactions: sp.csr_matrix) -> Floats:
    """(M, M) float32 inner products of the columns, scaled to all rows where only some are looked at."""
    num_users = interactions.shape[0]
    if num_users <= _MOST_USERS:
        return _gram(interactions)
    chosen = np.linspace(0, num_users - 1, _MOST_USERS).astype(np.int64)
    gram = _gram(interactions[chosen])
    gram *= np.float32(num_users / _MOST_USERS)
    return gram


def _gram(interactions: sp.csr_matrix) -> Floats:
    """(M, M) float32 inner products of the columns."""
    num_users, num_movies = interactions.shape
    pairs = float((np.diff(interactions.indptr).astype(np.float64) ** 2).sum())
    if pairs * _SPARSE_PAIRS < float(num_users) * num_movies**2:
        sparse: Floats = (interactions.T.tocsr() @ interactions).toarray()
        return sparse
    # Block by block, for a sparse result would be dense.
    products = np.zeros((num_movies, num_movies), dtype=np.float32)
    for start in range(0, num_users, _BLOCK):
        dense = interactions[start : start + _BLOCK].toarray()
        products += dense.T @ dense
    return products
