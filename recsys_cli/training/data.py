"""What a model is trained on: arrays only, in rows (row 0 is unknown everywhere)."""

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.dataset.columns import num_rows
from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.rows import Ratings, Rows
from recsys_cli.dataset.split import Split
from recsys_cli.dataset.titles import title_year
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.towers.title_windows import pad_titles
from recsys_cli.training.from_model import Earlier

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingData:
    """Users, movies and their ratings.

    Attributes:
        movie_genres: (M + 1, G + 1 + V) float32 multi-hot; row 0 has only column 0, unknown; V rows of further
            columns stand behind the genres.
        movie_years: (M + 1,) float32, 0 where the title names none.
        movie_words: (M + 1, L) int32 word rows of each title in order, padded with -1; row 0 is all padding.
        user_genders: (U + 1,) int32 rows.
        user_ages: (U + 1,) int32 rows.
        user_jobs: (U + 1,) int32 rows.
        user_further: (U + 1, F) int32 rows of further columns, counted through all of them.
        num_values: V.
        num_words: highest word row.
        num_genders: highest gender row.
        num_ages: highest age row.
        num_jobs: highest job row.
        num_further: highest row of the further columns.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        training: what is learnt from, by user and then by movie.
        validation: what is held out to choose the epoch by; may be empty.
        earlier: the model to start at; None to start anew.
    """

    movie_genres: Floats
    movie_years: Floats
    movie_words: Rows
    user_genders: Rows
    user_ages: Rows
    user_jobs: Rows
    user_further: Rows
    num_values: int
    num_words: int
    num_genders: int
    num_ages: int
    num_jobs: int
    num_further: int
    rating_min: float
    rating_max: float
    training: Ratings
    validation: Ratings
    earlier: Earlier | None = None

    @property
    def num_users(self) -> int:
        """U, users with a row of their own."""
        return len(self.user_genders) - 1

    @property
    def num_movies(self) -> int:
        """M, movies with a row of their own."""
        return len(self.movie_genres) - 1


@dataclass(frozen=True, slots=True, eq=False)
class ByUser:
    """Ratings compressed by user.

    Attributes:
        indptr: (U + 2,) int64; user row u has the ratings ``indptr[u]:indptr[u + 1]``.
        movie_rows: (R,) int32, ascending within a user.
        values: (R,) float32, on the rating scale.
    """

    indptr: NDArray[np.int64]
    movie_rows: Rows
    values: Floats

    @classmethod
    def group(cls, ratings: Ratings, num_users: int) -> "ByUser":
        """Group ratings; of the arrays of those in the order of :func:`by_user` no copy is made."""
        if not _in_order(ratings):
            ratings = by_user(ratings, num_users=num_users, num_movies=int(ratings.movie_rows.max()))
        indptr = np.searchsorted(ratings.user_rows, np.arange(num_users + 2, dtype=np.int32))
        return cls(indptr, ratings.movie_rows, ratings.values)

    def counts(self) -> NDArray[np.int64]:
        """(U + 1,) int64 ratings of each user row."""
        return np.diff(self.indptr)

    def positions(self, user_rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions of all ratings of some users, user by user in the order given."""
        starts, counts = self.indptr[user_rows], self.indptr[user_rows + 1] - self.indptr[user_rows]
        ends = np.cumsum(counts)
        positions: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(starts - (ends - counts), counts)
        return positions


def by_user(ratings: Ratings, *, num_users: int, num_movies: int) -> Ratings:
    """The ratings by user and then by movie; by a sparse matrix, for a sort needs three times the memory."""
    matrix = sp.coo_matrix(
        (ratings.values, (ratings.user_rows, ratings.movie_rows)), shape=(num_users + 1, num_movies + 1)
    )
    matrix.has_canonical_format = True  # nothing is added up
    rows = matrix.tocsr()
    rows.sort_indices()
    user_rows = np.repeat(np.arange(num_users + 1, dtype=np.int32), np.diff(rows.indptr))
    return Ratings(user_rows, rows.indices.astype(np.int32, copy=False), rows.data)


def _in_order(ratings: Ratings) -> bool:
    users, movies = ratings.user_rows, ratings.movie_rows
    in_order = users[1:] == users[:-1]
    in_order &= movies[1:] >= movies[:-1]
    in_order |= users[1:] > users[:-1]
    return bool(in_order.all())


def training_data(
    dataset: Dataset, vocabulary: Vocabulary, split: Split, earlier: Earlier | None = None
) -> TrainingData:
    """A data set in rows, with the held-out ratings as validation, and the model to start at."""
    num_movies = len(dataset.movie_ids)
    genres = np.zeros((num_movies + 1, vocabulary.num_content_rows + 1), dtype=np.float32)
    genres[0, 0] = 1.0
    for row, names in enumerate(dataset.movie_genres, start=1):
        genres[row, vocabulary.content_rows(names, vocabulary.values_of(row)) or [0]] = 1.0
    return TrainingData(
        movie_genres=genres,
        movie_years=np.array([0, *map(title_year, dataset.titles)], dtype=np.float32),
        movie_words=pad_titles([[], *map(vocabulary.word_rows, dataset.titles)]),
        user_genders=dataset.user_genders,
        user_ages=dataset.user_ages,
        user_jobs=dataset.user_jobs,
        user_further=dataset.user_further,
        num_values=num_rows(vocabulary.movie_columns),
        num_words=len(vocabulary.words),
        num_genders=len(dataset.demographics.genders),
        num_ages=len(dataset.demographics.ages),
        num_jobs=len(dataset.demographics.jobs),
        num_further=num_rows(dataset.demographics.further),
        rating_min=dataset.rating_min,
        rating_max=dataset.rating_max,
        training=by_user(dataset.ratings.at(split.train), num_users=len(dataset.user_ids), num_movies=num_movies),
        validation=dataset.ratings.at(split.held_out),
        earlier=earlier,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Counts of everybody's training ratings, whichever process holds them.

    Attributes:
        by_user: (U + 1,) int64 ratings of each user.
        by_movie: (M + 1,) int64 ratings of each movie.
        mean: of the ratings, on their scale.
    """

    by_user: Ints
    by_movie: Ints
    mean: float

    @classmethod
    def of(cls, data: TrainingData) -> "Totals":
        """Count the training ratings."""
        ratings = data.training
        return cls(
            ByUser.group(ratings, data.num_users).counts(),
            ratings.movie_counts(data.num_movies),
            float(np.mean(ratings.values, dtype=np.float64)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """The users whose ratings one of several processes learns from.

    Attributes:
        rows: (U + 1,) int64, the row that each user has in this process; 0 where another one has them.
        totals: over all processes.
    """

    rows: Ints
    totals: Totals


def users_of(rank: int, size: int, num_users: int) -> Ints:
    """Rows of the users of one of ``size`` processes, ascending."""
    return np.arange(rank or size, num_users + 1, size)


def part_of(dataset: Dataset, split: Split, users: Ints) -> tuple[Dataset, Split]:
    """Some users alone, with rows of their own, and what of their ratings is trained on and held out."""
    rows = np.zeros(len(dataset.user_ids) + 1, dtype=np.int32)
    rows[users] = np.arange(1, len(users) + 1)
    is_theirs = rows[dataset.ratings.user_rows] > 0
    places = np.cumsum(is_theirs) - 1
    theirs = dataset.ratings.at(is_theirs)
    with_unknown = np.concatenate([[0], users])
    part = replace(
        dataset,
        user_ids=dataset.user_ids[users - 1],
        user_genders=dataset.user_genders[with_unknown],
        user_ages=dataset.user_ages[with_unknown],
        user_jobs=dataset.user_jobs[with_unknown],
        user_further=dataset.user_further[with_unknown],
        ratings=replace(theirs, user_rows=rows[theirs.user_rows]),
        times=None,
    )
    train, held_out = (places[chosen[is_theirs[chosen]]] for chosen in (split.train, split.held_out))
    return part, Split(train=train, held_out=held_out)
