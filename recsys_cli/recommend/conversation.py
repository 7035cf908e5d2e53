"""Questions and answers as JSON: ``recsys recommend --stdin``, one of each a line, from one process."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from recsys_cli.config import RecommendConfig, StoreConfig
from recsys_cli.config.question import MovieFilter, Question, SimilarQuestion
from recsys_cli.errors import ConfigError, RecsysError
from recsys_cli.progress import Progress
from recsys_cli.recommend.answers import Recommendation, SimilarMovies
from recsys_cli.recommend.recommender import Recommender, open_recommender

_TEXT, _MOVIE, _NUMBER = (str,), (str, int), (int, float)
_PERSON: dict[str, tuple[type, ...]] = {"age": (int,), "gender": _TEXT, "job": (str, int), "user": (int,)}
_MOVIES = ("like", "dislike")
_GENRES = ("genre", "any_genre", "not_genre")
_OTHERS: dict[str, tuple[type, ...]] = {
    "k": (int,),
    "include_seen": (bool,),
    "diversity": _NUMBER,
    "explain": (bool,),
    "novelty": _NUMBER,
}
_FILTER = (*_GENRES, "year", "exclude", "min_ratings")
FIELDS = (*_PERSON, "attributes", *_MOVIES, "ratings", *_FILTER, *_OTHERS)
SIMILAR = "similar"  # makes a question for movies like the one that it names
SIMILAR_FIELDS = (SIMILAR, *_FILTER, "k", "new", "novelty")
_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A line that could not be answered.

    Attributes:
        error: what is wrong with it.
        line: its number, from 1.
    """

    error: str
    line: int


def answers(
    config: RecommendConfig,
    store: StoreConfig,
    lines: Iterable[bytes],
    *,
    defaults: Question,
    similar: SimilarQuestion,
    progress: Progress,
) -> Iterator[Recommendation | SimilarMovies | Failure]:
    """Answer every line; one that is wrong is answered by a failure.

    Args:
        config: model and movies.
        store: where they are searched.
        lines: JSON objects with any of `FIELDS`, or of `SIMILAR_FIELDS` where the first of these is among them, in
            UTF-8; blank lines are passed over.
        defaults: what holds where a line does not say otherwise.
        similar: the same for movies like one.
        progress: is told of an import.

    Raises:
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus cannot be reached, or the index is stale and importing is not allowed.
    """
    with open_recommender(config, store, progress) as recommender:
        recommender.index.make_ready()
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield answer(recommender, read_fields(line), defaults, similar)
            except RecsysError as error:
                yield Failure(error=str(error), line=number)


def answer(
    recommender: Recommender, fields: Mapping[str, Any], defaults: Question, similar: SimilarQuestion
) -> Recommendation | SimilarMovies:
    """Answer one question of either kind.

    Raises: RecsysError: as `question`, `similar_question` and the recommender.
    """
    if SIMILAR in fields:
        return recommender.answer_similar(similar_question(fields, similar), option=SIMILAR)
    return recommender.answer(question(fields, defaults, others=(SIMILAR,)))


def read_fields(line: bytes) -> dict[str, Any]:
    """The fields of a JSON object.

    Raises: ConfigError: not a JSON object.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ConfigError('not a JSON object, such as {"age": 25, "gender": "M", "job": 4}')
    return fields


def question(fields: Mapping[str, Any], defaults: Question, *, others: tuple[str, ...] = ()) -> Question:
    """The question that is made of some of `FIELDS`.

    Args:
        fields: name and value.
        defaults: what holds for the others.
        others: fields that make another question, to be named where one is unknown.

    Raises: ConfigError: an unknown field, or a value of the wrong type or range.
    """
    given = _given(fields, (*FIELDS, *others))
    person = {name: _checked(name, given[name], types) for name, types in _PERSON.items() if name in given}
    person |= {name: _listed(name, given[name], _MOVIE) for name in _MOVIES if name in given}
    if "attributes" in given:
        person["attributes"] = _attributes(given["attributes"])
    if "ratings" in given:
        person["ratings"] = _ratings(given["ratings"])
    return replace(
        defaults,
        person=replace(defaults.person, **person),
        movies=_filter(given, defaults.movies),
        **{name: _checked(name, given[name], types) for name, types in _OTHERS.items() if name in given},
    )


def similar_question(fields: Mapping[str, Any], defaults: SimilarQuestion) -> SimilarQuestion:
    """The question that is made of `SIMILAR` and some of the other `SIMILAR_FIELDS`.

    Raises: ConfigError: as `question`, or no movie is named.
    """
    given = _given(fields, SIMILAR_FIELDS)
    if SIMILAR not in given:
        raise ConfigError(f"{SIMILAR}: name the movie, by id or title")
    return replace(
        defaults,
        movie=_checked(SIMILAR, given[SIMILAR], _MOVIE),
        movies=_filter(given, defaults.movies),
        k=_checked("k", given.get("k", defaults.k), _OTHERS["k"]),
        new=_checked("new", given.get("new", defaults.new), (bool,)),
        novelty=_checked("novelty", given.get("novelty", defaults.novelty), _NUMBER),
    )


def _given(fields: Mapping[str, Any], allowed: tuple[str, ...]) -> dict[str, Any]:
    """The fields that say something."""
    for name in fields:
        if name not in allowed:
            raise ConfigError(f"{name!r} is not a field{_near(name, allowed)}; allowed: {', '.join(allowed)}")
    return {name: value for name, value in fields.items() if value is not None}


def _filter(given: Mapping[str, Any], defaults: MovieFilter) -> MovieFilter:
    movies: dict[str, Any] = {name: _listed(name, given[name], _TEXT) for name in _GENRES if name in given}
    if "exclude" in given:
        movies["exclude"] = _listed("exclude", given["exclude"], _MOVIE)
    if "year" in given:
        movies["year"] = str(_checked("year", given["year"], (str, int)))
    if "min_ratings" in given:
        movies["min_ratings"] = _checked("min_ratings", given["min_ratings"], (int,))
    return replace(defaults, **movies)


def _near(name: str, allowed: tuple[str, ...]) -> str:
    from rapidfuzz import fuzz, process

    match = process.extractOne(name, allowed, scorer=fuzz.ratio, score_cutoff=60)
    return f"; near: {match[0]}" if match else ""


def _checked(name: str, value: Any, types: tuple[type, ...]) -> Any:
    if type(value) not in types:  # exactly: true is not the number 1
        raise ConfigError(f"{name}: {json.dumps(value)} is not {' or '.join(_WORDS[kind] for kind in types)}")
    return value


def _listed(name: str, value: Any, types: tuple[type, ...]) -> tuple[Any, ...]:
    """A list of values, or one value instead of it."""
    return tuple(_checked(name, item, types) for item in (value if isinstance(value, list) else [value]))


def _attributes(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ConfigError('attributes: not an object of names and values, such as {"plan": "family"}')
    return tuple((name, str(_checked("attributes", said, (str, *_NUMBER)))) for name, said in value.items())


def _ratings(value: Any) -> tuple[tuple[str, float], ...]:
    if not isinstance(value, dict):
        raise ConfigError('ratings: not an object of movies and their ratings, such as {"Toy Story": 5}')
    return tuple((movie, float(_checked("ratings", rating, _NUMBER))) for movie, rating in value.items())
