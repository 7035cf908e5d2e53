"""``recsys check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recsys_cli.cli.next_command import suggest
from recsys_cli.cli.options import format_option, json_option
from recsys_cli.cli.render import echo_json
from recsys_cli.config import CheckConfig
from recsys_cli.errors import DataError

if TYPE_CHECKING:
    from recsys_cli.dataset.check import Busy, CheckReport

_EXAMPLES = """\b
Examples:
  recsys check data/sample
  recsys check data/sample --json
"""


@click.command(epilog=_EXAMPLES, short_help="Describe a data set and list what is wrong with it.")
@click.argument("data", type=click.Path(path_type=Path))
@format_option
@json_option
def command(data: Path, format: str | None, as_json: bool) -> None:
    """Describe the data set in the folder DATA and list what is wrong with it.

    Exit status 1 if any line is bad.
    """
    from recsys_cli.dataset import check

    report = check.run(CheckConfig(data=data, format=format))
    if as_json:
        echo_json(report)
    else:
        _echo(report)
    if report.bad_lines:
        raise DataError(
            f"{data}: bad lines: {report.bad_lines:,}; 'recsys train --skip-bad-lines' leaves them out"
        )
    suggest("train", lambda: ["--data", str(data)])


def _echo(report: CheckReport) -> None:
    lines = {
        "Data": f"{report.path}, layout {report.format}",
        "Movies": f"{report.movies:,}; without a rating: {report.unrated_movies:,}",
        "Users": f"{report.users:,}; without a rating: {report.silent_users:,}",
        "Ratings": f"{report.ratings:,}; one of {1 / report.density:,.0f} that are possible",
        "Scale": f"{report.rating_min:g} to {report.rating_max:g}; mean {report.rating_mean:.4g}",
        "Given": _counts(report.rating_counts),
        "Busiest movies": _busiest(report.busiest_movies),
        "Busiest users": _busiest(report.busiest_users),
        "Unknown": _counts(report.missing),
    }
    for name, text in lines.items():
        if text:
            click.echo(f"{name:<16}{text}")
    for note in report.notes:
        click.echo(f"{'Note':<16}{note}")
    for problem in report.problems:
        click.echo(f"{'Bad':<16}{problem}")
    if report.bad_lines > len(report.problems):
        click.echo(f"{'Bad':<16}... and {report.bad_lines - len(report.problems):,} more")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name}: {count:,}" for name, count in counts.items())


def _busiest(busiest: tuple[Busy, ...]) -> str:
    return f"\n{'':<16}".join(f"{busy.name or busy.id}: {busy.ratings:,}" for busy in busiest)
