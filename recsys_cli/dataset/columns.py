"""Further columns of a catalogue's people or movies: what may stand in them, and which rows stand for that."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import quantiles

from recsys_cli.errors import ConfigError

CATEGORY, NUMBER, TEXT = "category", "number", "text"
KINDS = (CATEGORY, NUMBER, TEXT)
_LEAST, _MOST = 3, 500  # who must have a category, and categories of a column: of rarer ones nothing is learnt
_RANGES = 10  # that numbers are cut into at most
# How many must be in a range: a little more than what it must outweigh in the regressions that training starts at.
PEOPLE_IN_A_RANGE, MOVIES_IN_A_RANGE = 40, 8
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_SHOWN = 20
_NEAR_MATCHES = 3


@dataclass(frozen=True)
class Column:
    """One further column. Row 0 is "unknown".

    Attributes:
        name: as in the file.
        kind: ``category``, ``number`` or ``text``, whose words are categories.
        values: of categories, sorted; row 1 is the first.
        edges: of numbers, ascending: range 1 begins at the first, and the last range ends with the last. Empty
            where no number is known.
    """

    name: str
    kind: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @classmethod
    def of(cls, name: str, kind: str, texts: Iterable[str], *, in_a_range: int) -> Column:
        """The column with these texts in it, cleaned; an empty text is unknown.

        Categories are those that at least three have, the 500 most common of them, in whatever case. Numbers are
        cut at their quantiles into up to ten ranges; where no more than ten different ones occur, each is one.
        """
        texts = list(texts)
        if kind == NUMBER:
            known = [number for text in texts if (number := number_of(text)) is not None]
            return cls(name, kind, edges=_edges(known, in_a_range))
        counts = Counter(text.casefold() for text in texts if text)
        spelled = {text.casefold(): text for text in sorted(set(texts), reverse=True)}
        common = sorted(counts, key=lambda key: (-counts[key], key))[:_MOST]
        return cls(name, kind, values=tuple(sorted(spelled[key] for key in common if counts[key] >= _LEAST)))

    @property
    def is_number(self) -> bool:
        """Whether numbers stand in it."""
        return self.kind == NUMBER

    @property
    def size(self) -> int:
        """Its highest row."""
        return max(len(self.edges) - 1, 0) if self.is_number else len(self.values)

    def row(self, text: str) -> int:
        """Row of a category in any case, or of the range of a number; one beyond the ends is at the end.

        Returns: 1 to size; 0 for an empty text, and for one that is no number or no category of the column.
        """
        if not self.is_number:
            return self._rows.get(" ".join(text.split()).casefold(), 0)
        number = number_of(text)
        return 0 if number is None or not self.size else 1 + bisect_right(self.edges[1:-1], number)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {value.casefold(): row for row, value in enumerate(self.values, start=1)}

    def texts(self) -> list[str]:
        """A text for each row, such as may stand in it."""
        middles = [repr((low + high) / 2) for low, high in pairwise(self.edges)]
        return middles if self.is_number else list(self.values)

    def name_of(self, row: int) -> str:
        """What a row stands for: the category, or the range such as ``10 to 25``."""
        return f"{self.edges[row - 1]:g} to {self.edges[row]:g}" if self.is_number else self.values[row - 1]

    def describe(self) -> str:
        """The column in a few words, such as ``plan: 3 categories`` or ``income: numbers from 12 to 180``."""
        if not self.is_number:
            one, several = ("word", "words") if self.kind == TEXT else ("category", "categories")
            return f"{self.name}: {self.size:,} {one if self.size == 1 else several}"
        ends = f" from {self.edges[0]:g} to {self.edges[-1]:g}" if self.edges else ", none of them known"
        return f"{self.name}: numbers{ends}"


def number_of(text: str) -> float | None:
    """A finite decimal number, None for any other text."""
    number = float(text) if _NUMBER.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def num_rows(columns: Sequence[Column]) -> int:
    """The highest row of some columns together, each of which is counted on from the one before."""
    return sum(column.size for column in columns)


def sets_of_rows(
    columns: Sequence[Column], values: Sequence[Sequence[Sequence[str]] | None], num: int
) -> tuple[tuple[int, ...], ...]:
    """The rows of several values in each column, counted through all columns, ascending; unknown ones left out.

    Args:
        columns: of movies.
        values: of each column, those of each movie; None where nothing is known of any.
        num: number of movies.
    """
    found: list[list[int]] = [[] for _ in range(num)]
    before = 0
    for column, of_movies in zip(columns, values, strict=True):
        for rows, texts in zip(found, of_movies or (), strict=of_movies is not None):
            rows += sorted({before + row for text in texts if (row := column.row(text))})
        before += column.size
    return tuple(map(tuple, found))


def asked_rows(columns: Sequence[Column], asked: Sequence[tuple[str, str]]) -> tuple[int, ...]:
    """Rows of what is said of a person: one for each column, counted through all of them, 0 unknown.

    Args:
        columns: of people.
        asked: names in any case, and values.

    Raises: ConfigError: a name or value is not known, or a name is there twice; it lists what is.
    """
    rows = [0] * len(columns)
    names = [column.name.casefold() for column in columns]
    for name, text in asked:
        wanted = name.strip().casefold()
        if not columns:
            raise ConfigError("--attribute: this data set knows no further attributes of people; leave it out")
        if wanted not in names:
            known = [column.name for column in columns]
            near = _near(name, known)
            raise ConfigError(f"--attribute: {name!r} is not an attribute{near}; allowed: {_list(known)}")
        place = names.index(wanted)
        if rows[place]:
            raise ConfigError(f"--attribute: {columns[place].name} is there twice")
        rows[place] = num_rows(columns[:place]) + _asked_row(columns[place], text)
    return tuple(rows)


def named_values(columns: Sequence[Column], rows: Sequence[int]) -> dict[str, str]:
    """What is known of a person by the columns' names: rows of :func:`asked_rows` to categories and ranges."""
    named = {}
    for place, (column, row) in enumerate(zip(columns, rows, strict=True)):
        if row:
            named[column.name] = column.name_of(row - num_rows(columns[:place]))
    return named


def column_rows(ours: Sequence[Column], theirs: Sequence[Column]) -> list[int]:
    """Their row of each of our rows, counted through all columns, -1 where they have none.

    A category has the row of the same one, a range that which its middle lies in.
    """
    found: list[int] = []
    for column in ours:
        place = next((place for place, other in enumerate(theirs) if _is_alike(column, other)), None)
        rows = [0] * column.size if place is None else [theirs[place].row(text) for text in column.texts()]
        found += [num_rows(theirs[:place]) + row if row else -1 for row in rows]
    return found


def _is_alike(one: Column, other: Column) -> bool:
    return (one.name.casefold(), one.kind) == (other.name.casefold(), other.kind)


def _asked_row(column: Column, text: str) -> int:
    row = column.row(text)
    if row:
        return row
    where = f"--attribute: {column.name}: {text!r} is not allowed"
    if column.is_number:
        ends = f"; the data has {column.edges[0]:g} to {column.edges[-1]:g}" if column.edges else ""
        raise ConfigError(f"{where}; allowed: a number{ends}")
    raise ConfigError(f"{where}{_near(text, column.values)}; allowed: {_list(column.values)}")


def _near(text: str, names: Sequence[str]) -> str:
    # Imported here: only a mistyped name needs it, and every recommendation waits for the imports.
    from rapidfuzz import fuzz, process

    folded = [name.casefold() for name in names]
    found = process.extract(text.casefold(), folded, scorer=fuzz.WRatio, limit=_NEAR_MATCHES, score_cutoff=70)
    return f"; near: {', '.join(names[place] for _, _, place in found)}" if found else ""


def _list(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "none, the data has none that three have"


def _edges(known: Sequence[float], in_a_range: int) -> tuple[float, ...]:
    different = sorted(set(known))
    if len(different) < 2:
        return (*different, *different)
    ends = different[0], different[-1]
    if len(different) <= _RANGES:
        inner = [(low + high) / 2 for low, high in pairwise(different)]
    else:
        inner = quantiles(known, n=max(1, min(_RANGES, len(known) // in_a_range)), method="inclusive")
    return tuple(sorted({*ends, *(edge for edge in inner if ends[0] < edge < ends[1])}))
