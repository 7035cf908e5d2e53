"""Who is let in: on loopback no other site's page, elsewhere nobody without the token."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import Server, serving

TOKEN = "0123456789abcdef-secret"


@pytest.fixture(scope="module")
def server(workspace: Path) -> Iterator[Server]:
    with serving(workspace) as started:
        yield started


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost"}, 200),
        ({"Host": "127.0.0.1:9999"}, 200),
        ({"Host": "[::1]:8000"}, 200),
        ({"Host": "127.0.0.1:1", "Origin": "http://127.0.0.1:1"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "localhost@evil.example"}, 421),
        ({"Host": "192.168.1.7:8000"}, 421),
        ({"Host": ""}, 421),
        ({"Host": "[::1"}, 421),
        ({"Host": "localhost", "Origin": "https://evil.example"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost:3000"}, 403),
        ({"Host": "localhost", "Origin": "null"}, 403),
        ({"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403),
        ({"Host": "localhost", "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, 403),
        ({"Host": "localhost", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, 200),
        ({"Host": "localhost", "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200),
    ],
)
def test_pages_of_other_sites_are_not_answered(server: Server, headers: dict[str, str], status: int) -> None:
    reply = server.get("/recommend?gender=F", headers)
    assert reply.status == status
    assert "access-control-allow-origin" not in reply.headers
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_link_from_elsewhere_opens_the_page(server: Server) -> None:
    link = {"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert server.get("/", link).status == 200
    assert server.get("/docs", link).status == 200
    assert (
        server.ask("OPTIONS", "/recommend", headers={"Host": "localhost", "Origin": "https://a.example"}).status
        == 403
    )


def test_a_token_opens_and_nothing_else_does(workspace: Path) -> None:
    with serving(workspace, "--host", "0.0.0.0", token=TOKEN) as server:
        for given in (
            None,
            "",
            TOKEN,
            f"Basic {TOKEN}",
            f"Bearer {TOKEN}x",
            f"Bearer {TOKEN[:-1]}",
            "Bearer",
            "Bearer ä",
        ):
            reply = server.get("/recommend?gender=F", {} if given is None else {"Authorization": given})
            assert (reply.status, reply.headers["www-authenticate"]) == (401, "Bearer")
            assert TOKEN.encode() not in reply.content
        for path in ("/similar?similar=1", "/movies?q=a", "/nothing"):
            assert server.get(path).status == 401
        allowed = {"Authorization": f"bearer {TOKEN}", "Host": "recsys.example", "Origin": "https://shop.example"}
        assert server.get("/recommend?gender=F", allowed).status == 200
        for path in ("/", "/docs", "/openapi.json", "/health"):
            reply = server.get(path)
            assert reply.status == 200
            assert TOKEN.encode() not in reply.content
        schema = server.get("/openapi.json").json
        assert schema["components"]["securitySchemes"] == {"token": {"type": "http", "scheme": "bearer"}}
        assert schema["paths"]["/recommend"]["get"]["security"] == [{"token": []}]
        server.process.terminate()
        stdout, stderr = server.process.communicate(timeout=30)
        assert TOKEN not in stdout + stderr
