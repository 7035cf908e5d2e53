"""Ratings checked against the movies, the users and the scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys_cli.dataset.problems import SHOWN, Problem, Problems
from recsys_cli.dataset.rating_columns import RatingsLayout, read_rating_columns
from recsys_cli.dataset.rows import Ratings, rows_of
from recsys_cli.dataset.scale import Scale, find_scale


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
    columns = read_rating_columns(layout, problems, timed=timed)
    scale = layout.scale or find_scale(columns.values)
    movies = rows_of(columns.movies, movie_ids)
    on_scale, listed = scale.holds(columns.values), movies > 0
    known = np.ones(len(movies), dtype=np.bool_)
    if user_ids is None:
        user_ids = np.sort(pc.unique(pa.array(columns.users[on_scale & listed])).to_numpy())
        users = rows_of(columns.users, user_ids)
    else:
        users = rows_of(columns.users, user_ids)
        known = users > 0
    for name, values, wrong, allowed in (
        ("user", columns.users, ~known, "a user of the users file"),
        ("movie", columns.movies, ~listed & known, "a movie of the movies file"),
        ("rating", columns.values, ~on_scale & listed & known, str(scale)),
    ):
        rows = np.flatnonzero(wrong)
        for row in rows[:SHOWN]:
            text = f"{values[row]:g}" if name == "rating" else str(values[row])
            problems.add(Problem(layout.path, int(columns.lines[row]), name, text, allowed))
        problems.count += max(len(rows) - SHOWN, 0)
    good = on_scale & listed & known
    ratings = Ratings(users, movies, columns.values)
    times = None if columns.times is None else columns.times[good]
    return RatingsFile(user_ids, ratings if good.all() else ratings.at(good), scale, times)
