"""Imports without a gap: build a collection, check it, move the alias, drop what it replaces."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys_cli.config import IndexConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import collection_ops, layout
from recsys_cli.store.base import NO_MOVIES, Fingerprint, WriteReport
from recsys_cli.store.checks import check_texts, check_vectors
from recsys_cli.store.collection_ops import BATCH, Difference
from recsys_cli.store.connection import Connection, NotFoundError
from recsys_cli.store.content import IndexContent
from recsys_cli.store.expression import GENRE_CODES, NUM_RATINGS, Dialect, encode_genres
from recsys_cli.store.layout import VECTOR, Meta

_SAMPLE = 20  # movies that must find themselves
_UPDATE_UP_TO = 0.5  # share of rows; above it a new index is the faster way and leaves no gaps in old segments
_LITE_TURN = 1.0  # seconds after which an import lets readers of a Milvus Lite folder in


class _LostError(StoreError):
    """Another import has put its index in use."""


class Import:
    """One import under an alias."""

    def __init__(
        self,
        link: Connection,
        alias: str,
        content: IndexContent,
        fingerprint: Fingerprint,
        progress: Callable[[int], object] | None,
    ) -> None:
        """Take what is to be imported; nothing is written yet."""
        if not len(content):
            raise StoreError("there is no movie to import")
        if content.dim != fingerprint.dim:
            raise ValueError(f"vectors are {content.dim} wide, the fingerprint says {fingerprint.dim}")
        check_texts(content)
        self._link, self._alias = link, alias
        self._content, self._fingerprint = content, fingerprint
        self._progress = progress
        self._started = time.perf_counter()
        self._turn = time.monotonic()
        self._mark = ""  # of the update in place

    def run(self, current: tuple[str, Meta] | None, *, index: IndexConfig, rebuild: bool) -> WriteReport:
        """Do what is needed to go from the collection that readers use to the content.

        Args:
            current: the collection that the alias names and what it says about itself, or None.
            index: type and parameters of an index that is built.
            rebuild: build anew in any case.
        """
        if current is not None and not rebuild:
            _, meta = current
            if meta.fingerprint == self._fingerprint:
                return self._report("current", meta.index_type, 0, 0, 0)
        try:
            return self._update_or_build(current, index, rebuild=rebuild)
        except _LostError:
            now = collection_ops.read_alias(self._link, self._alias)
            if rebuild or now is None or now[1].fingerprint != self._fingerprint:
                raise
            return self._report("current", now[1].index_type, 0, 0, 0)  # the other one imported the same

    def _update_or_build(
        self, current: tuple[str, Meta] | None, index: IndexConfig, *, rebuild: bool
    ) -> WriteReport:
        if current is None:
            return self._build(None, index)
        collection, meta = current
        # An update that died is not gone on with: it may be alive, and its rows would mix with these.
        if not rebuild and not meta.updating and self._is_alike(meta.fingerprint):
            difference = collection_ops.compare(self._link, collection, self._content)
            is_small = difference.total <= _UPDATE_UP_TO * len(self._content)
            if is_small and collection_ops.read_alias(self._link, collection) == current:
                return self._update(collection, meta, difference)
        return self._build(collection, index)

    def _is_alike(self, other: Fingerprint) -> bool:
        """Whether two indexes differ in their movies alone."""
        return replace(other, movies=NO_MOVIES) == replace(self._fingerprint, movies=NO_MOVIES)

    def _build(self, previous: str | None, index: IndexConfig) -> WriteReport:
        """Build a collection beside the previous one and put it in use."""
        link, rows = self._link, len(self._content)
        link.check_version()
        dialect: Dialect = "text" if link.is_lite else "array"
        kind = layout.choose_type(index, rows, dialect, link.config.address)
        meta = Meta(
            fingerprint=self._fingerprint,
            genres=tuple(sorted({name for names in self._content.genres for name in names})),
            dialect=dialect,
            index_type=kind,
            search=layout.search_params(index, kind),
        )
        name = layout.new_name(self._alias, self._fingerprint)
        try:
            self._fill(name, meta, layout.make_index(kind, layout.build_params(index, kind)))
            try:
                self._check(name, kind)
            except StoreError:
                if collection_ops.resolve(link, self._alias) != previous:
                    raise self._lost() from None  # whoever was faster is dropping it
                raise
            self._commit(name, previous)
        except NotFoundError as error:
            raise self._lost() from error
        return self._report("built", kind, rows, 0, 0)

    def _fill(self, name: str, meta: Meta, index: Any) -> None:
        """Create the collection with all rows and its index, and load it."""
        link = self._link
        schema = layout.make_schema(self._content.dim, meta.dialect)
        link.call(
            link.client.create_collection,
            name,
            schema=schema,
            properties=meta.to_properties(),
            consistency_level="Bounded",
        )
        self._write_rows(name, meta, np.arange(len(self._content)))
        link.call_patiently(link.client.flush, name)
        # Milvus Lite builds the index when it loads; waiting for it would cost the client's first pause of 0.5 s.
        link.call_patiently(link.client.create_index, name, index, sync=not link.is_lite)
        collection_ops.load(link, name)

    def _check(self, name: str, kind: str) -> None:
        """Refuse a collection that does not hold what was written to it."""
        rows = len(self._content)
        counted = collection_ops.count_rows(self._link, name)
        if counted != rows:
            raise StoreError(
                f"the new collection {name} holds {counted} movies, not {rows}: the index is unchanged"
            )
        built = (self._link.call(self._link.client.describe_index, name, VECTOR) or {}).get("index_type", "none")
        if str(built).lower() != kind:
            raise StoreError(f"asked for an index of type {kind}, {self._link.config.address} made {built}")
        sample = np.unique(np.linspace(0, rows - 1, _SAMPLE).astype(np.int64))
        vectors = check_vectors(self._content.vectors[sample], self._content.movie_ids[sample])
        found = self._link.call(
            self._link.client.search,
            name,
            vectors,
            anns_field=VECTOR,
            limit=1,
            output_fields=["movie_id"],
            search_params={"params": {}},
            consistency_level="Strong",
        )
        missed = sum(1 for hits in found if not hits or hits[0]["distance"] < 1 - 1e-3)
        if missed > (0 if kind == "flat" else len(sample) // 10):
            raise StoreError(
                f"{missed} of {len(sample)} movies do not find themselves in {name}: the index is unchanged"
            )

    def _commit(self, name: str, previous: str | None) -> None:
        """Point the alias at the new collection, unless another import was faster, and drop the rest."""
        link = self._link
        if collection_ops.resolve(link, self._alias) != previous:
            collection_ops.drop(link, name)
            raise self._lost()
        move = link.client.create_alias if previous is None else link.client.alter_alias
        link.call(move, name, self._alias)
        if collection_ops.resolve(link, self._alias) != name:
            raise self._lost()
        collection_ops.drop_others(link, self._alias)

    def _update(self, collection: str, meta: Meta, difference: Difference) -> WriteReport:
        """Write the difference in place; in between the collection belongs to no movies."""
        link = self._link
        new = {name for names in self._content.genres for name in names} - set(meta.genres)
        meta = replace(meta, genres=meta.genres + tuple(sorted(new))).being_changed()
        self._mark = meta.updating
        try:
            link.call(link.client.alter_collection_properties, collection, meta.to_properties())
            changed = np.concatenate([difference.added, difference.changed])
            self._write_rows(collection, meta, changed, replacing=True)
            for start in range(0, len(difference.removed), BATCH):
                self._refuse_company(collection)
                ids = difference.removed[start : start + BATCH].tolist()
                link.call(link.client.delete, collection, ids=ids)
            link.call_patiently(link.client.flush, collection)
            try:
                self._check(collection, meta.index_type)
            finally:
                self._refuse_company(collection)  # which may be why it holds something else
            if collection_ops.compare(link, collection, self._content).total:
                raise self._mixed()
            done = replace(meta, fingerprint=self._fingerprint, updating="")
            link.call(link.client.alter_collection_properties, collection, done.to_properties())
        except NotFoundError as error:
            raise self._lost() from error
        collection_ops.drop_others(link, self._alias)
        sizes = [len(difference.added), len(difference.changed), len(difference.removed)]
        return self._report("updated", meta.index_type, *sizes)

    def _refuse_company(self, collection: str) -> None:
        """End an update when another has marked the collection too: neither may call the rows its own."""
        found = collection_ops.read_alias(self._link, collection)
        if found is None:
            raise self._lost()
        if found[1].updating != self._mark:
            raise self._mixed()

    def _write_rows(
        self, collection: str, meta: Meta, positions: npt.NDArray[np.int64], *, replacing: bool = False
    ) -> None:
        """Send rows of the content, a batch of vectors at a time; replacing those that are there is slower."""
        link = self._link
        digests = self._content.row_digests()
        codes = {name: code for code, name in enumerate(meta.genres)}
        for start in range(0, len(positions), BATCH):
            batch = positions[start : start + BATCH]
            rows = list(self._rows(batch, digests, codes, meta.dialect))
            if replacing:
                self._refuse_company(collection)
            send = link.client.upsert if replacing else link.client.insert  # taking turns changes the client
            link.call_patiently(send, collection, rows)
            if self._progress is not None:
                self._progress(start + len(batch))
            self._take_turns(collection)

    def _rows(
        self,
        positions: npt.NDArray[np.int64],
        digests: npt.NDArray[np.int64],
        codes: dict[str, int],
        dialect: Dialect,
    ) -> Iterator[dict[str, Any]]:
        content, num_ratings = self._content, self._content.ratings()
        vectors = check_vectors(content.vectors[positions], content.movie_ids[positions])  # (n, D)
        for position, vector in zip(positions.tolist(), vectors, strict=True):
            names = content.genres[position]
            yield {
                "movie_id": int(content.movie_ids[position]),
                VECTOR: vector,
                "title": content.titles[position],
                "year": int(content.years[position]),
                "genres": "|".join(names),
                GENRE_CODES: encode_genres(names, codes, dialect),
                NUM_RATINGS: int(num_ratings[position]),
                "digest": int(digests[position]),
            }

    def _take_turns(self, collection: str) -> None:
        """Between two batches, let readers into a Milvus Lite folder: they wait for its lock."""
        link = self._link
        if link.config.is_lite and time.monotonic() - self._turn > _LITE_TURN:
            link.call_patiently(link.client.flush, collection)
            link.let_others_in()
            self._turn = time.monotonic()

    def _lost(self) -> StoreError:
        return _LostError(
            f"{self._link.config.address}: another import of {self._alias!r} finished first and its index is "
            "in use; nothing of this one is left"
        )

    def _mixed(self) -> StoreError:
        return _LostError(
            f"{self._link.config.address}: another import changes the index {self._alias!r} at the same time; "
            "run the command again when it has ended"
        )

    def _report(self, action: Any, index_type: str, added: int, changed: int, removed: int) -> WriteReport:
        seconds = time.perf_counter() - self._started
        return WriteReport(action, len(self._content), added, changed, removed, index_type, seconds)
