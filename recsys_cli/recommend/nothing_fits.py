"""Why no movie is left to recommend: which condition, or which of them together, excludes all."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.question import MovieFilter
from recsys_cli.dataset.titles import title_year
from recsys_cli.index.movie_index import MovieIndex

_Mask = NDArray[np.bool_]


def nothing_fits(movies: MovieFilter, index: MovieIndex, *, seen: NDArray[np.int64]) -> str:
    """One line on what excluded every movie.

    Args:
        movies: the conditions.
        index: the movies.
        seen: (n,) int64 ids of what is left out because the person rated it.
    """
    total = len(index.movies.movie_ids)
    if not total:
        return "no movie fits: there are no movies"
    parts = _conditions(movies, index)
    for name, passing in parts.items():
        if not passing.any():
            return f"no movie fits: none of the {total:,} movies is {name}{_years_there(name, index)}"
    left = np.logical_and.reduce(list(parts.values())) if parts else np.ones(total, dtype=np.bool_)
    if left.any():
        if len(seen):
            return f"no movie fits: the person has rated all {left.sum():,} that would; --include-seen keeps them"
        return f"no movie fits: all {left.sum():,} that would are left out by name"
    counts = ", ".join(f"{name} ({passing.sum():,})" for name, passing in parts.items())
    return f"no movie fits: of the {total:,} movies none is all of: {counts}"


def _conditions(movies: MovieFilter, index: MovieIndex) -> dict[str, _Mask]:
    """Each condition in words, and which of the M movies pass it: (M,) bool."""
    found: dict[str, _Mask] = {}

    def add(words: str, names: tuple[str, ...], passes: Callable[[set[str], set[str]], bool]) -> None:
        wanted = {name.strip().casefold() for name in names}
        if wanted:
            have = ({name.casefold() for name in genres} for genres in index.movies.genres)
            found[f"{words} {', '.join(names)}"] = np.array([passes(wanted, genres) for genres in have])

    for genre in movies.genre:
        add("of the genre", (genre,), set.issubset)
    add("of any of the genres", movies.any_genre, lambda wanted, genres: bool(wanted & genres))
    add("without the genres", movies.not_genre, set.isdisjoint)
    if movies.year is not None:
        first, last = movies.years
        years = _years(index)
        passing = (years >= (first or 1)) & (years <= (last or years.max()))
        found[f"of the year {movies.year}"] = passing & (years > 0)
    if movies.min_ratings:
        rows = index.vocabulary.movie_rows(index.movies.movie_ids)
        counts = np.where(rows > 0, index.folder.num_ratings[rows - 1], 0)
        often = f"{movies.min_ratings:,} times or more" if movies.min_ratings > 1 else "by anybody"
        found[f"rated {often}"] = counts >= movies.min_ratings
    return found


def _years(index: MovieIndex) -> NDArray[np.int64]:
    """(M,) int64, 0 where a title has none."""
    return np.array([title_year(title) for title in index.movies.titles], dtype=np.int64)


def _years_there(name: str, index: MovieIndex) -> str:
    if not name.startswith("of the year"):
        return ""
    years = _years(index)
    known = years[years > 0]
    return f"; they are of {known.min()} to {known.max()}" if len(known) else "; no title has a year"
