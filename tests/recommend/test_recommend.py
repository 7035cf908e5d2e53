"""`recsys recommend` on the trained sample, as a person would call it."""

import json
from pathlib import Path

import pytest
from commands import Recsys

GROUPS = {"young man": ["-a", "25", "-g", "M", "-j", "4"], "older woman": ["-a", "56", "-g", "F", "-j", "1"]}


def test_first_use_imports_and_says_so_and_the_next_does_not(recsys: Recsys, tmp_path: Path) -> None:
    new = Recsys(recsys.workspace, tmp_path / "milvus.db")
    first = new("recommend", *GROUPS["young man"])
    assert first.exit_code == 0, first.stderr
    assert first.stderr == "Importing 401 movies: there is no index yet.\n"
    lines = first.stdout.splitlines()
    assert lines[1].split() == ["Top", "Id", "Title", "Genres", "Score", "Stars"]
    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3", "4", "5"]
    again = new("recommend", *GROUPS["young man"])
    assert (again.stdout, again.stderr) == (first.stdout, "")


def test_json_carries_the_query_as_understood(recsys: Recsys) -> None:
    document = recsys.json("recommend", "-a", "30", "-g", "male", "-j", "college")
    assert document["query"] == {
        "user": None,
        "age_group": "25-34",
        "gender": "M",
        "job": "college/grad student",
        "attributes": {},
        "rated": [],
        "k": 5,
        "notes": [],
    }
    model = json.loads((recsys.workspace / "recommender_system.inference.model" / "model.json").read_text())
    assert document["model"] == model["fingerprint"]
    movies = document["movies"]
    scores = [movie["score"] for movie in movies]
    assert scores == sorted(scores, reverse=True)
    assert all(-5 <= score <= 5 for score in scores)
    assert [movie["rank"] for movie in movies] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_exact_gives_the_same_list(recsys: Recsys, group: list[str]) -> None:
    searched = recsys.json("recommend", *group, "-k", "50")["movies"]
    exact = recsys.json("recommend", *group, "-k", "50", "--exact")["movies"]
    assert [movie["movie_id"] for movie in searched] == [movie["movie_id"] for movie in exact]
    for field in ("score", "stars"):
        assert [movie[field] for movie in searched] == pytest.approx([movie[field] for movie in exact], abs=1e-4)


def test_two_people_get_two_lists(recsys: Recsys) -> None:
    tops = [
        [movie["movie_id"] for movie in recsys.json("recommend", *group)["movies"]] for group in GROUPS.values()
    ]
    assert len(set(tops[0]) & set(tops[1])) <= 2


def test_more_than_the_catalogue_returns_what_there_is(recsys: Recsys) -> None:
    assert len(recsys.json("recommend", "-g", "F", "-k", "5000")["movies"]) == 401


def test_nobody_in_particular_is_said_so(recsys: Recsys) -> None:
    result = recsys("recommend")
    assert result.exit_code == 0
    assert result.stderr == "Note: nothing is known of the person: these movies are for nobody in particular\n"


def test_csv_has_a_header_and_a_row_for_each_movie(recsys: Recsys) -> None:
    document = recsys.json("recommend", "-g", "F", "-k", "2")
    lines = recsys("recommend", "-g", "F", "-k", "2", "--csv").stdout.splitlines()
    assert lines[0] == "rank,movie_id,title,genres,score,stars"
    first = document["movies"][0]
    assert lines[1].startswith(f"1,{first['movie_id']},")
    assert "|".join(first["genres"]) in lines[1]
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-a", "0"], "Error: --age: 0 is not allowed; allowed: whole years from 1 to 120\n"),
        (["-a", "-3"], "Error: --age: -3 is not allowed; allowed: whole years from 1 to 120\n"),
        (["-a", "200"], "Error: --age: 200 is not allowed; allowed: whole years from 1 to 120\n"),
        (
            ["-g", "x"],
            "Error: --gender: 'x' is not allowed; allowed: M, F, male, female, 0 (male), 1 (female)\n",
        ),
        (["-j", "c"], "Error: --job: 'c' is ambiguous; candidates: 3 clerical/admin, 4 college/grad student, "),
        (["-j", "21"], "Error: --job: 21 is not a job; allowed: 0 other, 1 academic/educator, "),
        (["-j", "progamer"], "Error: --job: 'progamer' is not a job; near: 12 programmer; allowed: 0 other, "),
        (
            ["-g", "F", "-i", "--no-import"],
            "Error: --import and --no-import contradict each other; leave one out\n",
        ),
        (["--genre", "Comdy"], "Error: --genre: 'Comdy' is not a genre of these movies; near: Comedy; allowed: "),
        (
            ["--year", "95"],
            "Error: --year: '95' is not allowed; allowed: such as 1994, 1990-1999, 1990-, -1999\n",
        ),
        (["--year", "1999-1990"], "Error: --year: '1999-1990' ends before it begins\n"),
        (["--diversity", "1.5"], "Error: --diversity 1.5 is not allowed; allowed: 0 to 1\n"),
        (["--json", "--csv"], "Error: --json and --csv exclude each other\n"),
        (["--like", "Speeed"], "Error: --like: 'Speeed' is no movie here; near: 240 Speed (1994); give an id "),
        (
            ["--like", "Speed", "--dislike", "240"],
            "Error: --dislike: Speed (1994) is rated twice: 4 and 1\n",
        ),
    ],
)
def test_a_wrong_query_is_one_line_and_exit_code_2(recsys: Recsys, arguments: list[str], message: str) -> None:
    result = recsys("recommend", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-a", "abc"], "Invalid value for '-a' / '--age': 'abc' is not a valid integer."),
        (["-g", "F", "-k", "0"], "Invalid value for '-k': 0 is not in the range x>=1."),
    ],
)
def test_a_value_of_the_wrong_type_is_a_usage_error(recsys: Recsys, arguments: list[str], message: str) -> None:
    result = recsys("recommend", *arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {message}"
