"""A data set folder to arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.demographics import MOVIELENS_1M, Demographics
from recsys_cli.dataset.lines import read_lines
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.ratings import RatingColumns, RatingsLayout, index_in, read_fast, read_slow
from recsys_cli.dataset.tables import Movies, MoviesBuilder, Users, UsersBuilder
from recsys_cli.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Movies, users and ratings of one data set.

    Attributes:
        movie_ids: int64 (M,), ascending.
        titles: (M,) as in the file, with the year.
        movie_genres: (M,) genre names of each movie.
        user_ids: int64 (U,), ascending.
        user_genders: int32 (U,) rows, 0 unknown.
        user_ages: int32 (U,) rows of age groups, 0 unknown.
        user_jobs: int32 (U,) rows, 0 unknown.
        demographics: what the rows stand for; empty where the data set has none.
        rating_users: int32 (R,) index into user_ids, in the order of the file.
        rating_movies: int32 (R,) index into movie_ids.
        rating_values: float32 (R,), rating_min to rating_max.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        format: name of the format.
        problems: the bad lines that were left out.
        num_repeated: ratings left out because the same user rated the same movie further down.
    """

    movie_ids: NDArray[np.int64]
    titles: tuple[str, ...]
    movie_genres: tuple[tuple[str, ...], ...]
    user_ids: NDArray[np.int64]
    user_genders: NDArray[np.int32]
    user_ages: NDArray[np.int32]
    user_jobs: NDArray[np.int32]
    demographics: Demographics
    rating_users: NDArray[np.int32]
    rating_movies: NDArray[np.int32]
    rating_values: NDArray[np.float32]
    rating_min: float
    rating_max: float
    format: str
    problems: Problems
    num_repeated: int

    @property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the content: independent of encoding, line ends and format."""
        digest = hashlib.sha256(repr((self.demographics, self.rating_min, self.rating_max)).encode())
        digest.update("\n".join(self.titles).encode("utf-8", "surrogatepass"))
        digest.update("\n".join("|".join(genres) for genres in self.movie_genres).encode("utf-8", "surrogatepass"))
        for values in (
            self.movie_ids,
            self.user_ids,
            self.user_genders,
            self.user_ages,
            self.user_jobs,
            self.rating_users,
            self.rating_movies,
            self.rating_values,
        ):
            digest.update(str(len(values)).encode())
            digest.update(np.ascontiguousarray(values).data)
        return digest.hexdigest()


def read_dataset(path: Path, *, skip_bad_lines: bool = False) -> Dataset:
    """Read a data set in the layout of MovieLens 1M.

    Of several ratings of one movie by one user the last in the file counts.

    Args:
        path: folder of movies.dat, users.dat and ratings.dat.
        skip_bad_lines: leave bad lines out instead of refusing the data set.

    Raises: DataError: if a file is missing or has bad lines; it lists the first with file, line and field.
    """
    if not path.is_dir():
        raise DataError(f"{path}: no such folder")
    problems = Problems()
    movies = _read_movies(path / "movies.dat", problems)
    users = _read_users(path / "users.dat", problems)
    if not skip_bad_lines:
        problems.raise_if_any()
    layout = RatingsLayout(path / "ratings.dat", "::", False, ("user", "movie", "rating", "time"))
    rating_min, rating_max = 1.0, 5.0
    columns = _read_ratings(layout, movies, users, rating_min, rating_max, problems)
    if not skip_bad_lines:
        problems.raise_if_any()
    rating_users = index_in(columns.user_ids, users.ids)
    rating_movies = index_in(columns.movie_ids, movies.ids)
    last = _last_of_each_pair(rating_users, rating_movies, len(movies.ids))
    return Dataset(
        movie_ids=movies.ids,
        titles=movies.titles,
        movie_genres=movies.genres,
        user_ids=users.ids,
        user_genders=users.genders,
        user_ages=users.ages,
        user_jobs=users.jobs,
        demographics=MOVIELENS_1M,
        rating_users=rating_users if last is None else rating_users[last],
        rating_movies=rating_movies if last is None else rating_movies[last],
        rating_values=columns.values if last is None else columns.values[last],
        rating_min=rating_min,
        rating_max=rating_max,
        format="ml-1m",
        problems=problems,
        num_repeated=0 if last is None else len(columns.values) - len(last),
    )


def read_movies(path: Path) -> Movies:
    """Read the movie file of a data set by itself.

    Raises: DataError: if the file is missing, empty or has bad lines; it lists the first with line and field.
    """
    problems = Problems()
    movies = _read_movies(path, problems)
    problems.raise_if_any()
    if not len(movies.ids):
        raise DataError(f"{path}: holds no movies")
    return movies


def _read_movies(path: Path, problems: Problems) -> Movies:
    movies = MoviesBuilder(path, problems)
    for number, line in read_lines(path, problems):
        movie_id, _, rest = line.partition("::")
        # A title may hold "::"; an id and the genres cannot.
        title, separator, genres = rest.rpartition("::")
        if not separator:
            problems.add(Problem(path, number, "line", line, "3 fields: id::title::genres"))
            continue
        movies.add(number, movie_id, title, genres.split("|"))
    return movies.build()


def _read_users(path: Path, problems: Problems) -> Users:
    known = MOVIELENS_1M
    users = UsersBuilder(
        path,
        problems,
        genders={gender: row for row, gender in enumerate(known.genders, start=1)},
        ages={str(age): row for row, age in enumerate(known.ages, start=1)},
        jobs={str(job_id): row for row, (job_id, _) in enumerate(known.jobs, start=1)},
    )
    for number, line in read_lines(path, problems):
        fields = line.split("::")
        if len(fields) != 5:
            problems.add(Problem(path, number, "line", line, "5 fields: id::gender::age::job::zip code"))
            continue
        users.add(number, fields[0], gender=fields[1], age=fields[2], job=fields[3])
    return users.build()


def _read_ratings(
    layout: RatingsLayout,
    movies: Movies,
    users: Users,
    rating_min: float,
    rating_max: float,
    problems: Problems,
) -> RatingColumns:
    columns = read_fast(layout)
    if columns is not None and _good(columns, movies, users, rating_min, rating_max).all():
        return columns
    columns = read_slow(layout, problems)
    good = _good(columns, movies, users, rating_min, rating_max)
    for row in np.flatnonzero(~good):
        problems.add(_rating_problem(layout.path, columns, int(row), movies, users, rating_min, rating_max))
    return RatingColumns(
        columns.user_ids[good], columns.movie_ids[good], columns.values[good], columns.lines[good]
    )


def _good(
    columns: RatingColumns, movies: Movies, users: Users, rating_min: float, rating_max: float
) -> NDArray[np.bool_]:
    # NaN compares false, so it is not good.
    good: NDArray[np.bool_] = (columns.values >= rating_min) & (columns.values <= rating_max)
    good &= index_in(columns.user_ids, users.ids) >= 0
    good &= index_in(columns.movie_ids, movies.ids) >= 0
    return good


def _rating_problem(
    path: Path,
    columns: RatingColumns,
    row: int,
    movies: Movies,
    users: Users,
    rating_min: float,
    rating_max: float,
) -> Problem:
    line, value = int(columns.lines[row]), columns.values[row]
    if columns.user_ids[row] not in users.ids:
        return Problem(path, line, "user", str(columns.user_ids[row]), "a user of the users file")
    if columns.movie_ids[row] not in movies.ids:
        return Problem(path, line, "movie", str(columns.movie_ids[row]), "a movie of the movies file")
    return Problem(path, line, "rating", f"{value:g}", f"{rating_min:g} to {rating_max:g}")


def _last_of_each_pair(
    users: NDArray[np.int32], movies: NDArray[np.int32], num_movies: int
) -> NDArray[np.int64] | None:
    """Index of the last rating of each (user, movie), ascending; None if no pair occurs twice."""
    pairs = users.astype(np.int64) * num_movies + movies
    ordered = np.sort(pairs)
    if not (ordered[1:] == ordered[:-1]).any():
        return None
    _, first_from_end = np.unique(pairs[::-1], return_index=True)
    last: NDArray[np.int64] = np.sort(len(pairs) - 1 - first_from_end)
    return last
