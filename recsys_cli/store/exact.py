"""Exact search in memory with NumPy: the reference that every other store must agree with."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from recsys_cli.config import IndexConfig
from recsys_cli.errors import StoreError
from recsys_cli.store.base import (
    DEFAULT_INDEX,
    NO_FILTER,
    Filter,
    Fingerprint,
    Hits,
    IndexInfo,
    WriteReport,
)
from recsys_cli.store.checks import check_queries, check_texts, check_vectors, unknown_genre, unknown_movie
from recsys_cli.store.content import IndexContent

_AT_ONCE = 16_000_000  # similarities, 64 MB
_GROUP = 64  # similarities of which the largest stands for all when the k best are sought


class ExactStore:
    """An index in memory, searched by one matrix product."""

    def __init__(self) -> None:
        self._content: IndexContent | None = None
        self._fingerprint: Fingerprint | None = None
        self._vectors = np.empty((0, 0), dtype=np.float32)  # (M, D)
        self._members: dict[str, npt.NDArray[np.bool_]] = {}  # genre -> (M,)

    @property
    def fingerprint(self) -> Fingerprint | None:
        """What was written last, or None."""
        return self._fingerprint

    @property
    def genres(self) -> tuple[str, ...]:
        """Every genre of the index, sorted."""
        return tuple(sorted(self._members))

    def write(
        self,
        content: IndexContent,
        fingerprint: Fingerprint,
        *,
        index: IndexConfig = DEFAULT_INDEX,
        rebuild: bool = False,
        progress: Callable[[int], object] | None = None,
    ) -> WriteReport:
        """Take the content; see `Store.write`. An index type other than flat is refused."""
        started = time.perf_counter()
        if index.index_type not in (None, "flat"):
            raise StoreError(f"--index-type {index.index_type}: the exact store has only: flat")
        check_texts(content)
        self._vectors = check_vectors(content.vectors[:], content.movie_ids)
        self._content, self._fingerprint = content, fingerprint
        self._members = _genre_members(content.genres)
        rows = len(content)
        if progress is not None:
            progress(rows)
        return WriteReport("built", rows, rows, 0, 0, "flat", time.perf_counter() - started)

    def search(
        self,
        vectors: npt.NDArray[np.float32],
        k: int,
        *,
        filter: Filter = NO_FILTER,
        with_movies: bool = False,
        excluded: Sequence[npt.NDArray[np.int64]] | None = None,
    ) -> list[Hits]:
        """The k best movies of each query; see `Store.search`.

        Args:
            vectors: (Q, D) float32 unit rows.
            k: > 0.
            filter: which movies may be returned.
            with_movies: return titles, years and genres too.
            excluded: one array of movie ids per query, left out of that query's answer alone; the Milvus stores
                cannot do this in one call.
        """
        content = self._held()
        queries = check_queries(vectors, k, dim=self._vectors.shape[1])
        rows = np.flatnonzero(self._passing(filter))
        candidates = self._vectors if len(rows) == len(self._vectors) else self._vectors[rows]
        ids = content.movie_ids[rows]
        answers: list[Hits] = []
        step = max(1, _AT_ONCE // max(1, len(rows)))
        for start in range(0, len(queries), step):
            similarities = queries[start : start + step] @ candidates.T  # (q, m)
            if excluded is not None:
                for line, barred in zip(similarities, excluded[start : start + step], strict=True):
                    line[_places(ids, barred)] = -np.inf
            lines, columns = _best(similarities, k)
            found = Hits(ids[columns], similarities[lines, columns])
            ends = np.searchsorted(lines, np.arange(len(similarities) + 1)).tolist()
            for first, end in pairwise(ends):
                hits = Hits(found.movie_ids[first:end], found.similarities[first:end])
                answers.append(_with_movies(hits, content, rows[columns[first:end]]) if with_movies else hits)
        return answers

    def vectors(self, movie_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The vectors of some movies; see `Store.vectors`."""
        known = self._held().movie_ids
        places = np.minimum(np.searchsorted(known, movie_ids), len(known) - 1)
        missing = movie_ids[known[places] != movie_ids]
        if len(missing):
            raise unknown_movie(int(missing[0]))
        return self._vectors[places]

    def describe(self) -> IndexInfo:
        """What is in memory."""
        return IndexInfo(
            address="exact",
            server_version=f"numpy {np.__version__}",
            alias="exact",
            collection="exact" if self._content is not None else None,
            fingerprint=self._fingerprint,
            rows=len(self._vectors),
            index_type="flat" if self._content is not None else "",
            vector_bytes=self._vectors.nbytes,
        )

    def drop(self) -> tuple[str, ...]:
        """Forget the content."""
        removed = () if self._content is None else ("exact",)
        self._content, self._fingerprint, self._members = None, None, {}
        self._vectors = np.empty((0, 0), dtype=np.float32)
        return removed

    def close(self) -> None:
        """Nothing is held outside memory."""

    def __enter__(self) -> "ExactStore":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _held(self) -> IndexContent:
        if self._content is None:
            raise StoreError("the exact store is empty: write its content first")
        return self._content

    def _passing(self, filter: Filter) -> npt.NDArray[np.bool_]:
        """(M,) bool: the movies that pass the filter."""
        content = self._held()
        for name in filter.genres:
            if name not in self._members:
                raise unknown_genre(name, self.genres)
        passing = np.ones(len(self._vectors), dtype=np.bool_)
        for name in filter.all_genres:
            passing &= self._members[name]
        if filter.any_genres:
            passing &= np.any([self._members[name] for name in filter.any_genres], axis=0)
        for name in filter.not_genres:
            passing &= ~self._members[name]
        years = content.years
        if filter.year_min is not None or filter.year_max is not None:
            passing &= years >= max(1, filter.year_min or 1)
        if filter.year_max is not None:
            passing &= years <= filter.year_max
        if filter.min_ratings:
            passing &= content.ratings() >= filter.min_ratings
        if filter.exclude_ids:
            passing &= ~np.isin(content.movie_ids, np.array(filter.exclude_ids, dtype=np.int64))
        return passing


def _genre_members(genres: Sequence[tuple[str, ...]]) -> dict[str, npt.NDArray[np.bool_]]:
    """For each genre, which of the M movies have it: (M,) bool."""
    members: dict[str, npt.NDArray[np.bool_]] = {}
    for row, names in enumerate(genres):
        for name in names:
            members.setdefault(name, np.zeros(len(genres), dtype=np.bool_))[row] = True
    return members


def _places(ids: npt.NDArray[np.int64], wanted: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where those of some wanted ids are that are among (m,) ascending ids."""
    places = np.searchsorted(ids, wanted)
    there = places < len(ids)
    there[there] = ids[places[there]] == wanted[there]
    return places[there]


def _best(similarities: npt.NDArray[np.float32], k: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Lines and columns of the k best of each line of (q, m) similarities, line by line, best first.

    Of equal ones the first is the better; what is minus infinity is none. The k-th largest of the maxima of groups
    is no larger than the k-th best, and little besides reaches it: far less work than to partition every line.
    """
    q, m = similarities.shape
    if k < m:
        size = max(1, min(_GROUP, m // (2 * k)))
        groups = m // size
        maxima = similarities[:, : groups * size].reshape(q, size, groups).max(axis=1)
        cut = np.partition(maxima, groups - k, axis=1)[:, groups - k, None]
    else:
        cut = np.full((q, 1), -np.inf, dtype=np.float32)
    lines, columns = np.divmod(np.flatnonzero(similarities >= cut), max(1, m))  # nonzero of two axes is slow
    near = similarities[lines, columns]
    order = np.lexsort((columns, -near, lines))
    order = order[np.isfinite(near[order])]
    lines, columns = lines[order], columns[order]
    within = np.arange(len(lines)) - np.searchsorted(lines, lines) < k
    return lines[within], columns[within]


def _with_movies(hits: Hits, content: IndexContent, rows: npt.NDArray[np.int64]) -> Hits:
    """The hits, which are these rows (n,) of the content, with titles, genres and years."""
    picked = rows.tolist()
    return Hits(
        hits.movie_ids,
        hits.similarities,
        titles=tuple(content.titles[row] for row in picked),
        genres=tuple(content.genres[row] for row in picked),
        years=tuple(int(content.years[row]) for row in picked),
    )
