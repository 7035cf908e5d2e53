"""What is compared of two titles: plain words, and the same with sequels counted in digits."""

import re
import unicodedata
from itertools import pairwise

from recsys_cli.dataset.titles import ARTICLES

_LEADING_ARTICLE = re.compile(rf"^(?:{ARTICLES.casefold().replace(chr(39), '')}) (?=\S)")
_WITHOUT_MARKS = str.maketrans(
    {"&": " and ", "'": "", "’": "", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d"}
)
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")
_SEQUEL = re.compile(r"\b(?:part|episode|chapter|volume|vol|no) (?=\d)")
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv", "xv", "xvi")
_AFTER_ANY = {numeral: str(value) for value, numeral in enumerate(_ROMAN, start=1) if numeral != "i"}
_AFTER_PART = {word: str(value) for words in (_ROMAN, _WORDS) for value, word in enumerate(words, start=1)}
_PARTS = frozenset({"part", "episode", "chapter", "volume", "vol"})


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
