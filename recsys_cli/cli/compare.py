"""``recsys compare``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recsys_cli.cli.next_command import suggest_question
from recsys_cli.cli.options import csv_option, format_option, json_option
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_csv, echo_json, echo_rows, echo_text
from recsys_cli.cli.streams import echo_note
from recsys_cli.config.comparison import CompareConfig, Requirement

if TYPE_CHECKING:
    from recsys_cli.evaluation.compare import ComparedModel, ComparisonReport, Judged, MetricChange
    from recsys_cli.evaluation.lists_moved import ListsMoved

_NOT_MET = 3
_COLUMNS = (
    "metric",
    *(f"{name}{end}" for name in ("old", "new", "change", "share") for end in ("", "_low", "_high")),
)
_EXAMPLES = """\b
Examples:
  recsys compare yesterday.model recommender_system.inference.model
  recsys compare yesterday.model tonight.model --ratings today.dat --json
  recsys compare old.model new.model --require "ndcg@10 >= -1%" --require "rmse <= +0.005"
"""


@click.command(epilog=_EXAMPLES, short_help="Show two models side by side.")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), help="Data set folder.  [default: the new model's own]")
@click.option(
    "--ratings", type=click.Path(path_type=Path), help="Ratings new to both.  [default: those both held out]"
)
@click.option(
    "--people",
    default=CompareConfig.__dataclass_fields__["people"].default,
    show_default=True,
    help="Whose lists.",
)
@click.option(
    "--require",
    "requirements",
    multiple=True,
    metavar="TEXT",
    help='Such as "ndcg@10 >= -1%", "rmse <= +0.005" or "rmse <= 0.9": a change in percent of the old value, a '
    "change, the new value. Exit status 3 where one does not hold.",
)
@format_option
@click.option("--skip-bad-lines", is_flag=True, help="Leave bad lines of the data set out.")
@json_option
@csv_option
@click.pass_context
def command(
    context: click.Context,
    old: Path,
    new: Path,
    data: Path | None,
    ratings: Path | None,
    people: int,
    requirements: tuple[str, ...],
    format: str | None,
    skip_bad_lines: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show the models in the folders OLD and NEW side by side.

    Both are measured on the same ratings, which neither has learnt from, and what differs between them is paired
    by user: ± is half of a 95 % interval. A requirement is held against the number itself, not against the ends of
    its interval.
    """
    from recsys_cli.evaluation import compare

    config = CompareConfig(
        old=old,
        new=new,
        data=data,
        ratings=ratings,
        people=people,
        requirements=tuple(map(Requirement.parse, requirements)),
        format=format,
        skip_bad_lines=skip_bad_lines,
    )
    report = compare.run(config, TerminalProgress())
    if as_json:
        echo_json(report)
    elif as_csv:
        echo_csv(_COLUMNS, map(_row, report.metrics))
    else:
        _echo(report)
    for judged in report.requirements:
        _say(judged)
    is_met = all(judged.is_met for judged in report.requirements)
    if is_met:
        suggest_question(new, "--model", str(new))
    context.exit(0 if is_met else _NOT_MET)


def _echo(report: ComparisonReport) -> None:
    models = (report.old, report.new)
    echo_rows(
        ("", "Old", "New"),
        [*_model_rows(models), *([name, *map(_option, values)] for name, values in report.options.items())],
        texts=("Old", "New"),
        left=("",),
    )
    click.echo()
    rows = [
        [
            change.metric,
            f"{change.old.value:.4f}",
            f"{change.new.value:.4f}",
            f"{change.change.value:+.4f} ±{change.change.half_width:.4f}",
            "" if change.share is None else f"{change.share.value:+.1%} ±{change.share.half_width:.1%}",
        ]
        for change in report.metrics
    ]
    echo_rows(("Metric", "Old", "New", "Change", "in percent"), rows, texts=("Metric",))
    click.echo()
    if report.lists is not None:
        _echo_lists(report.lists)
    click.echo(
        f"Movies that only one model knows: {len(report.new_movies):,} new, {len(report.gone_movies):,} gone"
    )
    echo_text(
        f"Measured on {report.ratings:,} ratings by {report.users:,} users that neither model has learnt from, "
        f"lists of {report.rankers:,}: {report.measured_on}"
    )
    for note in report.notes:
        echo_text(note)


def _row(change: MetricChange) -> dict[str, float | str]:
    estimates = {"old": change.old, "new": change.new, "change": change.change, "share": change.share}
    row: dict[str, float | str] = {"metric": change.metric}
    for name, estimate in estimates.items():
        if estimate is not None:
            row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
    return row


def _model_rows(models: tuple[ComparedModel, ComparedModel]) -> list[list[str]]:
    return [
        ["model", *(str(model.model) for model in models)],
        ["fingerprint", *(model.fingerprint[:12] for model in models)],
        ["started from", *((model.started_from or "anew")[:12] for model in models)],
        ["ratings", *(f"{model.num_ratings:,}" for model in models)],
        ["users", *(f"{model.num_users:,}" for model in models)],
        ["movies", *(f"{model.num_movies:,}" for model in models)],
    ]


def _option(value: object) -> str:
    return "" if value is None else str(value)


def _echo_lists(lists: ListsMoved) -> None:
    echo_text(
        f"Lists of {lists.people:,} people: {lists.overlap:.1%} of the first {lists.k} are the same movies; all "
        f"of them for {lists.unchanged:.1%} of the people, none for {lists.disjoint:.1%}"
    )
    for words, number, movies in (
        ("appear in", lists.num_appeared, lists.appeared),
        ("vanish from", lists.num_vanished, lists.vanished),
    ):
        named = ", ".join(f"{movie.title} in {movie.lists}" for movie in movies[:5])
        more = ", ..." if number > 5 else ""
        echo_text(f"Movies that {words} these lists: {number:,}" + (f" ({named}{more})" if number else ""))


def _say(judged: Judged) -> None:
    """Say what came of a requirement, and whether so few ratings can tell; where it does not hold, in any case."""
    percent = "%" in judged.requirement
    value, half = (f"{number:.2%}" if percent else f"{number:.4f}" for number in (judged.value, judged.half_width))
    word = "holds" if judged.is_met else "does not hold"
    doubt = "" if judged.is_sure else "; so few ratings leave it to chance"
    line = f"{judged.requirement}: {word}: {value} ±{half}{doubt}"
    echo_note(line) if judged.is_met else click.echo(line, err=True)
