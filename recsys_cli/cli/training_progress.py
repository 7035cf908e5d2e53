"""What ``recsys train`` shows: a progress bar on stderr while it runs, a summary on stdout at the end."""

import time
from types import TracebackType
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from recsys_cli.steps.train import Epoch, TrainSummary


class TrainingProgress:
    """A bar with loss, validation, ratings per second and time left; lines where stderr is no terminal."""

    def __init__(self, *, verbose: bool):
        self.verbose = verbose
        self.console = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)
        columns = (
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(bar_width=20),
            TextColumn("loss {task.fields[loss]:.3f} {task.fields[metrics]} {task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self.bar = Progress(*columns, console=self.console, transient=True, disable=not self.console.is_terminal)

    def __enter__(self) -> "TrainingProgress":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.stop()

    def say(self, text: str) -> None:
        """Print a line on stderr."""
        self.console.print(text)

    def detail(self, text: str) -> None:
        """Print a line on stderr with ``--verbose``."""
        if self.verbose:
            self.console.print(text)

    def start(self, *, epochs: int, num_batches: int) -> None:
        """Show the bar."""
        self.started, self.ratings = time.monotonic(), 0
        self.task = self.bar.add_task(
            "", total=epochs * num_batches, epoch=1, epochs=epochs, loss=float("nan"), metrics="", rate=""
        )

    def on_batch(self, num_ratings: int, loss: float) -> None:
        """Move the bar on."""
        self.ratings += num_ratings
        rate = self.ratings / (time.monotonic() - self.started)
        self.bar.update(self.task, advance=1, loss=loss, rate=f"{rate:,.0f} ratings/s")

    def on_epoch(self, epoch: "Epoch") -> None:
        """Show the validation."""
        metrics = " ".join(f"{name} {value:.4f}" for name, value in epoch.metrics.items())
        self.bar.update(self.task, epoch=epoch.number + 1, metrics=metrics)
        self.detail(f"epoch {epoch.number}: loss {epoch.loss:.4f} {metrics}")


def echo_summary(summary: "TrainSummary") -> None:
    """Print how training went, for people."""
    click.echo(
        f"{summary.objective}: {summary.num_ratings:,} ratings of {summary.num_movies:,} movies "
        f"by {summary.num_users:,} users"
    )
    metrics = summary.metrics
    if "rmse" in metrics:
        click.echo(
            f"RMSE {metrics['rmse']:.4f} (mean {metrics['rmse of the mean']:.4f}, "
            f"user + movie biases {metrics['rmse of user + movie biases']:.4f})"
        )
    if "ndcg@10" in metrics:
        click.echo(f"NDCG@10 {metrics['ndcg@10']:.4f} (most popular {metrics['ndcg@10 of most popular']:.4f})")
    click.echo(
        f"kept epoch {summary.kept_epoch} of {summary.epochs} (stopped by {summary.stopped_by}), "
        f"{summary.seconds:.0f} s, {summary.ratings_per_second:,.0f} ratings/s"
    )
    click.echo(f"wrote {summary.model}")
