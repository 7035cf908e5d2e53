"""Ratings files to arrays: in one pass by pyarrow and, only where something is wrong, line by line."""

from __future__ import annotations

import mmap
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from string import whitespace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from recsys_cli.dataset.lines import fields_text, parse_id, read_parquet, split_csv, value_text
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.scale import Scale, find_scale
from recsys_cli.errors import DataError

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_HUGE = 3e38  # what a float32 holds, and on no scale
_READ = ("user", "movie", "rating")
_TYPES = {"user": pa.int64(), "movie": pa.int64(), "rating": pa.float32()}


@dataclass(frozen=True, slots=True)
class RatingsLayout:
    """How a ratings file is written.

    Attributes:
        path: the file; Parquet if its name says so.
        names: the fields in order; "user", "movie" and "rating" are read, the others are skipped. In Parquet, the
            three columns of these.
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


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The ratings of a data set, in the order of the file.

    Attributes:
        user_ids: int64 (U,), ascending: those given, or all that occur.
        users: int32 (R,) index into user_ids.
        movies: int32 (R,) index into the movie ids.
        values: float32 (R,), on the scale.
        scale: of the values.
    """

    user_ids: NDArray[np.int64]
    users: NDArray[np.int32]
    movies: NDArray[np.int32]
    values: NDArray[np.float32]
    scale: Scale


def read_ratings(
    layout: RatingsLayout,
    *,
    movie_ids: NDArray[np.int64],
    user_ids: NDArray[np.int64] | None,
    problems: Problems,
) -> Ratings:
    """Read and check a ratings file; bad lines become problems and are left out.

    Args:
        layout: the file and how it is written.
        movie_ids: int64 (M,), ascending; another movie is a problem.
        user_ids: int64 (U,), ascending, another user is a problem; None if nobody lists the users.
        problems: takes the bad lines.

    Raises: DataError: if the file is missing, empty or unreadable.
    """
    columns = _read_fast(layout)
    if columns is not None:
        checked, good = _check(columns, layout, movie_ids, user_ids)
        if good.all():
            return checked
    columns = _read_slow(layout, problems)
    checked, good = _check(columns, layout, movie_ids, user_ids)
    for row in np.flatnonzero(~good):
        problems.add(_problem(layout.path, columns, checked, int(row)))
    return Ratings(
        checked.user_ids, checked.users[good], checked.movies[good], checked.values[good], checked.scale
    )


class _Columns(NamedTuple):
    """User ids, movie ids, values and, from the slow pass, line numbers, all (R,)."""

    users: NDArray[np.int64]
    movies: NDArray[np.int64]
    values: NDArray[np.float32]
    lines: NDArray[np.int64]


def _check(
    columns: _Columns, layout: RatingsLayout, movie_ids: NDArray[np.int64], user_ids: NDArray[np.int64] | None
) -> tuple[Ratings, NDArray[np.bool_]]:
    """Ids to indices, -1 for one that is not listed, and which rows are good."""
    if user_ids is None:
        user_ids = np.sort(pc.unique(pa.array(columns.users)).to_numpy())
    scale = layout.scale or find_scale(columns.values)
    users, movies = _index_in(columns.users, user_ids), _index_in(columns.movies, movie_ids)
    good = scale.holds(columns.values) & (users >= 0) & (movies >= 0)
    return Ratings(user_ids, users, movies, columns.values, scale), good


def _problem(path: Path, columns: _Columns, checked: Ratings, row: int) -> Problem:
    line = int(columns.lines[row])
    if checked.users[row] < 0:
        return Problem(path, line, "user", str(columns.users[row]), "a user of the users file")
    if checked.movies[row] < 0:
        return Problem(path, line, "movie", str(columns.movies[row]), "a movie of the movies file")
    return Problem(path, line, "rating", f"{columns.values[row]:g}", str(checked.scale))


def _index_in(ids: NDArray[np.int64], known: NDArray[np.int64]) -> NDArray[np.int32]:
    found = pc.index_in(pa.array(ids), value_set=pa.array(known))
    indices: NDArray[np.int32] = found.fill_null(-1).to_numpy().astype(np.int32, copy=False)
    return indices


def _read_fast(layout: RatingsLayout) -> _Columns | None:
    """All ratings of a file by pyarrow, or None if any line is not as it should be."""
    try:
        if layout.parquet:
            table = read_parquet(layout.path, layout.names).rename_columns(list(_READ)).cast(pa.schema(_TYPES))
        else:
            table = _read_text(layout)
    except pa.ArrowInvalid:
        return None
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror or error}") from error
    if table is None or any(table[name].null_count for name in _READ):
        return None
    users, movies, values = (table[name].to_numpy() for name in _READ)
    if len(users) and users.min() < 0:
        return None
    return _Columns(users, movies, values, np.empty(0, dtype=np.int64))


def _read_text(layout: RatingsLayout) -> pa.Table | None:
    """The three columns of a text file, or None where pyarrow would read what is not meant.

    Raises: pyarrow.ArrowInvalid: if a line is not as it should be.
    """
    content = _scan(layout.path)
    if content.hexadecimal:
        return None
    fields, types = list(layout.names), dict(_TYPES)
    if layout.delimiter == "::":
        # pyarrow splits at single characters: between two fields of "::" it sees one more, which must be empty.
        fields = [part for name in layout.names for part in (name, f"before {name}")][:-1]
        types |= {name: pa.null() for name in fields if name.startswith("before ")}
    quoted = layout.csv and content.quotes
    table = pyarrow.csv.read_csv(
        layout.path,
        read_options=pyarrow.csv.ReadOptions(column_names=fields, skip_rows=int(layout.csv)),
        parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter[0], quote_char='"' if quoted else False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=types, include_columns=list(types), null_values=[""]
        ),
    )
    # A quote that is not closed, in a column that is skipped, takes the lines after it along.
    return None if quoted and table.num_rows + 1 != content.lines else table


class _Content(NamedTuple):
    """Whether there are hexadecimal numbers and quotes in a file, and how many lines it has."""

    hexadecimal: bool
    quotes: bool
    lines: int


def _scan(path: Path) -> _Content:
    if not path.exists():
        raise DataError(f"{path}: no such file")
    if path.stat().st_size == 0:
        raise DataError(f"{path}: empty file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        hexadecimal = content.find(b"0x") >= 0 or content.find(b"0X") >= 0
        quotes = content.find(b'"') >= 0
        lines = sum(chunk.count(b"\n") for chunk in iter(lambda: content.read(1 << 20), b"")) if quotes else 0
        return _Content(hexadecimal, quotes, lines + (content[-1:] != b"\n"))


def _read_slow(layout: RatingsLayout, problems: Problems) -> _Columns:
    """All well-formed ratings of a file, line by line; the other lines become problems."""
    users, movies, values, lines = array("q"), array("q"), array("f"), array("q")
    names = _READ if layout.parquet else layout.names
    places = [names.index(name) for name in _READ]
    try:
        for number, fields in _rows(layout, problems):
            if len(fields) != len(names):
                allowed = fields_text(names, layout.delimiter)
                problems.add(Problem(layout.path, number, "line", layout.delimiter.join(fields), allowed))
                continue
            user, movie, rating = (fields[place].strip() for place in places)
            user_id, movie_id = parse_id(user), parse_id(movie)
            if user_id is None or movie_id is None:
                name, text = ("user", user) if user_id is None else ("movie", movie)
                problems.add(Problem(layout.path, number, name, text, "a whole number from 0"))
            elif not _NUMBER.fullmatch(rating):
                problems.add(Problem(layout.path, number, "rating", rating, "a number"))
            else:
                users.append(user_id)
                movies.append(movie_id)
                values.append(max(-_HUGE, min(float(rating), _HUGE)))
                lines.append(number)
    except OSError as error:
        raise DataError(f"{layout.path}: cannot be read: {error.strerror or error}") from error
    return _Columns(*(np.array(column) for column in (users, movies, values, lines)))


def _rows(layout: RatingsLayout, problems: Problems) -> Iterator[tuple[int, list[str]]]:
    """The fields of each line that is not blank, with its number; in Parquet, of each row, from 1."""
    if layout.parquet:
        batches = read_parquet(layout.path, layout.names).to_batches()
        rows = chain.from_iterable(
            zip(*(column.to_pylist() for column in batch), strict=True) for batch in batches
        )
        for number, row in enumerate(rows, start=1):
            yield number, [value_text(value) for value in row]
        return
    with layout.path.open(encoding="utf-8-sig", errors="backslashreplace") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip(whitespace) or (number == 1 and layout.csv):
                continue
            fields = line.rstrip("\n").split(layout.delimiter)
            if layout.csv and '"' in line:
                quoted = split_csv(layout.path, number, line, delimiter=layout.delimiter, problems=problems)
                if quoted is None:
                    continue
                fields = quoted
            yield number, fields
