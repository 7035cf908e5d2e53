"""How everything is counted: ids are the data set's own, rows are ours, from 1 in ascending order of the ids.

Row 0 is "unknown" everywhere. Needs nothing but NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int32]
_BLOCK = 2**22  # ratings
_TABLE_SHARE = 4  # a table may have so many entries for each id that is looked up


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Ratings as three parallel arrays.

    Attributes:
        user_rows: (R,) int32, 1..U.
        movie_rows: (R,) int32, 1..M.
        values: (R,) float32, on the rating scale.
    """

    user_rows: Rows
    movie_rows: Rows
    values: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def at(self, chosen: NDArray[np.integer] | NDArray[np.bool_] | slice) -> Ratings:
        """Those at some positions, or where a mask (R,) is true."""
        return Ratings(self.user_rows[chosen], self.movie_rows[chosen], self.values[chosen])

    def blocks(self) -> Iterator[Ratings]:
        """The same, some millions at a time, for what NumPy makes of them has 8 bytes a number."""
        return (self.at(slice(start, start + _BLOCK)) for start in range(0, len(self), _BLOCK))

    def movie_counts(self, num_movies: int) -> NDArray[np.int64]:
        """(M + 1,) int64 ratings of each movie row."""
        counts = np.zeros(num_movies + 1, dtype=np.int64)
        for block in self.blocks():
            counts += np.bincount(block.movie_rows, minlength=len(counts))
        return counts

    def followed_by(self, more: Ratings) -> Ratings:
        """These and then others, of the same rows."""
        return Ratings(
            np.concatenate([self.user_rows, more.user_rows]),
            np.concatenate([self.movie_rows, more.movie_rows]),
            np.concatenate([self.values, more.values]),
        )


def rows_of(ids: NDArray[np.int64], known: NDArray[np.int64]) -> Rows:
    """Rows (N,) int32 of ids (N,), 0 where an id is unknown.

    Args:
        ids: (N,) int64.
        known: (K,) int64, ascending; the row of each is its place, counted from 1.
    """
    ids = np.asarray(ids, dtype=np.int64)
    if not len(known):
        return np.zeros(len(ids), dtype=np.int32)
    highest = int(known[-1])
    if int(known[0]) >= 0 and highest < _TABLE_SHARE * len(ids):
        # Many ids that lie close together: a table is several times faster than a search.
        table = np.zeros(highest + 2, dtype=np.int32)
        table[known] = np.arange(1, len(known) + 1, dtype=np.int32)
        return table[np.where((ids >= 0) & (ids <= highest), ids, highest + 1)]
    places = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    return np.where(known[places] == ids, places + 1, 0).astype(np.int32)
