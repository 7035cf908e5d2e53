"""What the commands print to stdout: JSON for programs, and for people tables.

A table is whole where stdout is no terminal, and has every number and id whole on any.
"""

import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.documents import json_text

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from recsys_cli.index.manage import IndexReport

_GAP = 2  # between columns
_LEAST = 20  # of a terminal that text gets, however narrow it is
_INDENT = " " * 5


def echo_json(document: Any) -> None:
    """Print a dataclass, or anything made of plain values, as one JSON document; as `json_text`."""
    click.echo(json_text(document))


def echo_json_line(document: Any) -> None:
    """Print a document as :func:`echo_json`, in one line, and send it off."""
    click.echo(json_text(document, is_one_line=True))


def echo_csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> None:
    """Print rows as comma-separated values, their headings even where there are none; None is empty."""
    from recsys_cli.recommend.csv_rows import CsvRows

    CsvRows(sys.stdout, columns).write_named(rows)


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


def visible(text: str) -> str:
    """The text without what a terminal would obey: controls and changes of writing direction become ``�``."""
    return text if text.isprintable() else "".join(char if char.isprintable() else "�" for char in text)


def echo_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    texts: Sequence[str],
    left: Sequence[str] = (),
    below: Sequence[str] = (),
) -> None:
    """Print a table.

    Args:
        columns: their names.
        rows: a cell for each column.
        texts: one or two columns, the more important first, that are cut where a terminal is too narrow.
        left: columns that begin at the left as texts do, and are never cut.
        below: a text for each row, printed under it unless it is empty.
    """
    from rich.cells import cell_len
    from rich.table import Table
    from rich.text import Text

    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(columns, *cells, strict=True)]
    if sys.stdout.isatty():
        widths = _fitting(widths, [list(columns).index(name) for name in texts], _console().width)
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for name, width in zip(columns, widths, strict=True):
        justify = "left" if name in (*texts, *left) else "right"
        table.add_column(name, justify=justify, width=width, overflow="ellipsis", no_wrap=True)  # type: ignore[arg-type]
    for row in cells:
        table.add_row(*map(Text, row))
    for line, text in zip(_lines(table), ["", *(below or [""] * len(cells))], strict=True):
        click.echo(line)
        if text:
            echo_text(visible(text), indent=_INDENT)


def echo_table(table: "Table") -> None:
    """Print a table of rich none of whose columns may be cut: a narrow terminal breaks its lines."""
    for line in _lines(table):
        click.echo(line)


def echo_text(text: str, *, indent: str = "") -> None:
    """Print a text: broken between words on a terminal, in one line anywhere else."""
    width = _console().width - len(indent) if sys.stdout.isatty() else sys.maxsize
    for part in textwrap.wrap(text, max(width, _LEAST), break_long_words=False, break_on_hyphens=False):
        click.echo(indent + part)


def _console() -> "Console":
    from rich.console import Console

    return Console(highlight=False, markup=False)


def _lines(table: "Table") -> list[str]:
    """The printed lines of a table, as wide as it needs."""
    console = _console()
    needed = console.measure(table, options=console.options.update(width=sys.maxsize)).maximum
    console.width = max(console.width, needed)
    with console.capture() as printed:
        console.print(table)
    return [line.rstrip() for line in printed.get().splitlines()]


def _fitting(widths: list[int], texts: list[int], most: int) -> list[int]:
    """The columns' widths with those of the texts cut down to what a line of a terminal has room for."""
    wanted = [widths[place] for place in texts]
    room = max(most - sum(widths) + sum(wanted) - _GAP * (len(widths) - 1), _LEAST)
    fitted = list(widths)
    if sum(wanted) > room:
        second = min(wanted[-1], max(room - wanted[0], 2 * room // 5)) if len(texts) > 1 else 0
        fitted[texts[-1]] = second
        fitted[texts[0]] = min(wanted[0], room - second)
    return fitted
