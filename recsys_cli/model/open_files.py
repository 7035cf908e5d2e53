"""The files of a folder, opened at once: who reads them reads one folder, whatever takes its place meanwhile."""

import os
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path

_AT_ONCE = 1 << 30  # bytes; Linux gives no more than 2 GB in one call


class OpenFiles:
    """Some files of a folder, readable for as long as this object lives, even where the folder is gone by then."""

    def __init__(self, path: Path):
        """Open the folder.

        Raises: OSError: it is not there, or is no folder.
        """
        self.path = path
        self._held: dict[str, int | OSError] = {}
        self._folder = -1
        if sys.platform != "win32":  # which lets nobody replace what is open
            self._folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            weakref.finalize(self, _close, self._folder, self._held)

    def open(self, names: Iterable[str], *, follow: bool = False) -> bool:
        """Open files of the folder; what is wrong with one of them is raised when it is read.

        Args:
            names: of the files, without a separator.
            follow: whether a link is followed, or stands for an error.

        Returns: whether all are there.
        """
        is_whole = True
        for name in names:
            try:
                self._held[name] = self._open(name, follow)
            except OSError as error:
                self._held[name] = error
                is_whole &= not isinstance(error, FileNotFoundError)
        return is_whole

    def is_current(self) -> bool:
        """Whether the folder still stands under its name."""
        try:
            return sys.platform == "win32" or os.path.samestat(self.path.stat(), os.fstat(self._folder))
        except OSError:
            return False

    def size(self, name: str) -> int:
        """Bytes of a file that was opened; errors as `read`."""
        descriptor = self._descriptor(name)
        return ((self.path / name).stat() if sys.platform == "win32" else os.fstat(descriptor)).st_size

    def read(self, name: str) -> bytes:
        """Content of a file that was opened; by several threads at once, too.

        Raises: OSError: as opening it, or as reading it.
        """
        descriptor = self._descriptor(name)
        if sys.platform == "win32":
            return (self.path / name).read_bytes()
        size = os.fstat(descriptor).st_size
        parts: list[bytes] = []
        offset = 0
        while part := os.pread(descriptor, min(size - offset, _AT_ONCE), offset):
            parts.append(part)
            offset += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _open(self, name: str, follow: bool) -> int:
        if sys.platform == "win32":
            (self.path / name).stat()
            return -1
        # Without O_NONBLOCK a pipe of that name would be waited for.
        flags = os.O_RDONLY | os.O_NONBLOCK | (0 if follow else os.O_NOFOLLOW)
        return os.open(name, flags, dir_fd=self._folder)

    def _descriptor(self, name: str) -> int:
        found = self._held[name]
        if isinstance(found, OSError):
            raise found
        return found


def _close(folder: int, held: dict[str, int | OSError]) -> None:
    for descriptor in (folder, *held.values()):
        if isinstance(descriptor, int):
            os.close(descriptor)
