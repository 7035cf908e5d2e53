"""The fields of a request: what they may be, for the schema, and how a query string says them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from recsys_cli.config.question import MAX_ID
from recsys_cli.errors import ConfigError

MAX_K = 1000
MAX_NAMED = 500  # movies that one question names
MAX_Q = 200  # characters

_SEVERAL = ("like", "dislike", "genre", "any_genre", "not_genre", "exclude")
_NAMING = ("like", "dislike", "ratings", "exclude")
_OBJECTS = ("attributes", "ratings")
_INTEGERS = ("age", "user", "k", "min_ratings")
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_DECIMAL = re.compile(r"[+-]?([0-9]{1,30}\.?[0-9]{0,30}|\.[0-9]{1,30})")
_YEARS = r"^\s*([0-9]{4}\s*(-\s*([0-9]{4})?)?|-\s*[0-9]{4})\s*$"

_TEXT = {"type": "string"}
_MOVIE = {"anyOf": [_TEXT, {"type": "integer"}]}


def _one_or_several(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [item, {"type": "array", "items": item, "maxItems": MAX_NAMED}]}


# What each field means, and its schema.
_KNOWN: dict[str, tuple[str, dict[str, Any]]] = {
    "age": ("Years.", {"type": "integer", "minimum": 1, "maximum": 120}),
    "gender": ("M or F.", _TEXT),
    "job": ("Job of the model's data set, by number or name.", _MOVIE),
    "attributes": (
        "What else the model's data set knows of people, by name.",
        {
            "type": "object",
            "additionalProperties": {"anyOf": [_TEXT, {"type": "number"}]},
            "maxProperties": MAX_NAMED,
        },
    ),
    "user": ("Id of a user of the training data.", {"type": "integer", "minimum": 0, "maximum": MAX_ID}),
    "like": ("Liked movies, by id or title.", _one_or_several(_MOVIE)),
    "dislike": ("Disliked movies.", _one_or_several(_MOVIE)),
    "ratings": (
        "Movies and their ratings, on the model's scale.",
        {"type": "object", "additionalProperties": {"type": "number"}, "maxProperties": MAX_NAMED},
    ),
    "genre": ("Only movies of all these genres.", _one_or_several(_TEXT)),
    "any_genre": ("Only movies of one of these genres.", _one_or_several(_TEXT)),
    "not_genre": ("No movies of these genres.", _one_or_several(_TEXT)),
    "year": (
        "Only movies of 1994, 1990-1999, 1990- or -1999.",
        {"anyOf": [{**_TEXT, "pattern": _YEARS}, {"type": "integer", "minimum": -9999, "maximum": 9999}]},
    ),
    "exclude": ("Movies to leave out.", _one_or_several(_MOVIE)),
    "min_ratings": (
        "Only movies with so many ratings in training.",
        {"type": "integer", "minimum": 0, "maximum": MAX_ID},
    ),
    "new": ("Also movies that nobody has rated.", {"type": "boolean"}),
    "k": ("Number of movies.", {"type": "integer", "minimum": 1, "maximum": MAX_K}),
    "include_seen": ("Also movies that the person has rated.", {"type": "boolean"}),
    "diversity": (
        "0 for the best movies, up to 1 for the most different ones.",
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    "novelty": (
        "0 for the best movies, up to 1 for those that would be best if all were equally well known.",
        {"type": "number", "minimum": 0, "maximum": 1},
    ),
    "explain": ("Say what speaks for each movie.", {"type": "boolean"}),
    "similar": ("The movie, by id or title.", _MOVIE),
    "q": ("A title, whole or in part, or an id.", {**_TEXT, "minLength": 1, "maxLength": MAX_Q}),
}


def body_schema(fields: tuple[str, ...], *, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The schema of a JSON object of these fields; null says as much as leaving one out."""
    properties: dict[str, Any] = {}
    for name in fields:
        meaning, schema = _KNOWN[name]
        kinds = schema.get("anyOf", [schema])
        properties[name] = {
            "description": meaning,
            "anyOf": kinds if name in required else [*kinds, {"type": "null"}],
        }
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def parameters(fields: tuple[str, ...], *, required: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The parameters of a query string that says these fields; objects can only be said in a body."""
    return [_parameter(name, name in required) for name in fields if name not in _OBJECTS]


def _parameter(name: str, is_required: bool) -> dict[str, Any]:
    meaning, schema = _KNOWN[name]
    if name in _SEVERAL:
        schema = {"type": "array", "items": _TEXT, "maxItems": MAX_NAMED}
    elif "anyOf" in schema:
        schema = schema["anyOf"][0]  # everything is a text there
    return {"name": name, "in": "query", "required": is_required, "description": meaning, "schema": schema}


def from_query(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The fields that a query string says, as JSON would: what does not look like a number stays a text.

    Raises: ConfigError: an object, or a field of one value that is there twice.
    """
    fields: dict[str, Any] = {}
    for name, text in pairs:
        if name in _SEVERAL:
            fields.setdefault(name, []).append(text)
        elif name in fields:
            raise ConfigError(f"{name}: is there twice")
        elif name in _OBJECTS:
            raise ConfigError(f"{name}: are taken from the body of a POST")
        else:
            fields[name] = _value(name, text)
    return fields


def _value(name: str, text: str) -> Any:
    if name in _INTEGERS and _WHOLE.fullmatch(text):
        return int(text)
    if name in ("diversity", "novelty") and _DECIMAL.fullmatch(text):
        return float(text)
    if name in ("include_seen", "explain", "new"):
        return {"true": True, "false": False}.get(text, text)
    return text


def check_bounds(fields: Mapping[str, Any]) -> None:
    """Refuse what would keep the service busy for long with a ConfigError."""
    k = fields.get("k")
    if isinstance(k, int) and k > MAX_K:
        raise ConfigError(f"k: {k} is more than this service gives; allowed: 1 to {MAX_K}")
    named = sum(len(value) for name in _NAMING if isinstance(value := fields.get(name), (list, dict)))
    genres = max((len(value) for name in _SEVERAL if isinstance(value := fields.get(name), list)), default=0)
    if max(named, genres) > MAX_NAMED:
        raise ConfigError(f"{max(named, genres)} names are more than this service takes; allowed: {MAX_NAMED}")
