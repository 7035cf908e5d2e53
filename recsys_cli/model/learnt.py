"""Which ratings of a data set a model has learnt from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.rows import Ratings, rows_of
from recsys_cli.model.arrays import Seen
from recsys_cli.model.folder import ModelFolder

if TYPE_CHECKING:  # the reader loads pyarrow
    from recsys_cli.dataset.reader import Dataset


def is_trained_on(folder: ModelFolder, dataset: Dataset) -> NDArray[np.bool_]:
    """(R,) whether the model was trained on the user's rating of the movie: it has seen it, not held it out."""
    width = len(dataset.movie_ids) + 1

    def pairs(seen: Seen | None) -> NDArray[np.int64]:
        if seen is None:
            return np.zeros(0, dtype=np.int64)
        users = np.repeat(rows_of(folder.user_ids, dataset.user_ids), np.diff(seen.indptr)).astype(np.int64)
        movies = rows_of(seen.movie_ids, dataset.movie_ids)
        return (users * width + movies)[(users > 0) & (movies > 0)]

    trained = np.sort(pairs(folder.seen))
    trained = trained[~_among(trained, np.sort(pairs(folder.held_out)))]

    def known(ratings: Ratings) -> NDArray[np.bool_]:
        return _among(ratings.user_rows.astype(np.int64) * width + ratings.movie_rows, trained)

    return np.concatenate([known(block) for block in dataset.ratings.blocks()])


def _among(values: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) whether values (N,) are among others, ascending: ``np.isin`` would sort both together."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.bool_)
    found: NDArray[np.bool_] = ordered[np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)] == values
    return found
