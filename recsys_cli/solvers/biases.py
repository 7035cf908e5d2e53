"""How users and movies lie above or below the mean rating, damped."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.integer]
_BLOCK = 2**22  # ratings


def fit_biases(
    user_rows: Rows,
    movie_rows: Rows,
    above: NDArray[Any],
    *,
    sizes: tuple[int, int],
    dampings: tuple[float, float],
    sweeps: int = 1,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """User and movie biases by alternation, the movies first: each a damped mean of what the other leaves over.

    Args:
        user_rows: (R,) int.
        movie_rows: (R,) int.
        above: (R,) float32 or float64, each rating less the mean; the computation keeps its type.
        sizes: numbers of users and of movies.
        dampings: ratings at the mean that every user, and every movie, is taken to have besides, >= 0.
        sweeps: alternations.

    Returns: of the users (sizes[0],) and of the movies (sizes[1],), 0 without ratings.

    Source: Koren, KDD 2008, section 2.1.
    """
    users, movies = (np.zeros(size, dtype=above.dtype) for size in sizes)
    for _ in range(sweeps):
        movies = _damped_means(movie_rows, above, user_rows, users, sizes[1], dampings[1])
        users = _damped_means(user_rows, above, movie_rows, movies, sizes[0], dampings[0])
    return users, movies


def _damped_means(
    rows: Rows, above: NDArray[Any], other_rows: Rows, others: NDArray[Any], size: int, damping: float
) -> NDArray[Any]:
    """(size,) means of what the others leave over of (R,) ratings, as if each row had ``damping`` zeros more."""
    totals, counts = np.zeros(size), np.zeros(size, dtype=np.int64)
    for start in range(0, len(rows), _BLOCK):  # NumPy counts in copies of 8 bytes a number
        block = slice(start, start + _BLOCK)
        totals += np.bincount(rows[block], above[block] - others[other_rows[block]], size)
        counts += np.bincount(rows[block], minlength=size)
    means: NDArray[Any] = (totals / np.maximum(counts + damping, 1e-9)).astype(above.dtype)
    return means
