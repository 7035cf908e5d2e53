"""Movies and users of a data set, checked one by one and sorted by id."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.demographics import MAX_AGE, Demographics
from recsys_cli.dataset.lines import clean_text, parse_id
from recsys_cli.dataset.problems import Problem, Problems

_NO_GENRES = {"", "(no genres listed)", "unknown"}


@dataclass(frozen=True, slots=True, eq=False)
class Movies:
    """The movies of a data set.

    Attributes:
        ids: int64 (M,), ascending.
        titles: (M,).
        genres: (M,) genre names of each movie, in the order of the file.
    """

    ids: NDArray[np.int64]
    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """The users of a data set.

    Attributes:
        ids: int64 (U,), ascending.
        genders: int32 (U,) rows, 0 unknown.
        ages: int32 (U,) rows of age groups, 0 unknown.
        jobs: int32 (U,) rows, 0 unknown.
    """

    ids: NDArray[np.int64]
    genders: NDArray[np.int32]
    ages: NDArray[np.int32]
    jobs: NDArray[np.int32]

    @classmethod
    def without_attributes(cls, ids: NDArray[np.int64]) -> Users:
        """Users (ascending ids) of whom nothing is known."""
        unknown = np.zeros(len(ids), dtype=np.int32)
        return cls(ids, unknown, unknown, unknown)


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
    """Takes movies line by line; a bad one becomes a problem and is left out."""

    path: Path
    problems: Problems
    _movies: dict[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def add(self, line: int, movie_id: str, title: str, genres: list[str]) -> None:
        """Add one movie."""
        number = _new_id(self.path, line, "movie id", movie_id, self._movies, self.problems)
        if number is None:
            return
        title = clean_text(title)
        if not title:
            self.problems.add(Problem(self.path, line, "title", title, "a title"))
            return
        names = (clean_text(genre) for genre in genres)
        self._movies[number] = (title, tuple(dict.fromkeys(name for name in names if name not in _NO_GENRES)))

    def build(self) -> Movies:
        """The movies, ascending by id."""
        ids = sorted(self._movies)
        return Movies(
            ids=np.array(ids, dtype=np.int64),
            titles=tuple(self._movies[movie_id][0] for movie_id in ids),
            genres=tuple(self._movies[movie_id][1] for movie_id in ids),
        )


@dataclass(slots=True)
class UsersBuilder:
    """Takes users line by line; a bad one becomes a problem and is left out.

    An empty gender, age or job is unknown; one that is not in the list is a problem.

    Attributes:
        path: the file that they come from.
        problems: takes the bad ones.
        genders: what may stand for a gender.
        ages: what may stand for an age.
        jobs: what may stand for a job.
    """

    path: Path
    problems: Problems
    genders: Choices
    ages: Choices
    jobs: Choices
    _users: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def add(self, line: int, user_id: str, *, gender: str = "", age: str = "", job: str = "") -> None:
        """Add one user."""
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
        self._users[number] = (rows[0], rows[1], rows[2])

    def build(self) -> Users:
        """The users, ascending by id."""
        ids = sorted(self._users)
        rows = np.array([self._users[user_id] for user_id in ids], dtype=np.int32).reshape(-1, 3)
        return Users(np.array(ids, dtype=np.int64), *np.ascontiguousarray(rows.T))


def _new_id(path: Path, line: int, name: str, text: str, known: Container[int], problems: Problems) -> int | None:
    number = parse_id(text)
    if number is None:
        problems.add(Problem(path, line, name, text, "a whole number from 0"))
        return None
    if number in known:
        problems.add(Problem(path, line, name, text, "an id that is not listed above it"))
        return None
    return number
