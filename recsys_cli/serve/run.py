"""Listening: the port is taken before the model is read, and given back when the last request is answered."""

import signal
import socket
import sys

import uvicorn
from threadpoolctl import threadpool_limits

from recsys_cli.config import EXACT_URI, RecommendConfig, StoreConfig
from recsys_cli.config.serving import TOKEN_VARIABLE, ServeConfig, is_loopback
from recsys_cli.errors import ServeError
from recsys_cli.progress import Progress
from recsys_cli.serve.live_model import LiveModel
from recsys_cli.serve.service import Service, application

_SECONDS = 10.0  # for an answer; with Milvus, its own timeout and a little more
_IN_MEMORY, _BY_MILVUS = 2, 16  # workers: those that compute only get in each other's way
_MAX_CONNECTIONS = 1024
_MAX_HEADERS = 32_768  # bytes
_LAST_REQUESTS = 10  # seconds that those in flight have when the service is to stop
_SWITCH_AFTER = 0.001  # seconds that one thread computes while others wait; Python's own is 5 ms


def run(config: ServeConfig, recommend: RecommendConfig, store: StoreConfig, progress: Progress) -> None:
    """Answer until SIGTERM, after which it returns, or Ctrl-C; both let requests in flight end.

    Raises:
        KeyboardInterrupt: Ctrl-C.
        ServeError: the port is in use, or the host is not one of this machine.
        RecsysError: the model cannot be opened, as by ``recsys recommend``.
    """
    listener = _listener(config)
    # One product after another, each on one core: the threads of the library would get in the workers' way.
    with listener, threadpool_limits(1), LiveModel(recommend, store, progress) as live:
        in_memory = store.uri == EXACT_URI
        service = Service(
            live,
            workers=_IN_MEMORY if in_memory else _BY_MILVUS,
            seconds=_SECONDS if in_memory else store.timeout + 1,
        )
        sys.setswitchinterval(_SWITCH_AFTER)
        address, port = listener.getsockname()[:2]
        place = f"[{address}]" if ":" in address else address
        where = "memory" if in_memory else store.address
        progress.say(f"Serving from {where} at http://{place}:{port}/ (Ctrl-C stops).")
        try:
            _serve(service, config, listener)
        finally:
            service.close()


def _listener(config: ServeConfig) -> socket.socket:
    """A socket of that host and port."""
    where = f"--host {config.host} --port {config.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ServeError(f"--host {config.host}: is no host: {error}") from error
    if not config.token and not is_loopback(str(address[0])):
        raise ServeError(f"--host {config.host}: is {address[0]}, where others can reach it: set {TOKEN_VARIABLE}")
    listener = socket.socket(family, kind, protocol)  # named, or asyncio leaves small packets waiting for others
    try:
        if sys.platform != "win32":  # where it would share the port with whoever has it
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_MAX_CONNECTIONS)
    except OSError as error:
        listener.close()
        raise ServeError(f"{where}: {error.strerror}; choose another one, --port 0 takes any") from error
    return listener


def _serve(service: Service, config: ServeConfig, listener: socket.socket) -> None:
    server = uvicorn.Server(
        uvicorn.Config(
            application(service, config),
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_graceful_shutdown=_LAST_REQUESTS,
            h11_max_incomplete_event_size=_MAX_HEADERS,
        )
    )
    ended_by: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT)  # uvicorn raises them again when it has stopped in order
    before = [signal.signal(number, lambda number, frame: ended_by.append(number)) for number in numbers]
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
    if signal.SIGINT in ended_by:  # SIGTERM is how a service is ended: nothing is wrong
        raise KeyboardInterrupt
