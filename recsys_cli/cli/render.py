"""What the commands print to stdout: tables for people, JSON for programs."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from recsys_cli.index.manage import IndexReport


def echo_json(document: Any) -> None:
    """Print a dataclass, or anything made of plain values, as one JSON document.

    ``NaN`` is not JSON and means a defect: it raises ValueError.
    """
    click.echo(json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=2))


def echo_json_line(document: Any) -> None:
    """Print a document as :func:`echo_json`, in one line, and send it off."""
    click.echo(json.dumps(plain(document), ensure_ascii=False, allow_nan=False))


def plain(value: Any) -> Any:
    """A dataclass, or a container of them, as plain dictionaries, lists and values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


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
