"""The calls of a Milvus client that this program makes, typed, because pymilvus carries no types."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class RowIterator(Protocol):
    """Rows of a collection, a batch at a time."""

    def next(self) -> Sequence[dict[str, Any]]:
        """The next batch, empty at the end."""
        ...


class Client(Protocol):
    """What is used of `pymilvus.MilvusClient`; every call takes a timeout in seconds."""

    def get_server_version(self, *, timeout: float | None = None) -> str:
        """What the server says it is."""
        ...

    def list_collections(self, *, timeout: float | None = None) -> list[str]:
        """Names of all collections of the database."""
        ...

    def describe_collection(self, collection_name: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Name, fields and properties of what a name or an alias stands for."""
        ...

    def create_collection(
        self,
        collection_name: str,
        *,
        schema: Any,
        properties: dict[str, str],
        consistency_level: str,
        timeout: float | None = None,
    ) -> None:
        """Make an empty collection."""
        ...

    def drop_collection(self, collection_name: str, *, timeout: float | None = None) -> None:
        """Remove a collection."""
        ...

    def load_collection(self, collection_name: str, *, timeout: float | None = None) -> None:
        """Bring a collection into memory."""
        ...

    def alter_collection_properties(
        self, collection_name: str, properties: dict[str, str], *, timeout: float | None = None
    ) -> None:
        """Set some of a collection's properties."""
        ...

    def list_aliases(self, collection_name: str, *, timeout: float | None = None) -> dict[str, Any]:
        """Aliases of a collection."""
        ...

    def create_alias(self, collection_name: str, alias: str, *, timeout: float | None = None) -> None:
        """Give a collection an alias that is not in use."""
        ...

    def alter_alias(self, collection_name: str, alias: str, *, timeout: float | None = None) -> None:
        """Let an alias name another collection."""
        ...

    def drop_alias(self, alias: str, *, timeout: float | None = None) -> None:
        """Remove an alias."""
        ...

    def insert(
        self, collection_name: str, data: list[dict[str, Any]], *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Add rows."""
        ...

    def upsert(
        self, collection_name: str, data: list[dict[str, Any]], *, timeout: float | None = None
    ) -> dict[str, Any]:
        """Add rows, or replace those of the same id."""
        ...

    def delete(self, collection_name: str, ids: list[int], *, timeout: float | None = None) -> dict[str, Any]:
        """Remove rows."""
        ...

    def flush(self, collection_name: str, *, timeout: float | None = None) -> None:
        """Write to disk what was sent."""
        ...

    def create_index(
        self, collection_name: str, index_params: Any, *, sync: bool, timeout: float | None = None
    ) -> None:
        """Build the index of the vectors."""
        ...

    def describe_index(
        self, collection_name: str, index_name: str, *, timeout: float | None = None
    ) -> dict[str, Any] | None:
        """Type and parameters of an index, None where there is none."""
        ...

    def search(
        self,
        collection_name: str,
        data: npt.NDArray[np.float32],
        *,
        anns_field: str,
        limit: int,
        output_fields: list[str],
        search_params: dict[str, Any],
        consistency_level: str,
        filter: str = "",
        timeout: float | None = None,
    ) -> list[list[dict[str, Any]]]:
        """The nearest rows of each query."""
        ...

    def query(
        self,
        collection_name: str,
        *,
        filter: str,
        output_fields: list[str],
        consistency_level: str,
        timeout: float | None = None,
    ) -> list[dict[str, Any]]:
        """Rows that pass a filter."""
        ...

    def query_iterator(
        self,
        collection_name: str,
        *,
        batch_size: int,
        output_fields: list[str],
        consistency_level: str,
        timeout: float | None = None,
    ) -> RowIterator:
        """All rows, a batch at a time."""
        ...

    def get(
        self, collection_name: str, *, ids: list[int], output_fields: list[str], timeout: float | None = None
    ) -> list[dict[str, Any]]:
        """Rows of some ids."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...
