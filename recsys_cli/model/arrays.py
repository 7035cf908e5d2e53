"""What a model folder holds as plain arrays, the folded user tower among them: people are served without paddle.

The user tower adds one contribution per attribute, so each attribute folds into one table at export. A user
vector is a few rows added up, whatever subset of the attributes is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.rows import Ratings
from recsys_cli.model.crowd import Crowd

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class UserTables:
    """Everything that turns a profile and rated movies into a user vector.

    Attributes:
        base: (D,) float32, biases plus the contribution of the unknown user id.
        genders: (G + 1, D) float32, row 0 unknown.
        ages: (A + 1, D) float32, row 0 unknown.
        jobs: (J + 1, D) float32, row 0 unknown.
        rated: (M, D) float32, what having rated a movie contributes; aligned with ``movie_ids``.
        valued: (M, D) float32, what one star above ``mean_rating`` contributes; aligned with ``movie_ids``.
        mean_rating: mean of the training ratings, on the rating scale.
        history_damping: a history of n ratings is scaled by 1 / sqrt(n + this).
        activation: ``linear`` or ``tanh``, applied to the sum.
        further: (T + 1, D) float32, the further columns' rows, counted through all of them, row 0, unknown, all
            zeros; None where there are no such columns.
    """

    base: Floats
    genders: Floats
    ages: Floats
    jobs: Floats
    rated: Floats
    valued: Floats
    mean_rating: float
    history_damping: float
    activation: str
    further: Floats | None = None

    def profiles(self, genders: Ints, ages: Ints, jobs: Ints, further: Ints | None = None) -> Floats:
        """Vectors of people who are known by their attributes alone.

        Args:
            genders: (N,) int64 rows, 0 unknown.
            ages: (N,) int64 rows, 0 unknown.
            jobs: (N,) int64 rows, 0 unknown.
            further: (N, F) int64 rows of the further columns, 0 unknown; None where nothing is known of them.

        Returns: (N, D) float32, unit rows.
        """
        total = self.base + self.genders[genders] + self.ages[ages] + self.jobs[jobs]
        if further is not None and self.further is not None:
            total = total + self.further[further].sum(axis=1)
        return self._finish(total)

    def with_history(
        self,
        gender: int,
        age: int,
        job: int,
        movies: Ints,
        ratings: Floats,
        further: Sequence[int] = (),
    ) -> Floats:
        """Vector of one person who has rated a few movies.

        Args:
            gender: row, 0 unknown.
            age: row, 0 unknown.
            job: row, 0 unknown.
            movies: (n,) int64, positions in ``movie_ids``; n may be 0.
            ratings: (n,) float32, on the rating scale.
            further: rows of the further columns, 0 unknown.

        Returns: (D,) float32, unit length.
        """
        total = self.base + self.genders[gender] + self.ages[age] + self.jobs[job]
        if self.further is not None:
            total = total + self.further[list(further)].sum(axis=0)
        if len(movies):
            above_mean = (ratings - np.float32(self.mean_rating))[:, None]  # (n, 1)
            history = self.rated[movies] + above_mean * self.valued[movies]  # (n, D)
            total = total + history.sum(axis=0) * np.float32(1.0 / np.sqrt(len(movies) + self.history_damping))
        vector: Floats = self._finish(total[None])[0]
        return vector

    def _finish(self, total: Floats) -> Floats:
        return unit_rows(np.tanh(total) if self.activation == "tanh" else total)


@dataclass(frozen=True, slots=True, eq=False)
class Stars:
    """The star head: mean + movie offset + user offset + slope-weighted inner product.

    Attributes:
        mean: mean training rating, on the rating scale.
        slope: (D,) float32, stars per unit of each coordinate's product.
        movie_offsets: (M,) float32 stars, aligned with ``movie_ids``; by its content for a movie without ratings.
        user_offsets: (U,) float32 stars, aligned with ``user_ids``; a person not among them has 0.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
    """

    mean: float
    slope: Floats
    movie_offsets: Floats
    user_offsets: Floats
    rating_min: float
    rating_max: float

    def estimate(self, user: Floats, movies: Floats, movie_offsets: Floats, user_offset: float = 0.0) -> Floats:
        """Ratings that one person would give.

        Args:
            user: (D,) float32, unit length.
            movies: (N, D) float32, unit rows.
            movie_offsets: (N,) float32, the movies' entries of ``movie_offsets``, 0 for one not among them.
            user_offset: the person's entry of ``user_offsets``, 0 for somebody not among them.

        Returns: (N,) float32 stars within the rating scale.
        """
        stars = np.float32(self.mean + user_offset) + movie_offsets + movies @ (user * self.slope)
        within: Floats = np.clip(stars, self.rating_min, self.rating_max).astype(np.float32)
        return within


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Ratings that were held out of a training, and what it said of them.

    Attributes:
        given: (R,) float32 ratings.
        estimated: (R,) float32 stars, or the score where that is the rating.
        num_ratings: (R,) int64, ratings of the rated movie that it had learnt from.
    """

    given: Floats
    estimated: Floats
    num_ratings: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Who has rated which movies, compressed by user.

    Attributes:
        indptr: (U + 1,) int64; user i of ``user_ids`` rated ``movie_ids[indptr[i]:indptr[i + 1]]``.
        movie_ids: (R,) int64, the data set's ids, ascending within a user.
    """

    indptr: Ints
    movie_ids: Ints

    def of(self, user: int) -> Ints:
        """Movie ids that the user at this position of ``user_ids`` rated, ascending."""
        return self.movie_ids[self.indptr[user] : self.indptr[user + 1]]


@dataclass(frozen=True, slots=True, eq=False)
class Audience:
    """Who rated what in training: the users' attributes, and every movie's ratings by gender and age group.

    Attributes:
        user_genders: (U,) int64 rows, aligned with ``user_ids``; 0 unknown.
        user_ages: (U,) int64 rows, 0 unknown.
        user_jobs: (U,) int64 rows, 0 unknown.
        counts: (G + 1, A + 1, M) int64 ratings by people of that gender and age group.
        sums: (G + 1, A + 1, M) float64, sum of these ratings.
        user_further: (U, F) int64 rows of the further columns, 0 unknown.
    """

    user_genders: Ints
    user_ages: Ints
    user_jobs: Ints
    counts: Ints
    sums: NDArray[np.float64]
    user_further: Ints

    @classmethod
    def tally(
        cls,
        user_genders: NDArray[np.integer],
        user_ages: NDArray[np.integer],
        user_jobs: NDArray[np.integer],
        ratings: Ratings,
        *,
        shape: tuple[int, int, int],
        user_further: NDArray[np.integer] | None = None,
    ) -> "Audience":
        """Count and sum the training ratings.

        Args:
            user_genders: (U + 1,) gender row of each user row; as are the next two.
            user_ages: (U + 1,).
            user_jobs: (U + 1,).
            ratings: of these users.
            shape: (G + 1, A + 1, M).
            user_further: (U + 1, F); None without further columns.
        """
        size = int(np.prod(shape))
        counts, sums = np.zeros(size, dtype=np.int64), np.zeros(size)
        for block in ratings.blocks():
            users = block.user_rows
            cells = np.ravel_multi_index((user_genders[users], user_ages[users], block.movie_rows - 1), shape)
            counts += np.bincount(cells, minlength=size)
            sums += np.bincount(cells, weights=block.values, minlength=size)
        return cls(
            user_genders=np.asarray(user_genders[1:], dtype=np.int64),
            user_ages=np.asarray(user_ages[1:], dtype=np.int64),
            user_jobs=np.asarray(user_jobs[1:], dtype=np.int64),
            counts=counts.reshape(shape),
            sums=sums.reshape(shape),
            user_further=np.empty((len(user_genders) - 1, 0), dtype=np.int64)
            if user_further is None
            else np.asarray(user_further[1:], dtype=np.int64),
        )

    def of_group(self, gender: int, age: int, movie: int) -> tuple[int, float | None]:
        """Ratings of one movie by one group of people.

        Args:
            gender: row, 0 for people of every gender.
            age: row, 0 for people of every age.
            movie: position in ``movie_ids``.

        Returns: their number, and their mean on the rating scale, None where there are none.
        """
        group = (
            slice(gender, gender + 1) if gender else slice(None),
            slice(age, age + 1) if age else slice(None),
            movie,
        )
        count = int(self.counts[group].sum())
        return count, float(self.sums[group].sum()) / count if count else None


def unit_rows(vectors: Floats) -> Floats:
    """Scale every row of (N, D) to length 1; a row of zeros stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = (vectors / np.maximum(norms, np.finfo(np.float32).tiny)).astype(np.float32)
    return units


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelArrays:
    """The arrays of a model folder; shapes as in `ModelFolder`."""

    user_ids: Ints
    user_vectors: Floats
    demographic: Floats
    movie_ids: Ints
    movie_vectors: Floats
    num_ratings: Ints
    tables: UserTables
    seen: Seen
    audience: Audience
    stars: Stars | None
    held_out: Seen | None = None
    crowd: Crowd | None = None
    estimates: Estimates | None = None
