"""People of the training data whom a few favourites may come from: what one like says of all the others.

Each of them draws movies as the towers are trained to, by a power of the cosine. By Bayes' rule the likes of
somebody new say how well each of the crowd would do in their place, and the mean of the crowd, so weighed, is a
guess at the vector of the new person. A history adds the likes up; here they have to go together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TEMPERATURE, POWER = 0.01, 2.0  # of the chances, as in the training's loss
_MOST = 2048  # people: 1.6 MB at 200 dimensions; all 5,400 of MovieLens 1M are hardly better
_BLOCK = 256  # people at a time


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Some people.

    Attributes:
        vectors: (K, D) float32, unit rows.
        prior: (K,) float32, natural log of the number of training ratings: who likes much is likelier to be the
            one who likes something.
        log_sums: (K,) float32, natural log of the sum of softplus(cosine / temperature) ** power over all rated
            movies.
    """

    vectors: Floats
    prior: Floats
    log_sums: Floats

    @classmethod
    def choose(cls, vectors: Floats, num_ratings: NDArray[np.int64], movies: Floats) -> "Crowd | None":
        """A sample of the people who rated something, the same for the same people.

        Args:
            vectors: (U, D) float32, unit rows, everybody's.
            num_ratings: (U,) int64, training ratings of each.
            movies: (M, D) float32, unit rows, of the movies that have ratings.

        Returns: at most 2,048 people; None where nobody rated anything.
        """
        known = np.flatnonzero(num_ratings)
        if not len(known):
            return None
        size = min(_MOST, len(known))
        rows = np.sort(np.random.default_rng(0).choice(known, size=size, replace=False))
        sums = [
            (_softplus(vectors[block] @ movies.T).astype(np.float64) ** POWER).sum(axis=1)
            for block in np.split(rows, range(_BLOCK, size, _BLOCK))
        ]
        return cls(
            vectors=vectors[rows],
            prior=np.log(num_ratings[rows]).astype(np.float32),
            log_sums=np.log(np.concatenate(sums)).astype(np.float32),
        )

    @property
    def mean_ratings(self) -> float:
        """Training ratings a person."""
        return float(np.exp(self.prior.astype(np.float64)).mean())

    def expected(self, liked: Floats, *, sharpness: float) -> Floats:
        """The mean vector of the people whose likes these may be.

        Args:
            liked: (n, D) float32, unit rows, n > 0.
            sharpness: exponent of the likelihood of each like; 1 is Bayes' rule.

        Returns: (D,) float32, unit length.
        """
        likelihood = POWER * np.log(_softplus(self.vectors @ liked.T)) - self.log_sums[:, None]  # (K, n)
        logs = np.float32(sharpness) * likelihood.sum(axis=1) + self.prior
        weights = np.exp(logs - logs.max())
        mean: Floats = weights @ self.vectors
        unit: Floats = mean / np.maximum(np.linalg.norm(mean), np.finfo(np.float32).tiny)
        return unit


def _softplus(cosines: Floats) -> Floats:
    """What a chance is a power of; above zero however far below it a cosine is."""
    softplus = np.logaddexp(np.float32(0.0), cosines / np.float32(TEMPERATURE))
    least: Floats = np.maximum(softplus, np.finfo(np.float32).tiny)
    return least
