"""``recsys preprocess``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recsys_cli.cli.next_command import suggest_question
from recsys_cli.cli.options import json_option
from recsys_cli.cli.render import echo_json, named_few
from recsys_cli.config import MODEL_DIR, MOVIES_DATA, PreprocessConfig

if TYPE_CHECKING:
    from recsys_cli.index.preprocess import PreprocessSummary

_EXAMPLES = """\b
Examples:
  recsys preprocess -f movies_origin.txt
  recsys preprocess -f movies_origin.txt -o movies_data.txt --json
"""


@click.command(epilog=_EXAMPLES, short_help="Turn a raw movie file into movies_data.txt.")
@click.option("-f", "--file", type=click.Path(path_type=Path), required=True, help="Raw movie file.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=MOVIES_DATA,
    show_default=True,
    help="File to write.",
)
@click.option(
    "--model", type=click.Path(path_type=Path), default=MODEL_DIR, show_default=True, help="Model folder."
)
@click.option("--allow-title-changes", is_flag=True, help="Accept a known movie id under another title.")
@json_option
def command(file: Path, output: Path, model: Path, allow_title_changes: bool, as_json: bool) -> None:
    """Turn a raw movie file into ids that the model knows: for other movies than those it was trained on.

    A bare file name is looked for in the current directory, in the folder that the model was trained on, and in
    data/. movies_origin.txt also stands for the movie file that the model was trained on. A movie that the model
    has not seen is described by its title, year, genres and the further columns of the training data.
    """
    from recsys_cli.index import preprocess

    config = PreprocessConfig(file=file, output=output, model=model, allow_title_changes=allow_title_changes)
    summary = preprocess.run(config)
    echo_json(summary) if as_json else _echo(summary)
    suggest_question(model, *(() if output == MOVIES_DATA else ("--movies-data", str(output))))


def _echo(summary: PreprocessSummary) -> None:
    click.echo(f"{summary.source}: {summary.movies} movies, {summary.rated} of them rated in training")
    click.echo(f"unknown words: {named_few(summary.unknown_words)}")
    click.echo(f"unknown genres: {named_few(summary.unknown_genres)}")
    if summary.missing_columns:
        click.echo(f"columns that the file has not, unknown of new movies: {named_few(summary.missing_columns)}")
    click.echo(f"wrote {summary.output}")
