"""From what a person calls a movie to the movie: an id, or a title with or without its year and article."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from recsys_cli.dataset.titles import ARTICLES, counted_key, display_title, title_year, without_article, words_key
from recsys_cli.errors import ConfigError

_MOST_DIGITS = 20  # more than any id has
_NAMED = 5  # candidates that a message lists
_NEAR_ENOUGH = 75  # of 100, in rapidfuzz's ratio
_NEAR_PART = 85  # of 100, in its partial ratio, for a name of
_LONG_ENOUGH = 6  # letters
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_ALSO_KNOWN = re.compile(r"^\s*a\.?k\.?a\.?\s+", re.IGNORECASE)
_TRAILING_YEAR = re.compile(r"^(.*\S)\s+(\d{4})$", re.DOTALL)
_MOVED_ARTICLE = re.compile(rf"^(.+), ({ARTICLES})$", re.IGNORECASE | re.DOTALL)


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
        self._folds: dict[Callable[[str], str], dict[str, set[int]]] = {}
        self._texts: _Texts | None = None  # each name and the name with sequels counted, to look for words in

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
        if by_id is not None:
            first = self._beginning(text)
            if not first and (is_guess or not named):
                return self._found(by_id, is_guess=bool(named))
            named, is_guess = {*first, by_id}, False
        fitting = sorted(named)
        if len(fitting) == 1:
            return self._found(fitting[0], is_guess)
        if fitting:
            hint = f"; 'id:{text}' is that id" if by_id is not None else ""
            raise ConfigError(f"{option}: {text!r} is ambiguous; candidates: {self._listed(fitting)}{hint}")
        near = self._near(text)
        hint = f"; near: {self._listed(near)}" if near else ""
        raise ConfigError(f"{option}: {text!r} is no movie here{hint}; give an id or a title")

    def search(self, text: str) -> list[FoundMovie]:
        """Every movie that a text may stand for: those of this id or name, then those with it in their titles.

        Args:
            text: as in :meth:`find`; also a title that is not yet typed to its end.

        Returns: where none fits, those with a title near to it; then all of them are guesses.
        """
        text = text.strip()
        by_id = self._by_id(text)
        readings = [(key, year) for key, year in self._readings(text) if key]
        whole = {*([] if by_id is None else [by_id])}.union(*(self._whole(*reading) for reading in readings))
        parts = set[int]().union(*(self._parts(*reading) for reading in readings)) - whole
        guesses = sorted(parts) if whole or parts else self._near(text)
        return [self._found(place) for place in sorted(whole)] + [self._found(place, True) for place in guesses]

    def _found(self, place: int, is_guess: bool = False) -> FoundMovie:
        return FoundMovie(self._ids[place], self._titles[place], is_guess)

    def _by_id(self, text: str) -> int | None:
        digits = text.casefold().removeprefix("id:").strip()
        is_number = digits.isascii() and digits.isdecimal() and len(digits) < _MOST_DIGITS
        return self._place.get(int(digits)) if is_number else None

    def _beginning(self, text: str) -> set[int]:
        """Places of the movies whose title is or begins with a number, such as "2001: A Space Odyssey"."""
        names = self._all_names()
        fitting = (places for name, places in names.items() if f"{name} ".startswith(f"{text} "))
        return set().union(*fitting)

    def _by_title(self, text: str) -> tuple[set[int], bool]:
        """Places of the movies that a title fits, and whether it is only a part of theirs.

        The whole title is tried first, then its parts: with the year apart and not, as in "Runner 2049".
        """
        for match in (self._whole, self._parts):
            for key, year in self._readings(text):
                fitting = match(key, year) if key else set()
                if fitting:
                    return fitting, match == self._parts
        return set(), False

    def _readings(self, text: str) -> list[tuple[str, int]]:
        readings = [self._read(text)]
        bare = _TRAILING_YEAR.match(text)
        if bare and not readings[0][1]:
            readings.append(self._read(f"{bare[1]} ({bare[2]})"))
        return readings

    def _read(self, text: str) -> tuple[str, int]:
        year = title_year(text)
        name = text[: text.rindex("(")] if year else text
        return words_key(_MOVED_ARTICLE.sub(r"\2 \1", name.strip())), year

    def _whole(self, key: str, year: int) -> set[int]:
        """Places of the movies of this name: to the letter, then with sequels in digits, then run together."""
        for candidate in dict.fromkeys((key, without_article(key))):
            fitting = self._of_year(self._all_names().get(candidate, set()), year)
            if fitting:
                return fitting
        for fold in (counted_key, _run_together):
            wanted = {fold(key), fold(without_article(key))}
            fitting = self._of_year(self._folded(fold, wanted), year)
            if fitting:
                return fitting
        return set()

    def _folded(self, fold: Callable[[str], str], wanted: set[str]) -> set[int]:
        if fold not in self._folds:
            folded: dict[str, set[int]] = {}
            for name, places in self._all_names().items():
                folded.setdefault(fold(name), set()).update(places)
            self._folds[fold] = folded
        return set().union(*(self._folds[fold].get(name, ()) for name in wanted))

    def _parts(self, key: str, year: int) -> set[int]:
        """Places of the movies with these words in their names: in a row, the last one cut short, in any order."""
        names = self._all_names()
        texts = self._texts
        if texts is None:
            texts = self._texts = _Texts(f" {name} \n {counted_key(name)} " for name in names)
        whole, counted, bare = without_article(key), counted_key(key), without_article(counted_key(key))
        words = [f" {word} " for word in counted.split(" ")]
        tests: list[Callable[[], set[int]]] = [
            lambda: texts.having(f" {whole} ") | texts.having(f" {bare} "),
            lambda: texts.having(f" {counted}"),
            lambda: texts.having(f" {bare}"),
            lambda: set.intersection(*map(texts.having, words)) if len(words) > 1 else set(),
        ]
        places = list(names.values())
        for test in tests:
            fitting = self._of_year(set().union(*(places[name] for name in test())), year)
            if fitting:
                return fitting
        return set()

    def _of_year(self, places: Iterable[int], year: int) -> set[int]:
        return {place for place in places if not year or self._years[place] == year}

    def _near(self, text: str) -> list[int]:
        from rapidfuzz import fuzz, process

        names = self._all_names()
        key = words_key(_MOVED_ARTICLE.sub(r"\2 \1", _PARENTHESES.sub(" ", text).strip()))
        if not key:
            return []
        choices, most = list(names), 2 * _NAMED
        matches = process.extract(key, choices, scorer=fuzz.ratio, limit=most, score_cutoff=_NEAR_ENOUGH)
        if not matches and len(key) >= _LONG_ENOUGH:  # a mistyped part of a title
            longer = [name for name in choices if len(name) >= len(key)]
            matches = process.extract(key, longer, scorer=fuzz.partial_ratio, limit=most, score_cutoff=_NEAR_PART)
        places = dict.fromkeys(place for name, _, _ in matches for place in sorted(names[name]))
        return list(places)[:_NAMED]

    def _listed(self, places: Sequence[int]) -> str:
        more = f" and {len(places) - _NAMED} more" if len(places) > _NAMED else ""
        return ", ".join(f"{self._ids[place]} {self._titles[place]}" for place in places[:_NAMED]) + more

    def _all_names(self) -> dict[str, set[int]]:
        """Every name that a movie goes by, with and without article -> places of the movies."""
        if self._names is None:
            found: dict[str, set[int]] = {}
            for place, title in enumerate(self._titles):
                for name in _spellings(title, self._years[place]):
                    for key in (words_key(name), without_article(words_key(name))):
                        if key:
                            found.setdefault(key, set()).add(place)
            self._names = found  # at once, whole: other threads look for it
        return self._names


class _Texts:
    """Texts that are searched as one: a search of each, in Python, takes many times as long."""

    def __init__(self, texts: Iterable[str]):
        """Take the texts, none with a zero character."""
        parts = [f"{text}\0" for text in texts]
        self._whole = "".join(parts)
        self._ends = list(accumulate(map(len, parts)))

    def having(self, part: str) -> set[int]:
        """Places of the texts that have a part in them."""
        found = set()
        at = self._whole.find(part)
        while at >= 0:
            place = bisect_right(self._ends, at)
            found.add(place)
            at = self._whole.find(part, self._ends[place])
        return found


def _spellings(title: str, year: int) -> Iterator[str]:
    """The names in a title such as ``Seven (a.k.a. Se7en) (1995)``: as a whole, the first, each of the others."""
    whole = title[: title.rindex("(")] if year else title
    yield whole
    yield _PARENTHESES.sub(" ", whole)
    for other in _PARENTHESES.findall(whole):
        yield _ALSO_KNOWN.sub("", other)


def _run_together(key: str) -> str:
    return key.replace(" ", "")
