"""Counts of interactions by movie: of everybody, and of groups of people."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def count_by_movie(interactions: sp.csr_matrix) -> Floats:
    """(M,) float32, interactions of each movie, from (N, M) with 1 at every one."""
    counts: Floats = np.asarray(interactions.sum(axis=0), dtype=np.float32).ravel()
    return counts


def count_in_groups(interactions: sp.csr_matrix, groups: NDArray[np.integer]) -> Floats:
    """Interactions of each movie by group of people, ties broken by those of everybody.

    Args:
        interactions: (N, M) float32, 1 at every one.
        groups: (N,) int, the group of each person, from 0.

    Returns: (number of groups, M) float32; the fraction, below 1, orders movies with equal counts.
    """
    members = sp.csr_matrix((np.ones(len(groups)), (groups, np.arange(len(groups)))))  # (groups, N)
    counts = (members @ interactions).toarray()  # (groups, M)
    everybody = counts.sum(axis=0)
    ordered: Floats = (counts + everybody / (everybody.max(initial=0) + 1)).astype(np.float32)
    return ordered
