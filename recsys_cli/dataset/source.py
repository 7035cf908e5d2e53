"""A data set whose movies and users are read, and whose ratings are not yet."""

from __future__ import annotations

from dataclasses import dataclass

from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.rating_columns import RatingsLayout
from recsys_cli.dataset.tables import Movies, Users


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What every format comes down to.

    Attributes:
        format: its name.
        movies: all movies.
        users: all users, None where no file lists them.
        demographics: what the rows of the users stand for.
        ratings: where the ratings are, and how they are written.
    """

    format: str
    movies: Movies
    users: Users | None
    demographics: Demographics
    ratings: RatingsLayout
