"""The keys of every JSON document, as README.md promises them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

README = Path(__file__).parents[1] / "README.md"


@cache
def promised() -> dict[str, dict[str, str | None]]:
    """Keys by what prints them, or by the name of a part; to each the name of the part that it holds, or None."""
    table = README.read_text(encoding="utf-8").partition("<!-- keys -->\n")[2].partition("<!-- end of keys -->")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {
        re.sub(r"[`*]", "", name): {
            key: part or None for key, part in re.findall(r"`(\w+)`(?: \(\*(\w+)\*\))?", keys)
        }
        for name, keys in rows
    }


def assert_promised(document: Any, name: str) -> None:
    """See that a document, or each of a list of them, has the keys that README.md names, and so have its parts.

    Args:
        document: what was printed.
        name: its row there, such as ``recsys recommend`` or ``Query``.
    """
    if isinstance(document, list):
        for one in document:
            assert_promised(one, name)
        return
    keys = promised()[name]
    assert list(document) == list(keys), name
    for key, part in keys.items():
        if part is None or document[key] is None:
            continue
        parts = document[key]
        if isinstance(parts, dict) and list(parts) != list(promised()[part]):  # by some name of its own
            parts = [one for several in parts.values() for one in several]
        assert_promised(parts, part)
