"""The way to Milvus: opening a folder or a server, and its failures as one line each."""

import logging
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import grpc
from pymilvus import MilvusClient
from pymilvus.exceptions import ConnectionConfigException, MilvusException

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError
from recsys_cli.store.client import Client, RowIterator
from recsys_cli.store.reach import why_unavailable

_P = ParamSpec("_P")
_T = TypeVar("_T")

_log = logging.getLogger(__name__)
_LIBRARIES = ("pymilvus", "pymilvus.milvus_client", "milvus_lite", "grpc")
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.2  # seconds between two attempts at a folder that is in use
_SAY_SO_AFTER = 2.0  # seconds of waiting before a person is told
_OLDEST = (2, 3)  # the first servers with array fields
_NOT_FOUND, _NOT_LOADED, _NOT_CONNECTED = (100, 1600), 101, 2  # codes of Milvus; 1600 is an alias
_FAILURES = (MilvusException, grpc.RpcError, grpc.FutureTimeoutError)
_PATIENT = 3600.0  # seconds, the most for a call that works
_LONGEST_TEXT = 300  # characters of a message of Milvus

_users: Counter[Path] = Counter()  # connections of this process to each Milvus Lite folder: they share its server


class NotFoundError(StoreError):
    """A collection or alias that is not there."""


class NotLoadedError(StoreError):
    """A collection that is there but not in memory."""


class Connection:
    """A client of one Milvus; every call through it raises StoreError."""

    def __init__(self, config: StoreConfig) -> None:
        """Connect.

        Args:
            config: the address and how to reach it.
        Raises: StoreError: if that does not succeed within the timeout.
        """
        self.config = config
        self._version: str | None = None
        for name in _LIBRARIES:
            logging.getLogger(name).setLevel(logging.WARNING if config.verbose else logging.CRITICAL + 1)
        self._client: Client | None = self._open()

    @property
    def version(self) -> str:
        """What the server says it is, such as ``v2.3.5`` or ``milvus_lite-3.2.2``."""
        if self._version is None:
            self._version = str(self.call(self.client.get_server_version))
        return self._version

    @property
    def is_lite(self) -> bool:
        """Whether the engine is Milvus Lite, in this process or behind an address."""
        return self.config.is_lite or self.version.startswith("milvus_lite")

    def check_version(self) -> None:
        """Refuse a server that is too old.

        Raises: StoreError: names the version and the oldest one that will do.
        """
        numbers = self.version.lstrip("v").split("-")[0].split(".")[:2]
        if self.is_lite or not all(number.isdigit() for number in numbers):
            return
        if tuple(int(number) for number in numbers) < _OLDEST:
            raise StoreError(
                f"{self.config.address}: Milvus {self.version} is too old, "
                f"at least {_OLDEST[0]}.{_OLDEST[1]} is needed"
            )

    @property
    def client(self) -> Client:
        """The client, whose methods go through `call`; another one after `let_others_in`.

        Raises: StoreError: if the store was closed.
        """
        if self._client is None:
            raise StoreError(f"{self.config.address}: the store is closed")
        return self._client

    def call(self, method: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
        """Call a method of the client.

        Args:
            method: the method.
            args: its arguments.
            options: its keyword arguments; without a timeout the configured one is added.
        Raises: StoreError: in place of every failure of pymilvus.
        """
        options.setdefault("timeout", self.config.timeout)
        with _one_line(self.config):
            return method(*args, **options)

    def call_patiently(self, method: Callable[_P, _T], *args: _P.args, **options: _P.kwargs) -> _T:
        """Call a method that takes long because it works, as long as the server answers other calls meanwhile.

        Raises: StoreError: as `call`, and when the server has not answered within the configured timeout.
        """
        options["timeout"] = _PATIENT
        if self.config.is_lite:
            return self.call(method, *args, **options)
        done: Future[_T] = Future()
        client = self.client

        def work() -> None:
            try:
                done.set_result(method(*args, **options))
            except _FAILURES as error:  # raised again by the thread that waits
                done.set_exception(error)
            finally:
                done.cancel()  # after any other exception, which is a fault of this program

        threading.Thread(target=work, daemon=True).start()
        with _one_line(self.config):
            while not wait([done], timeout=self.config.timeout).done:
                client.get_server_version(timeout=self.config.timeout)
            return done.result()

    def batches(self, rows: RowIterator) -> Iterator[Sequence[dict[str, Any]]]:
        """The batches of rows of an iterator, its failures as those of `call`."""
        while True:
            with _one_line(self.config):
                batch = rows.next()
            if not batch:
                return
            yield batch

    def let_others_in(self) -> None:
        """Leave a Milvus Lite folder for a moment, so that processes that wait for it get their turn."""
        self.close()
        time.sleep(1.5 * _LONGEST_WAIT)
        self._client = self._open()

    def close(self) -> None:
        """Disconnect, and free the lock of a Milvus Lite folder."""
        if self._client is not None:
            self._client.close()
            self._client = None
            if self.config.is_lite:
                _leave_folder(self.config.uri)

    def _open(self) -> Client:
        return self._open_folder() if self.config.is_lite else self._open_server()

    def _open_server(self) -> Client:
        config = self.config
        trust = {"server_pem_path": str(config.ca_path)} if config.ca_path is not None else {}
        with _one_line(config):
            client: Client = MilvusClient(
                uri=config.uri,
                token=config.token,
                db_name=config.database,
                timeout=config.timeout,
                dedicated=True,
                **trust,
            )
            return client

    def _open_folder(self) -> Client:
        """Open the folder, waiting for another process that has it."""
        from milvus_lite.exceptions import DataDirLockedError

        path, started, wait = self.config.uri, time.monotonic(), _FIRST_WAIT
        told = False
        while True:
            with _why_not_opened() as reasons:
                try:
                    client: Client = MilvusClient(uri=path, timeout=self.config.timeout, dedicated=True)
                    _users[Path(path).resolve()] += 1
                    return client
                except ConnectionConfigException as error:
                    reason = reasons[-1] if reasons else error
            if not isinstance(reason, DataDirLockedError):
                raise StoreError(f"{path}: Milvus Lite cannot open this folder: {reason}") from reason
            waited = time.monotonic() - started
            if waited >= self.config.timeout:
                raise StoreError(
                    f"{path}: another process is still using this folder after {self.config.timeout:g} seconds; "
                    "Milvus Lite lets one in at a time: try again, raise --timeout, or share it with "
                    f"'milvus-lite server --data-dir {path}'"
                ) from reason
            if waited >= _SAY_SO_AFTER and not told:
                told = True
                _log.warning("Waiting for %s, which another process is using ...", path)
            time.sleep(min(wait * random.uniform(0.5, 1.5), self.config.timeout - waited))
            wait = min(wait * 1.5, _LONGEST_WAIT)


def _leave_folder(path: str) -> None:
    """Free a folder's lock when the last connection of this process leaves it."""
    from milvus_lite.server_manager import server_manager_instance

    folder = Path(path).resolve()
    _users[folder] -= 1
    if not _users[folder]:
        server_manager_instance.release_server(path)


@contextmanager
def _why_not_opened() -> Iterator[list[BaseException]]:
    """Collect the exceptions that Milvus Lite logs and does not raise when it opens a folder."""
    reasons: list[BaseException] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.exc_info and record.exc_info[1] is not None:
                reasons.append(record.exc_info[1])

    logger = logging.getLogger("milvus_lite.server_manager")
    level, propagate, collector = logger.level, logger.propagate, Collector()
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.addHandler(collector)
    try:
        yield reasons
    finally:
        logger.removeHandler(collector)
        logger.setLevel(level)
        logger.propagate = propagate


@contextmanager
def _one_line(config: StoreConfig) -> Iterator[None]:
    """Turn whatever pymilvus raises into a StoreError of one line without secrets."""
    try:
        yield
    except _FAILURES as error:
        raise _readable(error, config) from error


def _readable(error: BaseException, config: StoreConfig) -> StoreError:
    """What to tell a person about a failure of pymilvus."""
    status, code = _grpc_status(error), getattr(error, "code", None)
    text = _without_secrets(str(getattr(error, "message", "") or error), config)
    if "database not found" in text:
        return StoreError(f"{config.address}: there is no database {config.database!r}; see --milvus-database")
    if code in _NOT_FOUND:
        return NotFoundError(f"{config.address}: {text}")
    if code == _NOT_LOADED:
        return NotLoadedError(f"{config.address}: {text}")
    if status in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        given = "refuses the token given" if config.token or config.address != config.uri else "asks for a token"
        return StoreError(f"{config.address}: the server {given}; see --milvus-token")
    if status == grpc.StatusCode.DEADLINE_EXCEEDED:
        return StoreError(f"{config.address}: no answer within {config.timeout:g} seconds; see --timeout")
    if status == grpc.StatusCode.UNAVAILABLE or code == _NOT_CONNECTED:
        return StoreError(f"{config.address}: {why_unavailable(config)}")
    return StoreError(f"{config.address}: {text}")


def _without_secrets(text: str, config: StoreConfig) -> str:
    """The first line of a message, with token and password blotted out."""
    userinfo = urlsplit(config.uri).netloc.rpartition("@")[0]
    secrets = {config.token, config.token.partition(":")[2], userinfo, userinfo.partition(":")[2]} - {""}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text.strip().partition("\n")[0][:_LONGEST_TEXT]


def _grpc_status(error: BaseException) -> Any:
    """The status of the call that is behind an error, or None; pymilvus chains errors, some to themselves."""
    seen = {id(error)}
    while not isinstance(error, grpc.RpcError):
        cause = error.__cause__
        if cause is None or id(cause) in seen:
            return None
        seen.add(id(cause))
        error = cause
    return error.code()
