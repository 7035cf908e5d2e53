"""From what a person calls a movie to the movie: an id, or a title with or without its year and article."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from recsys_cli.dataset.titles import ARTICLES, display_title, title_year
from recsys_cli.errors import ConfigError

_NAMED = 5  # candidates that a message lists
_NEAR_ENOUGH = 75  # of 100, in rapidfuzz's ratio
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_ALSO_KNOWN = re.compile(r"^\s*a\.?k\.?a\.?\s+", re.IGNORECASE)
_TRAILING_YEAR = re.compile(r"^(.*\S)\s+(\d{4})$", re.DOTALL)
_MOVED_ARTICLE = re.compile(rf"^(.+), ({ARTICLES})$", re.IGNORECASE | re.DOTALL)
_LEADING_ARTICLE = re.compile(rf"^(?:{ARTICLES.casefold().replace(chr(39), '')}) (?=\S)")


@dataclass(frozen=True, slots=True)
class FoundMovie:
    """A movie that a text stands for.

    Attributes:
        movie_id: the data set's id.
        title: as people write it, with the year.
        is_guess: the text is a part of the title, of this one alone; or an id that is also a part of a title.
    """

    movie_id: int
    title: str
    is_guess: bool = False


class TitleIndex:
    """The titles of a catalogue, made ready to be looked up."""

    def __init__(self, movie_ids: Sequence[int], titles: Sequence[str]):
        """Prepare the lookup.

        Args:
            movie_ids: ids of the movies.
            titles: their titles as in the data set, with the year.
        """
        self._ids = list(movie_ids)
        self._place = {movie_id: place for place, movie_id in enumerate(self._ids)}
        self._titles = [display_title(title) for title in titles]
        self._years = [title_year(title) for title in titles]
        self._names: dict[str, set[int]] | None = None

    def find(self, wanted: str | int, *, option: str) -> FoundMovie:
        """The one movie that an id or a title stands for.

        Args:
            wanted: an id; or a title in any case, with or without its year, accents, punctuation and leading
                article; or a part of one title only. ``id:7`` is an id even where a movie is called 7.
            option: what the text was given as, for the message.

        Raises: ConfigError: if no movie or several fit; it lists near matches or the candidates.
        """
        text = str(wanted).strip()
        by_id = self._by_id(text) if isinstance(wanted, str) else self._place.get(wanted)
        if isinstance(wanted, int) or text.casefold().startswith("id:"):
            if by_id is None:
                raise ConfigError(f"{option}: no movie has the id {text.casefold().removeprefix('id:').strip()}")
            return self._found(by_id)
        named, is_guess = self._by_title(text)
        if by_id is not None and (is_guess or not named):
            return self._found(by_id, is_guess=bool(named))
        fitting = sorted(named | ({by_id} if by_id is not None else set()))
        if len(fitting) == 1:
            return self._found(fitting[0], is_guess)
        if fitting:
            raise ConfigError(f"{option}: {text!r} is ambiguous; candidates: {self._listed(fitting)}")
        near = self._near(text)
        hint = f"; near: {self._listed(near)}" if near else ""
        raise ConfigError(f"{option}: {text!r} is no movie here{hint}; give an id or a title")

    def _found(self, place: int, is_guess: bool = False) -> FoundMovie:
        return FoundMovie(self._ids[place], self._titles[place], is_guess)

    def _by_id(self, text: str) -> int | None:
        digits = text.casefold().removeprefix("id:").strip()
        return self._place.get(int(digits)) if re.fullmatch(r"[0-9]{1,30}", digits) else None

    def _by_title(self, text: str) -> tuple[set[int], bool]:
        """Places of the movies that a title fits, and whether it is only a part of theirs."""
        year = title_year(text)
        name = text[: text.rindex("(")] if year else text
        key = _key(_MOVED_ARTICLE.sub(r"\2 \1", name.strip()))
        if not key:
            return set(), False
        names = self._all_names()
        for candidate in dict.fromkeys((key, _without_article(key))):
            fitting = self._of_year(names.get(candidate, set()), year)
            if fitting:
                return fitting, False
        bare = _TRAILING_YEAR.match(text)
        if bare and not year:
            return self._by_title(f"{bare[1]} ({bare[2]})")
        phrase = f" {_without_article(key)} "
        parts: set[int] = set().union(*(places for known, places in names.items() if phrase in f" {known} "))
        return self._of_year(parts, year), True

    def _of_year(self, places: Iterable[int], year: int) -> set[int]:
        return {place for place in places if not year or self._years[place] == year}

    def _near(self, text: str) -> list[int]:
        from rapidfuzz import fuzz, process

        names = self._all_names()
        key = _key(_MOVED_ARTICLE.sub(r"\2 \1", _PARENTHESES.sub(" ", text).strip()))
        if not key:
            return []
        matches = process.extract(key, list(names), scorer=fuzz.ratio, limit=2 * _NAMED, score_cutoff=_NEAR_ENOUGH)
        places = dict.fromkeys(place for name, _, _ in matches for place in sorted(names[name]))
        return list(places)[:_NAMED]

    def _listed(self, places: Sequence[int]) -> str:
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        return ", ".join(f"{self._ids[place]} {self._titles[place]}" for place in places[:_NAMED]) + more

    def _all_names(self) -> dict[str, set[int]]:
        """Every name that a movie goes by, with and without article -> places of the movies."""
        if self._names is None:
            self._names = {}
            for place, title in enumerate(self._titles):
                for name in _spellings(title, self._years[place]):
                    for key in (_key(name), _without_article(_key(name))):
                        if key:
                            self._names.setdefault(key, set()).add(place)
        return self._names


def _spellings(title: str, year: int) -> Iterator[str]:
    """The names in a title such as ``Seven (a.k.a. Se7en) (1995)``: as a whole, the first, each of the others."""
    whole = title[: title.rindex("(")] if year else title
    yield whole
    yield _PARENTHESES.sub(" ", whole)
    for other in _PARENTHESES.findall(whole):
        yield _ALSO_KNOWN.sub("", other)


def _key(text: str) -> str:
    """Casefolded words without accents and punctuation, ``&`` read as ``and``."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("&", " and ").replace("'", ""))
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(letters).split())


def _without_article(key: str) -> str:
    return _LEADING_ARTICLE.sub("", key)
