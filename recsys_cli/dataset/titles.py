"""Movie titles: the year in them, and the way people write them."""

import re

_YEAR = re.compile(r"\((\d{4})(?:-\d{0,4})?\)\s*$")
ARTICLES = "The|A|An|La|Le|Les|L'|Il|Lo|I|Gli|El|Los|Las|Der|Die|Das|Ein|Eine|Un|Une|Una|Det|Den|En|O|Os|As"
_MOVED_ARTICLE = re.compile(rf"([^()]+?), ({ARTICLES})(?=\s*(?:[()]|$))")


def title_year(title: str) -> int:
    """The year in parentheses at the end of a title, such as 1995; 0 when there is none."""
    match = _YEAR.search(title)
    return int(match.group(1)) if match else 0


def display_title(title: str) -> str:
    """The title as people write it: ``Matrix, The (1999)`` becomes ``The Matrix (1999)``."""
    return _MOVED_ARTICLE.sub(_article_first, title)


def _article_first(match: re.Match[str]) -> str:
    name, article = match.groups()
    return f"{article}{name}" if article.endswith("'") else f"{article} {name}"
