"""What a person reads when Milvus cannot be reached, and that secrets are not in it."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import grpc
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.db import MilvusLite
from milvus_server import Server, free_port
from pymilvus.grpc_gen import milvus_pb2, milvus_pb2_grpc
from store_data import FIRST_AXIS, fingerprint, known_content

from recsys_cli.config import StoreConfig
from recsys_cli.errors import ConfigError, StoreError
from recsys_cli.store import open_store


def failure(config: StoreConfig, *, create: bool = True) -> str:
    """The message with which opening a store fails."""
    with pytest.raises(StoreError) as caught:
        open_store(config, create=create)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_absent_server_is_reported_at_once() -> None:
    port, started = free_port(), time.monotonic()
    uri = f"http://someone:hidden@127.0.0.1:{port}"
    assert failure(StoreConfig(uri=uri)) == (
        f"http://***@127.0.0.1:{port}: nothing answers at 127.0.0.1:{port} (Connection refused); "
        "is Milvus running?"
    )
    assert time.monotonic() - started < 5


def test_unknown_host() -> None:
    assert failure(StoreConfig(uri="http://no-such-host.invalid:19530")) == (
        "http://no-such-host.invalid:19530: the host 'no-such-host.invalid' is not known"
    )


def test_impossible_port() -> None:
    assert failure(StoreConfig(uri="http://localhost:99999")) == (
        "http://localhost:99999: Port out of range 0-65535"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"token": "root:wrong"}, "the server refuses the token given; see --milvus-token"),
        ({"token": ""}, "the server asks for a token; see --milvus-token"),
        ({"database": "films"}, "there is no database 'films'; see --milvus-database"),
    ],
)
def test_server_that_refuses(milvus_server: Server, options: dict[str, str], message: str) -> None:
    config = milvus_server.config(**options)
    assert failure(config) == f"{config.uri}: {message}"


def test_token_in_the_address_is_hidden(milvus_server: Server) -> None:
    place = milvus_server.host_and_port
    config = milvus_server.config(uri=f"https://root:wrong@{place}", token="")
    assert failure(config) == f"https://***@{place}: the server refuses the token given; see --milvus-token"


def test_tls_certificate_that_is_not_trusted(milvus_server: Server) -> None:
    message = failure(milvus_server.config(ca_path=None))
    assert message == (
        f"https://{milvus_server.host_and_port}: the TLS certificate is not trusted "
        "(unable to get local issuer certificate); name its authority with --milvus-ca"
    )


def test_plain_address_of_a_tls_server(milvus_server: Server) -> None:
    uri = f"http://{milvus_server.host_and_port}"
    assert failure(milvus_server.config(uri=uri, ca_path=None)) == f"{uri}: the server speaks TLS; use https://"


def test_server_that_does_not_answer_in_time(milvus_server: Server) -> None:
    config = milvus_server.config(timeout=1.0)
    store = open_store(config)
    os.kill(milvus_server.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(StoreError) as caught:
            store.describe()
        assert str(caught.value) == f"{config.uri}: no answer within 1 seconds; see --timeout"
        assert time.monotonic() - started < 5
        assert failure(config) == f"{config.uri}: no answer within 1 seconds; see --timeout"
    finally:
        os.kill(milvus_server.pid, signal.SIGCONT)
        store.close()


@pytest.fixture
def lite_server(tmp_path: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Milvus Lite behind an address, in a process of its own that a test may kill."""
    port = free_port()
    call = f"run_server({str(tmp_path)!r}, '127.0.0.1', {port})"
    code = f"from milvus_lite.adapter.grpc.server import run_server; {call}"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}", process
        process.kill()


def test_server_gone_in_the_middle(lite_server: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    uri, process = lite_server
    with open_store(StoreConfig(uri=uri, timeout=3)) as store:
        store.write(known_content(), fingerprint())
        assert store.search(FIRST_AXIS, 1)[0].movie_ids.tolist() == [40]
        process.kill()
        process.wait()
        started = time.monotonic()
        with pytest.raises(StoreError) as caught:
            store.search(FIRST_AXIS, 1)
        assert str(caught.value) == f"{uri}: the server is gone"
        assert time.monotonic() - started < 5


def test_server_that_stops_in_the_middle_of_an_import(lite_server: tuple[str, "subprocess.Popen[bytes]"]) -> None:
    uri, process = lite_server
    with open_store(StoreConfig(uri=uri, timeout=1)) as store:
        started = time.monotonic()

        def stop(_: int) -> None:
            process.send_signal(signal.SIGSTOP)

        with pytest.raises(StoreError) as caught:
            store.write(known_content(), fingerprint(), progress=stop)
        assert str(caught.value) == f"{uri}: no answer within 1 seconds; see --timeout"
        assert time.monotonic() - started < 6
        process.send_signal(signal.SIGCONT)
    with open_store(StoreConfig(uri=uri, timeout=5)) as store:
        assert store.fingerprint is None
        store.write(known_content(), fingerprint())
        assert store.search(FIRST_AXIS, 1)[0].movie_ids.tolist() == [40]
        assert store.describe().others == ()


class _OldServicer(MilvusServicer):  # type: ignore[misc]
    """The engine of Milvus Lite, claiming a version that lacks array fields."""

    def GetVersion(self, request: object, context: object) -> object:
        answer = super().GetVersion(request, context)
        return milvus_pb2.GetVersionResponse(status=answer.status, version="v2.2.16")


def test_server_that_is_too_old(tmp_path: Path) -> None:
    engine = MilvusLite(str(tmp_path / "old"))
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(_OldServicer(engine), server)
    uri = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    with open_store(StoreConfig(uri=uri)) as store, pytest.raises(StoreError) as caught:
        store.write(known_content(), fingerprint())
    server.stop(grace=None).wait()
    engine.close()
    assert str(caught.value) == f"{uri}: Milvus v2.2.16 is too old, at least 2.3 is needed"


def test_folders_that_cannot_be_an_index(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(b"SQLite format 3")
    assert failure(StoreConfig(uri=str(old))) == (
        f"{old} is a file, of Milvus Lite 2 or of something else: name another folder"
    )
    missing = tmp_path / "missing" / "x.db"
    assert failure(StoreConfig(uri=str(missing))) == f"{missing}: the folder {missing.parent} does not exist"
    new = tmp_path / "new.db"
    assert failure(StoreConfig(uri=str(new)), create=False) == (
        f"{new}: there is no index yet; 'recsys recommend --import' makes it"
    )
    assert not new.exists()


def test_folder_that_lite_cannot_open_is_not_called_busy(tmp_path: Path) -> None:
    folder = tmp_path / "odd.db"
    folder.mkdir()
    (folder / "LOCK").mkdir()
    assert failure(StoreConfig(uri=str(folder), timeout=1)) == (
        f"{folder}: Milvus Lite cannot open this folder: [Errno 21] Is a directory: '{folder}/LOCK'"
    )


def test_collection_of_another_program_is_left_alone(tmp_path: Path) -> None:
    from pymilvus import MilvusClient

    path = str(tmp_path / "shared.db")
    with open_store(StoreConfig(uri=path)):
        MilvusClient(path).create_collection("recsys", dimension=4)
    assert failure(StoreConfig(uri=path)) == (
        "the collection 'recsys' was not made by recsys: choose another name with --collection"
    )


def test_opening_a_store_leaves_a_programs_garbage_to_it(tmp_path: Path) -> None:
    code = (
        "import gc, sys, weakref\n"
        "from recsys_cli.config import StoreConfig\n"
        "from recsys_cli.store import open_store\n"
        "class Cycle: pass\n"
        "cycle, settings = Cycle(), gc.get_threshold()\n"
        "cycle.itself, left = cycle, weakref.ref(cycle)\n"
        "del cycle\n"
        "open_store(StoreConfig(uri=sys.argv[1])).close()\n"
        "gc.collect()\n"
        "print(left(), gc.get_freeze_count(), gc.get_threshold() == settings, gc.isenabled())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.db")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "None 0 True True\n"


def test_libraries_keep_quiet_unless_asked(tmp_path: Path) -> None:
    for verbose, expected in ((False, False), (True, True)):
        with open_store(StoreConfig(uri=str(tmp_path / "x.db"), verbose=verbose)):
            assert logging.getLogger("pymilvus").isEnabledFor(logging.ERROR) is expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"uri": "ftp://me:secret@host"},
            "--milvus-uri 'ftp://***@host' is none of: a folder ending in .db, http://HOST:PORT, "
            "https://HOST:PORT, tcp://HOST:PORT, exact",
        ),
        (
            {"collection": "my films"},
            "--collection 'my films' must be letters, digits and underscores, not beginning with a digit, "
            "at most 200",
        ),
        ({"timeout": 0.0}, "--timeout 0 is not in (0, 3600] seconds"),
        (
            {"uri": "http://host", "ca_path": Path("ca.pem")},
            "--milvus-ca needs an address that begins with https://",
        ),
        ({"uri": "https://host", "ca_path": Path("ca.pem")}, "--milvus-ca ca.pem: no such file"),
    ],
)
def test_impossible_configurations(options: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        StoreConfig(**options)  # type: ignore[arg-type]
    assert str(caught.value) == message


def test_token_is_not_in_the_configurations_text() -> None:
    assert "hidden" not in repr(StoreConfig(uri="http://host", token="root:hidden"))
