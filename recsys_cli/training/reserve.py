"""One training at a time writes a model: two would take each other's checkpoint."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys_cli.errors import ArtifactError

if sys.platform != "win32":
    import fcntl


@contextmanager
def reserved(model: Path) -> Iterator[None]:
    """Keep a model folder's name for this process until the block ends; its parents are made where missing.

    The system gives the name free when the process ends, however it ends. Without any effect on Windows, which has
    no such locks.

    Args:
        model: the folder that will be written.

    Raises:
        ArtifactError: another process trains into it, or nothing can be written beside it.
    """
    if sys.platform == "win32":
        yield
        return
    path = model.with_name(f".{model.name}.training")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _lock(path, model)
    except OSError as error:
        raise ArtifactError(f"Cannot write the model to '{model}': {error.strerror or error}") from error
    try:
        yield
    finally:
        with suppress(OSError):
            path.unlink()  # while it is locked: who opened it meanwhile sees that it has gone
        os.close(descriptor)


def _lock(path: Path, model: Path) -> int:
    """Descriptor of the locked file at ``path``, which holds the number of this process."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            process = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise ArtifactError(
                f"Process {process} is training '{model}': wait for it, or name another folder with --model"
            ) from error
        except OSError:
            return descriptor  # a file system without locks
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                os.ftruncate(descriptor, 0)
                os.write(descriptor, str(os.getpid()).encode())
                return descriptor
        os.close(descriptor)  # removed by the one before us between our opening and our locking it
