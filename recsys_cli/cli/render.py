"""What the commands print to stdout: tables for people, JSON for programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.documents import json_text

if TYPE_CHECKING:
    from recsys_cli.index.manage import IndexReport


def echo_json(document: Any) -> None:
    """Print a dataclass, or anything made of plain values, as one JSON document; as `json_text`."""
    click.echo(json_text(document))


def echo_json_line(document: Any) -> None:
    """Print a document as :func:`echo_json`, in one line, and send it off."""
    click.echo(json_text(document, is_one_line=True))


def named_few(names: Sequence[str], most: int = 8) -> str:
    """The count and the first few names: ``3 (Film-Noir, IMAX, War)``, or ``none``."""
    if not names:
        return "none"
    more = ", ..." if len(names) > most else ""
    return f"{len(names)} ({', '.join(names[:most])}{more})"


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
