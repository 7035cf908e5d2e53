"""Where movie vectors are searched: in memory, in a Milvus Lite folder, or on a Milvus server."""

from recsys_cli.config import EXACT_URI, StoreConfig
from recsys_cli.store.base import Store


def open_store(config: StoreConfig, *, create: bool = True) -> Store:
    """Open the store that the address names; pymilvus is imported only where it is needed.

    Args:
        config: the address and how to reach it.
        create: make a Milvus Lite folder that does not exist.
    Returns: an open store; the in-memory one is empty until it is written.
    Raises: StoreError: if Milvus cannot be reached within the timeout.
    """
    if config.uri == EXACT_URI:
        from recsys_cli.store.exact import ExactStore

        return ExactStore()
    from recsys_cli.store.milvus import MilvusStore

    return MilvusStore(config, create=create)
