"""Text files to numbered lines and fields, in whichever of UTF-8 and latin-1 they are; fields to ids and times."""

from __future__ import annotations

import codecs
import csv
import errno
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from recsys_cli.dataset.problems import Problem, Problems, check_regular
from recsys_cli.errors import DataError

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_TAB = "\t"
_MAX_ID = 2**63 - 1
UNKNOWN_TIME = 0
TIMES_ALLOWED = "seconds since 1970, or a date such as 2001-12-31 or 2001-12-31 23:59:59"
_BLOCK_ROWS = 1 << 20  # of a Parquet file that are read at a time
_LATEST = 10**11  # seconds; what is above it counts milliseconds


def read_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines of a small text file that are not blank, with their 1-based numbers.

    A file that is not UTF-8 is latin-1. Where most of the lines with accents are of one of the two and some of
    the other, those are problems: read as the rest, they would come out as garbage.

    Raises: DataError: if the file cannot be read or is not text.
    """
    data = read_bytes(path).removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        raise DataError(f"{path}: not a text file, or one in UTF-16; save it as UTF-8")
    lines = _NEWLINE.split(data)
    utf8 = _is_utf8(data, lines)
    encoding = "UTF-8" if utf8 else "latin-1"
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.isascii() or _decodes(line) is utf8:
            yield number, line.decode(encoding)
        else:
            allowed = f"{encoding}, as in the rest of the file"
            problems.add(Problem(path, number, "text", line.decode("ascii", "backslashreplace"), allowed))


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises: DataError: if it is missing, empty or unreadable, or a pipe or device.
    """
    check_regular(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not data.strip():
        raise DataError(f"{path}: empty file")
    return data


def split_csv(path: Path, line: int, text: str, *, delimiter: str, problems: Problems) -> list[str] | None:
    """The fields of one line of CSV, None and a problem if its quotes do not match."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        problems.add(Problem(path, line, "line", text.strip(), f"CSV with all quotes closed ({error})"))
        return None


def read_columns(
    path: Path, names: Sequence[str], *, delimiter: str = ",", problems: Problems
) -> Iterator[tuple[int, list[Any]]]:
    """Named columns of a CSV or Parquet file, row by row with the line number, in Parquet the number of the row.

    Args:
        path: the file; Parquet if its name says so.
        names: of the columns, in the order they are wanted.
        delimiter: between two fields of CSV.
        problems: takes the bad lines.

    Raises: DataError: if the file cannot be read, or a column is not there.
    """
    if path.suffix.casefold() == ".parquet":
        columns = read_parquet(path, names).to_pydict()
        for number, row in enumerate(zip(*(columns[name] for name in names), strict=True), start=1):
            yield number, list(row)
        return
    lines = read_lines(path, problems)
    header = _header(path, next(lines, (1, ""))[1], delimiter)
    places = [column_place(path, header, name) for name in names]
    for number, line in lines:
        fields = split_csv(path, number, line, delimiter=delimiter, problems=problems)
        if fields is None:
            continue
        if len(fields) == len(header):
            yield number, [fields[place] for place in places]
        else:
            problems.add(Problem(path, number, "line", line, fields_text(header, delimiter)))


def read_header(path: Path, *, delimiter: str = ",") -> list[str]:
    """The names of the columns of a CSV file, from its first line.

    Raises: DataError: if it cannot be read, is no regular file, or the first line is empty.
    """
    check_regular(path)
    try:
        with path.open(encoding="utf-8-sig", errors="backslashreplace") as file:
            return _header(path, file.readline(), delimiter)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def column_names(path: Path, *, delimiter: str = ",") -> list[str]:
    """The names of the columns of a CSV or Parquet file.

    Raises: DataError: if it cannot be read, or is no regular file.
    """
    if path.suffix.casefold() != ".parquet":
        return read_header(path, delimiter=delimiter)
    check_regular(path)
    try:
        names: list[str] = pyarrow.parquet.read_schema(path).names
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowException, OSError) as error:
        raise_for_memory(error)
        raise DataError(f"{path}: cannot be read as Parquet") from error
    return names


def column_place(path: Path, header: Sequence[str], name: str) -> int:
    """Where a column stands among those of a file.

    Raises: DataError: if it does not.
    """
    if name not in header:
        raise DataError(f"{path}:1: no column {name!r}; it has {', '.join(map(repr, header))}")
    return header.index(name)


def read_parquet(path: Path, names: Sequence[str]) -> pa.Table:
    """Columns of a Parquet file.

    Raises: DataError: if it cannot be read, is no regular file, or a column is not there.
    """
    return pa.concat_tables(parquet_blocks(path, names))


def parquet_blocks(path: Path, names: Sequence[str]) -> Iterator[pa.Table]:
    """Columns of a Parquet file, a million rows at a time; without rows one empty table.

    Raises: as :func:`read_parquet`.
    """
    check_regular(path)
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for name in names:
                column_place(path, file.schema_arrow.names, name)
            if not file.metadata.num_rows:
                yield file.read(list(names))
            for batch in file.iter_batches(_BLOCK_ROWS, columns=list(names)):
                batch.validate(full=True)  # texts that are not UTF-8, lists that end outside
                yield pa.Table.from_batches([batch])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise_for_memory(error)
        raise DataError(f"{path}: cannot be read as Parquet: {clean_text(str(error))}") from error


def raise_for_memory(error: Exception) -> None:
    """Raise MemoryError where an error of Arrow's comes of too little memory, for a thread of its own too."""
    no_memory = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    if no_memory or "launch worker thread" in str(error):
        raise MemoryError(str(error)) from error


def fields_text(names: Sequence[str], delimiter: str) -> str:
    """How a line should look, such as "3 fields: id::title::genres"."""
    return f"{len(names)} fields: {delimiter.replace(_TAB, ' <tab> ').join(map(clean_text, names))}"


def value_text(value: Any) -> str:
    """A value of a column as it would stand in a text file."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _header(path: Path, line: str, delimiter: str) -> list[str]:
    header = split_csv(path, 1, line, delimiter=delimiter, problems=Problems()) if line.strip() else None
    if not header:
        raise DataError(f"{path}:1: the first line must name the columns")
    return [name.strip() for name in header]


def parse_id(text: str) -> int | None:
    """A whole number from 0 that fits in an int64, None for any other text."""
    text = text.strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    # Longer digits need no conversion to be refused; Python limits the length it converts.
    return int(text) if len(text) <= 30 and int(text) <= _MAX_ID else None


def parse_time(text: str) -> int | None:
    """Seconds since 1970 of a number of them, or of an ISO 8601 date, in UTC unless it says otherwise.

    Returns: `UNKNOWN_TIME` for an empty text, and for 0 and less; None for a text that is no time.
    """
    try:
        seconds = int(text) if text else UNKNOWN_TIME
    except ValueError:
        seconds = _of_date(text)
    return max(seconds, UNKNOWN_TIME) if seconds <= _LATEST else None


def _of_date(text: str) -> int:
    """Beyond `_LATEST` where it is no date."""
    try:
        date = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return _LATEST + 1
    return int((date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp())


def times_of(column: pa.ChunkedArray) -> NDArray[np.int64] | None:
    """(R,) seconds since 1970 of a column of whole numbers, dates or points in time, `UNKNOWN_TIME` where empty.

    Returns: None where the column is of anything else.
    """
    try:
        if pa.types.is_temporal(column.type):
            column = column.cast(pa.timestamp("s"), safe=False)
        elif not (pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            return None
        times = column.cast(pa.int64()).fill_null(UNKNOWN_TIME).to_numpy()
    except pa.ArrowInvalid:
        return None
    return np.maximum(times, UNKNOWN_TIME) if (times <= _LATEST).all() else None


def date_text(seconds: int) -> str:
    """Such as "2001-12-31 23:59", in UTC."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"


def clean_text(text: str) -> str:
    """The text on one line: runs of white space become a space, other control characters are dropped."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable() or char == " ")


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes, lines: list[bytes]) -> bool:
    if _decodes(data):
        return True
    accented = [_decodes(line) for line in lines if not line.isascii()]
    return 2 * sum(accented) >= len(accented)
