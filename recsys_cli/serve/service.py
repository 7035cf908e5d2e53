"""The service itself: which address answers what. Requests wait for a worker, no longer than they may."""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from recsys_cli import __version__
from recsys_cli.config.question import Question, SimilarQuestion
from recsys_cli.config.serving import ServeConfig
from recsys_cli.errors import ConfigError, RecsysError
from recsys_cli.recommend.answers import FoundMovies, Recommendation, SimilarMovies
from recsys_cli.recommend.conversation import (
    FIELDS,
    SIMILAR,
    SIMILAR_FIELDS,
    question,
    read_fields,
    similar_question,
)
from recsys_cli.recommend.movie_search import find_movies
from recsys_cli.recommend.recommender import Recommender
from recsys_cli.serve import pages
from recsys_cli.serve import request_fields as fields_of
from recsys_cli.serve.guard import Guard
from recsys_cli.serve.live_model import LiveModel
from recsys_cli.serve.replies import Health, Refusal, document, error_reply, refused, reply

_MAX_BODY = 65_536  # bytes
_MAX_WAITING = 512  # requests at once
_READ_WITHIN = 10.0  # seconds for a body
_Fields = dict[str, Any]
_SIMILAR = SimilarQuestion(movie="")
_REFUSALS = {
    400: "What is asked is not allowed, or a movie or genre is not there.",
    401: "The token is missing or wrong.",
    403: "The page of another site asks.",
    404: "The user is not in the model, and nothing else is said of the person.",
    408: "The body takes too long.",
    413: "The body is too long.",
    415: "The body is not application/json.",
    421: "The request names another host.",
    503: "The model or Milvus cannot answer now, or not in time; ask again.",
}
_BODY = (408, 413, 415)


class Service:
    """Answers requests by a model that is always the present one."""

    def __init__(self, live: LiveModel, *, workers: int, seconds: float):
        """Prepare the workers.

        Args:
            live: the model.
            workers: requests that are worked on at once; the others wait.
            seconds: after which a request is given up.
        """
        self._live = live
        self._seconds = seconds
        self._waiting = 0
        self._workers = ThreadPoolExecutor(workers, thread_name_prefix="answer")

    async def recommend(self, request: Request) -> Response:
        """Movies for a person, as ``recsys recommend --json``."""

        def work(recommender: Recommender, fields: _Fields) -> Recommendation:
            return recommender.answer(question(fields, Question()))

        return await self._reply(request, work)

    async def similar(self, request: Request) -> Response:
        """Movies like one, as ``recsys similar --json``."""

        def work(recommender: Recommender, fields: _Fields) -> SimilarMovies:
            return recommender.answer_similar(similar_question(fields, _SIMILAR), option=SIMILAR)

        return await self._reply(request, work)

    async def movies(self, request: Request) -> Response:
        """Movies that a text may stand for, the best known first."""

        def work(recommender: Recommender, fields: _Fields) -> FoundMovies:
            for name in fields:
                if name not in ("q", "k"):
                    raise ConfigError(f"{name!r} is not a field; allowed: q, k")
            q, k = fields.get("q", ""), fields.get("k", 10)
            if not 1 <= len(q) <= fields_of.MAX_Q:
                raise ConfigError(f"q: {len(q)} characters are not allowed; allowed: 1 to {fields_of.MAX_Q}")
            if not isinstance(k, int):
                raise ConfigError(f'k: "{k}" is not a whole number')
            return find_movies(recommender.index, q, k=k)

        return await self._reply(request, work)

    async def health(self, request: Request) -> Response:
        """Whether the service answers, and from which model."""
        problem = self._live.problem

        def work(recommender: Recommender, fields: _Fields) -> Health:
            return Health(
                status="behind" if problem else "ok",
                model=recommender.index.folder.fingerprint,
                movies=len(recommender.index.movies.movie_ids),
                problem=problem,
            )

        return await self._reply(request, work, has_fields=False)

    async def try_it(self, request: Request) -> Response:
        """A page to ask from."""
        page = await self._work(lambda: self._live.ask(pages.try_page))
        return page if isinstance(page, Response) else HTMLResponse(page.text, headers=page.headers)

    def close(self) -> None:
        """Let the workers end what they have begun."""
        self._workers.shutdown(cancel_futures=True)

    async def _reply(
        self, request: Request, work: Callable[[Recommender, _Fields], Any], *, has_fields: bool = True
    ) -> Response:
        """Do the work on the fields of the request, and reply with what comes of it."""
        try:
            fields = await _fields(request) if has_fields else {}
        except RecsysError as error:
            return refused(error)
        except HTTPException as error:
            return error_reply(error.status_code, error.detail)

        def answered() -> bytes:
            fields_of.check_bounds(fields)
            return document(self._live.ask(lambda recommender: work(recommender, fields)))

        content = await self._work(answered)
        return content if isinstance(content, Response) else reply(content)

    async def _work(self, work: Callable[[], Any]) -> Any:
        """What a worker makes, or the reply that says why there is nothing."""
        if self._waiting >= _MAX_WAITING:
            return error_reply(503, "too many questions at once: ask again in a moment")
        self._waiting += 1
        try:
            running = asyncio.get_running_loop().run_in_executor(self._workers, work)
            return await asyncio.wait_for(running, self._seconds)
        except RecsysError as error:
            return refused(error)
        except asyncio.TimeoutError:
            return error_reply(503, f"no answer within {self._seconds:g} seconds: ask again, or for less")
        finally:
            self._waiting -= 1


async def _fields(request: Request) -> _Fields:
    """What a request says, in its query or its body.

    Raises:
        ConfigError: the fields cannot be read.
        HTTPException: the body is too long, too slow, or no JSON.
    """
    if request.method != "POST":
        return fields_of.from_query(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415, "send the question as JSON, with 'Content-Type: application/json'")
    try:
        return read_fields(await asyncio.wait_for(_body(request), _READ_WITHIN))
    except ClientDisconnect as error:
        raise HTTPException(408, "the body broke off") from error  # and nobody is there to read this
    except asyncio.TimeoutError as error:
        raise HTTPException(408, f"the body did not come within {_READ_WITHIN:g} seconds") from error


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > _MAX_BODY:
            raise HTTPException(413, f"the body is longer than {_MAX_BODY:,} bytes")
        parts.append(part)
    return b"".join(parts)


def application(service: Service, config: ServeConfig) -> FastAPI:
    """The addresses of the service, with their schema at ``/openapi.json`` and ``/docs``."""
    app = FastAPI(
        title="recsys",
        version=__version__,
        summary="Movie recommendations; the words and answers are those of the command line.",
        docs_url=None,
        redoc_url=None,
    )
    _add(app, "/recommend", service.recommend, Recommendation, FIELDS)
    _add(app, "/similar", service.similar, SimilarMovies, SIMILAR_FIELDS, required=(SIMILAR,))
    _add(app, "/movies", service.movies, FoundMovies, ("q", "k"), required=("q",), by_post=False)
    _add(app, "/health", service.health, Health, (), by_post=False)
    app.add_api_route("/", service.try_it, methods=["GET", "HEAD"], include_in_schema=False)
    for path, (content, kind) in pages.docs().items():
        app.add_api_route(path, _fixed(content, kind), methods=["GET", "HEAD"], include_in_schema=False)
    app.add_exception_handler(HTTPException, _no_such_address)
    app.add_middleware(Guard, token=config.token)
    if config.token:
        _ask_for_token(app)
    return app


def _add(
    app: FastAPI,
    path: str,
    handler: Callable[[Request], Any],
    answer: type,
    fields: tuple[str, ...],
    *,
    required: tuple[str, ...] = (),
    by_post: bool = True,
) -> None:
    """Let a path be asked by GET, HEAD and, where that makes sense, by POST."""
    app.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False)
    for method in ("GET", "POST") if by_post else ("GET",):
        refusals = {status: text for status, text in _REFUSALS.items() if method == "POST" or status not in _BODY}
        extra: dict[str, Any] = {"parameters": fields_of.parameters(fields, required=required)}
        if method == "POST":
            schema = fields_of.body_schema(fields, required=required)
            extra = {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
        app.add_api_route(
            path,
            handler,
            methods=[method],
            operation_id=f"{method.lower()}_{path[1:]}",
            summary=(inspect.getdoc(handler) or "").splitlines()[0],
            responses={
                200: {"model": answer},
                **{status: {"model": Refusal, "description": text} for status, text in refusals.items()},
            },
            openapi_extra=extra,
        )


def _fixed(content: bytes, kind: str) -> Callable[[], Any]:
    async def fixed() -> Response:
        headers = {"Content-Security-Policy": pages.DOCS_POLICY} if kind == "text/html" else {}
        return PlainTextResponse(content, headers=headers, media_type=kind)

    return fixed


async def _no_such_address(request: Request, error: Exception) -> Response:
    """The reply to a request that belongs to no address, or to another method of one."""
    path = request.url.path
    methods = {method for route in request.app.routes if route.path == path for method in route.methods}
    if methods:
        allowed = ", ".join(sorted(methods))
        return error_reply(405, f"{path}: is asked by {allowed}; see /docs", headers={"Allow": allowed})
    return error_reply(404, f"{path}: there is nothing here; see /docs")


def _ask_for_token(app: FastAPI) -> None:
    """Say in the schema that a token opens the service."""
    schema = app.openapi()
    schema.setdefault("components", {})["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, operations in schema["paths"].items():
        if path != "/health":
            for operation in operations.values():
                operation["security"] = [{"token": []}]
