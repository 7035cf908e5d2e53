"""`recsys serve` as a process of its own, and requests to it."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Reply:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: by name in small letters.
        content: the body.
    """

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The document in the body."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Server:
    """A running service.

    Attributes:
        process: of the command; its stderr goes on to be readable.
        port: where it listens.
    """

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, headers: dict[str, str] | None = None) -> Reply:
        """Ask by GET."""
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, body: object) -> Reply:
        """Ask by POST: bytes as they are, everything else as JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, content, {"Content-Type": "application/json"})

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Send one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            reply = connection.getresponse()
            return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
        finally:
            connection.close()


def command(folder: Path, *options: str) -> list[str]:
    """The command line that serves the model in a folder, at a port that is free."""
    model = ["--model", str(folder / "recommender_system.inference.model")]
    movies = ["--movies-data", str(folder / "movies_data.txt")]
    return [sys.executable, "-m", "recsys_cli", "serve", "--port", "0", *model, *movies, *options]


@contextmanager
def serving(folder: Path, *options: str, token: str | None = None, milvus_token: str = "") -> Iterator[Server]:
    """Serve the model in a folder; the process has ended when the block has."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "RECSYS_MILVUS_TOKEN": milvus_token}
    environment |= {} if token is None else {"RECSYS_SERVE_TOKEN": token}
    process = subprocess.Popen(
        command(folder, *options), env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            found = re.match(r"Serving from .* at http://\S+:(\d+)/", line)
            if found:
                yield Server(process, int(found[1]))
                break
        else:
            raise AssertionError(f"the service ended with {process.wait()}")
    finally:
        process.terminate()
        process.communicate(timeout=30)
