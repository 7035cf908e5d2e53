"""The section "Try it": two people to be chosen side by side, and a movie to be typed."""

from __future__ import annotations

import html
from collections.abc import Sequence

from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.report.page import Section
from recsys_cli.report.tryout import PLACES, Tryout


def try_it(vocabulary: Vocabulary, tried: Tryout) -> Section:
    """Two people side by side, and movies like one."""
    people = vocabulary.demographics
    first = (min(1, len(people.genders)), min(3, len(people.ages)), min(5, len(people.jobs)))
    second = (len(people.genders), len(people.ages), min(2, len(people.jobs)))
    both = "".join(
        _person(name, rows, vocabulary, tried)
        for name, rows in (("One person", first), ("Another person", second))
    )
    lead = (
        f"The lists are those of 'recsys recommend -k {PLACES}', asked beforehand for everybody who can "
        f"be described; the movies are those of {tried.source}.",
    )
    noscript = (
        '<noscript><p class="missing">Choosing needs JavaScript; without it two people\'s lists are '
        "shown.</p></noscript>"
    )
    search = (
        '<h3 id="alike-heading">Movies like another</h3><div class="tools"><div><label '
        'for="alike-search">Type a title</label>'
        '<input id="alike-search" type="search"></div></div><ul class="found" '
        'id="alike-found"></ul>'
        '<p id="alike-status" role="status"></p><ol class="near" id="alike"></ol>'
    )
    markup = f'{noscript}<div class="pair">{both}</div><p class="differs" id="differs" role="status"></p>{search}'
    return Section(name="try", title="Try it", lead=lead, markup=markup)


def _person(name: str, rows: tuple[int, int, int], vocabulary: Vocabulary, tried: Tryout) -> str:
    people = vocabulary.demographics
    choices: list[tuple[str, list[str]]] = [
        ("gender", list(people.genders)),
        ("age", [people.age_name(row) for row in range(1, len(people.ages) + 1)]),
        ("job", [job for _, job in people.jobs]),
    ]
    prefix = name.split()[0].lower()
    fields = "".join(_select(prefix, label, names, row) for (label, names), row in zip(choices, rows, strict=True))
    answer = tried.recommendations[rows]
    body = "".join(
        f'<tr data-id="{movie.movie_id}"><th scope="row">{movie.rank}</th><td>{html.escape(movie.title)}</td>'
        f"<td>{movie.score:.3f}</td><td>{'' if movie.stars is None else f'{movie.stars:.1f}'}</td></tr>"
        for movie in answer.movies
    )
    head = "".join(f'<th scope="col">{text}</th>' for text in ("Top", "Title", "Score", "Stars"))
    return (
        f'<div class="person"><fieldset><legend>{name}</legend>{fields}</fieldset>'
        f'<table class="answers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _select(prefix: str, label: str, names: Sequence[str], row: int) -> str:
    options = "".join(
        f'<option value="{place}"{" selected" if place == row else ""}>{html.escape(text)}</option>'
        for place, text in enumerate(["unknown", *names])
    )
    return (
        f'<div><label for="{prefix}-{label}">{label.capitalize()}</label>'
        f'<select id="{prefix}-{label}" name="{label}">{options}</select></div>'
    )
