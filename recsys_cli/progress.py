"""The one protocol by which long work tells how it goes; the command line draws it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of long work."""

    def update(self, done: int, **facts: str) -> None:
        """Say how much is done.

        Args:
            done: units done so far, all of them, not only the new ones.
            facts: what to show beside, such as ``loss="0.123"``; a fact stays until it is said anew.
        """


class Progress(Protocol):
    """Is told how long work goes on."""

    def say(self, text: str) -> None:
        """One line for the person, shown in any case."""

    def detail(self, text: str) -> None:
        """One line of interest with ``--verbose``."""

    def task(
        self, title: str, *, total: int | None = None, unit: str = "", done: int = 0
    ) -> AbstractContextManager[Task]:
        """Long work begins; it has ended, well or not, when the block ends.

        Args:
            title: what is done, such as ``Importing``.
            total: units of the whole; None where nobody knows.
            unit: what is counted, in the plural: ``movies``; ``bytes`` are shown as megabytes.
            done: units that were done before, as by a download that goes on where it was cut off.
        """


class _SilentTask:
    def update(self, done: int, **facts: str) -> None:
        pass


class Silent:
    """Tells nobody: for Python programs and tests."""

    def say(self, text: str) -> None:
        """See :class:`Progress`."""

    def detail(self, text: str) -> None:
        """See :class:`Progress`."""

    @contextmanager
    def task(self, title: str, *, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Task]:
        """See :class:`Progress`."""
        yield _SilentTask()
