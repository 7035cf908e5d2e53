"""What the service replies with: documents as the commands print them, errors as one sentence."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from recsys_cli.documents import json_text
from recsys_cli.errors import ConfigError, RecsysError, UnknownUserError

_JSON = "application/json"
_AGAIN_AFTER = "5"  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that could not be answered.

    Attributes:
        error: what is wrong, and what to do about it; one line.
    """

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the service answers, and from what.

    Attributes:
        status: ``ok``, or ``behind`` while the model on disk cannot be gone over to.
        model: fingerprint of the model that answers.
        movies: how many it recommends from.
        problem: why it is behind, None where it is not.
    """

    status: str
    model: str
    movies: int
    problem: str | None


def document(answer: Any) -> bytes:
    """An answer in the bytes that ``--json`` prints."""
    # A lone half of a surrogate pair has no UTF-8; escaped by a backslash it is JSON.
    return f"{json_text(answer)}\n".encode(errors="backslashreplace")


def reply(content: bytes) -> Response:
    """An answer."""
    return Response(content, media_type=_JSON)


def error_reply(
    status: int, error: str, *, bearer: bool = False, headers: dict[str, str] | None = None
) -> Response:
    """A refusal, in one sentence."""
    headers = dict(headers or {})
    if bearer:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = _AGAIN_AFTER
    return Response(document(Refusal(error=error)), status, headers, _JSON)


def refused(error: RecsysError) -> Response:
    """What a person can cause is theirs to mend, everything else the service's."""
    status = 400 if isinstance(error, ConfigError) else 404 if isinstance(error, UnknownUserError) else 503
    return error_reply(status, str(error))
