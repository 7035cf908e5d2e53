"""Standard output and error as all commands write to them: in UTF-8, and with one answer to a failed write."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import click

_PIPE_CLOSED = 141  # 128 + SIGPIPE, as shells have it
_STDOUT, _STDERR = 1, 2
_QUIET = "recsys_cli.quiet"  # in what the contexts of one call share


class OutputFailed(Exception):
    """Standard output takes no more. No OSError: nobody on the way may take it for a file of theirs.

    Attributes:
        reason: what the system says.
    """

    def __init__(self, reason: OSError):
        super().__init__(reason.strerror or str(reason))
        self.reason = reason


class _CheckedFile(io.FileIO):
    """A descriptor whose failed writes are told from those of files; after one it swallows what still comes."""

    def __init__(self, descriptor: int, *, is_needed: bool):
        super().__init__(descriptor, "wb", closefd=False)
        self._is_needed = is_needed
        self.failure: OSError | None = None

    def write(self, data: "bytes | bytearray | memoryview") -> int | None:  # type: ignore[override]
        if self.failure is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failure = error
        if self._is_needed:
            self._is_needed = False
            raise OutputFailed(self.failure)
        return len(data)


def remember_quiet(context: click.Context, parameter: click.Parameter, quiet: bool) -> None:
    """Keep ``--quiet`` where :func:`is_quiet` finds it."""
    context.meta[_QUIET] = quiet


def is_quiet() -> bool:
    """Whether the command that runs was asked for results and errors only."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_QUIET))


def echo_note(text: str) -> None:
    """Print a line on stderr that is neither result nor error: not with ``--quiet``."""
    if not is_quiet():
        click.echo(text, err=True)


@contextmanager
def checked_streams() -> Iterator[None]:
    """Within the block a failed write to standard output ends the process: by one line, or in silence.

    Silence, and exit status 141, where the reader of a pipe has left, as ``head`` does. What goes to standard
    error is given up where that fails: that nobody reads it is no reason to leave work undone. Both are UTF-8
    where they are no terminal, whatever the locale. Streams that a program put in place are left alone.
    """
    before = sys.stdout, sys.stderr
    if sys.stdout is sys.__stdout__:
        sys.stdout = _checked(sys.stdout, _STDOUT)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _checked(sys.stderr, _STDERR)
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except OutputFailed as failed:
        if failed.reason.errno == errno.EPIPE:
            sys.exit(_PIPE_CLOSED)
        print(f"Error: standard output cannot be written: {failed}", file=sys.stderr)
        sys.exit(1)
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _checked(stream: TextIO | None, descriptor: int) -> TextIO:
    """The stream on a descriptor; a closed one is opened on nothing, lest a file of ours takes its number."""
    if stream is None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        if nothing != descriptor:
            os.dup2(nothing, descriptor)
            os.close(nothing)
    file = _CheckedFile(descriptor, is_needed=descriptor == _STDOUT)
    if stream is None:
        file.failure = OSError(errno.EBADF, os.strerror(errno.EBADF))
    is_terminal = file.isatty()
    encoding = stream.encoding if stream is not None and is_terminal else "utf-8"
    if encoding.lower().replace("_", "-") in ("ascii", "us-ascii", "ansi-x3.4-1968", "646"):
        encoding = "utf-8"
    buffer = io.BufferedWriter(file)  # type: ignore[type-var]  # write() takes less than any buffer, and gets bytes
    return io.TextIOWrapper(buffer, encoding=encoding, errors="backslashreplace", line_buffering=is_terminal)
