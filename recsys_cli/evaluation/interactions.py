"""What a baseline learns from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.dataset.rows import Ratings

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Interactions:
    """Training ratings and what is known of users and movies, in rows: row 0 of every array is nobody's.

    Attributes:
        ratings: what is learnt from.
        like_from: rating from which a movie is liked.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        genders: (U + 1,) int, gender row of each user row, 0 unknown; as are the next two.
        ages: (U + 1,) int.
        jobs: (U + 1,) int.
        further: (U + 1, F) int, rows of further columns, counted through all of them, 0 unknown.
        genres: (M + 1, G) float32, 1 where the movie has the genre.
        recent: (R,) bool, whether a rating is of the last days before the moment that a split by time is cut at;
            None for another split.
    """

    ratings: Ratings
    like_from: float
    rating_min: float
    rating_max: float
    genders: NDArray[np.integer]
    ages: NDArray[np.integer]
    jobs: NDArray[np.integer]
    further: NDArray[np.integer]
    genres: Floats
    recent: NDArray[np.bool_] | None = None

    @property
    def num_users(self) -> int:
        """U, with or without ratings."""
        return len(self.genders) - 1

    @property
    def num_movies(self) -> int:
        """M, with or without ratings."""
        return len(self.genres) - 1

    @property
    def mean(self) -> float:
        """Mean rating."""
        return float(self.ratings.values.mean(dtype=np.float64))

    @property
    def has_attributes(self) -> bool:
        """Whether anything is known of anybody."""
        return bool(self.genders.any() or self.ages.any() or self.jobs.any() or self.further.any())

    def rated(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, 1 at every rating."""
        return self._matrix(self.ratings)

    def liked(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, 1 at every like."""
        return self._matrix(self.ratings.at(self.ratings.values >= self.like_from))

    def liked_recently(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, 1 at every recent like; raises ValueError where nothing is known of times."""
        if self.recent is None:
            raise ValueError("ratings without times are not recent")
        return self._matrix(self.ratings.at((self.ratings.values >= self.like_from) & self.recent))

    def stars(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, every rating as a share of the top of the scale."""
        return self._matrix(self.ratings, self.ratings.values / np.float32(self.rating_max))

    def _matrix(self, chosen: Ratings, values: Floats | None = None) -> sp.csr_matrix:
        values = np.ones(len(chosen), dtype=np.float32) if values is None else values
        shape = (self.num_users + 1, self.num_movies + 1)
        return sp.csr_matrix((values, (chosen.user_rows, chosen.movie_rows)), shape=shape)
