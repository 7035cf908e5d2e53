"""A person's own ratings from a CSV file: movies by id or title."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.dataset.lines import read_columns, read_header, value_text
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.title_search import FoundMovie, TitleIndex
from recsys_cli.errors import ConfigError, DataError
from recsys_cli.recommend.answers import RatedMovie

_IDS, _TITLES, _RATINGS = ("movieid", "movie_id", "id"), ("title", "name", "movie"), ("rating",)
_YEARS, _USERS = ("year",), ("userid", "user_id")
_NAMED = 3  # movies that the note on those left out names


@dataclass(frozen=True, slots=True)
class RatingsFile:
    """What such a file holds.

    Attributes:
        rated: the movies that are in the catalogue, the last rating of each.
        left_out: what the file calls the movies that are not, or that could be several.
    """

    rated: tuple[RatedMovie, ...]
    left_out: tuple[str, ...]

    def note(self, path: Path) -> str | None:
        """One line on what was left out, None where nothing was."""
        if not self.left_out:
            return None
        more = ", ..." if len(self.left_out) > _NAMED else ""
        total = len(self.rated) + len(self.left_out)
        names = ", ".join(self.left_out[:_NAMED])
        return f"{path}: left out {len(self.left_out)} of {total} movies, unknown or ambiguous: {names}{more}"


def read_ratings_file(path: Path, titles: TitleIndex, *, rating_min: float, rating_max: float) -> RatingsFile:
    """Read a CSV file whose header names a rating and a movie id or title, and perhaps a year.

    Args:
        path: the file.
        titles: the catalogue.
        rating_min: lowest rating of the model's scale.
        rating_max: highest rating.

    Raises: DataError: the file is missing or malformed, a rating is not on the scale, it holds the ratings of
        several people, or none of its movies is in the catalogue.
    """
    problems = Problems()
    rated: dict[int, RatedMovie] = {}
    left_out: list[str] = []
    for line, movie, text in _rows(path, problems):
        rating = _rating(text)
        if rating is None or not rating_min <= rating <= rating_max:
            problems.add(Problem(path, line, "rating", text, f"{rating_min:g} to {rating_max:g}"))
            continue
        found = _find(movie, titles)
        if found is None:
            left_out.append(movie)
        else:
            rated[found.movie_id] = RatedMovie(movie_id=found.movie_id, title=found.title, rating=rating)
    problems.raise_if_any()
    if not rated:
        raise DataError(f"{path}: holds no rating of a movie of this catalogue")
    return RatingsFile(tuple(rated.values()), tuple(left_out))


def _rows(path: Path, problems: Problems) -> Iterator[tuple[int, str, str]]:
    """Line number, movie and rating of every line."""
    header = read_header(path)
    columns = {name.casefold(): name for name in header}

    def column(names: tuple[str, ...]) -> str | None:
        return next((columns[name] for name in names if name in columns), None)

    movie, rating, year, user = column(_IDS) or column(_TITLES), column(_RATINGS), column(_YEARS), column(_USERS)
    if movie is None or rating is None:
        raise DataError(
            f"{path}:1: the header must name the columns 'rating' and 'movieId' or 'title'; "
            f"it has: {', '.join(header)}"
        )
    by_id = movie.casefold() in _IDS
    names = [movie, rating, *(name for name in (year, user) if name is not None)]
    users = set()
    for line, fields in read_columns(path, names, problems=problems):
        values = dict(zip(names, map(value_text, fields), strict=True))
        users.add(values.get(user or "", ""))
        if len(users) > 1:
            raise DataError(f"{path}:{line}: a second user; give the ratings of one person")
        name = f"id:{values[movie].strip()}" if by_id else values[movie].strip()
        in_year = f" ({values[year].strip()})" if year is not None and not by_id and values[year].strip() else ""
        yield line, name + in_year, values[rating]


def _rating(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _find(movie: str, titles: TitleIndex) -> FoundMovie | None:
    """The movie, None where none or several fit, or only a part of a title does."""
    try:
        found = titles.find(movie, option="--ratings")
    except ConfigError:
        return None
    return None if found.is_guess else found
