"""Recommended movies as lines of CSV, for one person and for everybody alike.

A text that begins with ``=``, ``+``, ``-``, ``@`` or a tab gets an apostrophe before it: a spreadsheet would take
it for a formula and run it. Numbers are left alone, and JSON and Parquet have every text as it is.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TextIO

from recsys_cli.recommend.answers import Reasons, RecommendedMovie, SimilarMovie

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

REASONS = tuple(field.name for field in fields(Reasons))
MOVIE = tuple(field.name for field in fields(RecommendedMovie) if field.name != "reasons")
SIMILAR = tuple(field.name for field in fields(SimilarMovie))


class CsvRows:
    """Writes a line of headings, then rows."""

    def __init__(self, stream: TextIO, columns: Sequence[str]):
        self._writer = csv.writer(stream, lineterminator="\n")
        self._columns = columns
        self._writer.writerow(columns)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows of a value for each column: lists are joined by ``|``, None is empty."""
        self.write_ready([cell(value) for value in row] for row in rows)

    def write_ready(self, rows: Iterable[Sequence[Any]]) -> None:
        """Write rows of what :func:`cell` made of each value, or of numbers."""
        self._writer.writerows(rows)

    def write_named(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows by the names of the columns; what a row does not have is empty."""
        self.write([row.get(name) for name in self._columns] for row in rows)


def cell(value: Any) -> Any:
    """A value as it stands in a line: lists joined by ``|``, no formula."""
    text = "|".join(value) if isinstance(value, (list, tuple)) else value
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text
