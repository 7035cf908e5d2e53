"""Lists of many people to one file: Parquet or CSV, a row for each movie, or JSON, a line for each person."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from recsys_cli.errors import DataError
from recsys_cli.replacing import replacing

_SCHEMA = pa.schema(
    [
        ("user_id", pa.int64()),
        ("basis", pa.string()),
        ("rank", pa.int32()),
        ("movie_id", pa.int64()),
        ("title", pa.string()),
        ("score", pa.float32()),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UserList:
    """One person's list.

    Attributes:
        user_id: the data set's id.
        basis: ``user`` for a list of the person's own vector, ``profile`` for one by gender, age and job.
        movie_ids: (n,) int64, best first.
        titles: n titles as people write them.
        scores: (n,) float32, top of the rating scale x inner product.
    """

    user_id: int
    basis: str
    movie_ids: NDArray[np.int64]
    titles: list[str]
    scores: NDArray[np.float32]


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
def open_writer(path: Path) -> Iterator[ListWriter]:
    """Write lists to a file that stands under its name when the block has ended well.

    Args:
        path: ends in .parquet, .csv or .jsonl.

    Raises: DataError: the file cannot be written.
    """
    open_sink = _SINKS[path.suffix.casefold()]
    if path.is_dir():
        raise DataError(f"{path}: is a folder")
    with replacing(path, lambda reason: DataError(f"{path}: cannot be written: {reason}")) as building:
        sink = open_sink(building)
        try:
            yield ListWriter(path, sink)
        finally:
            sink.close()


class _TableSink:
    """Writes tables with one of pyarrow's writers."""

    def __init__(self, path: Path, writer: Callable[[Any, pa.Schema], Any]):
        self._file = path.open("wb")
        self._writer = writer(self._file, _SCHEMA)

    def add(self, lists: list[UserList]) -> None:
        self._writer.write_table(_table(lists))

    def close(self) -> None:
        self._writer.close()
        self._file.close()


class _JsonLinesSink:
    def __init__(self, path: Path):
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def add(self, lists: list[UserList]) -> None:
        for one in lists:
            self._file.write(json.dumps(_document(one), ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


_SINKS: dict[str, Callable[[Path], _Sink]] = {
    ".parquet": lambda path: _TableSink(path, pyarrow.parquet.ParquetWriter),
    ".csv": lambda path: _TableSink(path, pyarrow.csv.CSVWriter),
    ".jsonl": _JsonLinesSink,
}


def _table(lists: list[UserList]) -> pa.Table:
    lengths = [len(one.movie_ids) for one in lists]
    columns = [
        np.repeat([one.user_id for one in lists], lengths),
        [one.basis for one, length in zip(lists, lengths, strict=True) for _ in range(length)],
        np.concatenate([np.arange(1, length + 1) for length in lengths]).astype(np.int32),
        np.concatenate([one.movie_ids for one in lists]),
        [title for one in lists for title in one.titles],
        np.concatenate([one.scores for one in lists]),
    ]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)], _SCHEMA
    )


def _document(one: UserList) -> dict[str, Any]:
    movies = zip(one.movie_ids.tolist(), one.titles, one.scores.tolist(), strict=True)
    return {
        "user_id": one.user_id,
        "basis": one.basis,
        "movies": [{"movie_id": movie, "title": title, "score": score} for movie, title, score in movies],
    }
