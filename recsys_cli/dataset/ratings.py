"""Ratings checked against the movies, the users and the scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys_cli.dataset.problems import SHOWN, Problem, Problems
from recsys_cli.dataset.rating_columns import RatingColumns, RatingsLayout, rating_blocks
from recsys_cli.dataset.rows import Ratings, rows_of
from recsys_cli.dataset.scale import Scale, find_scale
from recsys_cli.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class RatingsFile:
    """What a file of ratings says.

    Attributes:
        user_ids: int64 (U,), ascending: those given, or all that have rated.
        ratings: in the order of the file.
        scale: of their values.
        times: int64 (R,) seconds since 1970 of each, 0 unknown; None where they were not asked for.
    """

    user_ids: NDArray[np.int64]
    ratings: Ratings
    scale: Scale
    times: NDArray[np.int64] | None = None


def read_ratings(
    layout: RatingsLayout,
    *,
    movie_ids: NDArray[np.int64],
    user_ids: NDArray[np.int64] | None,
    problems: Problems,
    timed: bool = False,
) -> RatingsFile:
    """Read and check a ratings file; bad lines become problems and are left out.

    Args:
        layout: the file and how it is written.
        movie_ids: int64 (M,), ascending; another movie is a problem.
        user_ids: int64 (U,), ascending, another user is a problem; None if nobody lists the users.
        problems: takes the bad lines.
        timed: read the times, too.

    Raises: DataError: if the file is missing, empty or unreadable, or has no times where they are asked for.
    """
    parts = _Parts(layout.path, problems)
    for block in rating_blocks(layout, problems, timed=timed):
        parts.add(block, movie_ids, user_ids)
    if not parts.lines:
        raise DataError(f"{layout.path}: empty file")
    values, movies = _joined(parts.values), _joined(parts.movies)
    scale = layout.scale or find_scale(values)
    on_scale, good = scale.holds(values), movies > 0
    if user_ids is None:
        user_ids = _found(parts.users, good & on_scale)
        parts.users = [rows_of(ids, user_ids) for ids in parts.users]
        users = _joined(parts.users)
    else:
        users = _joined(parts.users)
        good &= users > 0
    parts.refuse_values(values, np.flatnonzero(good & ~on_scale), allowed=str(scale))
    good &= on_scale
    ratings = Ratings(users.astype(np.int32, copy=False), movies, values)
    all_good = bool(good.all())
    times = _joined(parts.times) if timed else None
    if times is not None and not all_good:
        times = times[good]
    return RatingsFile(user_ids, ratings if all_good else ratings.at(good), scale, times)


class _Parts:
    """The columns of the blocks read, as narrow as can be: ids become rows, and lines ranges.

    Attributes:
        lines: of each block, line numbers.
        users: int32 rows, or int64 ids where nobody lists the users.
        movies: int32 rows, 0 where one is not listed.
        values: float32.
        times: int64, empty where they were not asked for.
    """

    def __init__(self, path: Path, problems: Problems):
        self._path, self._problems = path, problems
        self.lines: list[Sequence[int] | NDArray[np.int64]] = []
        self.users: list[NDArray[Any]] = []
        self.movies: list[NDArray[Any]] = []
        self.values: list[NDArray[Any]] = []
        self.times: list[NDArray[Any]] = []

    def add(self, block: RatingColumns, movie_ids: NDArray[np.int64], user_ids: NDArray[np.int64] | None) -> None:
        """Take a block; whoever and whatever is not listed becomes a problem."""
        movies = rows_of(block.movies, movie_ids)
        users = block.users if user_ids is None else rows_of(block.users, user_ids)
        known = np.ones(len(movies), dtype=np.bool_) if user_ids is None else users > 0
        unlisted = known & (movies == 0)
        self._refuse("user", block.users, np.flatnonzero(~known), block.lines, "a user of the users file")
        self._refuse("movie", block.movies, np.flatnonzero(unlisted), block.lines, "a movie of the movies file")
        in_a_row = len(movies) and block.lines[-1] - block.lines[0] == len(movies) - 1
        lines = range(block.lines[0], block.lines[-1] + 1) if in_a_row else block.lines
        for column, part in zip(self._columns(), (lines, users, movies, block.values, block.times), strict=True):
            if part is not None:
                column.append(part)

    def refuse_values(self, values: NDArray[np.float32], wrong: NDArray[np.int64], *, allowed: str) -> None:
        """Make problems of the values at some places of the whole."""
        ends = np.cumsum([len(lines) for lines in self.lines])
        blocks = np.searchsorted(ends, wrong[:SHOWN], side="right")
        lines = [self.lines[block][row - ends[block]] for row, block in zip(wrong, blocks, strict=False)]
        self._refuse("rating", values, wrong, dict(zip(wrong, lines, strict=False)), allowed)

    def _columns(self) -> tuple[list[Any], ...]:
        return self.lines, self.users, self.movies, self.values, self.times

    def _refuse(self, name: str, values: NDArray[Any], wrong: NDArray[np.int64], lines: Any, allowed: str) -> None:
        for row in wrong[:SHOWN]:
            text = f"{values[row]:g}" if name == "rating" else str(values[row])
            self._problems.add(Problem(self._path, int(lines[row]), name, text, allowed))
        self._problems.count += max(len(wrong) - SHOWN, 0)


def _joined(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """The blocks of a column in one array; the list is emptied, for together they are twice as large."""
    whole = np.concatenate(parts)
    parts.clear()
    return whole


def _found(blocks: list[NDArray[np.int64]], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(U,) int64, the different ids of some blocks where a mask of them all is true, ascending."""
    masks = np.split(chosen, np.cumsum([len(ids) for ids in blocks])[:-1])
    found = [pc.unique(pa.array(ids[mask])).to_numpy() for ids, mask in zip(blocks, masks, strict=True)]
    return np.unique(np.concatenate(found))
