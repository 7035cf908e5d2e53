"""Who is let in: no other site's page through a person's browser, and elsewhere than on loopback only a token."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from recsys_cli.config.serving import is_loopback
from recsys_cli.serve.replies import error_reply

OPEN = frozenset({"/", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js"})
_OPEN_TO_ALL = OPEN | {"/openapi.json", "/health"}
_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}


class Guard:
    """Refuses a request before the application sees it.

    Without a token the service trusts this machine, but not the pages that its browsers show: a page of another
    site may neither name the service by a host name of its own (DNS rebinding) nor send it anything.
    """

    def __init__(self, app: ASGIApp, *, token: str):
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as ASGI asks to."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._refused(scope)
        app = self._app if refused is None else refused
        await app(scope, receive, _with_headers(send))

    def _refused(self, scope: Scope) -> ASGIApp | None:
        """The reply to who is not let in, None for the others."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        if self._token:
            is_right = hmac.compare_digest(_bearer(headers.get(b"authorization", [])), self._token)
            if is_right or scope["path"] in _OPEN_TO_ALL:
                return None
            return error_reply(
                401, "the token is missing or wrong: send it as 'Authorization: Bearer TOKEN'", bearer=True
            )
        hosts = [value.decode("latin-1") for value in headers.get(b"host", [])]
        if len(hosts) != 1 or not _is_own(hosts[0]):
            return error_reply(421, "the request names another host: use localhost or 127.0.0.1")
        if any(_is_foreign(origin, hosts[0]) for origin in headers.get(b"origin", [])):
            return error_reply(403, "pages of other sites are not answered")
        site, mode = (headers.get(name, [b""])[0] for name in (b"sec-fetch-site", b"sec-fetch-mode"))
        is_link = mode == b"navigate" and scope["method"] == "GET" and scope["path"] in OPEN
        if site in (b"cross-site", b"same-site") and not is_link:
            return error_reply(403, "pages of other sites are not answered")
        return None


def _bearer(values: list[bytes]) -> bytes:
    """The token of a request, empty without one."""
    scheme, _, token = values[0].partition(b" ") if len(values) == 1 else (b"", b"", b"")
    return token.strip() if scheme.lower() == b"bearer" else b""


def _is_own(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)


def _is_foreign(origin: bytes, host: str) -> bool:
    try:
        return urlsplit(origin.decode("latin-1")).netloc.casefold() != host.casefold()
    except ValueError:
        return True


def _with_headers(send: Send) -> Callable[[MutableMapping[str, Any]], Awaitable[None]]:
    """Add the headers that every reply has, where it has none of its own."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            own = {name.lower() for name, _ in headers}
            message["headers"] = headers + [pair for pair in _HEADERS.items() if pair[0] not in own]
        await send(message)

    return sending
