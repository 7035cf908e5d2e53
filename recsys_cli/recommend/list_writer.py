"""Lists of many people to one file: Parquet or CSV, a row for each movie, or JSON, a line for each person."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO

import pyarrow as pa
import pyarrow.parquet

from recsys_cli.errors import DataError
from recsys_cli.recommend.answers import RecommendedMovie
from recsys_cli.recommend.csv_rows import MOVIE, REASONS, CsvRows
from recsys_cli.replacing import replacing

STDOUT = Path("-")
_TEXTS = pa.list_(pa.string())
_TYPES = {
    "user_id": pa.int64(),
    "basis": pa.string(),
    "rank": pa.int32(),
    "movie_id": pa.int64(),
    "title": pa.string(),
    "genres": _TEXTS,
    "score": pa.float32(),
    "stars": pa.float32(),
    "group": pa.string(),
    "group_count": pa.int64(),
    "group_mean": pa.float32(),
    "count": pa.int64(),
    "mean": pa.float32(),
    "like": pa.string(),
    "shared_genres": _TEXTS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """One person's list.

    Attributes:
        user_id: the data set's id.
        basis: ``user`` for a list of the person's own vector, ``profile`` for one by gender, age and job,
            ``nobody`` where none of these is known.
        movies: best first.
    """

    user_id: int
    basis: str
    movies: tuple[RecommendedMovie, ...]


class _Sink(Protocol):
    def add(self, lists: list[UserList]) -> None: ...

    def close(self) -> None: ...


class ListWriter:
    """Writes lists to a file that has its name only when it is complete."""

    def __init__(self, path: Path, sink: _Sink):
        self.path = path
        self._sink = sink

    def write(self, lists: Iterable[UserList]) -> None:
        """Append some lists."""
        self._sink.add(list(lists))


@contextmanager
def open_writer(path: Path, *, format: str, explained: bool = False) -> Iterator[ListWriter]:
    """Write lists to a file that stands under its name when the block has ended well, or to standard output.

    Args:
        path: the file; ``-`` for standard output.
        format: ``.parquet``, ``.csv`` or ``.jsonl``.
        explained: write the reasons too.

    Raises: DataError: the file cannot be written.
    """
    columns = ("user_id", "basis", *MOVIE, *(REASONS if explained else ()))
    if path == STDOUT:
        yield ListWriter(path, _TEXT_SINKS[format](sys.stdout, columns))
        return
    if path.is_dir():
        raise DataError(f"{path}: is a folder")
    with replacing(path, lambda reason: DataError(f"{path}: cannot be written: {reason}")) as building:
        sink = _ParquetSink(building, columns) if format == ".parquet" else _FileSink(building, format, columns)
        try:
            yield ListWriter(path, sink)
        finally:
            sink.close()


def _rows(lists: Iterable[UserList], columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """A row for each movie, by the names of the columns."""
    for one in lists:
        for movie in one.movies:
            row = {name: getattr(movie, name) for name in MOVIE}
            if movie.reasons is not None:
                row |= asdict(movie.reasons)
            yield {"user_id": one.user_id, "basis": one.basis, **row}


class _CsvSink:
    def __init__(self, stream: TextIO, columns: tuple[str, ...]):
        self._rows = CsvRows(stream, columns)
        self._columns = columns

    def add(self, lists: list[UserList]) -> None:
        self._rows.write_named(_rows(lists, self._columns))

    def close(self) -> None:
        pass


class _JsonLinesSink:
    def __init__(self, stream: TextIO, columns: tuple[str, ...]):
        self._stream = stream
        self._explained = REASONS[0] in columns

    def add(self, lists: list[UserList]) -> None:
        for one in lists:
            movies = [self._plain(movie) for movie in one.movies]
            document = {"user_id": one.user_id, "basis": one.basis, "movies": movies}
            self._stream.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        pass

    def _plain(self, movie: RecommendedMovie) -> dict[str, Any]:
        row = {name: getattr(movie, name) for name in MOVIE}
        return row | {"reasons": asdict(movie.reasons)} if self._explained and movie.reasons is not None else row


_TEXT_SINKS: dict[str, Callable[[TextIO, tuple[str, ...]], _Sink]] = {".csv": _CsvSink, ".jsonl": _JsonLinesSink}


class _FileSink:
    """One of the formats of text, in a file."""

    def __init__(self, path: Path, format: str, columns: tuple[str, ...]):
        self._file = path.open("w", encoding="utf-8", newline="")
        self._sink = _TEXT_SINKS[format](self._file, columns)

    def add(self, lists: list[UserList]) -> None:
        self._sink.add(lists)

    def close(self) -> None:
        self._file.close()


class _ParquetSink:
    def __init__(self, path: Path, columns: tuple[str, ...]):
        self._columns = columns
        self._schema = pa.schema([(name, _TYPES[name]) for name in columns])
        self._file = path.open("wb")
        self._writer = pyarrow.parquet.ParquetWriter(self._file, self._schema)

    def add(self, lists: list[UserList]) -> None:
        rows = list(_rows(lists, self._columns))
        arrays = [pa.array([row.get(field.name) for row in rows], field.type) for field in self._schema]
        self._writer.write_table(pa.table(arrays, self._schema))

    def close(self) -> None:
        self._writer.close()
        self._file.close()
