"""`recsys serve`: the words, answers and errors of the command line, within bounds."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from commands import Recsys
from serving import Server, serving

from recsys_cli.config import EXACT_URI, RecommendConfig, StoreConfig
from recsys_cli.config.serving import ServeConfig
from recsys_cli.progress import Silent
from recsys_cli.serve.live_model import LiveModel
from recsys_cli.serve.service import Service, application


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[Server]:
    with serving(workspace) as started:
        yield started


@pytest.mark.parametrize(
    ("path", "fields", "command"),
    [
        ("/recommend", {"age": 25, "gender": "M", "job": 4}, "recommend -a 25 -g M -j 4"),
        (
            "/recommend",
            {"user": 17, "genre": "Comedy", "year": "1994", "k": 2},
            "recommend --user 17 --genre Comedy --year 1994 -k 2",
        ),
        (
            "/recommend",
            {"like": ["Speed", "id:1"], "k": 3, "explain": True},
            "recommend --like Speed --like id:1 -k 3 --explain",
        ),
        (
            "/recommend",
            {"user": 99999, "gender": "F", "diversity": 0.5},
            "recommend --user 99999 -g F --diversity 0.5",
        ),
        ("/recommend", {"include_seen": True, "user": 3}, "recommend --user 3 --include-seen"),
        ("/similar", {"similar": "The Matrix"}, "similar The*Matrix"),
        (
            "/similar",
            {"similar": "id:1", "k": 3, "not_genre": ["Comedy", "War"]},
            "similar id:1 -k 3 --not-genre Comedy --not-genre War",
        ),
    ],
)
def test_an_answer_is_what_json_prints_to_the_byte(
    server: Server, recsys: Recsys, path: str, fields: dict[str, object], command: str
) -> None:
    printed = recsys(*(word.replace("*", " ") for word in command.split()), "--json", "--exact").stdout_bytes
    texts = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in fields.items()}
    query = urlencode(texts, doseq=True)
    for reply in (server.post(path, fields), server.get(f"{path}?{query}")):
        assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
        assert reply.content == printed


LINES = [
    b"x",
    b"\xff",
    b"[1]",
    b"[" * 10_000,
    {"agee": 3},
    {"age": "25"},
    {"age": True},
    {"age": 121},
    {"like": [1.5]},
    {"like": "Speeed"},
    {"like": "\ud800"},
    {"gender": "X"},
    {"job": "pilot"},
    {"ratings": [5]},
    {"ratings": {"Speed": 9}},
    {"k": 0},
    {"year": "19"},
    {"user": 99999},
    {"genre": "Comdy"},
    {"exclude": "nothing at all"},
    {"diversity": 2},
    {"similar": "Speeed"},
    {"similar": 10**20},
    {"similar": 1, "age": 3},
    {"similar": 1, "genre": "\u20ac"},
]


def test_an_error_is_that_of_stdin(server: Server, recsys: Recsys) -> None:
    lines = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in LINES]
    told = recsys("recommend", "--stdin", "--exact", stdin=b"\n".join(lines)).stdout.splitlines()
    for line, answer in zip(lines, told, strict=True):
        is_similar = b'"similar"' in line
        reply = server.post("/similar" if is_similar else "/recommend", line)
        error = json.loads(answer)["error"]
        if b"agee" in line:  # a line may also ask for similar movies
            error = error.removesuffix(", similar")
        assert reply.json == {"error": error}
        assert reply.status == (404 if "99999 is not in the model" in error else 400)


def test_a_query_says_what_json_would(server: Server) -> None:
    for query, error in {
        "age=old": 'age: "old" is not a whole number',
        "age=25.5": 'age: "25.5" is not a whole number',
        "k=3&k=4": "k: is there twice",
        "explain=yes": 'explain: "yes" is not true or false',
        "diversity=nan": 'diversity: "nan" is not a whole number or a number',
        "agee=3": "'agee' is not a field; near: age; allowed: age, gender, ",
        "ratings=5": "ratings: are taken from the body of a POST",
        "user=" + "9" * 5000: 'user: "999',
    }.items():
        reply = server.get(f"/recommend?{query}")
        assert reply.status == 400
        assert reply.json["error"].startswith(error)


def test_movies_are_found_by_what_is_typed(server: Server) -> None:
    found = server.get("/movies?q=matr").json
    assert [(movie["movie_id"], movie["title"]) for movie in found["movies"]] == [(283, "The Matrix (1999)")]
    assert found["movies"][0]["genres"] == ["Action", "Sci-Fi"]
    counts = [movie["num_ratings"] for movie in server.get("/movies?q=the+&k=50").json["movies"]]
    assert len(counts) == 50
    assert counts == sorted(counts, reverse=True)
    assert server.get("/movies?q=Speeed").json["movies"][0]["title"] == "Speed (1994)"
    assert server.get("/movies?q=%20").json["movies"] == []
    for query, error in {
        "q=": "q: 0 characters are not allowed; allowed: 1 to 200",
        "": "q: 0 characters are not allowed; allowed: 1 to 200",
        "q=a&k=0": "-k 0 is not allowed; allowed: 1 or more",
        "q=a&k=x": 'k: "x" is not a whole number',
        "q=a&n=1": "'n' is not a field; allowed: q, k",
    }.items():
        reply = server.get(f"/movies?{query}")
        assert (reply.status, reply.json) == (400, {"error": error})


def test_health_names_the_model(server: Server, recsys: Recsys) -> None:
    model = recsys.json("recommend", "-g", "F")["model"]
    bare = server.ask("HEAD", "/health")
    assert (bare.status, bare.content) == (200, b"")
    assert server.get("/health").json == {"status": "ok", "model": model, "movies": 401, "problem": None}


def test_what_would_take_long_is_refused(server: Server) -> None:
    rated = {str(number): 1 for number in range(300)}
    bodies: list[tuple[dict[str, object], str]] = [
        ({"k": 1001}, "k: 1001 is more than this service gives; allowed: 1 to 1000"),
        ({"like": [1] * 300, "ratings": rated}, "600 names are more than this service takes; allowed: 500"),
        ({"genre": ["War"] * 501}, "501 names are more than this service takes; allowed: 500"),
    ]
    for body, error in bodies:
        reply = server.post("/recommend", body)
        assert (reply.status, reply.json) == (400, {"error": error})
    assert server.post("/recommend", b" " * 65_536 + b"{}").status == 413
    assert server.ask("POST", "/recommend", b"{}", {"Content-Type": "text/plain"}).status == 415
    assert server.ask("POST", "/recommend", b"{}").status == 415


def test_a_body_without_a_length_is_cut_off(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as stream:
        stream.sendall(
            b"POST /recommend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + (b"4000\r\n" + b" " * 0x4000 + b"\r\n") * 5
        )
        assert stream.recv(100).startswith(b"HTTP/1.1 413 ")


def test_who_dawdles_keeps_nobody_waiting(server: Server) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for stream in idle:
        stream.sendall(b"POST /recommend HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       b"Content-Length: 100\r\n\r\n{")  # fmt: skip
    time.sleep(0.2)
    assert server.get("/recommend?gender=F").status == 200
    for stream in idle:
        stream.close()


def test_other_addresses_and_methods_are_none(server: Server) -> None:
    reply = server.get("/nothing")
    assert (reply.status, reply.json) == (404, {"error": "/nothing: there is nothing here; see /docs"})
    reply = server.ask("PUT", "/recommend")
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD, POST")
    assert reply.json == {"error": "/recommend: is asked by GET, HEAD, POST; see /docs"}


def test_what_takes_too_long_is_given_up(workspace: Path) -> None:
    config = RecommendConfig(model=workspace / "recommender_system.inference.model")
    with LiveModel(config, StoreConfig(uri=EXACT_URI), Silent()) as live:
        service = Service(live, workers=1, seconds=0)
        transport = httpx.ASGITransport(app=application(service, ServeConfig()))

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get("/recommend?gender=F")

        reply = asyncio.run(ask())
        service.close()
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert reply.json() == {"error": "no answer within 0 seconds: ask again, or for less"}
