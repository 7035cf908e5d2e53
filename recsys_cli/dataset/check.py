"""``recsys check``: what a data set is, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config import CheckConfig
from recsys_cli.dataset.columns import num_rows
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.titles import title_year

_BUSIEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """A movie or a user with many ratings.

    Attributes:
        id: of the movie or the user.
        name: title of the movie, empty for a user.
        ratings: how many.
    """

    id: int
    name: str
    ratings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """A data set in numbers.

    Attributes:
        path: its folder.
        format: as detected or given.
        fingerprint: of its content, without the bad lines.
        movies: how many are listed.
        users: how many are listed or, without a users file, have rated.
        ratings: how many good ones, repeated ones aside.
        rating_min: lowest of the scale.
        rating_max: highest of the scale.
        rating_mean: of the good ratings.
        rating_counts: how often each rating occurs, if they are few.
        density: share of all pairs of a user and a movie that have a rating, 0 to 1.
        busiest_movies: those with the most ratings.
        busiest_users: those with the most ratings.
        unrated_movies: movies without a rating.
        silent_users: users without a rating.
        missing: what is unknown of how many movies or users; without what the data set has none of.
        notes: what is not wrong, but worth knowing.
        bad_lines: how many lines would be left out.
        problems: what is wrong with the first of them.
    """

    path: str
    format: str
    fingerprint: str
    movies: int
    users: int
    ratings: int
    rating_min: float
    rating_max: float
    rating_mean: float
    rating_counts: dict[str, int]
    density: float
    busiest_movies: tuple[Busy, ...]
    busiest_users: tuple[Busy, ...]
    unrated_movies: int
    silent_users: int
    missing: dict[str, int]
    notes: tuple[str, ...]
    bad_lines: int
    problems: tuple[str, ...]


def run(config: CheckConfig) -> CheckReport:
    """Read a data set without its bad lines, and count.

    Raises:
        ConfigError: if there is no such format.
        DataError: if a file is missing or unreadable, or no rating is good.
    """
    dataset = read_dataset(config.data, format=config.format, skip_bad_lines=True)
    per_movie = np.bincount(dataset.ratings.movie_rows, minlength=len(dataset.movie_ids) + 1)[1:]
    per_user = np.bincount(dataset.ratings.user_rows, minlength=len(dataset.user_ids) + 1)[1:]
    return CheckReport(
        path=str(config.data),
        format=dataset.format,
        fingerprint=dataset.fingerprint,
        movies=len(dataset.movie_ids),
        users=len(dataset.user_ids),
        ratings=len(dataset.ratings),
        rating_min=dataset.rating_min,
        rating_max=dataset.rating_max,
        rating_mean=float(dataset.ratings.values.mean(dtype=np.float64)),
        rating_counts=_rating_counts(dataset),
        density=len(dataset.ratings) / (len(dataset.movie_ids) * len(dataset.user_ids)),
        busiest_movies=_busiest(dataset.movie_ids, per_movie, names=dataset.titles),
        busiest_users=_busiest(dataset.user_ids, per_user),
        unrated_movies=int(np.count_nonzero(per_movie == 0)),
        silent_users=int(np.count_nonzero(per_user == 0)),
        missing=_missing(dataset),
        notes=_notes(dataset),
        bad_lines=dataset.problems.count,
        problems=tuple(map(str, dataset.problems.first)),
    )


def _rating_counts(dataset: Dataset) -> dict[str, int]:
    values, counts = np.unique(dataset.ratings.values, return_counts=True)
    if len(values) > 11:
        return {}
    return {f"{value:g}": int(count) for value, count in zip(values, counts, strict=True)}


def _busiest(
    ids: NDArray[np.int64], counts: NDArray[np.int64], *, names: tuple[str, ...] = ()
) -> tuple[Busy, ...]:
    order = np.argsort(-counts, kind="stable")[:_BUSIEST].tolist()
    return tuple(
        Busy(id=int(ids[index]), name=names[index] if names else "", ratings=int(counts[index])) for index in order
    )


def _missing(dataset: Dataset) -> dict[str, int]:
    known = dataset.demographics
    missing: dict[str, int] = {
        "genres": sum(not genres for genres in dataset.movie_genres),
        "year": sum(not title_year(title) for title in dataset.titles),
    }
    for name, names, rows in (
        ("gender", known.genders, dataset.user_genders),
        ("age", known.ages, dataset.user_ages),
        ("job", known.jobs, dataset.user_jobs),
    ):
        if names:
            missing[name] = int(np.count_nonzero(rows[1:] == 0))
    for place, column in enumerate(dataset.movie_columns):
        before = num_rows(dataset.movie_columns[:place])
        rows_of_column = range(before + 1, before + column.size + 1)
        unknown = sum(not any(row in rows_of_column for row in rows) for rows in dataset.movie_values)
        missing[f"{column.name} of movies"] = unknown
    for place, column in enumerate(known.further):
        missing[f"{column.name} of users"] = int(np.count_nonzero(dataset.user_further[1:, place] == 0))
    return missing


def _notes(dataset: Dataset) -> tuple[str, ...]:
    notes = []
    if dataset.num_repeated:
        notes.append(f"ratings left out because the same user rates the movie again: {dataset.num_repeated:,}")
    known = dataset.demographics
    for whose, columns in (("movies", dataset.movie_columns), ("users", known.further)):
        if columns:
            notes.append(f"further columns of {whose}: {'; '.join(column.describe() for column in columns)}")
    unknown = [
        name for name, names in (("gender", known.genders), ("age", known.ages), ("job", known.jobs)) if not names
    ]
    if unknown:
        plural = _listed([f"{name}s" for name in unknown])
        notes.append(f"nothing is known of the {_listed(unknown)} of people: a model of it knows no {plural}")
    if len(dataset.ratings) > 1 and np.ptp(dataset.ratings.values) == 0:
        notes.append("all ratings are equal: they tell nothing about what people like")
    repeated_titles = len(dataset.titles) - len(set(dataset.titles))
    if repeated_titles:
        notes.append(f"movies with the title of another: {repeated_titles:,}")
    return tuple(notes)


def _listed(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
