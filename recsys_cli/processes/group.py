"""The processes of one training and what they say to each other, by ``paddle.distributed``.

Every method but the properties is called by all processes of the group, in the same order.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor
from paddle import distributed as dist
from paddle.base import core

from recsys_cli.errors import ConfigError, ProcessLostError

_PATIENCE = str(7 * 24 * 3600)  # seconds that one waits for another's reading and start
_PEER = re.compile(r"pair_rank = (\d+)")  # in gloo's errors


class Group:
    """All processes of a training, seen from one of them.

    Attributes:
        rank: number of this process, from 0.
        size: how many there are, 2 at least.
    """

    def __init__(self, rank: int, size: int):
        self.rank, self.size = rank, size
        self._meetings = 0

    @classmethod
    def join(cls) -> "Group":
        """Wait for the other processes that were started with this one; paddle's device must be chosen.

        Raises: ProcessLostError: another one ended before it joined.
        """
        os.environ.setdefault("FLAGS_stop_check_timeout", _PATIENCE)
        with _speaking(), redirect_stderr(StringIO()):  # paddle tells of flags that it has set itself
            dist.init_parallel_env()
        return cls(dist.get_rank(), dist.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this is process 0, which starts, validates, writes and talks."""
        return self.rank == 0

    @property
    def others(self) -> range:
        """Numbers of all but the leading process."""
        return range(1, self.size)

    def meet(self) -> None:
        """Wait for the leading process, however long it works: gloo gives up after 30 seconds in all else."""
        self._meetings += 1
        self._wait(f"meeting {self._meetings}", ranks=range(1))

    def tell(self, value: Any = None) -> Any:
        """What the leading process gives, for everybody; the others give nothing."""
        self.meet()
        box = [value]
        with _speaking():
            dist.broadcast_object_list(box, 0)
        return box[0]

    def from_everybody(self, value: Any) -> list[Any]:
        """What each process gives, in their order."""
        self._wait("everybody", ranks=range(self.size))
        values: list[Any] = []
        with _speaking():
            dist.all_gather_object(values, value)
        return values

    def agree(self, facts: Mapping[str, str]) -> None:
        """Make sure that something is the same in every process.

        Args:
            facts: by what a person calls them, the same names everywhere.

        Raises:
            ConfigError: a fact is another one elsewhere than in the leading process.
        """
        facts = {**facts, "the version of paddle": paddle.__version__}
        first, *others = self.from_everybody(facts)
        for rank, other in enumerate(others, start=1):
            for name, value in first.items():
                if other.get(name) != value:
                    raise ConfigError(
                        f"the processes differ in {name}: {value} in process 0, {other.get(name, 'none')} in "
                        f"process {rank}; give all of them the same command, data and versions"
                    )

    def _wait(self, name: str, *, ranks: range) -> None:
        """Until some processes, this one may be one of them, have come to the same point."""
        store = core.create_or_get_global_tcp_store()
        with _speaking():
            if self.rank in ranks:
                store.set(f"{name} {self.rank}", "1")
            for rank in ranks:
                if rank != self.rank:
                    store.wait(f"{name} {rank}")

    def sum(self, tensor: Tensor) -> None:
        """Make a tensor the sum of everybody's."""
        with _speaking():
            dist.all_reduce(tensor)

    def union(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Where any process's mask (N,) is true."""
        tensor = paddle.to_tensor(mask.astype(np.uint8))
        with _speaking():
            dist.all_reduce(tensor, dist.ReduceOp.MAX)
        found: NDArray[np.bool_] = tensor.numpy().astype(np.bool_)
        return found

    def hand_out(self, tensor: Tensor, *, rank: int = 0) -> None:
        """Make a tensor that of one process, the leading one by default, in all.

        (Gloo's sends and receives count messages by process, not by pair, and wait for ever with three of them.)
        """
        with _speaking():
            dist.broadcast(tensor, rank)


@contextmanager
def _speaking() -> Iterator[None]:
    """Turn paddle's complaint about a process that does not answer into one line."""
    try:
        yield
    except (RuntimeError, ValueError) as error:  # of gloo, of the store
        found = _PEER.search(str(error))
        which = f"process {found[1]}" if found else "another process"
        raise ProcessLostError(
            f"{which} has ended, so this training ends; 'recsys train' with --resume goes on after its last "
            "checkpoint"
        ) from error
