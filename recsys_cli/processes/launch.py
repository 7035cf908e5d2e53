"""Start the processes of one training on this machine by ``paddle.distributed``, and see how they end."""

import logging
import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import Any

import paddle
from paddle import distributed as dist

from recsys_cli.errors import ProcessLostError, RecsysError

_SECONDS = 15.0  # that the others have to end by themselves when one has failed
# Paddle's and NumPy's products, each by its own library.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_in_processes(function: Callable[..., Any], *arguments: Any, count: int, threads: int) -> Any:
    """Call a function in several processes, which :meth:`~recsys_cli.processes.group.Group.join` a group.

    They speak by nccl where paddle computes on GPUs, one a GPU, else by gloo.

    Args:
        function: of a module; it and what it takes and returns are pickled.
        *arguments: of the function, the same in every process.
        count: processes, 2 at least.
        threads: of each.

    Returns: what the function returned in process 0.

    Raises:
        RecsysError: the first that one of them raised.
        ProcessLostError: one of them was killed, or failed otherwise; all the others are ended.
    """
    backend = "nccl" if paddle.get_device().startswith("gpu") else "gloo"
    environment = {**dict.fromkeys(_THREADS, str(threads)), "PYTHONWARNINGS": "ignore"}
    with _environment(environment), _quiet_paddle():
        context = dist.spawn(_call, (function, arguments), nprocs=count, join=False, backend=backend)
    processes: list[BaseProcess] = context.processes
    try:
        first = _first_to_fail(processes)
    finally:
        _end(processes)
    returned = [queue.get() for queue in context.return_queues if not queue.empty()]
    refused = [value for value in returned if isinstance(value, RecsysError)]
    refused.sort(key=lambda error: isinstance(error, ProcessLostError))  # that one is lost explains the least
    if refused and not isinstance(refused[0], ProcessLostError):
        raise refused[0]
    if first is not None:
        raise _failure(first, processes[first], context.error_queues[first])
    if refused:
        raise refused[0]
    return returned[0]


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """In a process: what the function returns, or the error that a person can do something about."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        return function(*arguments)
    except RecsysError as error:
        return error


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _first_to_fail(processes: list[BaseProcess]) -> int | None:
    """Wait until all processes have ended well or one has not; its number."""
    running = dict(enumerate(processes))
    while running:
        ended = wait([process.sentinel for process in running.values()])
        for rank in [rank for rank, process in running.items() if process.sentinel in ended]:
            process = running.pop(rank)
            process.join()
            if process.exitcode:
                return rank
    return None


def _end(processes: list[BaseProcess]) -> None:
    """Give processes time to notice that another one has gone, then end them."""
    with suppress(KeyboardInterrupt):
        wait_for = [process for process in processes if process.is_alive()]
        for process in wait_for:
            process.join(_SECONDS / len(wait_for))
    for process in processes:
        process.kill()
        process.join()


def _failure(rank: int, process: BaseProcess, errors: Any) -> Exception:
    """Why a process has ended; a defect keeps its traceback."""
    if not errors.empty():
        return RuntimeError(f"in process {rank}:\n{errors.get()}")
    code = process.exitcode or 0
    how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return ProcessLostError(
        f"process {rank} {how}, so the others are ended, too; the model folder is as it was, and the same command "
        "with --resume goes on after the last checkpoint"
    )


@contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    """Within the block new processes find these variables."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _quiet_paddle() -> Iterator[None]:
    """Within the block paddle does not say which ports it found, and that there is no GPU."""
    logging.disable(logging.INFO)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
