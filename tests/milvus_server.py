"""A real Milvus server for the session, from the ``server`` extra; conftest registers it as a plugin."""

import importlib.util
import socket
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_START_SECONDS = 90.0


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(folder: Path, **settings: Any) -> Iterator[str]:
    """Run a Milvus standalone server with its data in a folder and yield its host and port.

    Args:
        folder: where its files go.
        settings: values of its configuration template, such as authorization_enabled.
    """
    from milvus import MilvusServer, MilvusServerConfig

    config = MilvusServerConfig(data_dir=str(folder), proxy_port=free_port())
    for name, value in settings.items():
        config.set(name, value)
    server = MilvusServer(config, wait_for_started=False)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the package tries ports and forgets the sockets
        patch.setenv("ETCD_CONFIG_PATH", str(_etcd_config(folder)))
        server.start()
    try:
        _wait_until_healthy(server)
        yield f"127.0.0.1:{server.listen_port}"
    finally:
        server.stop()


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


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Milvus 2.3 standalone server."""
    if importlib.util.find_spec("milvus") is None:
        pytest.skip("needs the server extra: pip install --no-deps milvus==2.3.5 (Linux x86-64)")
    with running_server(tmp_path_factory.mktemp("milvus")) as address:
        yield f"http://{address}"
