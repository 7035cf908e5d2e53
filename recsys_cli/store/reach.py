"""Whether an address can be there at all, checked with the standard library before pymilvus is imported."""

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError

_CONNECT_SECONDS = 4.0  # a host that does not answer at all is given up sooner than a slow search


def check_address(config: StoreConfig, *, create: bool) -> None:
    """Refuse an address where no index can be.

    Args:
        config: the address.
        create: a Milvus Lite folder may be missing.
    Raises: StoreError: names what is wrong with the address.
    """
    if config.is_lite:
        _check_folder(Path(config.uri), create=create)
    else:
        _check_host(config)


def _check_folder(path: Path, *, create: bool) -> None:
    if path.is_file():
        raise StoreError(f"{path} is a file, of Milvus Lite 2 or of something else: name another folder")
    if path.is_dir():
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise StoreError(f"{path}: Milvus Lite needs to read and write this folder, and may not")
        return
    if not create:
        raise StoreError(f"{path}: there is no index yet; 'recsys recommend --import' makes it")
    if not path.parent.is_dir():
        raise StoreError(f"{path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise StoreError(f"{path}: cannot be made, {path.parent} is not writable")


def _check_host(config: StoreConfig) -> None:
    parts = urlsplit(config.uri)
    try:
        host, port = parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 19530)
    except ValueError as error:
        raise StoreError(f"{config.address}: {error}") from error
    seconds = min(config.timeout, _CONNECT_SECONDS)
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except socket.gaierror as error:
        raise StoreError(f"{config.address}: the host {host!r} is not known") from error
    except TimeoutError as error:
        raise StoreError(f"{config.address}: no answer from {host}:{port} in {seconds:g} seconds") from error
    except OSError as error:
        reason = error.strerror or error
        raise StoreError(
            f"{config.address}: nothing answers at {host}:{port} ({reason}); is Milvus running?"
        ) from error
