"""Teachers: what a user's whole training history says about every movie, as a dense target.

The towers learn it from a part of that history, or from the attributes alone, so a teacher is needed in training
only.
"""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.solvers.ease import Ease
from recsys_cli.training.batches import Batch, Batches
from recsys_cli.training.data import Floats


class RankingTeacher:
    """EASE on the grades of the training ratings."""

    def __init__(self, ease: Ease, grades: sp.csr_matrix):
        """Take the fitted weights and the grades (U + 1, M) of the catalogue's movies."""
        self.ease, self._grades = ease, grades

    def targets(self, batch: Batch, *, sharpness: float) -> NDArray[np.float32]:
        """Share of each user's attention that each candidate deserves.

        Args:
            batch: users, and which movies compete.
            sharpness: > 0, exponent of the predicted weight.

        Returns: (B, K) float32, rows sum to 1; a row of zeros where no movie competes.
        """
        predicted = np.maximum(self.ease.predict(self._grades[batch.user_rows]), 1e-6) * batch.candidates  # (B, K)
        # Relative to the highest: a power of small numbers alone would be zero everywhere.
        highest = np.maximum(predicted.max(axis=1, keepdims=True), 1e-6)
        shares: NDArray[np.float32] = (predicted / highest) ** np.float32(sharpness)
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
        return shares


class RatingTeacher:
    """Ratings by the vectors of :func:`~recsys_cli.solvers.cosine_als.fit_cosine_als`."""

    def __init__(self, users: Floats, movies: Floats, batches: Batches):
        self.users, self.movies = users, movies
        self._top = np.float32(batches.data.rating_max)
        self._weights = batches.weights

    def estimates(self, batch: Batch) -> Floats:
        """(B, K) float32, each user's rating of each of the batch's movies."""
        estimates: Floats = (self._top * self.users[batch.user_rows]) @ self.movies[batch.movie_rows].T
        return estimates

    def weights(self, batch: Batch) -> Floats:
        """(K,) float32, how much each movie's estimate counts: ratings are of what people choose to watch."""
        weights: Floats = self._weights[batch.movie_rows]
        return weights
