"""What the commands print to stdout: tables for people, JSON for programs."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recsys_cli.steps.index import IndexReport
    from recsys_cli.steps.recommender import Recommendation


def echo_json(document: Any) -> None:
    """Print a dataclass, or anything made of plain values, as one JSON document.

    ``NaN`` is not JSON and means a defect: it raises ValueError.
    """
    click.echo(json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, indent=2))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def named_few(names: Sequence[str], most: int = 8) -> str:
    """The count and the first few names: ``3 (Film-Noir, IMAX, War)``, or ``none``."""
    if not names:
        return "none"
    more = ", ..." if len(names) > most else ""
    return f"{len(names)} ({', '.join(names[:most])}{more})"


def echo_recommendation(answer: "Recommendation") -> None:
    """Print a recommendation as a table; it fits 80 columns and has no colours when piped."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    has_stars = any(movie.stars is not None for movie in answer.movies)
    table = Table(box=None, pad_edge=False)
    table.add_column("Top", justify="right")
    table.add_column("Id", justify="right")
    table.add_column("Title", overflow="ellipsis", no_wrap=True)
    table.add_column("Genres", overflow="ellipsis", no_wrap=True)
    table.add_column("Score", justify="right")
    if has_stars:
        table.add_column("Stars", justify="right")
    for movie in answer.movies:
        cells = [str(movie.rank), str(movie.movie_id), movie.title, ", ".join(movie.genres), f"{movie.score:.3f}"]
        if has_stars:
            cells.append("" if movie.stars is None else f"{movie.stars:.1f}")
        table.add_row(*map(escape, cells))
    Console(highlight=False).print(table)


def echo_index(report: "IndexReport") -> None:
    """Print what ``recsys index`` found, a line each."""
    index = report.index
    lines = {"Address": index.address, "Version": index.server_version, "Name": index.alias}
    if report.built is not None:
        rate = report.built.rows / report.built.seconds
        lines["Built"] = f"{report.built.rows:,} movies in {report.built.seconds:.1f} s ({rate:,.0f} movies/s)"
    if report.dropped:
        lines["Dropped"] = ", ".join(report.dropped)
    lines["Index"] = index.collection or "none"
    if index.fingerprint is not None:
        lines["Matches"] = {True: "yes, model and movies", False: "no", None: "unknown"}[report.matches]
        lines["Matches"] += f": {report.reason}" if report.reason else ""
        lines["Fingerprint"] = index.fingerprint.digest
        lines["Movies"] = f"{index.rows:,}"
        params = ", ".join(f"{name} {value}" for name, value in index.index_params.items())
        lines["Type"] = f"{index.index_type} ({params})" if params else index.index_type
        lines["Vectors"] = f"{index.fingerprint.dim} dimensions, {index.vector_bytes / 1e6:,.1f} MB"
    if index.disk_bytes is not None:
        lines["On disk"] = f"{index.disk_bytes / 1e6:,.1f} MB"
    if index.updating:
        lines["Update"] = "not finished; the next import completes it"
    if index.others:
        lines["Left over"] = ", ".join(index.others)
    for name, value in lines.items():
        click.echo(f"{name:<12} {value}")
