"""EASE: each movie from the others by ridge regression, in closed form."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_BLOCK = 4096  # users that are dense at a time
_MOST_INPUTS = 4_000  # movies that others are predicted from: the inverse is cubic in them
_OVERSAMPLING, _POWER_ITERATIONS = 32, 6


@dataclass(frozen=True, slots=True, eq=False)
class Ease:
    """Movie-to-movie weights.

    Attributes:
        inputs: (I,) int64, ascending columns of the movies that the others are predicted from.
        weights: (I, M) float32; a movie has no weight on itself.
    """

    inputs: NDArray[np.int64]
    weights: Floats

    def predict(self, interactions: sp.csr_matrix) -> Floats:
        """(N, M) float32 scores of the users in the rows of ``interactions`` (N, M)."""
        scores: Floats = interactions[:, self.inputs] @ self.weights
        return scores

    def factorise(self, interactions: sp.csr_matrix, *, factors: int, rng: np.random.Generator) -> "EaseFactors":
        """The best approximation of everybody's scores by inner products of short vectors.

        Args:
            interactions: (N, M) float32, what the weights were fitted to.
            factors: F, length of the vectors, at most M.
            rng: of the start of the subspace iteration.

        Source: Halko, Martinsson and Tropp, SIAM Review 2011 (randomised subspace iteration).
        """
        gram = _gram(interactions[:, self.inputs])
        width = min(factors + _OVERSAMPLING, self.weights.shape[1])
        basis = rng.standard_normal((self.weights.shape[1], width), dtype=np.float32)
        for _ in range(_POWER_ITERATIONS):
            basis, _ = np.linalg.qr(self.weights.T @ (gram @ (self.weights @ basis)))
        short = self.weights @ basis  # (I, width)
        _, vectors = np.linalg.eigh((short.T @ (gram @ short)).astype(np.float64))
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

    Args:
        interactions: (N, M) float32, 0 where there is none: 1, or how much each is worth.
        penalty: of the squared weights, > 0.
        most_inputs: with more movies than this, only so many of the most used predict the others.

    Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """
    num_movies = interactions.shape[1]
    counts = interactions.getnnz(axis=0)
    inputs = np.sort(np.argsort(-counts, kind="stable")[:most_inputs]).astype(np.int64)
    gram = _gram(interactions[:, inputs]).astype(np.float64)
    gram[np.diag_indices_from(gram)] += penalty
    inverse = scipy.linalg.inv(gram, overwrite_a=True, check_finite=False)
    weights = np.empty((len(inputs), num_movies), dtype=np.float32)
    others = np.setdiff1d(np.arange(num_movies), inputs)
    if len(others):  # predicted, and predicting nothing: without a weight on themselves by themselves
        shared = (interactions[:, inputs].T @ interactions[:, others]).toarray()
        weights[:, others] = inverse.astype(np.float32) @ shared
    inverse /= -np.diag(inverse)  # column j by its own diagonal
    inverse[np.diag_indices_from(inverse)] = 0.0  # a movie says nothing about itself
    weights[:, inputs] = inverse
    return Ease(inputs, weights)


def _gram(interactions: sp.csr_matrix) -> Floats:
    """(M, M) float32 inner products of the columns; block by block, for a sparse result would be dense."""
    products = np.zeros((interactions.shape[1],) * 2, dtype=np.float32)
    for start in range(0, interactions.shape[0], _BLOCK):
        dense = interactions[start : start + _BLOCK].toarray()
        products += dense.T @ dense
    return products
