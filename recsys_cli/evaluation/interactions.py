"""What a baseline learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interactions:
    """Training ratings and what is known of users and movies. Users and movies are 0-based indices.

    Attributes:
        users: (R,) int, user of each rating.
        movies: (R,) int, movie of each rating.
        ratings: (R,) float32, on the rating scale.
        like_from: rating from which a movie is liked.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        genders: (U,) int, 0 unknown.
        ages: (U,) int, 0 unknown.
        jobs: (U,) int, 0 unknown.
        genres: (M, G) float32, 1 where the movie has the genre.
    """

    users: NDArray[np.integer]
    movies: NDArray[np.integer]
    ratings: Floats
    like_from: float
    rating_min: float
    rating_max: float
    genders: NDArray[np.integer]
    ages: NDArray[np.integer]
    jobs: NDArray[np.integer]
    genres: Floats

    @property
    def num_users(self) -> int:
        """U, with or without ratings."""
        return len(self.genders)

    @property
    def num_movies(self) -> int:
        """M, with or without ratings."""
        return len(self.genres)

    @property
    def mean(self) -> float:
        """Mean rating."""
        return float(self.ratings.mean(dtype=np.float64))

    @property
    def has_attributes(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.genders.any() or self.ages.any() or self.jobs.any())

    def rated(self) -> sp.csr_matrix:
        """(U, M) float32, 1 at every rating."""
        return self._matrix(np.ones(len(self.ratings), dtype=np.bool_))

    def liked(self) -> sp.csr_matrix:
        """(U, M) float32, 1 at every like."""
        return self._matrix(self.ratings >= self.like_from)

    def _matrix(self, chosen: NDArray[np.bool_]) -> sp.csr_matrix:
        cells = (self.users[chosen], self.movies[chosen])
        ones = np.ones(len(cells[0]), dtype=np.float32)
        return sp.csr_matrix((ones, cells), shape=(self.num_users, self.num_movies))
