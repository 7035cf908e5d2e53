"""A progress that remembers what it was told."""

from collections.abc import Iterator
from contextlib import contextmanager

from recsys_cli.progress import Silent, Task


class Recorded(Silent):
    """Collects lines and tasks.

    Attributes:
        lines: what was said.
        details: what was said with ``--verbose``.
        tasks: title and, for each update, what was done and the facts.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.details: list[str] = []
        self.tasks: list[tuple[str, list[tuple[int, dict[str, str]]]]] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def detail(self, text: str) -> None:
        self.details.append(text)

    @contextmanager
    def task(self, title: str, *, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Task]:
        updates: list[tuple[int, dict[str, str]]] = []
        self.tasks.append((title, updates))
        yield _RecordedTask(updates)


class _RecordedTask:
    def __init__(self, updates: list[tuple[int, dict[str, str]]]):
        self._updates = updates

    def update(self, done: int, **facts: str) -> None:
        self._updates.append((done, facts))
