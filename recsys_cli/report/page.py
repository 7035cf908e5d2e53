"""One HTML page of pictures, tables and words: nothing in it is fetched from anywhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from recsys_cli.report.drawing import PALETTE, Picture, Table

_TEMPLATE = files("recsys_cli.report") / "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        name: its anchor.
        title: heading.
        lead: sentences below the heading.
        pictures: in their order.
        before: HTML of its own, before the pictures; whoever makes it has escaped it.
        missing: why something is not there and which command makes it, sentences.
        markup: the same, after them.
        within: pictures that stand in ``markup``.
    """

    name: str
    title: str
    lead: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    before: str = ""
    missing: Sequence[str] = ()
    markup: str = ""
    within: Sequence[Picture] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page says.

    Attributes:
        title: of the page.
        subtitle: what it is about.
        sections: in their order.
        data: for the script.
    """

    title: str
    subtitle: str
    sections: Sequence[Section]
    data: Mapping[str, Any] = field(default_factory=dict)


def render(page: Page) -> str:
    """The page as HTML; the same page gives the same text."""
    script = _file("page.js")
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src {source_of(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    values = {
        "head": head(page.title, style(), policy=policy),
        "title": html.escape(page.title),
        "subtitle": html.escape(page.subtitle),
        "script": script,
        "contents": "".join(
            f'<li><a href="#{section.name}">{html.escape(section.title)}</a></li>' for section in page.sections
        ),
        "sections": "\n".join(_section(place, section) for place, section in enumerate(page.sections, 1)),
        "data": _json(page.data),
    }
    return fill(_file("page.html"), values)


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with a value for each ``{{ name }}`` in it.

    Piece by piece and not by repeated replacing: no text of the data is ever taken for a placeholder.
    """
    first, *parts = template.split("{{")
    return first + "".join(values[name.strip()] + rest for name, rest in (part.split("}}", 1) for part in parts))


def head(title: str, style: str, *, policy: str | None = None) -> str:
    """What stands before the body of a page.

    Args:
        title: of the page, as it is read.
        style: all of its style sheets.
        policy: what the page may load, where no server says so.
    """
    more = (
        ""
        if policy is None
        else (
            '<meta name="referrer" content="no-referrer">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        )
    )
    return fill(_file("head.html"), {"title": html.escape(title), "style": style, "more": more})


def source_of(script: str) -> str:
    """How a policy names a script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def style() -> str:
    """The style sheet, in light and dark colours."""
    return f"{_palette()}\n{_file('page.css')}"


def table(content: Table, *, caption: str) -> str:
    """A table as HTML."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in content.columns)
    body = "".join(
        f'<tr><th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in content.rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}"><table>'
        f'<caption class="unseen">{html.escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure(picture: Picture) -> str:
    """A picture with its title, description and, behind a fold, its numbers."""
    return (
        f'<figure id="picture-{picture.name}"><h3>{html.escape(picture.title)}</h3>{picture.inline()}'
        f"<figcaption>{html.escape(picture.description)}</figcaption>"
        f'<details><summary>The numbers<span class="unseen"> of {html.escape(picture.title)}</span></summary>'
        f"{table(picture.table, caption='Numbers: ' + picture.title)}</details></figure>"
    )


def _section(place: int, section: Section) -> str:
    lead = "".join(f"<p>{html.escape(text)}</p>" for text in section.lead)
    missing = "".join(f'<p class="missing">{html.escape(text)}</p>' for text in section.missing)
    pictures = "".join(map(figure, section.pictures))
    grid = f'<div class="pictures">{pictures}</div>' if pictures else ""
    return (
        f'<section id="{section.name}" aria-labelledby="{section.name}-heading"><header><span class="number" '
        f'aria-hidden="true">{place}</span><h2 '
        f'id="{section.name}-heading">{html.escape(section.title)}</h2></header>'
        f'<div class="lead">{lead}</div>{section.before}{grid}{section.markup}{missing}</section>'
    )


def _palette() -> str:
    light = "".join(f"--{name}:{pair[0]};" for name, pair in PALETTE.items())
    dark = "".join(f"--{name}:{pair[1]};" for name, pair in PALETTE.items())
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"


def _json(data: Mapping[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _file(name: str) -> str:
    return (_TEMPLATE / name).read_text(encoding="utf-8")
