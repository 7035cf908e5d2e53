"""Lists of movies on stdout: tables for people, JSON and CSV for programs."""

import csv
import io
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.cli.render import echo_json, plain
from recsys_cli.errors import ConfigError

if TYPE_CHECKING:
    from recsys_cli.recommend.answers import Reasons, Recommendation, SimilarMovies

_INDENT = " " * 5
_COLUMNS = ("Top", "Id", "Title", "Genres")


def echo_recommendation(answer: "Recommendation", *, as_json: bool, as_csv: bool) -> None:
    """Print a recommendation as a table that fits 80 columns, as JSON, or as CSV."""
    if _is_for_programs(answer, as_json, as_csv):
        return
    has_stars = any(movie.stars is not None for movie in answer.movies)
    rows = []
    for movie in answer.movies:
        cells = [str(movie.rank), str(movie.movie_id), movie.title, ", ".join(movie.genres), f"{movie.score:.3f}"]
        if has_stars:
            cells.append("" if movie.stars is None else f"{movie.stars:.1f}")
        rows.append(cells)
    reasons = [_because(movie.reasons) if movie.reasons else "" for movie in answer.movies]
    _echo_table([*_COLUMNS, "Score", *(["Stars"] if has_stars else [])], rows, reasons)
    _echo_notes(answer.notes)


def echo_similar(answer: "SimilarMovies", *, as_json: bool, as_csv: bool) -> None:
    """Print similar movies; formats as :func:`echo_recommendation`."""
    if _is_for_programs(answer, as_json, as_csv):
        return
    rows = [
        [str(movie.rank), str(movie.movie_id), movie.title, ", ".join(movie.genres), f"{movie.similarity:.3f}"]
        for movie in answer.movies
    ]
    _echo_table([*_COLUMNS, "Similarity"], rows, [""] * len(rows))
    _echo_notes(answer.notes)


def _is_for_programs(answer: "Recommendation | SimilarMovies", as_json: bool, as_csv: bool) -> bool:
    """Print JSON or CSV if one of them is asked for."""
    if as_json and as_csv:
        raise ConfigError("--json and --csv exclude each other")
    if as_json:
        echo_json(answer)
    elif as_csv:
        _echo_csv([_flat(plain(movie)) for movie in answer.movies])
        _echo_notes(answer.notes)
    return as_json or as_csv


def _flat(movie: dict[str, Any]) -> dict[str, Any]:
    """One row of CSV: lists joined by ``|``, the reasons as columns of their own."""
    reasons = movie.pop("reasons", None) or {}
    return {
        name: "|".join(value) if isinstance(value, list) else value for name, value in (movie | reasons).items()
    }


def _echo_csv(rows: list[dict[str, Any]]) -> None:
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    click.echo(text.getvalue(), nl=False)


def _echo_notes(notes: Sequence[str]) -> None:
    for note in notes:
        click.echo(f"Note: {note}", err=True)


def _because(reasons: "Reasons") -> str:
    """The reasons as one line for people."""
    parts = []
    if reasons.group_mean is not None:
        plural = "" if reasons.group_count == 1 else "s"
        parts.append(f"{reasons.group_mean:.1f} in {reasons.group_count:,} rating{plural} by {reasons.group}")
    if reasons.mean is not None:
        parts.append(f"{reasons.mean:.1f} in all {reasons.count:,}")
    if reasons.like is not None:
        shared = f": {', '.join(reasons.shared_genres)}" if reasons.shared_genres else ""
        parts.append(f"near {reasons.like}{shared}")
    return "; ".join(parts) or "no ratings yet"


def _echo_table(columns: Sequence[str], rows: Sequence[Sequence[str]], below: Sequence[str]) -> None:
    """Print a table, each row followed by a text where there is one; no colours when piped."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    widths = [max(map(cell_len, cells)) for cells in zip(columns, *rows, strict=True)]
    for name, width in zip(columns, _fitting(widths, console.width), strict=True):
        is_text = name in ("Title", "Genres")
        table.add_column(
            name, justify="left" if is_text else "right", width=width, overflow="ellipsis", no_wrap=True
        )
    for row in rows:
        table.add_row(*map(escape, row))
    with console.capture() as printed:
        console.print(table)
    for line, text in zip(printed.get().splitlines(), ["", *below], strict=True):
        click.echo(line)
        for part in textwrap.wrap(text, console.width - len(_INDENT)):
            click.echo(_INDENT + part)


def _fitting(widths: list[int], most: int) -> list[int]:
    """The columns' widths with title and genres, the third and fourth, cut down to what a line has room for."""
    room = max(most - sum(widths) + widths[2] + widths[3] - 2 * (len(widths) - 1), 20)
    if widths[2] + widths[3] <= room:
        return widths
    genres = min(widths[3], max(room - widths[2], 2 * room // 5))
    return [*widths[:2], min(widths[2], room - genres), genres, *widths[4:]]
