"""Movies and users of a data set, checked one by one and sorted by id; what every format comes down to."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.columns import NUMBER, Column, number_of
from recsys_cli.dataset.demographics import MAX_AGE, Demographics
from recsys_cli.dataset.lines import clean_text, parse_id
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.rating_columns import RatingsLayout

_NO_GENRES = {"", "(no genres listed)", "unknown"}


@dataclass(frozen=True, slots=True, eq=False)
class Movies:
    """The movies of a data set.

    Attributes:
        ids: int64 (M,), ascending.
        titles: (M,).
        genres: (M,) genre names of each movie, in the order of the file.
        columns: name and kind of each further column that the file has.
        values: (M,) values of each movie in each of these columns: of categories any number, of a number one or
            none, of a text its words.
    """

    ids: NDArray[np.int64]
    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[str, str], ...] = ()
    values: tuple[tuple[tuple[str, ...], ...], ...] = ()

    def place_of(self, column: Column) -> int | None:
        """Which of the columns is one of this name and kind; None where there is none."""
        names = [(name.casefold(), kind) for name, kind in self.columns]
        wanted = (column.name.casefold(), column.kind)
        return names.index(wanted) if wanted in names else None

    def of_column(self, place: int) -> list[tuple[str, ...]]:
        """The values of each movie in one of the columns."""
        return [values[place] for values in self.values]


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """The users of a data set.

    Attributes:
        ids: int64 (U,), ascending.
        genders: int32 (U,) rows, 0 unknown.
        ages: int32 (U,) rows of age groups, 0 unknown.
        jobs: int32 (U,) rows, 0 unknown.
        further: int32 (U, F) rows of the F further columns of people, counted through all of them, 0 unknown.
        unlisted: values of further columns that stand for no row, and count as unknown.
    """

    ids: NDArray[np.int64]
    genders: NDArray[np.int32]
    ages: NDArray[np.int32]
    jobs: NDArray[np.int32]
    further: NDArray[np.int32]
    unlisted: int = 0

    @classmethod
    def without_attributes(cls, ids: NDArray[np.int64]) -> Users:
        """Users (ascending ids) of whom nothing is known."""
        unknown = np.zeros(len(ids), dtype=np.int32)
        return cls(ids, unknown, unknown, unknown, np.zeros((len(ids), 0), dtype=np.int32))

    def at(self, part: slice) -> Users:
        """Those at some positions."""
        genders, ages, jobs = (rows[part] for rows in (self.genders, self.ages, self.jobs))
        return Users(self.ids[part], genders, ages, jobs, self.further[part], unlisted=self.unlisted)


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A data set whose movies and users are read, and whose ratings are not yet.

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


@dataclass(frozen=True, slots=True)
class Choices:
    """The texts that may stand for an attribute of a person.

    Attributes:
        find: row of a text, casefolded, None where it stands for nothing.
        allowed: the texts as a message lists them.
    """

    find: Callable[[str], int | None]
    allowed: str

    @classmethod
    def of(cls, names: Iterable[object]) -> Choices:
        """Names for the rows 1, 2, ... in this order."""
        texts = [str(name) for name in names]
        return cls({text.casefold(): row for row, text in enumerate(texts, start=1)}.get, ", ".join(texts))

    @classmethod
    def of_years(cls, demographics: Demographics) -> Choices:
        """Ages in years, for the rows of the age groups."""
        years = range(1, MAX_AGE + 1)
        return cls({str(age): demographics.age_row(age) for age in years}.get, f"whole years from 1 to {MAX_AGE}")


@dataclass(slots=True)
class MoviesBuilder:
    """Takes movies line by line; a bad one becomes a problem and is left out.

    Attributes:
        path: the file that they come from.
        problems: takes the bad ones.
        columns: name and kind of each further column.
    """

    path: Path
    problems: Problems
    columns: tuple[tuple[str, str], ...] = ()
    _movies: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    _values: dict[int, tuple[tuple[str, ...], ...]] = field(default_factory=dict)

    def add(
        self, line: int, movie_id: str, title: str, genres: list[str], values: Sequence[tuple[str, ...]] = ()
    ) -> None:
        """Add one movie, with its values in each of the columns."""
        number = _new_id(self.path, line, "movie id", movie_id, self._movies, self.problems)
        if number is None:
            return
        title = clean_text(title)
        if not title:
            self.problems.add(Problem(self.path, line, "title", title, "a title"))
            return
        for (name, kind), texts in zip(self.columns, values, strict=True):
            wrong = [text for text in texts if kind == NUMBER and number_of(text) is None]
            if wrong:
                self.problems.add(Problem(self.path, line, name, wrong[0], "a number"))
                return
        self._values[number] = tuple(values)
        names = (clean_text(genre) for genre in genres)
        self._movies[number] = (title, tuple(dict.fromkeys(name for name in names if name not in _NO_GENRES)))

    def build(self) -> Movies:
        """The movies, ascending by id."""
        ids = sorted(self._movies)
        return Movies(
            ids=np.array(ids, dtype=np.int64),
            titles=tuple(self._movies[movie_id][0] for movie_id in ids),
            genres=tuple(self._movies[movie_id][1] for movie_id in ids),
            columns=self.columns,
            values=tuple(self._values[movie_id] for movie_id in ids),
        )


@dataclass(slots=True)
class UsersBuilder:
    """Takes users line by line; a bad one becomes a problem and is left out.

    An empty gender, age or job is unknown; one that is not in the list is a problem. In a further column a
    category that is not listed is unknown, too: those that few people have are not.

    Attributes:
        path: the file that they come from.
        problems: takes the bad ones.
        genders: what may stand for a gender.
        ages: what may stand for an age.
        jobs: what may stand for a job.
        columns: further columns.
    """

    path: Path
    problems: Problems
    genders: Choices
    ages: Choices
    jobs: Choices
    columns: tuple[Column, ...] = ()
    _users: dict[int, list[int]] = field(default_factory=dict)
    _unlisted: int = 0

    def add(
        self,
        line: int,
        user_id: str,
        *,
        gender: str = "",
        age: str = "",
        job: str = "",
        further: Sequence[str] = (),
    ) -> None:
        """Add one user; ``further`` has a text for each of the columns, or is empty."""
        number = _new_id(self.path, line, "user id", user_id, self._users, self.problems)
        if number is None:
            return
        rows = []
        attributes = (("gender", gender, self.genders), ("age", age, self.ages), ("job", job, self.jobs))
        for name, text, choices in attributes:
            row = choices.find(clean_text(text).casefold()) if text.strip() else 0
            if row is None:
                self.problems.add(Problem(self.path, line, name, text, choices.allowed))
                return
            rows.append(row)
        before = 0
        for column, text in zip(self.columns, further or [""] * len(self.columns), strict=True):
            if column.is_number and text and number_of(text) is None:
                self.problems.add(Problem(self.path, line, column.name, text, "a number"))
                return
            row = column.row(text)
            self._unlisted += bool(text) and not row
            rows.append(before + row if row else 0)
            before += column.size
        self._users[number] = rows

    def build(self) -> Users:
        """The users, ascending by id."""
        ids = sorted(self._users)
        rows = np.array([self._users[user_id] for user_id in ids], dtype=np.int32).reshape(
            -1, 3 + len(self.columns)
        )
        genders, ages, jobs = np.ascontiguousarray(rows[:, :3].T)
        further = np.ascontiguousarray(rows[:, 3:])
        return Users(np.array(ids, dtype=np.int64), genders, ages, jobs, further, unlisted=self._unlisted)


def _new_id(path: Path, line: int, name: str, text: str, known: Container[int], problems: Problems) -> int | None:
    number = parse_id(text)
    if number is None:
        problems.add(Problem(path, line, name, text, "a whole number from 0"))
        return None
    if number in known:
        problems.add(Problem(path, line, name, text, "an id that is not listed above it"))
        return None
    return number
