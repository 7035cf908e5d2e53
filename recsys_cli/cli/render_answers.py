"""Lists of movies on stdout: tables for people, JSON and CSV for programs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from recsys_cli.cli.render import echo_csv, echo_json, echo_rows, echo_text, visible
from recsys_cli.cli.streams import echo_note
from recsys_cli.documents import plain

if TYPE_CHECKING:
    from recsys_cli.recommend.answers import Query, Reasons, Recommendation, SimilarMovies

_COLUMNS = ("Top", "Id", "Title", "Genres")
_NAMED = 5  # rated movies that the line above a table names


def echo_recommendation(answer: "Recommendation", *, explained: bool, as_json: bool, as_csv: bool) -> None:
    """Print a recommendation as a table, as JSON, or as CSV; the notes on stderr.

    Args:
        answer: what is recommended to whom.
        explained: whether CSV has the columns of the reasons.
        as_json: print one JSON document.
        as_csv: print CSV, its headings even where there are no movies.
    """
    if as_json:
        echo_json(answer)
    elif as_csv:
        from recsys_cli.recommend.csv_rows import MOVIE, REASONS

        echo_csv(MOVIE + (REASONS if explained else ()), [_flat(plain(movie)) for movie in answer.movies])
    else:
        _echo_table(answer)
    if not as_json or not answer.movies:
        _echo_notes(answer.notes, is_error=not answer.movies)


def echo_similar(answer: "SimilarMovies", *, as_json: bool, as_csv: bool) -> None:
    """Print similar movies; formats as :func:`echo_recommendation`."""
    if as_json:
        echo_json(answer)
    elif as_csv:
        from recsys_cli.recommend.csv_rows import SIMILAR

        echo_csv(SIMILAR, [plain(movie) for movie in answer.movies])
    else:
        echo_text(visible(f"like {answer.title}"))
        rows = [
            [str(movie.rank), str(movie.movie_id), movie.title, ", ".join(movie.genres), f"{movie.similarity:.3f}"]
            for movie in answer.movies
        ]
        echo_rows([*_COLUMNS, "Similarity"], rows, texts=("Title", "Genres"))
    if not as_json or not answer.movies:
        _echo_notes(answer.notes, is_error=not answer.movies)


def _echo_table(answer: "Recommendation") -> None:
    has_stars = any(movie.stars is not None for movie in answer.movies)
    rows = []
    for movie in answer.movies:
        cells = [str(movie.rank), str(movie.movie_id), movie.title, ", ".join(movie.genres), f"{movie.score:.3f}"]
        if has_stars:
            cells.append("" if movie.stars is None else f"{movie.stars:.1f}")
        rows.append(cells)
    reasons = [_because(movie.reasons) if movie.reasons else "" for movie in answer.movies]
    echo_text(visible(_whom(answer.query)))
    columns = [*_COLUMNS, "Score", *(["Stars"] if has_stars else [])]
    echo_rows(columns, rows, texts=("Title", "Genres"), below=reasons)


def _whom(query: "Query") -> str:
    """Who was understood, such as ``user 17: 25-34, M, programmer`` or ``likes The Matrix (1999)``."""
    attributes = (f"{name} {value}" for name, value in query.attributes.items())
    known = ", ".join(text for text in (query.age_group, query.gender, query.job, *attributes) if text)
    parts = [f"user {query.user}: {known}" if known else f"user {query.user}"] if query.user is not None else []
    parts += [known] if known and query.user is None else []
    by_rating: dict[float, list[str]] = {}
    for movie in query.rated:
        by_rating.setdefault(movie.rating, []).append(movie.title)
    if len(query.rated) > _NAMED:
        parts.append(f"{len(query.rated):,} rated movies")
    else:
        parts += [f"rated {rating:g}: {', '.join(titles)}" for rating, titles in by_rating.items()]
    return "; ".join(parts) or "nobody in particular"


def _flat(movie: dict[str, Any]) -> dict[str, Any]:
    """The reasons as columns of their own."""
    return movie | (movie.pop("reasons", None) or {})


def _echo_notes(notes: Sequence[str], *, is_error: bool) -> None:
    for text in notes:
        click.echo(f"Note: {visible(text)}", err=True) if is_error else echo_note(f"Note: {visible(text)}")


def _because(reasons: "Reasons") -> str:
    """The reasons as one line for people."""
    parts = []
    if reasons.group_mean is not None:
        plural = "" if reasons.group_count == 1 else "s"
        parts.append(f"{reasons.group_mean:.1f} in {reasons.group_count:,} rating{plural} by {reasons.group}")
    if reasons.mean is not None:
        parts.append(f"{reasons.mean:.1f} in all {reasons.count:,}")
    if reasons.like is not None:
        shared = f": {', '.join(reasons.shared_genres)}" if reasons.shared_genres else ""
        parts.append(f"near {reasons.like}{shared}")
    return "; ".join(parts) or "no ratings yet"
