"""A question that excludes every movie: the headings, and a line that says what excluded them."""

import csv
import json
import re
from pathlib import Path

import pytest
from commands import Recsys

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
LINES = [line.split("::") for line in (SAMPLE / "movies_origin.txt").read_text().splitlines()]
RATED = {line.split("::")[1] for line in (SAMPLE / "ratings.dat").read_text().splitlines()}
YEARS = [int(re.findall(r"\((\d{4})\)$", title)[0]) for _, title, _ in LINES]


def count(genre: str) -> int:
    return sum(genre in genres.split("|") for _, _, genres in LINES)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ["--year", "2050"],
            f"none of the {len(LINES)} movies is of the year 2050; they are of {min(YEARS)} to {max(YEARS)}",
        ),
        (
            ["--genre", "War", "--genre", "romance", "--genre", "Sci-Fi", "--year", "1900-"],
            f"of the {len(LINES)} movies none is all of: of the genre War ({count('War')}), of the genre romance "
            f"({count('Romance')}), of the genre Sci-Fi ({count('Sci-Fi')}), of the year 1900- ({len(LINES)})",
        ),
        (
            ["--min-ratings", "2000"],
            f"none of the {len(LINES)} movies is rated 2,000 times or more",
        ),
    ],
)
@pytest.mark.parametrize(
    ("command", "last"), [(["recommend", "-g", "F"], ["score", "stars"]), (["similar", "Speed"], ["similarity"])]
)
def test_what_excludes_every_movie_is_said(
    recsys: Recsys, command: list[str], last: list[str], arguments: list[str], reason: str
) -> None:
    if (
        command[0] == "similar" and "none is all of" in reason
    ):  # which are of rated movies where not asked otherwise
        reason += f", rated by anybody ({len(RATED)})"
    note = f"Note: no movie fits: {reason}\n"
    table = recsys(*command, *arguments)
    assert (table.exit_code, table.stderr) == (1, note)
    assert table.stdout.splitlines()[-1].split()[:4] == ["Top", "Id", "Title", "Genres"]
    rows = recsys(*command, *arguments, "--csv")
    assert (rows.exit_code, rows.stderr) == (1, note)
    assert list(csv.reader(rows.stdout.splitlines())) == [["rank", "movie_id", "title", "genres", *last]]
    document = recsys(*command, *arguments, "--json")
    assert (document.exit_code, document.stderr) == (1, note)
    assert json.loads(document.stdout)["movies"] == []


def test_a_person_who_has_rated_all_that_fit_is_told_so(recsys: Recsys) -> None:
    wanted = [movie_id for movie_id, title, _ in LINES if title.endswith("(1999)")]
    rated = [part for movie_id in wanted for part in ("--like", f"id:{movie_id}")]
    result = recsys("recommend", *rated, "--year", "1999")
    assert result.stderr == (
        f"Note: no movie fits: the person has rated all {len(wanted)} that would; --include-seen keeps them\n"
    )
    assert result.exit_code == 1
    assert recsys("recommend", *rated, "--year", "1999", "--include-seen").exit_code == 0


def test_movies_left_out_by_name_are_said_to_be(recsys: Recsys) -> None:
    wanted = [movie_id for movie_id, title, _ in LINES if title.endswith("(1999)")]
    left_out = [part for movie_id in wanted for part in ("--exclude", f"id:{movie_id}")]
    result = recsys("recommend", "-g", "F", *left_out, "--year", "1999")
    assert result.stderr == f"Note: no movie fits: all {len(wanted)} that would are left out by name\n"


def test_the_headings_of_reasons_are_there_too(recsys: Recsys) -> None:
    result = recsys("recommend", "-g", "F", "--year", "2050", "--explain", "--csv")
    assert result.stdout == (
        "rank,movie_id,title,genres,score,stars,group,group_count,group_mean,count,mean,like,shared_genres\n"
    )


def test_a_question_on_stdin_is_told_too(recsys: Recsys) -> None:
    result = recsys("recommend", "--stdin", stdin='{"gender": "F", "year": 2050}\n')
    assert result.exit_code == 0
    (note,) = json.loads(result.stdout)["query"]["notes"]
    assert note.startswith("no movie fits: none of the ")
