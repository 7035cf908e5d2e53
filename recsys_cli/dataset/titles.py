"""Movie titles: the year in them, the way people write them, and what is compared of two of them."""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

_YEAR = re.compile(r"\((\d{4})(?:-\d{0,4})?\)\s*$")
ARTICLES = "The|A|An|La|Le|Les|L'|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|Ein|Eine|Un|Une|Una|Det|Den|En|O|Os|As"
_MOVED_ARTICLE = re.compile(rf"([^()]+?), ({ARTICLES})(?=\s*(?:[()]|$))")
_LEADING_ARTICLE = re.compile(rf"^(?:{ARTICLES.casefold().replace(chr(39), '')}) (?=\S)")
_WITHOUT_MARKS = str.maketrans(
    {"&": " and ", "'": "", "’": "", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"}
)
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")
_SEQUEL = re.compile(r"\b(?:part|episode|chapter|volume|vol|no) (?=\d)")
_WORD = re.compile(r"\w+")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi")
_AFTER_ANY = {numeral: str(value) for value, numeral in enumerate(_ROMAN, start=1) if numeral != "i"}
_AFTER_PART = {word: str(value) for words in (_ROMAN, _WORDS) for value, word in enumerate(words, start=1)}
_PARTS = frozenset({"part", "episode", "chapter", "volume", "vol"})


def title_year(title: str) -> int:
    """The year in parentheses at the end of a title, such as 1995; 0 when there is none."""
    match = _YEAR.search(title)
    return int(match.group(1)) if match else 0


def title_words(title: str) -> list[str]:
    """The words of a title: casefolded runs of letters, digits and underscores; the year is one of them."""
    return _WORD.findall(unicodedata.normalize("NFC", title).casefold())


@lru_cache(maxsize=1 << 16)
def display_title(title: str) -> str:
    """The title as people write it: ``Matrix, The (1999)`` becomes ``The Matrix (1999)``."""
    return _MOVED_ARTICLE.sub(_article_first, title)


def _article_first(match: re.Match[str]) -> str:
    name, article = match.groups()
    return f"{article}{name}" if article.endswith("'") else f"{article} {name}"


def words_key(text: str) -> str:
    """Casefolded words without accents and punctuation; ``&`` is ``and``, ``½`` is ``1 2``, ``³`` is ``3``."""
    folded = text.casefold().translate(_WITHOUT_MARKS)
    if folded.isascii():
        return _NOT_ASCII_WORD.sub(" ", folded).strip()
    # NFKC and NFKD alike glue the digits of a fraction or a power to the number before it: 8½ would be 81⁄2
    apart = "".join(
        f" {char} " if unicodedata.decomposition(char)[:4] in ("<fra", "<sup") else char for char in folded
    )
    plain = unicodedata.normalize("NFKD", apart).casefold()
    letters = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(letters).split())


def without_article(key: str) -> str:
    """A key without a leading article."""
    return _LEADING_ARTICLE.sub("", key)


def counted_key(key: str) -> str:
    """A key with Roman numerals after a word as digits and without ``part`` and the like before a number.

    ``the godfather part ii``, ``the godfather ii`` and ``the godfather part two`` are all ``the godfather 2``. The
    first word stays: ``x`` alone is a title. So does ``i``, except after ``part`` and the like.
    """
    words = key.split(" ")
    counted = words[:1]
    for before, word in pairwise(words):
        counted.append(_AFTER_PART.get(word, word) if before in _PARTS else _AFTER_ANY.get(word, word))
    return _SEQUEL.sub("", " ".join(counted))
