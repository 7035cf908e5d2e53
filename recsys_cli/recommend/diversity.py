"""Variety: a longer list re-ranked so that each movie is unlike those above it."""

import numpy as np
from numpy.typing import NDArray

_LEAST, _TIMES = 100, 5


def num_candidates(k: int) -> int:
    """How many movies a varied list of k is chosen from."""
    return max(_LEAST, _TIMES * k)


def varied(
    scores: NDArray[np.float32], vectors: NDArray[np.float32], *, k: int, diversity: float
) -> NDArray[np.int64]:
    """Choose k of n candidates by maximal marginal relevance.

    Args:
        scores: (n,) float32 inner products with the person, descending.
        vectors: (n, D) float32, unit rows of the candidates.
        k: number to choose; all where there are fewer.
        diversity: 0 keeps the order; 1 looks at nothing but how unlike the chosen ones a movie is.

    Returns: (min(k, n),) int64 places, in the order chosen; the first is always the best candidate.

    Source: Carbonell and Goldstein, SIGIR 1998, with lambda = 1 - diversity.
    """
    chosen: list[int] = []
    nearest = np.zeros(len(scores), dtype=np.float32)  # likeness to the most similar movie chosen so far
    left = np.ones(len(scores), dtype=np.bool_)
    while len(chosen) < min(k, len(scores)):
        margin = (1 - diversity) * scores - diversity * nearest
        best = int(np.argmax(np.where(left, margin, -np.inf))) if chosen else 0
        likeness = vectors @ vectors[best]
        nearest = np.maximum(nearest, likeness) if chosen else likeness
        left[best] = False
        chosen.append(best)
    return np.array(chosen, dtype=np.int64)
