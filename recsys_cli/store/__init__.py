"""Where movie vectors are searched: in memory, in a Milvus Lite folder, or on a Milvus server."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

from recsys_cli.config import EXACT_URI, StoreConfig
from recsys_cli.store.base import Store
from recsys_cli.store.reach import check_address


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
    check_address(config, create=create)
    if not config.verbose:
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # gRPC writes to stderr itself, and reads this at import
    with _no_collection():
        from recsys_cli.store.milvus import MilvusStore

        if config.is_lite:
            import milvus_lite.server_manager  # noqa: F401
    return MilvusStore(config)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Import without garbage collection, which is a sixth of the time that pymilvus and pandas take."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
