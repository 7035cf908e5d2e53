"""The index in Milvus: a folder of Milvus Lite or a server, by the same calls."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys_cli.config import IndexConfig, StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import collection_ops
from recsys_cli.store.base import (
    DEFAULT_INDEX,
    NO_FILTER,
    Filter,
    Fingerprint,
    Hits,
    IndexInfo,
    WriteReport,
)
from recsys_cli.store.checks import check_queries, unknown_movie
from recsys_cli.store.connection import Connection, NotFoundError, NotLoadedError
from recsys_cli.store.content import IndexContent
from recsys_cli.store.expression import GENRE_CODES, decode_genres, expression
from recsys_cli.store.importer import Import
from recsys_cli.store.layout import MOVIE_FIELDS, VECTOR, Meta, is_ours

_HITS_AT_ONCE = 50_000  # of one call: keeps an answer of a server far below its limit of 64 MB
_QUERIES_AT_ONCE = 1000
_SERVER_MOST = 16_384  # hits a query, the limit of a Milvus server
_INDEX_WORDS = {"index_type", "metric_type", "field_name", "index_name", "state", "params"}


class MilvusStore:
    """An index under an alias; see `Store` for what its methods promise."""

    def __init__(self, config: StoreConfig) -> None:
        """Connect and read what the alias names.

        Args:
            config: the address, the alias and how to reach them.
        Raises: StoreError: if Milvus cannot be reached, or the name belongs to a collection of another program.
        """
        self._alias = config.collection
        self._link = Connection(config)
        self._updated = False
        self._loaded = False
        self._index: tuple[str, Meta] | None = None  # the collection that the alias names, and what it says
        self._look()

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What the index was made from, as it was when the store was opened or written."""
        return self._index[1].fingerprint if self._index is not None else None

    @property
    def genres(self) -> tuple[str, ...]:
        """Every genre name of the index, sorted."""
        return tuple(sorted(self._index[1].genres)) if self._index is not None else ()

    def search(
        self,
        vectors: npt.NDArray[np.float32],
        k: int,
        *,
        filter: Filter = NO_FILTER,
        with_movies: bool = False,
    ) -> list[Hits]:
        """The k best movies of each query; see `Store.search`."""
        _, meta = self._held()
        queries = check_queries(vectors, k, dim=meta.fingerprint.dim)
        where = expression(filter, meta.genres, meta.dialect)
        k = self._allowed(k)
        step = max(1, min(_QUERIES_AT_ONCE, _HITS_AT_ONCE // k))
        answers: list[Hits] = []
        for start in range(0, len(queries), step):
            found = self._search(queries[start : start + step], k, where, with_movies)
            answers += [_to_hits(hits, self._held()[1].genres, with_movies) for hits in found]
        return answers

    def vectors(self, movie_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors of some movies; see `Store.vectors`."""
        _, meta = self._held()
        dim = meta.fingerprint.dim
        if not len(movie_ids):
            return np.empty((0, dim), dtype=np.float32)
        collection, fields = self._in_memory(), ["movie_id", VECTOR]
        rows = self._link.call(self._link.client.get, collection, ids=movie_ids.tolist(), output_fields=fields)
        found = {row["movie_id"]: row[VECTOR] for row in rows}
        for movie_id in movie_ids.tolist():
            if movie_id not in found:
                raise unknown_movie(movie_id)
        return np.array([found[movie_id] for movie_id in movie_ids.tolist()], dtype=np.float32)

    def write(
        self,
        content: IndexContent,
        fingerprint: Fingerprint,
        *,
        index: IndexConfig = DEFAULT_INDEX,
        rebuild: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> WriteReport:
        """Make the index hold this content; see `Store.write`."""
        work = Import(self._link, self._alias, content, fingerprint, progress)
        report = work.run(self._index, index=index, rebuild=rebuild)
        self._updated = report.action == "updated"
        self._look()
        return report

    def describe(self) -> IndexInfo:
        """What is there, as Milvus says; see `IndexInfo`."""
        link = self._link
        names = tuple(sorted(link.call(link.client.list_collections)))
        current = self._index[0] if self._index is not None else None
        others = tuple(name for name in names if is_ours(name, self._alias) and name != current)
        folder = Path(link.config.uri) if link.config.is_lite else None
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if folder else None
        empty = IndexInfo(link.config.address, link.version, self._alias, others=others, disk_bytes=size)
        if self._index is None:
            return empty
        collection, meta = self._index
        built = link.call(link.client.describe_index, collection, VECTOR) or {}
        rows = collection_ops.count_rows(link, self._in_memory())
        return replace(
            empty,
            collection=collection,
            fingerprint=meta.fingerprint,
            rows=rows,
            index_type=str(built.get("index_type", "")).lower(),
            index_params=_flat_params(built),
            vector_bytes=4 * rows * meta.fingerprint.dim,
            updating=bool(meta.updating),
        )

    def drop(self) -> tuple[str, ...]:
        """Remove the index and what earlier imports left; see `Store.drop`."""
        removed = collection_ops.drop_all(self._link, self._alias)
        self._look()
        return removed

    def close(self) -> None:
        """Disconnect, and free the lock of a Milvus Lite folder."""
        self._link.close()

    def __enter__(self) -> "MilvusStore":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _look(self) -> None:
        """Read what the alias names now: one call."""
        self._loaded = False
        self._index = collection_ops.read_alias(self._link, self._alias)

    def _held(self) -> tuple[str, Meta]:
        if self._index is None:
            raise StoreError(
                f"{self._link.config.address}: there is no index named {self._alias!r} yet; "
                "'recsys recommend --import' makes it"
            )
        return self._index

    def _in_memory(self) -> str:
        """The collection, brought into memory; a folder that was just opened never has it there."""
        collection, _ = self._held()
        if not self._loaded:
            collection_ops.load(self._link, collection)
            self._loaded = True
        return collection

    def _search(self, queries: npt.NDArray[np.float32], k: int, where: str, with_movies: bool) -> Any:
        """One call, on the collection whose fingerprint the caller has compared, not on the alias."""
        try:
            if self._link.config.is_lite:
                self._in_memory()
            return self._search_once(queries, k, where, with_movies)
        except NotLoadedError:
            self._loaded = False
        except NotFoundError:
            found = collection_ops.read_alias(self._link, self._alias)
            if found is None or found[1].fingerprint != self.fingerprint:  # and no later search may use it either
                raise StoreError(
                    f"{self._link.config.address}: the index was replaced by that of another model or movies file "
                    "during the search: run the command again"
                ) from None
            self._index, self._loaded = found, False
        self._in_memory()
        return self._search_once(queries, k, where, with_movies)

    def _search_once(self, queries: npt.NDArray[np.float32], k: int, where: str, with_movies: bool) -> Any:
        collection, meta = self._held()
        params = dict(meta.search)
        if "ef" in params:
            params["ef"] = max(params["ef"], k)
        # The process that has just changed rows must see them; for all others a server's bounded staleness of
        # seconds spares each search the 200 ms until the next tick of the server's clock.
        consistency = "Strong" if self._updated else "Bounded"
        return self._link.call(
            self._link.client.search,
            collection,
            queries,
            anns_field=VECTOR,
            limit=k,
            filter=where,
            search_params={"params": params},
            output_fields=[*MOVIE_FIELDS, GENRE_CODES] if with_movies else ["movie_id"],
            consistency_level=consistency,
        )

    def _allowed(self, k: int) -> int:
        """The number to ask for; a server refuses more than its limit even if the index holds fewer."""
        if k <= _SERVER_MOST:
            return k
        rows = collection_ops.count_rows(self._link, self._in_memory())
        if self._link.config.is_lite:
            return max(1, min(k, rows))  # it cannot count to any number
        if rows > _SERVER_MOST:
            raise StoreError(
                f"a Milvus server returns at most {_SERVER_MOST} movies for a query, not {k}: use --exact"
            )
        return _SERVER_MOST


def _to_hits(found: Any, genres: Sequence[str], with_movies: bool) -> Hits:
    """One query's answer, equal similarities in the order of their ids."""
    movie_ids = np.array([hit["movie_id"] for hit in found], dtype=np.int64)
    similarities = np.array([hit["distance"] for hit in found], dtype=np.float32)
    order = np.lexsort((movie_ids, -similarities))
    if not with_movies:
        return Hits(movie_ids[order], similarities[order])
    rows = [found[position]["entity"] for position in order.tolist()]
    return Hits(
        movie_ids[order],
        similarities[order],
        titles=tuple(row["title"] for row in rows),
        genres=tuple(_genres(row, genres) for row in rows),
        years=tuple(int(row["year"]) for row in rows),
    )


def _genres(row: Any, known: Sequence[str]) -> tuple[str, ...]:
    """A movie's genres by their codes: a name may hold the separator of the field for other programs."""
    names = decode_genres(row[GENRE_CODES], known)
    if names is None:  # of an update that another process began after this one read the names
        return tuple(row["genres"].split("|")) if row["genres"] else ()
    return names


def _flat_params(built: dict[str, Any]) -> dict[str, str]:
    """The parameters in an answer of describe_index, which has them flat or nested."""
    nested = built.get("params") or {}
    values = {**built, **(nested if isinstance(nested, dict) else {})}
    names = [name for name in sorted(values) if name not in _INDEX_WORDS and not name.endswith("_rows")]
    return {name: str(values[name]) for name in names}
