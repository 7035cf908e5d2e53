"""Sums of gradients over the processes of a group: all of a step's in one message."""

from collections.abc import Callable

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor
from paddle.nn import functional as F

from recsys_cli.processes.group import Group

Array = NDArray[np.float32]
Ints = NDArray[np.int64]


class GradientSum:
    """Is told which gradients to sum, and how; every process tells the same in the same order.

    A table has a sparse gradient where ``F.embedding(sparse=True)`` made it; every other gradient is dense.
    """

    def __init__(self, group: Group):
        self._group = group
        self._parts: list[Tensor] = []
        self._take: list[Callable[[Tensor], None]] = []

    def number(self, value: float, take: Callable[[float], None]) -> None:
        """Sum a number."""
        self._add(paddle.full([1], value), lambda total: take(total.item()))

    def dense(self, parameter: Tensor) -> None:
        """Sum a dense gradient; of a parameter that nothing depends on, in no process, there is none."""

        def take(total: Tensor) -> None:
            parameter.grad = total

        if parameter.grad is not None:
            self._add(parameter.grad, take)

    def same_rows(self, table: Tensor) -> None:
        """Sum a sparse gradient of the same rows in every process, in the same order."""
        rows, values = _sparse_gradient(table)
        self._add(values, lambda total: _set_sparse(table, rows, total))

    def own_rows(self, table: Tensor) -> None:
        """Sum the sparse gradient of row 0; every other row is that of one process, which keeps its gradient."""
        rows, values = _sparse_gradient(table)
        own = values.numpy()
        mine = rows > 0
        with_first = np.concatenate([np.zeros(1, dtype=np.int64), rows[mine]])

        def take(total: Tensor) -> None:
            _set_sparse(table, with_first, paddle.to_tensor(np.concatenate([total.numpy(), own[mine]])))

        self._add(paddle.to_tensor(own[~mine].sum(axis=0, keepdims=True)), take)

    def other_rows(self, tables: list[Tensor], rows: Ints, values: list[Array]) -> None:
        """Sum gradients of rows that are others in every process, the same in some tables of one height.

        Args:
            tables: (N, W) each; what gradient they have is replaced.
            rows: (H,) int64, ascending.
            values: (H, W) float32, the gradients of these rows of each table.
        """
        mask = np.zeros(tables[0].shape[0], dtype=np.bool_)
        mask[rows] = True
        all_rows = np.flatnonzero(self._group.union(mask))
        places = np.searchsorted(all_rows, rows)
        for table, own in zip(tables, values, strict=True):
            spread = np.zeros((len(all_rows), own.shape[1]), dtype=np.float32)
            spread[places] = own
            self._add(paddle.to_tensor(spread), _setter(table, all_rows))

    def sum(self) -> None:
        """Sum all, and put every sum where its part was."""
        flat = paddle.concat([part.reshape([-1]) for part in self._parts])
        self._group.sum(flat)
        totals = paddle.split(flat, [int(part.size) for part in self._parts])
        for part, take, total in zip(self._parts, self._take, totals, strict=True):
            take(total.reshape(part.shape))

    def _add(self, part: Tensor, take: Callable[[Tensor], None]) -> None:
        self._parts.append(part.detach())
        self._take.append(take)


def _setter(table: Tensor, rows: Ints) -> Callable[[Tensor], None]:
    return lambda total: _set_sparse(table, rows, total)


def _sparse_gradient(table: Tensor) -> tuple[Ints, Tensor]:
    """Rows (N,), some of them repeated, and their gradients (N, W)."""
    if table.grad is None:
        return np.zeros(0, dtype=np.int64), paddle.zeros([0, table.shape[1]])
    return np.array(table.grad.rows(), dtype=np.int64), table.grad._get_tensor_from_selected_rows()


def _set_sparse(table: Tensor, rows: Ints, values: Tensor) -> None:
    """Make the gradient of some rows (N,) these values (N, W)."""
    table.clear_gradient(False)
    F.embedding(paddle.to_tensor(rows), table, sparse=True).backward(values)
