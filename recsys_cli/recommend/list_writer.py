"""Lists of many people to one file: Parquet or CSV, a row for each movie, or JSON, a line for each person."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from recsys_cli.errors import DataError
from recsys_cli.recommend.answers import RecommendedMovie
from recsys_cli.recommend.csv_rows import MOVIE, REASONS, CsvRows, cell
from recsys_cli.recommend.list_block import ListBlock
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


class _Sink(Protocol):
    def add(self, lists: ListBlock) -> None: ...

    def close(self) -> None: ...


class ListWriter:
    """Writes lists to a file that has its name only when it is complete."""

    def __init__(self, path: Path, sink: _Sink):
        self.path = path
        self._sink = sink

    def write(self, lists: ListBlock) -> None:
        """Append some lists."""
        self._sink.add(lists)


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


class _CsvSink:
    def __init__(self, stream: TextIO, columns: tuple[str, ...]):
        self._rows = CsvRows(stream, columns)

    def add(self, lists: ListBlock) -> None:
        titles, genres = ([cell(text) for text in texts] for texts in (lists.titles, lists.genres))
        bases = np.array(lists.bases, dtype=object)
        columns = [
            np.repeat(lists.user_ids, lists.counts).tolist(),
            np.repeat(bases, lists.counts).tolist(),
            lists.ranks.tolist(),
            lists.movie_ids.tolist(),
            [titles[place] for place in lists.which.tolist()],
            [genres[place] for place in lists.which.tolist()],
            lists.scores.tolist(),
            lists.stars_or_none(),
        ]
        if lists.reasons is not None:
            columns += [[cell(getattr(one, name)) for one in lists.reasons] for name in REASONS]
        self._rows.write_ready(zip(*columns, strict=True))

    def close(self) -> None:
        pass


class _JsonLinesSink:
    def __init__(self, stream: TextIO, columns: tuple[str, ...]):
        self._stream = stream

    def add(self, lists: ListBlock) -> None:
        for user_id, basis, movies in zip(lists.user_ids.tolist(), lists.bases, lists.movies(), strict=True):
            document = {"user_id": user_id, "basis": basis, "movies": [self._plain(movie) for movie in movies]}
            self._stream.write(json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n")

    def close(self) -> None:
        pass

    @staticmethod
    def _plain(movie: RecommendedMovie) -> dict[str, Any]:
        row = {name: getattr(movie, name) for name in MOVIE}
        return row if movie.reasons is None else row | {"reasons": asdict(movie.reasons)}


_TEXT_SINKS: dict[str, Callable[[TextIO, tuple[str, ...]], _Sink]] = {".csv": _CsvSink, ".jsonl": _JsonLinesSink}


class _FileSink:
    """One of the formats of text, in a file."""

    def __init__(self, path: Path, format: str, columns: tuple[str, ...]):
        self._file = path.open("w", encoding="utf-8", newline="")
        self._sink = _TEXT_SINKS[format](self._file, columns)

    def add(self, lists: ListBlock) -> None:
        self._sink.add(lists)

    def close(self) -> None:
        self._file.close()


class _ParquetSink:
    def __init__(self, path: Path, columns: tuple[str, ...]):
        self._schema = pa.schema([(name, _TYPES[name]) for name in columns])
        self._file = path.open("wb")
        self._writer = pyarrow.parquet.ParquetWriter(self._file, self._schema)

    def add(self, lists: ListBlock) -> None:
        columns = {
            "user_id": pa.array(np.repeat(lists.user_ids, lists.counts)),
            "basis": pa.array(lists.bases, pa.string()).take(np.repeat(np.arange(len(lists.bases)), lists.counts)),
            "rank": pa.array(lists.ranks, pa.int32()),
            "movie_id": pa.array(lists.movie_ids),
            "title": pa.array(lists.titles, pa.string()).take(lists.which),
            "genres": pa.array(lists.genres, _TEXTS).take(lists.which),
            "score": pa.array(lists.scores, pa.float32()),
            "stars": pa.array(lists.stars, pa.float32(), from_pandas=True),
        }
        if lists.reasons is not None:
            for name in REASONS:
                columns[name] = pa.array([getattr(one, name) for one in lists.reasons], _TYPES[name])
        self._writer.write_table(pa.table([columns[name] for name in self._schema.names], self._schema))

    def close(self) -> None:
        self._writer.close()
        self._file.close()
