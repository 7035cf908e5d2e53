"""Ratings checked against the movies, the users and the scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recsys_cli.dataset.problems import SHOWN, Problem, Problems
from recsys_cli.dataset.rating_columns import RatingsLayout, read_rating_columns
from recsys_cli.dataset.scale import Scale, find_scale


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The ratings of a data set, in the order of the file.

    Attributes:
        user_ids: int64 (U,), ascending: those given, or all that have rated.
        users: int32 (R,) index into user_ids.
        movies: int32 (R,) index into the movie ids.
        values: float32 (R,), on the scale.
        scale: of the values.
    """

    user_ids: NDArray[np.int64]
    users: NDArray[np.int32]
    movies: NDArray[np.int32]
    values: NDArray[np.float32]
    scale: Scale


def read_ratings(
    layout: RatingsLayout,
    *,
    movie_ids: NDArray[np.int64],
    user_ids: NDArray[np.int64] | None,
    problems: Problems,
) -> Ratings:
    """Read and check a ratings file; bad lines become problems and are left out.

    Args:
        layout: the file and how it is written.
        movie_ids: int64 (M,), ascending; another movie is a problem.
        user_ids: int64 (U,), ascending, another user is a problem; None if nobody lists the users.
        problems: takes the bad lines.

    Raises: DataError: if the file is missing, empty or unreadable.
    """
    columns = read_rating_columns(layout, problems)
    scale = layout.scale or find_scale(columns.values)
    movies = _index_in(columns.movies, movie_ids)
    on_scale, listed = scale.holds(columns.values), movies >= 0
    known = np.ones(len(movies), dtype=np.bool_)
    if user_ids is None:
        user_ids = np.sort(pc.unique(pa.array(columns.users[on_scale & listed])).to_numpy())
        users = _index_in(columns.users, user_ids)
    else:
        users = _index_in(columns.users, user_ids)
        known = users >= 0
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
    if good.all():
        return Ratings(user_ids, users, movies, columns.values, scale)
    return Ratings(user_ids, users[good], movies[good], columns.values[good], scale)


def _index_in(ids: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int32]:
    """Index (N,) of each id (N,) in `known`, -1 where it is not."""
    found = pc.index_in(pa.array(ids), value_set=pa.array(known))
    indices: NDArray[np.int32] = found.fill_null(-1).to_numpy().astype(np.int32, copy=False)
    return indices
