"""Small operations on the collections and the alias of an index."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recsys_cli.store import layout
from recsys_cli.store.connection import Connection, NotFoundError
from recsys_cli.store.content import IndexContent
from recsys_cli.store.layout import Meta

BATCH = 5000  # movies of one call: 4 MB at 200 dimensions


@dataclass(frozen=True, slots=True)
class Difference:
    """Positions in the content of new and changed movies, and ids of movies that are gone."""

    added: npt.NDArray[np.int64]
    changed: npt.NDArray[np.int64]
    removed: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many these are."""
        return len(self.added) + len(self.changed) + len(self.removed)


def read_alias(link: Connection, alias: str) -> tuple[str, Meta] | None:
    """The collection that an alias names and what it says about itself; None if there is none."""
    try:
        described = link.call(link.client.describe_collection, alias)
    except NotFoundError:
        if link.config.database:
            link.call(
                link.client.list_collections
            )  # fails with a message of its own where the database is what is missing
        return None
    name = str(described["collection_name"])
    return name, Meta.from_properties(described["properties"], name)


def resolve(link: Connection, alias: str) -> str | None:
    """The collection that an alias names, or None.

    Not by ``describe_alias``: Milvus 2.3 looks for it in the default database alone.
    """
    try:
        return str(link.call(link.client.describe_collection, alias)["collection_name"])
    except NotFoundError:
        return None


def load(link: Connection, collection: str) -> None:
    """Bring a collection into memory and wait for it."""
    link.call_patiently(link.client.load_collection, collection)


def count_rows(link: Connection, collection: str) -> int:
    """Rows of a loaded collection, those written a moment ago included and deleted ones not."""
    counted = link.call(
        link.client.query, collection, filter="", output_fields=["count(*)"], consistency_level="Strong"
    )
    return int(counted[0]["count(*)"])


def read_digests(link: Connection, collection: str) -> Iterator[tuple[int, int]]:
    """Movie id and digest of every row."""
    rows = link.call(
        link.client.query_iterator,
        collection,
        batch_size=BATCH,
        output_fields=["movie_id", "digest"],
        consistency_level="Strong",
    )
    for batch in link.batches(rows):
        yield from ((int(row["movie_id"]), int(row["digest"])) for row in batch)


def compare(link: Connection, collection: str, content: IndexContent) -> Difference:
    """What differs between some content and the rows of a collection."""
    load(link, collection)
    stored = dict(read_digests(link, collection))
    ids = np.fromiter(stored, dtype=np.int64, count=len(stored))
    digests = np.fromiter(stored.values(), dtype=np.int64, count=len(stored))
    order = np.argsort(ids)
    ids, digests = ids[order], digests[order]
    wanted = content.movie_ids
    known = np.isin(wanted, ids)
    both = np.flatnonzero(known)
    differs = digests[np.searchsorted(ids, wanted[both])] != content.row_digests()[both]
    return Difference(np.flatnonzero(~known), both[differs], ids[~np.isin(ids, wanted)])


def drop(link: Connection, collection: str) -> None:
    """Remove one collection, by its own name, never an alias: on Milvus Lite that would remove what it names."""
    link.call_patiently(link.client.drop_collection, collection)


def _aliases(link: Connection, collection: str) -> list[str]:
    """Aliases of a collection: as listed, or, in a database where Milvus 2.3 does not look, as described."""
    try:
        return list(link.call(link.client.list_aliases, collection)["aliases"])
    except NotFoundError:
        return list(link.call(link.client.describe_collection, collection)["aliases"])


def drop_others(link: Connection, alias: str) -> tuple[str, ...]:
    """Remove what imports under this alias left, except what the alias names and what another alias uses."""
    removed = []
    for name in link.call(link.client.list_collections):
        if not layout.is_ours(name, alias) or name == resolve(link, alias):
            continue
        if _aliases(link, name):
            continue
        drop(link, name)
        removed.append(name)
    return tuple(removed)


def drop_all(link: Connection, alias: str) -> tuple[str, ...]:
    """Remove the alias, what it names, and what imports left.

    Raises: StoreError: if the alias, or a collection of its name, is another program's by now.
    """
    if read_alias(link, alias) is not None:
        link.call(link.client.drop_alias, alias)
    return drop_others(link, alias)
