"""``recsys evaluate``."""

from pathlib import Path
from typing import Any

import click

from recsys_cli.cli.next_command import suggest
from recsys_cli.cli.options import csv_option, format_option, json_option
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_json
from recsys_cli.cli.report import check_report, report_option, write_report
from recsys_cli.config import MODEL_DIR, ReportConfig
from recsys_cli.config.evaluation import SPLITS, EvaluateConfig, SplitConfig
from recsys_cli.config.training import OBJECTIVES, TrainingOptions, read_options

_DEFAULTS = EvaluateConfig()
_EXAMPLES = """\b
Examples:
  recsys evaluate --data data/sample --seeds 1
  recsys evaluate --data data/ml-1m --objective ranking --json
  recsys evaluate --data data/ml-1m --by gender,age
  recsys evaluate --data data/ml-1m --split time --until 2000-12-01
  recsys evaluate --data data/ml-1m --split ratings --test-share 0.1
  recsys evaluate --model held-back.model --predictions predictions.csv  # of 'recsys train --no-refit'
"""


@click.command(epilog=_EXAMPLES, short_help="Measure a model beside what it must beat.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Data set folder.  [default: $RECSYS_DATA or data/ml-1m; the model's own with --model]",
)
@click.option("--model", type=click.Path(path_type=Path), help="Model folder to measure instead of training.")
@click.option("--ratings", type=click.Path(path_type=Path), help="Ratings to measure that model on.")
@click.option("--predictions", type=click.Path(path_type=Path), help="CSV file for that model's estimates.")
@click.option(
    "--seeds",
    type=int,
    help=f"Splits to train and measure on; not with --model.  [default: {_DEFAULTS.num_splits}; 1 by time]",
)
@click.option(
    "--split",
    type=click.Choice(SPLITS),
    help="What is held out: people whole, ratings of others and movies; any ratings; or what came later.  "
    f"[default: {_DEFAULTS.split.kind}]",
)
@click.option(
    "--test-share",
    type=float,
    help=f"Share of the ratings that is held out, by ratings or time.  [default: {_DEFAULTS.split.share:g}]",
)
@click.option(
    "--until", metavar="DATE", help="Learn what lies before, measure what lies after; with --split time."
)
@click.option(
    "--recent-days",
    type=int,
    help=f"Days before that moment whose likes are 'Popular of late'.  [default: {_DEFAULTS.split.days}]",
)
@click.option("--by", default="", metavar="NAMES", help="Show people apart, by any of gender,age,job.")
@format_option
@click.option("--skip-bad-lines", is_flag=True, help="Leave bad lines of the data set out.")
@click.option("--objective", type=click.Choice(OBJECTIVES), help="What to learn.  [default: hybrid]")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="TOML file of training options.")
@click.option("--no-download", is_flag=True, help="Do not fetch MovieLens 1M where data/ml-1m is missing.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is set up, trained and measured.")
@report_option
@json_option
@csv_option
def command(
    data: Path | None,
    model: Path | None,
    verbose: bool,
    report_file: Path | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Measure how well a model rates and ranks what it has not seen, beside simple recommenders.

    Without --model, a part of the ratings is held out and a model is trained on the rest, once for each of several
    random splits, or once for what lies before a moment. With --model, that model is measured on the ratings that
    it was not trained on. --report shows the numbers beside that model, or the one in
    recommender_system.inference.model.
    """
    from recsys_cli.cli.evaluation_tables import echo_report, echo_report_csv
    from recsys_cli.evaluation import evaluate

    config = _take_config(data, model, options)
    page = ReportConfig(model=model or MODEL_DIR, data=data, output=report_file or Path("report.html"))
    if report_file is not None:
        check_report(page)
    report = evaluate.run(config, TerminalProgress(verbose=verbose))
    echo_json(report) if as_json else echo_report_csv(report) if as_csv else echo_report(report)
    if report_file is not None:
        write_report(page, measured=report, quiet=as_json or as_csv)
    suggest("train" if model is None else "report")


def _take_config(data: Path | None, model: Path | None, options: dict[str, Any]) -> EvaluateConfig:
    """What to measure, of the command's options; errors as of the configs."""
    file, objective = options["config_file"], options["objective"]
    given = {**(read_options(file) if file else {}), **({"objective": objective} if objective else {})}
    return EvaluateConfig(
        data=data,
        download=not options["no_download"],
        model=model,
        ratings=options["ratings"],
        predictions=options["predictions"],
        split=SplitConfig(
            kind=options["split"] or _DEFAULTS.split.kind,
            test_share=options["test_share"],
            until=options["until"],
            recent_days=options["recent_days"],
        ),
        seeds=options["seeds"],
        by=tuple(name.strip() for name in options["by"].split(",") if name.strip()),
        format=options["format"],
        skip_bad_lines=options["skip_bad_lines"],
        options=TrainingOptions.from_dict(given),
    )
