"""Whether an address can be there at all, checked with the standard library before pymilvus is imported."""

import os
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from recsys_cli.config import StoreConfig
from recsys_cli.errors import StoreError

_CONNECT_SECONDS = 4.0  # a host that does not answer at all is given up sooner than a slow search
_NOT_MILVUS = "the connection broke, or what listens there is not Milvus (its port is 19530 unless set otherwise)"


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
    try:
        host, port = _host_and_port(config)
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


def why_unavailable(config: StoreConfig) -> str:
    """Why a server that was reached before cannot be talked to: gone, TLS, or not Milvus at all.

    Args:
        config: the address.
    Returns: the rest of a sentence that begins with the address.
    """
    host, port = _host_and_port(config)
    secure = config.uri.startswith("https://")
    trust = ssl.create_default_context(cafile=config.ca_path)
    if not secure:
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as plain:
            trust.wrap_socket(plain, server_hostname=host).close()
    except ssl.SSLCertVerificationError as error:
        return f"the TLS certificate is not trusted ({error.verify_message}); name its authority with --milvus-ca"
    except ConnectionRefusedError:
        return "the server is gone"
    except (ssl.SSLError, OSError):
        return "the server does not speak TLS; use http://" if secure else _NOT_MILVUS
    return _NOT_MILVUS if secure else "the server speaks TLS; use https://"


def _host_and_port(config: StoreConfig) -> tuple[str, int]:
    parts = urlsplit(config.uri)
    return parts.hostname or "localhost", parts.port or (443 if parts.scheme == "https" else 19530)
