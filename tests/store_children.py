"""What the store tests run in processes of their own, and how: a fork server that has imported pymilvus once."""

import itertools
import multiprocessing
import os
import signal
from multiprocessing.context import ForkServerContext
from typing import Any

from store_data import CONTENTS, FIRST_AXIS, fingerprint, known_content

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import importer, open_store
from recsys_cli.store.connection import Connection
from recsys_cli.store.content import IndexContent


def children() -> ForkServerContext:
    """Processes that start in milliseconds and share no gRPC state."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["store_children", "milvus_lite.server_manager"])
    return context


def import_until(config: StoreConfig, content: IndexContent, movies: str, last_call: int) -> None:
    """Import and be killed, as by kill -9, just before the call to Milvus of this number."""
    _small_batches()
    numbers, call = itertools.count(1), Connection.call

    def counted(self: Connection, method: Any, *args: Any, **options: Any) -> Any:
        if next(numbers) == last_call:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(self, method, *args, **options)

    Connection.call = counted  # type: ignore[method-assign]
    with open_store(config) as store:
        store.write(content, fingerprint(movies))


def import_whole(config: StoreConfig, content: IndexContent, movies: str, rebuild: bool) -> None:
    """Import, in small batches."""
    _small_batches()
    with open_store(config) as store:
        store.write(content, fingerprint(movies), rebuild=rebuild)


def import_and_tell(
    config: StoreConfig, content: IndexContent, movies: str, rebuild: bool, start: Any, told: Any
) -> None:
    """Wait for the others, import, and tell what came of it: what was done, or the error."""
    with open_store(config) as store:
        start.wait()
        try:
            told.put(store.write(content, fingerprint(movies), rebuild=rebuild).action)
        except StoreError as error:
            told.put(str(error))


def import_and_drop(config: StoreConfig, rounds: int) -> None:
    """Update, import anew and drop, in turn, each with the store opened for it alone, as commands do."""
    _small_batches()
    for _ in range(rounds):
        for name, rebuild in (("new", False), ("third", True), ("old", False)):
            with open_store(config) as store:
                store.write(CONTENTS[name], fingerprint(name), rebuild=rebuild)
        with open_store(config) as store:
            store.drop()
        with open_store(config) as store:
            store.write(CONTENTS["third"], fingerprint("third"))


def import_slowly(config: StoreConfig, movies: str) -> None:
    """Import in many batches, letting others into the folder after each."""
    _small_batches()
    importer._LITE_TURN = 0.0
    with open_store(config) as store:
        store.write(known_content(), fingerprint(movies), rebuild=True)


def search_once(config: StoreConfig, start: Any, answers: Any) -> None:
    """Wait for the others, then open, search and leave."""
    start.wait()
    with open_store(config) as store:
        found = store.search(FIRST_AXIS, 3)
    answers.put(found[0].movie_ids.tolist())


def _small_batches() -> None:
    importer.BATCH = 2  # type: ignore[attr-defined]
