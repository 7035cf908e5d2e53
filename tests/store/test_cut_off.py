"""A server that is cut off by what stands before it, stopped, or killed and started again."""

import importlib.util
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from milvus_server import Mortal, Server, running_server
from store_data import CONTENTS, FIRST_AXIS, fingerprint

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store import open_store
from recsys_cli.store.base import Store
from recsys_cli.store.connection import Connection

pytestmark = pytest.mark.slow
_TOP = {"old": [40, 10], "new": [40, 15]}


class Proxy:
    """Passes bytes on to a server; can swallow what either side says, and end all connections."""

    def __init__(self, host_and_port: str) -> None:
        host, port = host_and_port.split(":")
        self._server = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.requests_pass = self.answers_pass = True
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near = self._listening.accept()[0]
            except OSError:  # closed
                return
            far = socket.create_connection(self._server)
            self._sockets += [near, far]
            threading.Thread(target=self._pass_on, args=(near, far, "requests_pass"), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(far, near, "answers_pass"), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket, gate: str) -> None:
        with suppress(OSError):  # cut
            while data := source.recv(65536):
                if getattr(self, gate):
                    target.sendall(data)

    def cut(self) -> None:
        """End every connection and take no other."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._sockets:
            with suppress(OSError):  # the other side was faster
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def proxy(milvus_server: Server) -> Iterator[Proxy]:
    """A proxy before the session's server."""
    proxy = Proxy(milvus_server.host_and_port)
    yield proxy
    if proxy._listening.fileno() >= 0:
        proxy.cut()


def at(monkeypatch: pytest.MonkeyPatch, name: str, deed: Any) -> None:
    """Do something just before the first call of this name goes to Milvus."""
    done: list[str] = []

    def watch(call: Any) -> Any:
        def watched(self: Connection, method: Any, *args: Any, **options: Any) -> Any:
            if method.__name__ == name and not done:
                done.append(name)
                deed()
            return call(self, method, *args, **options)

        return watched

    monkeypatch.setattr(Connection, "call", watch(Connection.call))
    monkeypatch.setattr(Connection, "call_patiently", watch(Connection.call_patiently))


@pytest.mark.parametrize(
    ("where", "way", "whose"),
    [
        ("search", "requests lost", "old"),
        ("search", "answers lost", "old"),
        ("search", "cut", "old"),
        ("flush", "cut", "old"),
        ("alter_alias", "cut", "old"),
        ("alter_alias", "answers lost", "new"),  # it was moved, though nobody heard of it
    ],
)
def test_cut_off_in_the_middle(
    milvus_server: Server, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, where: str, way: str, whose: str
) -> None:
    straight = milvus_server.config(collection="cut_off")
    address = f"https://localhost:{proxy.port}"
    through = milvus_server.config(uri=address, collection="cut_off", timeout=1.0)
    with open_store(straight) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    broken = []

    def break_it() -> None:
        broken.append(time.monotonic())
        if way == "cut":
            proxy.cut()
        proxy.requests_pass, proxy.answers_pass = way != "requests lost", way != "answers lost"

    with open_store(through) as store, monkeypatch.context() as patch:
        at(patch, where, break_it)
        with pytest.raises(StoreError) as caught:
            _search_or_import(store, where)
        ended = time.monotonic()
    gone = "the server is gone" if way == "cut" else "no answer within 1 seconds; see --timeout"
    assert str(caught.value) == f"{address}: {gone}"
    assert ended - broken[0] < 3
    _answers_for(straight, whose, imports=where != "search")


@pytest.mark.parametrize("where", ["search", "flush", "alter_alias"])
def test_stopped_in_the_middle(milvus_server: Server, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    config = milvus_server.config(collection="stopped")
    hurried = milvus_server.config(collection="stopped", timeout=1.0)
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    stopped = []

    def stop() -> None:
        stopped.append(time.monotonic())
        os.kill(milvus_server.pid, signal.SIGSTOP)

    try:
        with open_store(hurried) as store, monkeypatch.context() as patch:
            at(patch, where, stop)
            with pytest.raises(StoreError) as caught:
                _search_or_import(store, where)
            assert time.monotonic() - stopped[0] < 4
    finally:
        os.kill(milvus_server.pid, signal.SIGCONT)
    assert str(caught.value) == f"{config.uri}: no answer within 1 seconds; see --timeout"
    # Going on, the server may move the alias that nobody waits for any longer.
    _answers_for(config, "old", "new" if where == "alter_alias" else "old", imports=where != "search")


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mortal]:
    """A server that may be killed."""
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("needs the server extra")
    with running_server(tmp_path_factory.mktemp("mortal")) as server:
        yield Mortal(server)


@pytest.mark.parametrize("where", ["search", "flush", "alter_alias"])
def test_killed_in_the_middle_and_started_again(
    mortal: Mortal, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    config = StoreConfig(uri=mortal.uri, timeout=20)
    with open_store(config) as store:
        store.write(CONTENTS["old"], fingerprint("old"))
    killed = []

    def kill() -> None:
        killed.append(time.monotonic())
        mortal.kill()

    with open_store(config) as store, monkeypatch.context() as patch:
        at(patch, where, kill)
        with pytest.raises(StoreError) as caught:
            _search_or_import(store, where)
        assert time.monotonic() - killed[0] < 22
    assert str(caught.value) == f"{config.uri}: the server is gone"
    mortal.start_again()
    patient = StoreConfig(uri=mortal.uri, timeout=60)  # it is healthy before it has loaded what there was
    _answers_for(patient, "old", imports=where != "search")


def _answers_for(config: StoreConfig, *whose: str, imports: bool) -> None:
    """See whose index is there, that it answers as such, and that after the next import it is the only one."""
    with open_store(config) as store:
        assert store.fingerprint in [fingerprint(name) for name in whose]
        answer = store.search(FIRST_AXIS, 2)[0].movie_ids.tolist()
        assert answer == next(_TOP[name] for name in whose if store.fingerprint == fingerprint(name))
        if imports:
            store.write(CONTENTS["new"], fingerprint("new"), rebuild=True)
            assert store.search(FIRST_AXIS, 2)[0].movie_ids.tolist() == _TOP["new"]
        assert store.describe().others == ()
        store.drop()


def _search_or_import(store: Store, where: str) -> None:
    if where == "search":
        store.search(FIRST_AXIS, 2)
    else:
        store.write(CONTENTS["new"], fingerprint("new"), rebuild=True)
