"""What a recommender may be asked."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recsys_cli.config.fields import check_apart
from recsys_cli.errors import ConfigError

MAX_ID = 2**63 - 1  # of users and movies: what an int64 holds
BULK_FORMATS = (".parquet", ".csv", ".jsonl")


def _take_one_as_several(config: Any, *names: str) -> None:
    """Make a field of several a tuple, also where one value stands in it: a text is no sequence of letters."""
    for name in names:
        value = getattr(config, name)
        object.__setattr__(config, name, (value,) if isinstance(value, (str, int)) else tuple(value))


def check_k(k: int) -> None:
    """Refuse a number of movies below 1 with a ConfigError."""
    if k < 1:
        raise ConfigError(f"-k {k} is not allowed; allowed: 1 or more")


def _check_share(flag: str, value: float) -> None:
    """Refuse a share outside of 0 to 1 with a ConfigError."""
    if not 0 <= value <= 1:
        raise ConfigError(f"{flag} {value:g} is not allowed; allowed: 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who a recommendation is for; whatever is not known is left out.

    Attributes:
        age: years, 1 to 120.
        gender: ``M`` or ``F``.
        job: number or name.
        attributes: name and value of what else is known, of the model's further columns.
        user: id of a user of the training data.
        like: ids or titles of movies that the person likes.
        dislike: ids or titles of movies that the person does not like.
        ratings: pairs of a movie's id or title and its rating, on the model's scale.
        ratings_path: CSV file of more such ratings.
    """

    age: int | None = None
    gender: str | None = None
    job: str | int | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    user: int | None = None
    like: tuple[str | int, ...] = ()
    dislike: tuple[str | int, ...] = ()
    ratings: tuple[tuple[str | int, float], ...] = ()
    ratings_path: Path | None = None

    def __post_init__(self) -> None:
        _take_one_as_several(self, "like", "dislike")
        if self.user is not None and not 0 <= self.user <= MAX_ID:
            raise ConfigError(f"--user {self.user} is not allowed; allowed: 0 to {MAX_ID}")

    @property
    def has_profile(self) -> bool:
        """Whether age, gender, job or another attribute is known."""
        return bool(self.attributes) or not (self.age is None and self.gender is None and self.job is None)

    @property
    def has_favourites(self) -> bool:
        """Whether a movie is liked, disliked or rated."""
        return bool(self.like or self.dislike or self.ratings or self.ratings_path)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFilter:
    """Which movies are asked for; the default takes all.

    Attributes:
        genre: a movie must have every one of these.
        any_genre: a movie must have at least one of these.
        not_genre: a movie must have none of these.
        year: ``1994``, ``1990-1999``, ``1990-`` or ``-1999``; None takes every year, and movies without one.
        exclude: ids or titles of movies to leave out.
        min_ratings: training ratings that a movie must have at least; 1 leaves out those that nobody has rated.
    """

    genre: tuple[str, ...] = ()
    any_genre: tuple[str, ...] = ()
    not_genre: tuple[str, ...] = ()
    year: str | None = None
    exclude: tuple[str | int, ...] = ()
    min_ratings: int = 0

    def __post_init__(self) -> None:
        _take_one_as_several(self, "genre", "any_genre", "not_genre", "exclude")
        first, last = self.years
        if first is not None and last is not None and first > last:
            raise ConfigError(f"--year: {self.year!r} ends before it begins")
        if not 0 <= self.min_ratings <= MAX_ID:
            raise ConfigError(f"--min-ratings {self.min_ratings} is not allowed; allowed: 0 to {MAX_ID}")

    @property
    def years(self) -> tuple[int | None, int | None]:
        """First and last year, both inclusive; None where the range is open."""
        if self.year is None:
            return None, None
        match = re.fullmatch(r"\s*(\d{4})?\s*(-?)\s*(\d{4})?\s*", self.year, re.ASCII)
        if match is None or not (match[1] or match[3]) or bool(match[1] and match[3]) > bool(match[2]):
            raise ConfigError(
                f"--year: {self.year!r} is not allowed; allowed: such as 1994, 1990-1999, 1990-, -1999"
            )
        first, last = (int(year) if year else None for year in match.group(1, 3))
        return (first, last) if match[2] else (first, first)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a recommender.

    Attributes:
        person: whom the movies are for.
        movies: which movies may be recommended.
        k: number of movies, at least 1.
        include_seen: recommend movies, too, that the person is known to have rated.
        diversity: 0 for the best movies, up to 1 for the most different ones.
        novelty: 0 for the best movies, up to 1 for those that would be best if all were equally well known.
        explain: say what speaks for each movie.
    """

    person: Person = field(default_factory=Person)
    movies: MovieFilter = field(default_factory=MovieFilter)
    k: int = 5
    include_seen: bool = False
    diversity: float = 0.0
    explain: bool = False
    novelty: float = 0.0

    def __post_init__(self) -> None:
        check_k(self.k)
        _check_share("--diversity", self.diversity)
        _check_share("--novelty", self.novelty)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarQuestion:
    """One question for movies like a given one.

    Attributes:
        movie: its id or title.
        movies: which movies may be returned.
        k: number of movies, at least 1.
        new: return movies, too, that nobody rated in training.
        novelty: as of a `Question`.
    """

    movie: str | int
    movies: MovieFilter = field(default_factory=MovieFilter)
    k: int = 10
    new: bool = False
    novelty: float = 0.0

    def __post_init__(self) -> None:
        check_k(self.k)
        _check_share("--novelty", self.novelty)
        if self.new and self.movies.min_ratings:
            raise ConfigError("--new and --min-ratings exclude each other")

    @property
    def returned(self) -> MovieFilter:
        """``movies``, without those that nobody rated where these are not asked for."""
        return self.movies if self.new else replace(self.movies, min_ratings=max(1, self.movies.min_ratings))


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkConfig:
    """Whom ``recsys recommend --users`` answers, and where it writes.

    Attributes:
        users: file of people.
        output: file to write, its ending says in which format; ``-`` for standard output.
        asked: format that was asked for besides, ``.csv`` or ``.jsonl``.
        ratings: file of what they have rated, by all of them; None for none.
        part: ``2/8`` for the second of eight parts of them; None for all.
    """

    users: Path
    output: Path
    asked: str | None = None
    ratings: Path | None = None
    part: str | None = None

    def __post_init__(self) -> None:
        check_apart(("--output", self.output), ("--users", self.users))
        if self.ratings is not None:
            check_apart(("--output", self.output), ("--ratings", self.ratings))
        number, parts = self.part_of
        if not 1 <= number <= parts:
            raise ConfigError(f"--part {self.part!r} is not allowed; allowed: such as 2/8, the second of eight")
        ending = self.output.suffix.casefold()
        if self.output != Path("-") and ending not in BULK_FORMATS:
            formats = ", ".join(BULK_FORMATS)
            raise ConfigError(
                f"--output: {str(self.output)!r} is not allowed; allowed: a name ending in {formats}, or -"
            )
        if self.asked is not None and self.format != self.asked:
            flag = {".csv": "--csv", ".jsonl": "--json"}[self.asked]
            raise ConfigError(f"{flag}: the name {str(self.output)!r} says another format; leave one out")

    @property
    def part_of(self) -> tuple[int, int]:
        """Which part, from 1, and of how many; (0, 0) where that cannot be read."""
        match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", self.part or "1/1", re.ASCII)
        return (int(match[1]), int(match[2])) if match else (0, 0)

    @property
    def format(self) -> str:
        """One of `BULK_FORMATS`; CSV on standard output where nothing else is asked for."""
        return self.output.suffix.casefold() or self.asked or ".csv"
