"""What a person sees on stderr while movies are imported."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recsys_cli.store.base import WriteReport


@contextmanager
def importing(reason: str, total: int) -> Iterator[Callable[[int], object]]:
    """One line that says why, and a progress bar with movies per second where stderr is a terminal.

    Args:
        reason: why the movies are imported.
        total: number of movies.

    Yields: a function that takes the number of movies written so far.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(TextColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} movies/s" if task.speed else "")

    console = Console(stderr=True)
    console.print(f"Importing {total:,} movies: {reason}.", highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(""),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Importing", total=total)
        yield lambda done: progress.update(task, completed=done)


def imported(report: WriteReport) -> None:
    """Say how few rows an import had to write, where it was not all of them."""
    if report.action == "updated":
        changes = f"{report.added:,} new, {report.changed:,} changed, {report.removed:,} removed"
        print(f"Updated the index of {report.rows:,} movies in place: {changes}.", file=sys.stderr)
