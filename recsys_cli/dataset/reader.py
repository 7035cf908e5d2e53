"""A data set folder, in any of the known formats, to arrays."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.columns import MOVIES_IN_A_RANGE, Column, sets_of_rows
from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.layouts import read_source
from recsys_cli.dataset.problems import Problems
from recsys_cli.dataset.ratings import RatingsFile, read_ratings
from recsys_cli.dataset.rows import Ratings
from recsys_cli.dataset.tables import Source, Users
from recsys_cli.errors import DataError

_HINT = "--skip-bad-lines leaves such lines out"


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Movies, users and ratings of one data set.

    Attributes:
        movie_ids: int64 (M,), ascending.
        titles: (M,) as in the file, with the year.
        movie_genres: (M,) genre names of each movie.
        movie_columns: further columns of movies.
        movie_values: (M,) rows of what is known of each movie in these columns, counted through all of them,
            ascending.
        user_ids: int64 (U,), ascending.
        user_genders: int32 (U + 1,) gender row of each user row, 0 unknown; as are the next two.
        user_ages: int32 (U + 1,) rows of age groups.
        user_jobs: int32 (U + 1,) rows.
        user_further: int32 (U + 1, F) rows of the further columns of people.
        demographics: what the rows stand for; empty where the data set has none.
        ratings: in the order of the file, rating_min to rating_max.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        format: name of the format.
        problems: the bad lines that were left out.
        num_repeated: ratings left out because the same user rated the same movie further down.
        times: int64 (R,) seconds since 1970 of each rating, 0 unknown; None where they were not asked for.
    """

    movie_ids: NDArray[np.int64]
    titles: tuple[str, ...]
    movie_genres: tuple[tuple[str, ...], ...]
    movie_columns: tuple[Column, ...]
    movie_values: tuple[tuple[int, ...], ...]
    user_ids: NDArray[np.int64]
    user_genders: NDArray[np.int32]
    user_ages: NDArray[np.int32]
    user_jobs: NDArray[np.int32]
    user_further: NDArray[np.int32]
    demographics: Demographics
    ratings: Ratings
    rating_min: float
    rating_max: float
    format: str
    problems: Problems
    num_repeated: int
    times: NDArray[np.int64] | None = None

    def without_repeats(self) -> Dataset:
        """The same without times, and with the last rating in the file of each movie by each user alone."""
        last = _last_of_each_pair(self.ratings, len(self.movie_ids))
        ratings = self.ratings if last is None else self.ratings.at(last)
        left_out = len(self.ratings) - len(ratings)
        return dataclasses.replace(self, ratings=ratings, times=None, num_repeated=self.num_repeated + left_out)

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the content: independent of encoding, line ends and format."""
        digest = hashlib.sha256(repr((self.demographics, self.rating_min, self.rating_max)).encode())
        digest.update("\n".join(self.titles).encode("utf-8", "surrogatepass"))
        digest.update("\n".join("|".join(genres) for genres in self.movie_genres).encode("utf-8", "surrogatepass"))
        for values in (
            self.movie_ids,
            self.user_ids,
            # Counted from 0, as they were when the first models and checkpoints took their fingerprints.
            self.user_genders[1:],
            self.user_ages[1:],
            self.user_jobs[1:],
            self.ratings.user_rows - np.int32(1),
            self.ratings.movie_rows - np.int32(1),
            self.ratings.values,
        ):
            digest.update(str(len(values)).encode())
            digest.update(np.ascontiguousarray(values).data)
        if self.movie_columns:
            digest.update(repr((self.movie_columns, self.movie_values)).encode("utf-8", "surrogatepass"))
        if self.demographics.further:
            digest.update(repr(self.demographics.further).encode("utf-8", "surrogatepass"))
            digest.update(np.ascontiguousarray(self.user_further[1:]).data)
        return digest.hexdigest()


def read_dataset(
    path: Path,
    *,
    format: str | None = None,
    skip_bad_lines: bool = False,
    ratings_file: Path | None = None,
    timed: bool = False,
) -> Dataset:
    """Read a data set.

    Of several ratings of one movie by one user the last in the file counts. With ``timed`` all of them are there:
    which one counts depends on the moment.

    Args:
        path: folder of the data set.
        format: one of `formats.FORMATS`, None to tell it by the files of the folder.
        skip_bad_lines: leave bad lines out instead of refusing the data set.
        ratings_file: another file of ratings in the layout of the data set's own, to read instead of that.
        timed: read when each rating was given.

    Raises:
        ConfigError: if there is no such format.
        DataError: if a file is missing or has bad lines; it lists the first with file, line and field. If it has
            no times where they are asked for.
    """
    problems = Problems()
    source = read_source(path, format=format, problems=problems)
    if not skip_bad_lines:
        problems.raise_if_any(hint=_HINT)
    if not len(source.movies.ids):
        raise DataError(f"{path}: holds no movies")
    if ratings_file is not None:
        source = dataclasses.replace(source, ratings=dataclasses.replace(source.ratings, path=ratings_file))
    file = read_ratings(
        source.ratings,
        movie_ids=source.movies.ids,
        user_ids=source.users.ids if source.users else None,
        problems=problems,
        timed=timed,
    )
    if not skip_bad_lines:
        problems.raise_if_any(hint=_HINT)
    if not len(file.ratings):
        raise DataError(f"{source.ratings.path}: holds no ratings")
    return _assemble(source, file, problems)


def _assemble(source: Source, file: RatingsFile, problems: Problems) -> Dataset:
    movies, users = source.movies, source.users or Users.without_attributes(file.user_ids)
    values = [movies.of_column(place) for place in range(len(movies.columns))]
    columns = tuple(
        Column.of(name, kind, chain.from_iterable(of_movies), in_a_range=MOVIES_IN_A_RANGE)
        for (name, kind), of_movies in zip(movies.columns, values, strict=True)
    )
    last = None if file.times is not None else _last_of_each_pair(file.ratings, len(movies.ids))

    def by_row(values: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.concatenate([np.zeros(1, dtype=np.int32), values])

    return Dataset(
        movie_ids=movies.ids,
        titles=movies.titles,
        movie_genres=movies.genres,
        movie_columns=columns,
        movie_values=sets_of_rows(columns, values, len(movies.ids)),
        user_ids=users.ids,
        user_genders=by_row(users.genders),
        user_ages=by_row(users.ages),
        user_jobs=by_row(users.jobs),
        user_further=np.concatenate([np.zeros((1, users.further.shape[1]), dtype=np.int32), users.further]),
        demographics=source.demographics,
        ratings=file.ratings if last is None else file.ratings.at(last),
        rating_min=file.scale.low,
        rating_max=file.scale.high,
        format=source.format,
        problems=problems,
        num_repeated=0 if last is None else len(file.ratings) - len(last),
        times=file.times,
    )


def _last_of_each_pair(ratings: Ratings, num_movies: int) -> NDArray[np.int64] | None:
    """Index of the last rating of each (user, movie), ascending; None if no pair occurs twice."""
    ordered = _pairs(ratings, num_movies)
    ordered.sort()  # in its place
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    pairs = _pairs(ratings, num_movies)
    _, first_from_end = np.unique(pairs[::-1], return_index=True)
    last: NDArray[np.int64] = np.sort(len(pairs) - 1 - first_from_end)
    return last


def _pairs(ratings: Ratings, num_movies: int) -> NDArray[np.int64]:
    """(R,) int64, one number for each (user, movie)."""
    pairs = ratings.user_rows.astype(np.int64)
    pairs *= num_movies + 1
    pairs += ratings.movie_rows
    return pairs
