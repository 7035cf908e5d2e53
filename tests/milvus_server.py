"""A real Milvus server for the session, from the ``server`` extra; conftest registers it as a plugin."""

import importlib.util
import socket
import subprocess
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from recsys_cli.config import StoreConfig

_START_SECONDS = 90.0
# The server's own pauses in milliseconds: with its defaults an import of seven movies takes it eight seconds.
_BRISK = {"queryCoord.checkInterval": 50, "queryCoord.distPullInterval": 50, "proxy.timeTickInterval": 20}
_BRISK_ENVIRONMENT = {
    "QUERYCOORD_CHECKSEGMENTINTERVAL": "50",
    "QUERYCOORD_CHECKCHANNELINTERVAL": "50",
    "QUERYCOORD_UPDATECOLLECTIONLOADSTATUSINTERVAL": "1",
}


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks a server: `scripts/test` runs it beside the rest."""
    fixtures = getattr(item, "fixturenames", ())
    if "[server" in item.name or "milvus_server" in fixtures or "mortal" in fixtures:
        item.add_marker("server")


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(folder: Path, **settings: Any) -> Iterator[Any]:
    """Run a Milvus standalone server with its data in a folder and yield it.

    Args:
        folder: where its files go.
        settings: values of its configuration template, such as authorization_enabled.
    """
    from milvus import MilvusServer, MilvusServerConfig

    config = MilvusServerConfig(data_dir=str(folder), proxy_port=free_port())
    for name, value in {**_BRISK, **settings}.items():
        config.set(name, value)
    server = MilvusServer(config, wait_for_started=False)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the package tries ports and forgets the sockets
        for name, value in {**_BRISK_ENVIRONMENT, "ETCD_CONFIG_PATH": str(_etcd_config(folder))}.items():
            patch.setenv(name, value)
        server.start()
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        server.stop()


class Mortal:
    """A running server that can be killed, as by kill -9, and started again with its data at its address."""

    def __init__(self, server: Any) -> None:
        self._server = server
        entries = Path(f"/proc/{server.server_proc.pid}/environ").read_text().rstrip("\0").split("\0")
        self._environment = dict(entry.split("=", 1) for entry in entries)

    @property
    def uri(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.listen_port}"

    def kill(self) -> None:
        """Kill it and see it dead."""
        self._server.server_proc.kill()
        self._server.server_proc.wait()

    def start_again(self) -> None:
        """Start it and wait until it is healthy."""
        # Not by its start(): that refuses ports on which connections of the killed one are still being closed.
        self._server.server_proc = subprocess.Popen(
            self._server.server_proc.args,
            cwd=self._server.config.base_data_dir,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_until_healthy(self._server)


def _etcd_config(folder: Path) -> Path:
    """Ports of its own for the etcd inside the server, which otherwise takes 2379 and 2380 whoever has them."""
    client, peer = free_port(), free_port()
    lines = [
        f"listen-client-urls: http://127.0.0.1:{client}",
        f"advertise-client-urls: http://127.0.0.1:{client}",
        f"listen-peer-urls: http://127.0.0.1:{peer}",
        f"initial-advertise-peer-urls: http://127.0.0.1:{peer}",
        f"initial-cluster: default=http://127.0.0.1:{peer}",
    ]
    path = folder / "etcd.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _wait_until_healthy(server: Any) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if server.server_proc.poll() is not None:
            log = Path(server.config.base_data_dir, "logs", "milvus-stderr.log").read_text(errors="replace")
            pytest.fail(f"the Milvus server ended while it started: {log[:500]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{server.webservice_port}/healthz", timeout=5) as answer:
                if b"OK" in answer.read():
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    pytest.fail(f"the Milvus server did not start in {_START_SECONDS:g} seconds")


@dataclass(frozen=True)
class Server:
    """A running Milvus server that speaks TLS and asks for a token."""

    host_and_port: str
    ca_path: Path
    pid: int
    token: str = "root:Milvus"

    def config(self, **options: Any) -> StoreConfig:
        """How to reach it; options replace what is right."""
        uri = f"https://{self.host_and_port}"
        return StoreConfig(
            **{"uri": uri, "token": self.token, "ca_path": self.ca_path, "timeout": 20.0, **options}
        )


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Milvus 2.3 standalone server; the tests of it are skipped where it cannot be installed."""
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("needs the server extra: pip install --no-deps milvus==2.3.5 (Linux x86-64)")
    folder = tmp_path_factory.mktemp("milvus")
    with running_server(folder, authorization_enabled=True, tls_mode=1, **_certificates(folder)) as server:
        yield Server(f"localhost:{server.listen_port}", folder / "ca.pem", server.server_proc.pid)


def _certificates(folder: Path) -> dict[str, str]:
    """An authority of our own and a certificate of it for localhost, as settings of the server."""
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "server.pem")
    files = {"server_pem_path": "server.pem", "server_key_path": "server.key", "ca_pem_path": "ca.pem"}
    return {setting: str(folder / name) for setting, name in files.items()}
