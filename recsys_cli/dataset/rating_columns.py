"""Ratings files to columns: block by block with pyarrow and, where a block has anything odd, line by line."""

from __future__ import annotations

import codecs
import io
import re
from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import whitespace
from typing import BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from recsys_cli.dataset.lines import (
    TIMES_ALLOWED,
    UNKNOWN_TIME,
    fields_text,
    parquet_blocks,
    parse_id,
    parse_time,
    raise_for_memory,
    split_csv,
    times_of,
    value_text,
)
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.scale import Scale
from recsys_cli.errors import DataError

_BLOCK_BYTES = 1 << 24
_HEAD_BYTES = 1 << 16
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_HUGE = 3e38  # what a float32 holds, and on no scale
_READ = ("user", "movie", "rating")
_TYPES = {"user": pa.int64(), "movie": pa.int64(), "rating": pa.float32()}


@dataclass(frozen=True, slots=True)
class RatingsLayout:
    """How a ratings file is written.

    Attributes:
        path: the file; Parquet if its name says so.
        names: the fields in order; "user", "movie" and "rating" are read, "time" where it is asked for, the others
            are skipped. In Parquet, the columns of these: three, or four.
        delimiter: between two fields; "::" or one character.
        csv: whether the first line names the fields, and fields may be quoted.
        scale: of the ratings, None where the values tell.
    """

    path: Path
    names: tuple[str, ...]
    delimiter: str = ","
    csv: bool = False
    scale: Scale | None = None

    @property
    def parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.path.suffix.casefold() == ".parquet"

    @property
    def has_times(self) -> bool:
        """Whether it says when a rating was given."""
        return len(self.names) > len(_READ) if self.parquet else "time" in self.names


class RatingColumns(NamedTuple):
    """Well-formed ratings in the order of the file; ids and values are not checked against anything.

    Attributes:
        users: int64 (R,) user ids.
        movies: int64 (R,) movie ids.
        values: float32 (R,).
        lines: int64 (R,) line numbers, in Parquet numbers of rows, from 1.
        times: int64 (R,) seconds since 1970, 0 unknown; None where they were not asked for.
    """

    users: NDArray[np.int64]
    movies: NDArray[np.int64]
    values: NDArray[np.float32]
    lines: NDArray[np.int64]
    times: NDArray[np.int64] | None = None


def rating_blocks(layout: RatingsLayout, problems: Problems, *, timed: bool = False) -> Iterator[RatingColumns]:
    """Read a ratings file, some million ratings at a time; a line that is not well-formed becomes a problem.

    Args:
        layout: the file and how it is written.
        problems: takes the bad lines, which are left out.
        timed: read the times, too.

    Yields: the ratings of a block; a file without any line gives none.

    Raises: DataError: if the file is missing or unreadable, or has no times where they are asked for.
    """
    if timed and not layout.has_times:
        raise DataError(f"{layout.path}: does not say when a rating was given, so there is no order of time")
    fields = (*_READ, "time") if timed else _READ
    if layout.parquet:
        yield from _parquet_ratings(layout, fields, problems)
        return
    for first_line, block in _blocks(layout):
        part = _parse_block(layout, fields, first_line, block)
        if part is None:
            rows = _split(layout, first_line, block, problems)
            part = _parse_rows(layout, layout.names, fields, rows, problems)
        yield part


def _blocks(layout: RatingsLayout) -> Iterator[tuple[int, bytes]]:
    """The file in blocks of whole lines, each with the number of its first line; without the header."""
    try:
        with layout.path.open("rb") as raw:
            file: BinaryIO = raw
            head = raw.read(_HEAD_BYTES)
            raw.seek(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
            if b"\r" in head and b"\n" not in head:
                file = io.BytesIO(raw.read().replace(b"\r", b"\n"))
            line = 1
            if layout.csv:
                header = file.readline()
                rest = header.partition(b"\r")[2]
                if rest.strip(b"\n"):  # a lone carriage return ends a line, too
                    file.seek(-len(rest), io.SEEK_CUR)
                line += 1
            while block := file.read(_BLOCK_BYTES):
                block += file.readline()
                yield line, block
                line += _num_lines(block)
    except FileNotFoundError as error:
        raise DataError(f"{layout.path}: no such file") from error
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror}") from error


def _num_lines(block: bytes) -> int:
    returns = block.count(b"\r") - block.count(b"\r\n")
    return block.count(b"\n") + returns + (block[-1:] not in b"\r\n")


def _parse_block(
    layout: RatingsLayout, read: tuple[str, ...], first_line: int, block: bytes
) -> RatingColumns | None:
    """The ratings of a block by pyarrow, or None unless every line is one and as it should be."""
    if b"0x" in block or b"0X" in block:
        return None  # pyarrow reads hexadecimal numbers, which no ratings file means
    fields, types = list(layout.names), dict(_TYPES)
    if layout.delimiter == "::":
        # pyarrow splits at single characters: between two fields of "::" it sees one more, which must be empty.
        fields = [part for name in layout.names for part in (name, f"before {name}")][:-1]
        types |= {name: pa.null() for name in fields if name.startswith("before ")}
    try:
        table = pyarrow.csv.read_csv(
            io.BytesIO(block),
            read_options=pyarrow.csv.ReadOptions(column_names=fields),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter[0], quote_char='"' if layout.csv else False
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types, include_columns=[*types, *read[len(_READ) :]], null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return None
    except pa.ArrowException as error:
        raise_for_memory(error)
        raise
    num_lines = _num_lines(block)
    # Fewer rows than lines: some are blank, or a quote that is not closed took the lines after it along.
    if table.num_rows != num_lines or any(table[name].null_count for name in _READ):
        return None
    return _well_formed(table, np.arange(first_line, first_line + num_lines))


def _well_formed(table: pa.Table, lines: NDArray[np.int64]) -> RatingColumns | None:
    """The columns of a table without empty ids and ratings, None where one of them is not as it should be."""
    users, movies, values = (table[name].to_numpy() for name in _READ)
    times = times_of(table["time"]) if "time" in table.column_names else None
    if "time" in table.column_names and times is None:
        return None
    if (len(values) and (users.min() < 0 or movies.min() < 0)) or not np.isfinite(values).all():
        return None
    return RatingColumns(users, movies, values, lines, times)


def _split(
    layout: RatingsLayout, first_line: int, block: bytes, problems: Problems
) -> Iterator[tuple[int, list[str]]]:
    """The fields of each line of a block that is not blank, with its number."""
    text = io.StringIO(block.decode(errors="backslashreplace"), newline=None)
    for number, line in enumerate(text, start=first_line):
        if not line.strip(whitespace):
            continue
        fields: list[str] | None = line.rstrip("\n").split(layout.delimiter)
        if layout.csv and '"' in line:
            fields = split_csv(layout.path, number, line, delimiter=layout.delimiter, problems=problems)
        if fields is not None:
            yield number, fields


def _parquet_ratings(
    layout: RatingsLayout, fields: tuple[str, ...], problems: Problems
) -> Iterator[RatingColumns]:
    first = 1
    for table in parquet_blocks(layout.path, layout.names[: len(fields)]):
        yield _parse_table(layout, table.rename_columns(list(fields)), first, problems)
        first += table.num_rows


def _parse_table(layout: RatingsLayout, table: pa.Table, first: int, problems: Problems) -> RatingColumns:
    """The ratings of some rows of a Parquet file, of which the first has that number."""
    fields = tuple(table.column_names)
    with suppress(pa.ArrowInvalid):
        types = {**_TYPES, **{name: table.schema.field(name).type for name in fields[len(_READ) :]}}
        numbers = table.cast(pa.schema(types))
        if not any(numbers[name].null_count for name in _READ):
            found = _well_formed(numbers, np.arange(first, first + table.num_rows))
            if found is not None:
                return found
    batches = (zip(*(column.to_pylist() for column in batch), strict=True) for batch in table.to_batches())
    rows = ([value_text(value) for value in row] for row in chain.from_iterable(batches))
    return _parse_rows(layout, fields, fields, enumerate(rows, start=first), problems)


def _parse_rows(
    layout: RatingsLayout,
    names: tuple[str, ...],
    read: tuple[str, ...],
    rows: Iterator[tuple[int, list[str]]],
    problems: Problems,
) -> RatingColumns:
    """Numbers from the well-formed rows; the others become problems."""
    users, movies, values, lines, times = array("q"), array("q"), array("f"), array("q"), array("q")
    places = [names.index(name) for name in read]
    for number, fields in rows:
        if len(fields) != len(names):
            allowed = fields_text(names, layout.delimiter)
            problems.add(Problem(layout.path, number, "line", layout.delimiter.join(fields), allowed))
            continue
        user, movie, rating, *when = (fields[place].strip() for place in places)
        user_id, movie_id, time = parse_id(user), parse_id(movie), parse_time("".join(when))
        if user_id is None or movie_id is None:
            name, text = ("user", user) if user_id is None else ("movie", movie)
            problems.add(Problem(layout.path, number, name, text, "a whole number from 0"))
        elif not _NUMBER.fullmatch(rating):
            problems.add(Problem(layout.path, number, "rating", rating, "a number"))
        elif time is None:
            problems.add(Problem(layout.path, number, "time", when[0], f"{TIMES_ALLOWED}, or nothing"))
        else:
            users.append(user_id)
            movies.append(movie_id)
            values.append(max(-_HUGE, min(float(rating), _HUGE)))
            lines.append(number)
            times.append(time)
    columns = (users, movies, values, lines, times)[: len(read) + 1]
    return RatingColumns(*map(np.array, columns))


def rating_times(layout: RatingsLayout) -> NDArray[np.int64]:
    """The times of the ratings of a file that are known: for looking at, no part of what is learnt.

    Args:
        layout: the file and how it is written.

    Returns: (N,) int64 seconds since 1970, in the order of the file; empty where it has none, or where the column
        is not of whole numbers or dates throughout.
    """
    fields = layout.names
    if layout.parquet or not layout.has_times:
        return np.empty(0, dtype=np.int64)
    # A delimiter of two letters is one letter with an empty field between.
    names = [name for field in fields for name in (field, *(f"{field}-gap" for _ in layout.delimiter[1:]))]
    names = names[: len(names) - len(layout.delimiter) + 1]
    try:
        table = pyarrow.csv.read_csv(
            layout.path,
            pyarrow.csv.ReadOptions(column_names=names, skip_rows=int(layout.csv)),
            pyarrow.csv.ParseOptions(delimiter=layout.delimiter[0], quote_char='"' if layout.csv else False),
            pyarrow.csv.ConvertOptions(include_columns=["time"]),
        )
    except pa.ArrowInvalid:
        return np.empty(0, dtype=np.int64)
    times = times_of(table["time"])
    return np.empty(0, dtype=np.int64) if times is None else times[times > UNKNOWN_TIME]
