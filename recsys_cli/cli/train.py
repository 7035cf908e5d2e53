"""``recsys train``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.cli.next_command import suggest_question
from recsys_cli.cli.options import format_option, json_option
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_json
from recsys_cli.cli.report import report_option, write_report
from recsys_cli.config import ReportConfig
from recsys_cli.config.training import (
    DEVICES,
    LEFT_OPEN,
    OBJECTIVES,
    POSITIVES,
    TrainConfig,
    TrainingOptions,
    read_options,
)

if TYPE_CHECKING:
    from recsys_cli.training.train import TrainSummary

_DEFAULTS = TrainConfig()
_OPTIONS = TrainingOptions().to_dict()
_EXAMPLES = """\b
Examples:
  recsys train --data data/sample
  recsys train --data data/ml-1m --objective ranking --epochs 8
  recsys train --config train.toml --time-limit 60 --json
  recsys train --data data/ml-1m --from yesterday.model --model tonight.model
"""
# The options with a flag; a file given by --config may set every option.
_CHOICES = {"objective": OBJECTIVES, "positives": POSITIVES}
_FLAGS = {
    "objective": "What to learn: a ranking and stars, a ranking, or stars from the cosine.",
    "epochs": "Passes over the users, at most.  [default: 10; fewer after --from, and with much data]",
    "patience": "Epochs without a better validation before training stops.",
    "batch_users": "Users of a batch, with all their ratings.  [default: 256; more with more than 180,000]",
    "learning_rate": "Of Adam at its highest.",
    "embedding_dim": "Length of the vectors.",
    "temperature": "Cosine from which chances grow like a power of it.",
    "rating_weight": "Share of the squared error in hybrid.",
    "positives": "What the softmax takes as chosen: likes or all ratings.",
    "holdout": "Share of the ratings held out for validation; 0 trains on all.",
    "time_limit": "Seconds after which no further epoch begins; half of them for the first training.",
    "seed": "Of everything that is random.",
}


def _flags(command: Callable[..., None]) -> Callable[..., None]:
    for name, text in reversed(_FLAGS.items()):
        default = _OPTIONS[name]
        kind = type(LEFT_OPEN.get(name, default))
        option = click.option(
            f"--{name.replace('_', '-')}",
            type=click.Choice(_CHOICES[name]) if name in _CHOICES else kind,
            help=text if default is None else f"{text}  [default: {default}]",
        )
        command = option(command)
    return command


@click.command(epilog=_EXAMPLES, short_help="Train a model on ratings.")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Data set folder.  [default: $RECSYS_DATA or data/ml-1m]"
)
@click.option(
    "--model",
    type=click.Path(path_type=Path),
    default=_DEFAULTS.model,
    show_default=True,
    help="Folder to write.",
)
@click.option(
    "--from", "earlier", type=click.Path(path_type=Path), help="Model folder to start at, with its options."
)
@click.option(
    "--beside",
    type=click.Path(path_type=Path),
    help="Model folder to be compared with, as after --from: what is held out is new to it, and stays unlearnt.",
)
@format_option
@click.option("--skip-bad-lines", is_flag=True, help="Leave bad lines of the data set out.")
@_flags
@click.option("--no-refit", is_flag=True, help="Do not learn what was held out, too, in a second training.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="TOML file of options.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted training stopped.")
@click.option("--device", type=click.Choice(DEVICES), default=_DEFAULTS.device, show_default=True)
@click.option(
    "--workers",
    type=int,
    default=_DEFAULTS.workers,
    show_default=True,
    help="Processes that train together; two on one machine are slower than one.",
)
@click.option("--no-download", is_flag=True, help="Do not fetch MovieLens 1M where data/ml-1m is missing.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is set up.")
@report_option
@json_option
def command(
    data: Path | None,
    model: Path,
    earlier: Path | None,
    beside: Path | None,
    format: str | None,
    skip_bad_lines: bool,
    no_refit: bool,
    config_file: Path | None,
    resume: bool,
    device: str,
    workers: int,
    no_download: bool,
    verbose: bool,
    report_file: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Train the two towers on a data set and write the model folder.

    A tenth of the ratings is held out, to measure the training and to tell how many epochs are best. The model
    that is written has learnt all of the ratings, in a second training of so many epochs.

    The data set is MovieLens 1M where none is named, fetched first where it is missing. The model that stood in
    the folder stays in use until the new one is complete. The defaults are those of hybrid and ranking; rating
    takes more and larger steps (128 users a batch, learning rate 0.002).
    """
    from recsys_cli.training import from_model, several

    flagged = {name: value for name, value in flags.items() if value is not None}
    flagged |= {"refit": False} if no_refit or beside else {}
    given = {**(read_options(config_file) if config_file else {}), **flagged}
    options = from_model.continued_options(earlier, given) if earlier else TrainingOptions.from_dict(given)
    config = TrainConfig(
        data=data,
        model=model,
        earlier=earlier,
        beside=beside,
        format=format,
        skip_bad_lines=skip_bad_lines,
        options=options,
        resume=resume,
        device=device,
        workers=workers,
        download=not no_download,
        verbose=verbose,
    )
    summary = several.run(config, TerminalProgress(verbose=verbose))
    if summary is None:  # another process leads
        return
    echo_json(summary) if as_json else _echo(summary)
    if report_file is not None:
        write_report(ReportConfig(model=model, data=data, output=report_file), quiet=as_json)
    suggest_question(model)


def _echo(summary: TrainSummary) -> None:
    """Print how training went, for people."""
    click.echo(
        f"{summary.objective}: {summary.num_ratings:,} ratings of {summary.num_movies:,} movies "
        f"by {summary.num_users:,} users"
    )
    kept = f"kept epoch {summary.kept_epoch} of {summary.epochs} (stopped by {summary.stopped_by})"
    if summary.refit_epochs:
        click.echo(f"without {summary.held_out_ratings:,} of them, on which it is measured: {kept}")
        kept = f"trained on all of them for {summary.refit_epochs} epoch{'s' * (summary.refit_epochs != 1)}"
    metrics = summary.metrics
    if "rmse" in metrics:
        click.echo(
            f"RMSE {metrics['rmse']:.4f} (mean {metrics['rmse of the mean']:.4f}, "
            f"user + movie biases {metrics['rmse of user + movie biases']:.4f})"
        )
    if metrics.get("ndcg@10") is not None:
        click.echo(f"NDCG@10 {metrics['ndcg@10']:.4f} (most popular {metrics['ndcg@10 of most popular']:.4f})")
    click.echo(f"{kept}, {summary.seconds:.0f} s, {summary.ratings_per_second:,.0f} ratings/s")
    click.echo(f"wrote {summary.model}")
