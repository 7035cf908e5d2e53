"""The pages of the service: one to try it, and its schema. Nothing in them is fetched from elsewhere."""

from __future__ import annotations

import html
from dataclasses import dataclass
from importlib.resources import files

from recsys_cli.recommend.recommender import Recommender
from recsys_cli.report.page import fill, head, source_of, style

_TEMPLATE = files("recsys_cli.serve") / "template"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class TryPage:
    """A page, and the headers that it is sent with."""

    text: str
    headers: dict[str, str]


def try_page(recommender: Recommender) -> TryPage:
    """The page to ask from, with the genders, ages, jobs and genres of a model to choose from."""
    index = recommender.index
    people = index.vocabulary.demographics
    script = _file("try.js")
    groups = [(str(age), people.age_name(row)) for row, age in enumerate(people.ages, start=1)]
    values = {
        "head": head("recsys: try it", style() + _file("try.css")),
        "script": script,
        "genders": _options([(name, name) for name in people.genders]),
        "ages": _options(groups),
        "jobs": _options([(str(number), name) for number, name in people.jobs]),
        "genres": _options([(name, name) for name in index.make_ready().genres]),
    }
    policy = (
        f"default-src 'none'; script-src {source_of(script)}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return TryPage(fill(_file("try.html"), values), {"Content-Security-Policy": policy})


def docs() -> dict[str, tuple[bytes, str]]:
    """Content and type, by path, of the page that shows the schema: Swagger UI, from an installed package."""
    package = files("fastapi_offline") / "static"
    return {
        "/docs": (_file("docs.html").encode(), "text/html"),
        "/docs/start.js": (_file("docs.js").encode(), "text/javascript"),
        "/docs/swagger-ui.css": ((package / "swagger-ui.css").read_bytes(), "text/css"),
        "/docs/swagger-ui-bundle.js": ((package / "swagger-ui-bundle.js").read_bytes(), "text/javascript"),
    }


def _options(choices: list[tuple[str, str]]) -> str:
    return "".join(f'<option value="{html.escape(value)}">{html.escape(name)}</option>' for value, name in choices)


def _file(name: str) -> str:
    return (_TEMPLATE / name).read_text(encoding="utf-8")
