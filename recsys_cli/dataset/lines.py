"""Text files to numbered lines and fields, in whichever of UTF-8 and latin-1 they are written."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.errors import DataError

_NEWLINE = re.compile(rb"\r\n|\r|\n")
_MAX_ID = 2**63 - 1


def read_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines of a small text file that are not blank, with their 1-based numbers.

    A file that is not UTF-8 is latin-1. Where most of the lines with accents are of one of the two and some of
    the other, those are problems: read as the rest, they would come out as garbage.

    Raises: DataError: if the file cannot be read or is not text.
    """
    data = read_bytes(path).removeprefix(codecs.BOM_UTF8)
    if b"\0" in data:
        raise DataError(f"{path}: not a text file, or one in UTF-16; save it as UTF-8")
    lines = _NEWLINE.split(data)
    utf8 = _is_utf8(data, lines)
    encoding = "UTF-8" if utf8 else "latin-1"
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.isascii() or _decodes(line) is utf8:
            yield number, line.decode(encoding)
        else:
            allowed = f"{encoding}, as in the rest of the file"
            problems.add(Problem(path, number, "text", line.decode("ascii", "backslashreplace"), allowed))


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises: DataError: if it is missing, empty or unreadable.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not data.strip():
        raise DataError(f"{path}: empty file")
    return data


def parse_id(text: str) -> int | None:
    """A whole number from 0 that fits in an int64, None for any other text."""
    text = text.strip()
    if not (text.isascii() and text.isdecimal()):
        return None
    # Longer digits need no conversion to be refused; Python limits the length it converts.
    return int(text) if len(text) <= 30 and int(text) <= _MAX_ID else None


def clean_text(text: str) -> str:
    """The text on one line: runs of white space become a space, other control characters are dropped."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable() or char == " ")


def _decodes(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes, lines: list[bytes]) -> bool:
    if _decodes(data):
        return True
    accented = [_decodes(line) for line in lines if not line.isascii()]
    return 2 * sum(accented) >= len(accented)
