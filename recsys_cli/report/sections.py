"""The sections of the page but "Try it": which pictures, and the sentences that say what they mean."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from recsys_cli.dataset.titles import display_title
from recsys_cli.evaluation.result import Difference, EvaluationReport, GroupReport
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.report.drawing import GENRES, WIDTH, Picture, Table
from recsys_cli.report.evaluation_pictures import (
    LOWER_IS_BETTER,
    breadth_picture,
    favourites_picture,
    methods_picture,
    parts_picture,
    training_pictures,
    verdict_picture,
)
from recsys_cli.report.movie_map import MovieMap, first_genres, map_picture
from recsys_cli.report.page import Section, figure, table

_EVALUATE = (
    "Not measured beside other methods yet: 'recsys evaluate --json > evaluation.json' does it, "
    "'recsys report --evaluation evaluation.json' shows it."
)
_WHO = {
    "known": "People it has ratings of",
    "cold": "People known by age, gender and job alone",
    "new": "Movies that nobody has rated",
}
_LIMITS = (
    "What was held out was rated by people who chose to rate it: how people take to movies that they were shown "
    "because of a list is another question.",
    "An interval says what other people of the same kind would change; it says nothing of another "
    "year or another site.",
    "Near on the map means liked by the same people. Distances across the whole map, and its "
    "directions, mean nothing.",
)


def subtitle(folder: ModelFolder) -> str:
    """What the model was made of, in a line."""
    data = folder.info.data
    counts = [
        f"{data[key]:,} {noun}"
        for key, noun in (("num_ratings", "ratings"), ("num_movies", "movies"), ("num_users", "people"))
        if key in data
    ]
    objective = {"hybrid": "lists and stars", "ranking": "lists", "rating": "stars"}.get(folder.info.objective, "")
    return f"A two-tower model for {objective}, trained on {', '.join(counts)}."


def verdict(folder: ModelFolder, measured: EvaluationReport | None) -> Section:
    """Is it any good: sentences, and the model beside the best baseline."""
    if measured is None:
        metrics = {name: value for name, value in folder.info.metrics.items() if value is not None}
        lines = []
        if "ndcg@10" in metrics and "ndcg@10 of most popular" in metrics:
            lines.append(
                f"Its lists reach an NDCG@10 of {metrics['ndcg@10']:.3f}; the most popular movies reach "
                f"{metrics['ndcg@10 of most popular']:.3f}."
            )
        if "rmse" in metrics and "rmse of user + movie biases" in metrics:
            lines.append(
                f"Its stars are off by {metrics['rmse']:.3f} (RMSE); the biases of people and movies by "
                f"{metrics['rmse of user + movie biases']:.3f}."
            )
        return Section(name="verdict", title="Is it any good?", lead=lines, missing=(_EVALUATE,))
    cards = "".join(_card(group, measured.k) for group in measured.groups)
    is_other = measured.fingerprint != folder.info.data.get("fingerprint")
    missing = ("The evaluation is of another data set than this model.",) if is_other else ()
    pictures = [picture for metric in ("ndcg", "rmse") if (picture := verdict_picture(measured, metric))]
    return Section(
        name="verdict",
        title="Is it any good?",
        lead=(_summary(measured),),
        before=f'<div class="cards">{cards}</div>',
        pictures=pictures,
        missing=missing,
    )


def _word(gap: Difference) -> str:
    """Better, worse or level, by the paired interval."""
    sign = -1 if gap.metric in LOWER_IS_BETTER else 1
    low, high = sorted((sign * gap.estimate.low, sign * gap.estimate.high))
    return "better" if low > 0 else "worse" if high < 0 else "level"


def _summary(measured: EvaluationReport) -> str:
    """How often the model is better, level and worse, in a sentence."""
    words = [
        _word(gap) for group in measured.groups for gap in group.differences if gap.metric in ("ndcg", "rmse")
    ]
    counts = [f"{word} in {words.count(word)}" for word in ("better", "level", "worse") if word in words]
    return (
        f"Of {len(words)} comparisons with the best simple method for the task, the model is "
        f"{', '.join(counts)}. A difference counts where its 95 % interval, person by person, leaves out zero."
    )


def _card(group: GroupReport, k: int) -> str:
    """A group of people or movies: the model against the best baseline, in words."""
    lines = []
    for metric, what in (("ndcg", f"Lists, NDCG@{k}"), ("rmse", "Stars, RMSE")):
        gap = next((gap for gap in group.differences if gap.metric == metric), None)
        rival = group.row(gap.baseline) if gap else None
        own, best = getattr(group.model, metric), getattr(rival, metric) if rival else None
        if gap is None or rival is None or own is None or best is None:
            continue
        word = _word(gap)
        phrase = {"better": "better than", "worse": "worse than", "level": "level with"}[word]
        lines.append(
            f'<dt>{what}</dt><dd><strong class="{word}">{own.value:.3f}</strong> '
            f"<span>± {own.half_width:.3f}, {phrase} {html.escape(rival.title)} with {best.value:.3f}; "
            f"paired difference {gap.estimate.value:+.3f} ± {gap.estimate.half_width:.3f}</span></dd>"
        )
    who = _WHO.get(group.kind, group.title)
    return (
        f"<article><h3>{html.escape(group.title)}</h3><p>{html.escape(who)}</p><dl>{''.join(lines)}</dl></article>"
    )


def training(folder: ModelFolder) -> Section:
    """The epochs."""
    history = folder.history
    if history is None:
        lost = ("This model was written without the history of its epochs: 'recsys train' keeps it.",)
        return Section(name="training", title="How training went", missing=lost)
    baselines = {name: value for name, value in folder.info.metrics.items() if value is not None}
    lead = [
        f"Epoch {history.kept_epoch} of {len(history.epochs)} was kept; training was stopped by "
        f"{history.stopped_by}."
    ]
    if len(history.epochs[0]) > 1:
        lead.append("An epoch is measured on up to 2,000 people, a dashed line on up to 20,000.")
    if history.on_all_ratings:
        lead.append(
            "Pictures and numbers are of a first training, which did not learn what it is measured on. The model "
            f"itself was then trained on all ratings, {len(history.on_all_ratings)} epochs long."
        )
    missing = (
        []
        if len(history.epochs[0]) > 1
        else ["Nothing was held out to choose the epoch by: 'recsys train --holdout 0.1' does it."]
    )
    pictures = training_pictures(history, baselines)
    return Section(name="training", title="How training went", lead=lead, pictures=pictures, missing=missing)


def evaluation(measured: EvaluationReport | None) -> Section:
    """Every method in every group, favourites, breadth, and parts of the people where they were measured."""
    title = "Beside every other method"
    if measured is None:
        return Section(name="evaluation", title=title, missing=(_EVALUATE,))
    found: list[Picture | None] = [methods_picture(group, "ndcg", k=measured.k) for group in measured.groups]
    found += [methods_picture(group, "rmse", k=measured.k) for group in measured.groups]
    found.append(favourites_picture(measured))
    found += [
        breadth_picture(group, metric, k=measured.k)
        for group in measured.groups
        if group.kind == "known"
        for metric in ("coverage", "long_tail")
    ]
    found += [
        parts_picture(group, attribute, parts, k=measured.k)
        for group in measured.groups
        for attribute, parts in group.by.items()
    ]
    missing = (
        [] if any(group.by for group in measured.groups) else ["By gender, age group and job it was not measured."]
    )
    lead = ("A dot is the value, its line the 95 % interval. Orange is the model, blue the best of the others.",)
    pictures = [picture for picture in found if picture is not None]
    return Section(name="evaluation", title=title, lead=lead, pictures=pictures, missing=missing)


def stars(pictures: Sequence[Picture], missing: Sequence[str] = ()) -> Section:
    """Estimated against given."""
    return Section(name="stars", title="Can the stars be believed?", pictures=pictures, missing=missing)


def data(pictures: Sequence[Picture], missing: Sequence[str] = ()) -> Section:
    """The data."""
    return Section(name="data", title="What it learnt from", pictures=pictures, missing=missing)


def map_of_movies(folder: ModelFolder, vocabulary: Vocabulary, drawn: MovieMap) -> Section:
    """The map, with the places where the script finds a movie by a pointer."""
    rows = vocabulary.movie_rows(drawn.movie_ids) - 1
    genres = [vocabulary.movie_genres[row] for row in rows.tolist()]
    titles = [display_title(vocabulary.titles[row]) for row in rows.tolist()]
    picture = map_picture(drawn, genres, titles, folder.num_ratings[rows])
    shown, _ = first_genres(genres)
    colours = [*range(len(shown)), len(GENRES) - 1]
    legend = "".join(
        f'<li><i style="background:var(--genre-{place})"></i>{html.escape(name)}</li>'
        for place, name in zip(colours, [*shown, "other or none"], strict=True)
    )
    left, top = 4 + 0.02 / 1.04 * (WIDTH - 8), 4 + 0.03 / 1.06 * (250 - 8)
    frame = {"left": left, "top": top, "width": (WIDTH - 8) / 1.04, "height": (250 - 8) / 1.06}
    whole = figure(picture)
    svg = picture.inline()
    stage = f'<div class="stage" data-frame=\'{json.dumps(frame)}\'>{svg}</div><ul class="legend">{legend}</ul>'
    tools = (
        '<div class="tools"><div><label for="map-search">Find a movie on the map</label>'
        '<input id="map-search" type="search"></div></div><ul class="found" '
        'id="map-found"></ul>'
        '<p id="map-status" role="status"></p><ol class="near" id="map-near"></ol>'
    )
    several = len(folder.movie_ids) > len(drawn.movie_ids)
    lead = [
        f"The {len(titles):,} most rated of {len(folder.movie_ids):,} movies."
        if several
        else f"All {len(titles):,} movies."
    ]
    lead.append(
        "Point at a dot for its title; click it, or search, and it is tied to the ten movies most like it."
    )
    markup = f'<div class="map">{tools}{whole.replace(svg, stage)}</div>'
    return Section(name="map", title="A map of the movies", lead=lead, markup=markup, within=(picture,))


def making(folder: ModelFolder, measured: EvaluationReport | None) -> Section:
    """Options, fingerprints, versions, seconds; what the numbers do not say."""
    info = folder.info
    facts: dict[str, Any] = {
        "Model": folder.fingerprint,
        "Data": info.data.get("fingerprint", ""),
        "Layout": info.data.get("format", ""),
        "recsys": info.package_version,
        "Objective": info.objective,
        "Training": f"{info.run['seconds']:,.0f} s" if "seconds" in info.run else "",
        "Held out": f"{100 * info.split.get('holdout', 0):g} % of the ratings, to choose the epoch by"
        + (", then learnt with all others" if info.split.get("refit") else ""),
    }
    if measured is not None:
        facts["Evaluation"] = f"{measured.seconds:,.0f} s, {len(measured.seeds) or 1} split(s)"
    rows = tuple((name, str(value)) for name, value in facts.items())
    options = tuple((name, str(value)) for name, value in sorted(info.options.items()))
    protocol = [*measured.protocol, *measured.notes] if measured else []
    words = "".join(f"<li>{html.escape(text)}</li>" for text in (*_LIMITS, *protocol))
    markup = (
        f'<div class="facts">{table(Table(("", ""), rows), caption="How it was made")}</div>'
        f"<details><summary>Every option of the "
        f"training</summary>{table(Table(('Option', 'Value'), options), caption='Options')}</details>"
        f"<h3>What the numbers do not say, and how they were measured</h3><ul>{words}</ul>"
    )
    return Section(name="making", title="How it was made", markup=markup)
