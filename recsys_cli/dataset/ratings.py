"""Ratings files to arrays: in one pass by pyarrow and, only where something is wrong, line by line."""

from __future__ import annotations

import mmap
import re
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from recsys_cli.dataset.lines import parse_id
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.errors import DataError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RatingsLayout:
    """How a ratings file is written.

    Attributes:
        path: the file.
        delimiter: between two fields; "::" or one character.
        header: whether the first line names the fields.
        names: the fields in order; "user", "movie" and "rating" are read, the others are skipped.
    """

    path: Path
    delimiter: str
    header: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class RatingColumns:
    """Ratings as they stand in the file.

    Attributes:
        user_ids: int64 (R,).
        movie_ids: int64 (R,).
        values: float32 (R,).
        lines: int64 (R,) line numbers; (0,) from the fast pass, which knows none.
    """

    user_ids: NDArray[np.int64]
    movie_ids: NDArray[np.int64]
    values: NDArray[np.float32]
    lines: NDArray[np.int64]


def read_fast(layout: RatingsLayout) -> RatingColumns | None:
    """All ratings of a file by pyarrow, or None if any line is not as it should be.

    Raises: DataError: if the file is missing, empty or unreadable.
    """
    fields = list(layout.names)
    if layout.delimiter == "::":
        # pyarrow splits at single characters: between two fields of "::" it sees an empty one.
        fields = [part for name in layout.names for part in (name, f"between {name}")][:-1]
    types = {"user": pa.int64(), "movie": pa.int64(), "rating": pa.float32()}
    types |= {name: pa.null() for name in fields if name.startswith("between ")}
    try:
        if _has_hexadecimal(layout.path):
            return None
        table = pyarrow.csv.read_csv(
            layout.path,
            read_options=pyarrow.csv.ReadOptions(column_names=fields, skip_rows=int(layout.header)),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter[0], quote_char=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types, include_columns=list(types), null_values=[""]
            ),
        )
    except pa.ArrowInvalid:
        return None
    except FileNotFoundError as error:
        raise DataError(f"{layout.path}: no such file") from error
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror or error}") from error
    columns = [table[name] for name in ("user", "movie", "rating")]
    if any(column.null_count for column in columns):
        return None
    users, movies, values = (column.to_numpy() for column in columns)
    return RatingColumns(users, movies, values, np.empty(0, dtype=np.int64))


def read_slow(layout: RatingsLayout, problems: Problems) -> RatingColumns:
    """All well-formed ratings of a file, line by line; the other lines become problems.

    Raises: DataError: if the file cannot be read.
    """
    users, movies, values, lines = array("q"), array("q"), array("f"), array("q")
    places = {name: layout.names.index(name) for name in ("user", "movie", "rating")}
    try:
        with layout.path.open(encoding="utf-8-sig", errors="backslashreplace") as file:
            for number, line in enumerate(file, start=1):
                if not line.strip() or (number == 1 and layout.header):
                    continue
                fields = line.rstrip("\n").split(layout.delimiter)
                problem = _problem(layout, number, fields, places)
                if problem:
                    problems.add(problem)
                    continue
                users.append(int(fields[places["user"]]))
                movies.append(int(fields[places["movie"]]))
                values.append(float(fields[places["rating"]]))
                lines.append(number)
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror}") from error
    return RatingColumns(
        np.array(users, dtype=np.int64),
        np.array(movies, dtype=np.int64),
        np.array(values, dtype=np.float32),
        np.array(lines, dtype=np.int64),
    )


def index_in(ids: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int32]:
    """Index (N,) of each id (N,) in `known`, -1 where it is not."""
    found = pc.index_in(pa.array(ids), value_set=pa.array(known))
    indices: NDArray[np.int32] = found.fill_null(-1).to_numpy().astype(np.int32, copy=False)
    return indices


def _problem(layout: RatingsLayout, line: int, fields: list[str], places: dict[str, int]) -> Problem | None:
    if len(fields) != len(layout.names):
        allowed = f"{len(layout.names)} fields: {layout.delimiter.join(layout.names)}"
        return Problem(layout.path, line, "line", layout.delimiter.join(fields), allowed)
    for name in ("user", "movie"):
        text = fields[places[name]]
        if parse_id(text) is None:
            return Problem(layout.path, line, name, text, "a whole number from 0")
    text = fields[places["rating"]]
    if not _NUMBER.fullmatch(text.strip()):
        return Problem(layout.path, line, "rating", text, "a number")
    return None


def _has_hexadecimal(path: Path) -> bool:
    """Whether "0x" occurs: pyarrow would read such a number, which no ratings file means."""
    if path.stat().st_size == 0:
        raise DataError(f"{path}: empty file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b"0x") >= 0 or content.find(b"0X") >= 0
