"""EASE: each movie from all the others by ridge regression, in closed form."""

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

_BLOCK = 4096  # users that are dense at a time


def fit_ease(interactions: sp.csr_matrix, *, penalty: float) -> NDArray[np.float32]:
    """Item-to-item weights.

    Needs time in the third and memory in the second power of the number of movies.

    Args:
        interactions: (N, M) float32, 1 at every interaction.
        penalty: of the squared weights, > 0.

    Returns: (M, M) float32 with a diagonal of zeros; a user's scores are their row of ``interactions`` times it.

    Source: Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019.
    """
    gram = _count_pairs(interactions).astype(np.float64)
    gram[np.diag_indices_from(gram)] += penalty
    inverse = scipy.linalg.inv(gram, overwrite_a=True, check_finite=False)
    inverse /= -np.diag(inverse)  # column j by its own diagonal
    inverse[np.diag_indices_from(inverse)] = 0.0  # a movie says nothing about itself
    # Row by row: a sparse product would copy a matrix that lies column by column every time.
    return np.ascontiguousarray(inverse, dtype=np.float32)


def _count_pairs(interactions: sp.csr_matrix) -> NDArray[np.float32]:
    """(M, M) float32, how many users two movies share; block by block, for a sparse result would be dense."""
    pairs = np.zeros((interactions.shape[1],) * 2, dtype=np.float32)
    for start in range(0, interactions.shape[0], _BLOCK):
        dense = interactions[start : start + _BLOCK].toarray()
        pairs += dense.T @ dense
    return pairs
