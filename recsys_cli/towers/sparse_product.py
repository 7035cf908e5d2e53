"""A sparse matrix that is given times a dense one that is learnt."""

import numpy as np
import paddle
import scipy.sparse as sp
from numpy.typing import NDArray
from paddle import Tensor


class SparseProduct:
    """Rows of a table summed by weight, computed outside paddle, whose sparse products are slow on CPUs.

    (Not as a ``PyLayer``: Ctrl-C in one becomes an error of paddle's.)

    Attributes:
        sums: (N, W) float32, what everything else is computed from.
    """

    def __init__(self, matrix: sp.csr_matrix, table: Tensor):
        """Multiply (N, K) float32 by (K, W) float32."""
        self._matrix, self._table = matrix, table
        self.sums: Tensor = paddle.to_tensor(matrix @ table.numpy(), stop_gradient=False)

    def backward(self) -> None:
        """Hand the gradient of the sums, which a loss has left there, on to the table."""
        self._table.backward(paddle.to_tensor(self.gradient()))

    def gradient(self) -> NDArray[np.float32]:
        """(K, W) of the rows of the table."""
        gradient: NDArray[np.float32] = self._matrix.T @ self.sums.grad.numpy()
        return gradient
