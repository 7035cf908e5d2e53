"""Bayesian personalised ranking: vectors that put what a person liked before what they did not."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def fit_implicit_bpr(
    likes: sp.csr_matrix, *, factors: int, learning_rate: float, regularization: float, sweeps: int, seed: int
) -> tuple[Floats, Floats]:
    """Fit to likes, on one thread: several would give other numbers on every run.

    Args:
        likes: (N, M) float32, 1 at every like.
        factors: F, length of the vectors.
        learning_rate: of stochastic gradient descent, > 0.
        regularization: penalty of the squared vectors.
        sweeps: passes over the likes.
        seed: of the starting point and of the pairs that are drawn.

    Returns: user vectors (N, F + 1) and movie vectors (M, F + 1), float32; the last coordinate of a movie is its
        bias.

    Source: Rendle et al., UAI 2009, as the library ``implicit`` has it.
    """
    # Imported here: many a command that can fit this model never does.
    from implicit.cpu.bpr import BayesianPersonalizedRanking

    bpr = BayesianPersonalizedRanking(
        factors=factors,
        learning_rate=learning_rate,
        regularization=regularization,
        iterations=sweeps,
        num_threads=1,
        random_state=seed,
    )
    bpr.fit(likes, show_progress=False)
    return bpr.user_factors, bpr.item_factors
