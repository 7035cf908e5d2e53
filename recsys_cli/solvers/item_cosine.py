"""Cosines between movies by who likes them: the plainest way to say that two movies are alike."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def item_cosines(likes: sp.csr_matrix, movies: NDArray[np.int64]) -> NDArray[np.float32]:
    """Cosines of the columns of some movies and of all movies.

    Args:
        likes: (N, M) float32, 1 at every like.
        movies: (n,) int64 columns.

    Returns: (n, M) float32; 0 for a movie that nobody likes.

    Source: the library ``implicit`` calls it CosineRecommender.
    """
    counts = np.asarray(likes.getnnz(axis=0), dtype=np.float32)
    lengths = np.sqrt(np.maximum(counts, 1.0))
    shared = (likes[:, movies].T @ likes).toarray()
    cosines: NDArray[np.float32] = (shared / lengths / lengths[movies, None]).astype(np.float32)
    return cosines
