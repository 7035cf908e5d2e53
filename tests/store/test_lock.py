"""Many processes and one Milvus Lite folder, which lets one in at a time."""

import fcntl
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from store_children import children, search_once
from store_data import FIRST_AXIS, fingerprint, known_content

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store

PROCESSES = 16


@pytest.fixture
def config(tmp_path: Path) -> StoreConfig:
    """A folder with the known movies."""
    config = StoreConfig(uri=str(tmp_path / "index.db"), timeout=60)
    with open_store(config) as store:
        store.write(known_content(), fingerprint())
    return config


@contextmanager
def folder_in_use(config: StoreConfig) -> Iterator[None]:
    """Hold the lock that a process with the folder open holds."""
    with Path(config.uri, "LOCK").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def test_sixteen_processes_started_together_all_answer(config: StoreConfig) -> None:
    context = children()
    start, answers = context.Barrier(PROCESSES), context.Queue()
    started = [context.Process(target=search_once, args=(config, start, answers)) for _ in range(PROCESSES)]
    for process in started:
        process.start()
    found = [answers.get(timeout=60) for _ in started]
    for process in started:
        process.join()
    assert found == [[40, 10, 30]] * PROCESSES
    assert [process.exitcode for process in started] == [0] * PROCESSES


def test_waiting_ends_at_the_timeout_and_says_what_to_do(config: StoreConfig) -> None:
    started = time.monotonic()
    with folder_in_use(config), pytest.raises(StoreError) as caught:
        open_store(StoreConfig(uri=config.uri, timeout=0.3))
    assert 0.3 <= time.monotonic() - started < 2
    assert str(caught.value) == (
        f"{config.uri}: another process is still using this folder after 0.3 seconds; Milvus Lite lets one in "
        f"at a time: try again, raise --timeout, or share it with 'milvus-lite server --data-dir {config.uri}'"
    )


def test_a_person_is_told_after_two_seconds(config: StoreConfig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with folder_in_use(config), pytest.raises(StoreError):
        open_store(StoreConfig(uri=config.uri, timeout=2.4))
    assert caplog.messages == [f"Waiting for {config.uri}, which another process is using ..."]


def test_a_search_may_go_on_while_another_store_of_the_process_closes(config: StoreConfig) -> None:
    with open_store(config) as first:
        with open_store(config) as second:
            assert second.search(FIRST_AXIS, 1)[0].movie_ids.tolist() == [40]
        assert first.search(FIRST_AXIS, 1)[0].movie_ids.tolist() == [40]
    with folder_in_use(config):
        pass
