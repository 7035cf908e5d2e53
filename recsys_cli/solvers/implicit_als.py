"""Implicit alternating least squares: vectors whose inner product is large where a person liked a movie."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def fit_implicit_als(
    likes: sp.csr_matrix, *, factors: int, alpha: float, regularization: float, sweeps: int, seed: int
) -> tuple[Floats, Floats]:
    """Fit to likes.

    Args:
        likes: (N, M) float32, 1 at every like.
        factors: F, length of the vectors.
        alpha: weight of a like over everything else.
        regularization: ridge penalty.
        sweeps: alternations between users and movies.
        seed: of the starting point.

    Returns: user vectors (N, F) and movie vectors (M, F), float32.

    Source: Hu, Koren and Volinsky, ICDM 2008, as the library ``implicit`` has it.
    """
    # Imported here: many a command that can fit this model never does.
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, "blas"):  # implicit has threads of its own
        als = AlternatingLeastSquares(
            factors=factors,
            alpha=alpha,
            regularization=regularization,
            iterations=sweeps,
            random_state=seed,
        )
        als.fit(likes, show_progress=False)
    return als.user_factors, als.item_factors
