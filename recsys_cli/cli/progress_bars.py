"""Progress on stderr: lines, and one bar for long work where stderr is a terminal."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from recsys_cli.cli.streams import is_quiet
from recsys_cli.progress import Task

_REDRAWN_SECONDS = 0.1
_LINE_SECONDS = 60.0


_CURVES = ("ndcg@10", "rmse")  # facts of which the values so far are drawn
_STEPS = "▁▂▃▄▅▆▇█"
_CURVE_WIDTH = 12


def curve(values: Sequence[float]) -> str:
    """The last values as a small curve after a space; nothing until there are two.

    Args:
        values: of one fact, the oldest first.
    """
    shown = values[-_CURVE_WIDTH:]
    if len(shown) < 2:
        return ""
    low, span = min(shown), max(shown) - min(shown)
    return " " + "".join(_STEPS[round((len(_STEPS) - 1) * (value - low) / span) if span else 0] for value in shown)


class TerminalProgress:
    """Draws what :class:`recsys_cli.progress.Progress` is told, without ``--quiet``; loads rich for a bar only."""

    def __init__(self, *, verbose: bool = False):
        self._quiet = is_quiet()
        self._verbose = verbose
        self._bar: _Bar | None = None

    def say(self, text: str) -> None:
        """Print a line on stderr."""
        if self._quiet:
            return
        if self._bar is None:
            click.echo(text, err=True)
        else:
            self._bar.print(text)

    def detail(self, text: str) -> None:
        """Print a line on stderr with ``--verbose``."""
        if self._verbose:
            self.say(text)

    @contextmanager
    def task(self, title: str, *, total: int | None = None, unit: str = "", done: int = 0) -> Iterator[Task]:
        """Show a bar until the block ends; where stderr is no terminal, say a line a minute how far it is."""
        if self._quiet or self._bar is not None:
            yield _Unseen()
            return
        if not sys.stderr.isatty():
            yield _Lines(title, total=total, unit=unit)
            return
        self._bar = _Bar(title, total=total, unit=unit, done=done)
        try:
            with self._bar.progress:
                yield self._bar
        finally:
            self._bar = None


class _Unseen:
    def update(self, done: int, **facts: str) -> None:
        pass


class _Lines:
    """A line a minute, for a log."""

    def __init__(self, title: str, *, total: int | None, unit: str):
        self._title, self._unit = title, unit
        self._whole = "" if total is None else f" of {total:,}"
        self._facts: dict[str, str] = {}
        self._said = time.monotonic()

    def update(self, done: int, **facts: str) -> None:
        self._facts |= facts
        if time.monotonic() - self._said >= _LINE_SECONDS:
            self._said = time.monotonic()
            amount = f"{done:,}{self._whole} {self._unit}".rstrip()
            shown = "".join(f", {name} {value}" for name, value in self._facts.items())
            click.echo(f"{self._title}: {amount}{shown}", err=True)


class _Bar:
    """One bar: title, facts, how much of how much, how fast, time left."""

    def __init__(self, title: str, *, total: int | None, unit: str, done: int):
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
        self.progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            amount,
            TextColumn("{task.fields[facts]}", markup=False),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._unit = unit
        self._facts: dict[str, str] = {}
        self._curves: dict[str, list[float]] = {}
        self._first, self._started, self._drawn = done, time.monotonic(), 0.0
        self._task = self.progress.add_task(title, total=total, completed=done, facts="")

    def update(self, done: int, **facts: str) -> None:
        self._facts |= facts
        for name in facts.keys() & set(_CURVES):
            self._curves.setdefault(name, []).append(float(facts[name]))
        now = time.monotonic()
        if now - self._drawn >= _REDRAWN_SECONDS:
            self._drawn = now
            self.progress.update(self._task, completed=done, facts=self._text(done, now))

    def print(self, text: str) -> None:
        self.progress.console.print(text)

    def _text(self, done: int, now: float) -> str:
        shown = [f"{name} {value}{curve(self._curves.get(name, ()))}" for name, value in self._facts.items()]
        if self._unit not in ("", "bytes"):
            shown.append(f"{(done - self._first) / max(now - self._started, 1e-3):,.0f} {self._unit}/s")
        return " ".join(shown)
