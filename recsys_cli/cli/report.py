"""``recsys report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.cli.next_command import suggest_question
from recsys_cli.cli.options import json_option, model_option, movies_data_option
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_json
from recsys_cli.config import ReportConfig
from recsys_cli.documents import json_text

if TYPE_CHECKING:
    from recsys_cli.report.make import ReportSummary

_DEFAULTS = ReportConfig()
_EXAMPLES = """\b
Examples:
  recsys report
  recsys report --evaluation evaluation.json -o report.html
  recsys report --pictures pictures
"""


@click.command(epilog=_EXAMPLES, short_help="Show in one HTML page what was learnt and how good it is.")
@model_option
@click.option("--data", type=click.Path(path_type=Path), help="Data set folder.  [default: the model's own]")
@click.option("--evaluation", type=click.Path(path_type=Path), help="What 'recsys evaluate --json' printed.")
@movies_data_option
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=_DEFAULTS.output,
    show_default=True,
    help="HTML file to write.",
)
@click.option("--pictures", type=click.Path(path_type=Path), help="Folder for each picture as SVG and PNG.")
@json_option
def command(
    model: Path,
    data: Path | None,
    evaluation: Path | None,
    movies_data: Path | None,
    output: Path,
    pictures: Path | None,
    as_json: bool,
) -> None:
    """Write one page of pictures: training, evaluation, the data, a map of the movies, lists to try.

    The page fetches nothing: it opens from a folder or an e-mail. Nothing is trained again. What is missing is
    left out, and a sentence says which command makes it.
    """
    from recsys_cli.report import make

    config = ReportConfig(
        model=model, data=data, evaluation=evaluation, movies_data=movies_data, output=output, pictures=pictures
    )
    summary = make.run(config, TerminalProgress())
    echo_json(summary) if as_json else echo_report_file(summary)
    suggest_question(model)


report_option = click.option(
    "--report", "report_file", type=click.Path(path_type=Path), help="HTML file of pictures to write afterwards."
)


def write_report(config: ReportConfig, *, measured: Any = None, quiet: bool = False) -> None:
    """Write the page that another command was asked for.

    Args:
        config: what to read, and where to write.
        measured: the report of an evaluation; None where there was none.
        quiet: print nothing, because what is printed is for a program.
    """
    from recsys_cli.report import make

    document = None if measured is None else json_text(measured, is_one_line=True).encode()
    summary = make.run(config, TerminalProgress(), measured=document)
    if not quiet:
        echo_report_file(summary)


def check_report(config: ReportConfig) -> None:
    """Refuse a report that cannot be made, before the work that it is to show."""
    from recsys_cli.report import make

    make.check_readable(config)


def echo_report_file(summary: ReportSummary) -> None:
    """Print what was written."""
    size = f"{summary.num_bytes / 1e6:.1f} MB"
    click.echo(f"wrote {summary.output}: {summary.num_pictures} pictures, {size}, {summary.seconds:.0f} s")
    if summary.pictures is not None:
        click.echo(f"wrote {summary.pictures}: each of them as SVG and PNG")
