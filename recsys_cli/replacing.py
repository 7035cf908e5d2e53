"""A file or a folder in place of another in one move: what stands under a name is always whole."""

import ctypes
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recsys_cli.errors import RecsysError

if sys.platform != "win32":
    import fcntl


@contextmanager
def replacing(path: Path, failure: Callable[[str], RecsysError], *, folder: bool = False) -> Iterator[Path]:
    """Write to a temporary name beside ``path``, and move that there when the block has ended well.

    What killed runs left beside ``path`` goes first; what a running one writes there stays, and of two that end
    the later one stands. A link stays a link, its target is replaced. A device or a pipe is written to directly.

    Args:
        path: the final name; what stands there stays until the last moment.
        failure: makes the error to raise from the system's reason.
        folder: whether a folder is written; its parents are made where they are missing.

    Yields: the file to write, empty, or the folder to fill.

    Raises: what ``failure`` makes, where the file system refuses anything in the block or before and after it.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            yield path
            return
        target = Path(os.path.realpath(path))
        if folder:
            target.parent.mkdir(parents=True, exist_ok=True)
        with _building(target, folder=folder) as building:
            yield building
            if folder:
                _swap(building, target)
            else:
                building.replace(target)
    except OSError as error:
        raise failure(error.strerror or str(error)) from error


@contextmanager
def _building(target: Path, *, folder: bool) -> Iterator[Path]:
    """A new name beside ``target``, locked for as long as it is being written, and gone afterwards.

    The parent is locked for as long as it takes to look round in it, so that nobody takes a name that is just
    being made for a leftover.
    """
    building = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
    with ExitStack() as stack:
        with _opened(target.parent) as parent:
            _lock(parent, wait=True)
            _remove_leftovers(target)
            stack.callback(_remove, building)
            if folder:
                building.mkdir()
            else:
                building.touch(exist_ok=False)
            _lock(stack.enter_context(_opened(building)))
        yield building


def _remove_leftovers(target: Path) -> None:
    """Remove what killed runs were writing; nobody holds the lock of that."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.([0-9a-f]{{8}}\.)?(old\.)?partial")
    for leftover in target.parent.iterdir():
        if pattern.fullmatch(leftover.name):
            with suppress(OSError), _opened(leftover) as descriptor:
                if _lock(descriptor):
                    _remove(leftover)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A descriptor of a file or folder, -1 where folders cannot be opened."""
    if sys.platform == "win32":
        yield -1
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)  # gives the lock back, as does the system when the process is killed


def _lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock a file or folder; False where another process has it, or where the file system knows no locks."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        return False
    return True


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _swap(building: Path, target: Path) -> None:
    """Put ``building`` under the final name; what stood there then stands under ``building``'s."""
    if not target.exists():
        building.rename(target)
    elif not _exchange(building, target):
        # Not every system can exchange two names: for an instant there is nothing under the final one.
        aside = building.with_suffix(".old.partial")
        target.rename(aside)
        with ExitStack() as back:
            back.callback(aside.rename, target)
            building.rename(target)
            back.pop_all()
        aside.rename(building)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step by Linux's renameat2; False where that cannot be done."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2 is not None and renameat2(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0
