"""Ridge regression, and attributes as its inputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def fit_ridge(
    inputs: NDArray[Any], outputs: NDArray[Any] | sp.csr_matrix, *, penalty: float | NDArray[Any]
) -> NDArray[Any]:
    """Weights of the regression from inputs to outputs.

    Args:
        inputs: (N, I) float32 or float64.
        outputs: (N, O), dense or sparse.
        penalty: of the squared weights, one for all or (I,), > 0; 0 where the inputs themselves bound the weight.

    Returns: (I, O) in the type of ``inputs``.
    """
    penalties = np.broadcast_to(np.asarray(penalty, dtype=inputs.dtype), inputs.shape[1:])
    gram = inputs.T @ inputs + np.diag(penalties)
    products = (outputs.T @ inputs).T if sp.issparse(outputs) else inputs.T @ outputs
    return np.linalg.solve(gram.astype(np.float64), products).astype(inputs.dtype)


def one_hot(columns: Sequence[NDArray[np.integer]], sizes: Sequence[int]) -> Floats:
    """A constant 1 and, for each attribute, a 1 at the person's value.

    Args:
        columns: one (N,) array of rows an attribute.
        sizes: values of each attribute; its rows are below.

    Returns: (N, 1 + sum of sizes) float32.
    """
    ones = np.ones((len(columns[0]), 1), dtype=np.float32)
    hot = [np.eye(size, dtype=np.float32)[rows] for rows, size in zip(columns, sizes, strict=True)]
    return np.hstack([ones, *hot])


def several_hot(rows: NDArray[np.integer], num_rows: int) -> Floats:
    """A 1 at each of several values, which are counted through all attributes.

    Args:
        rows: (N, F) rows up to ``num_rows``, 0 for nothing.
        num_rows: the highest row.

    Returns: (N, num_rows) float32, row 1 in column 0.
    """
    hot = np.zeros((len(rows), num_rows + 1), dtype=np.float32)
    np.put_along_axis(hot, rows.astype(np.int64), 1.0, axis=1)
    return hot[:, 1:]
