"""The direction in which movies are better known, and vectors turned away from it."""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.model.arrays import Floats, unit_rows
from recsys_cli.model.folder import ModelFolder

_PENALTY = 1.0  # ridge
_MOST = 20_000  # movies that it is fitted to


def popularity(folder: ModelFolder) -> Floats:
    """The direction along which the logarithm of the number of ratings grows, by ridge regression.

    Returns: (D,) float32, unit length; zeros where all movies are rated equally often.
    """
    rated = np.flatnonzero(folder.num_ratings)
    rated = rated[:: 1 + len(rated) // _MOST]
    vectors = folder.movie_vectors[rated].astype(np.float64)
    logs = np.log(folder.num_ratings[rated])
    vectors, logs = vectors - vectors.mean(axis=0), logs - logs.mean()
    gram = vectors.T @ vectors + _PENALTY * np.eye(vectors.shape[1])
    direction: Floats = unit_rows(np.linalg.solve(gram, vectors.T @ logs).astype(np.float32)[None])[0]
    return direction


def turned_away(vectors: NDArray[np.float32], direction: Floats, *, novelty: float) -> Floats:
    """Vectors to search with that ask less for what is popular.

    Args:
        vectors: (n, D) float32, unit rows.
        direction: (D,) float32, of :func:`popularity`.
        novelty: share of their part in this direction that is taken off, 0 to 1: at 1 it plays no role how well
            known a movie is. What points the other way stays.

    Returns: (n, D) float32, unit rows.
    """
    part = np.maximum(vectors @ direction, 0.0)[:, None]  # (n, 1)
    return unit_rows(vectors - np.float32(novelty) * part * direction)
