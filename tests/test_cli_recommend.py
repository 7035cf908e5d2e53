"""`recsys recommend` on the trained sample, as a person would call it."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recsys_cli.cli import main

GROUPS = {"young man": ["-a", "25", "-g", "M", "-j", "4"], "older woman": ["-a", "56", "-g", "F", "-j", "1"]}


@pytest.fixture(scope="module")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lite") / "milvus.db"


def recommend(workspace: Path, milvus: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        main,
        [
            "recommend",
            *arguments,
            "--model",
            str(workspace / "recommender_system.inference.model"),
            "--movies-data",
            str(workspace / "movies_data.txt"),
            "--milvus-uri",
            str(milvus),
        ],
        env={"COLUMNS": "80"},
    )


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_first_use_imports_and_says_so_and_the_next_does_not(workspace: Path, tmp_path: Path) -> None:
    first = recommend(workspace, tmp_path / "milvus.db", *GROUPS["young man"])
    assert first.exit_code == 0, first.stderr
    assert first.stderr == "Importing 401 movies: there is no index yet.\n"
    lines = first.stdout.splitlines()
    assert lines[0].split() == ["Top", "Id", "Title", "Genres", "Score", "Stars"]
    assert [line.split()[0] for line in lines[1:]] == ["1", "2", "3", "4", "5"]
    assert all(len(line) <= 80 for line in lines)
    again = recommend(workspace, tmp_path / "milvus.db", *GROUPS["young man"])
    assert (again.stdout, again.stderr) == (first.stdout, "")


def test_json_carries_the_query_as_understood(workspace: Path, milvus: Path) -> None:
    document = answer(recommend(workspace, milvus, "-a", "30", "-g", "male", "-j", "college", "--json"))
    assert document["query"] == {"age_group": "25-34", "gender": "M", "job": "college/grad student", "k": 5}
    model = json.loads((workspace / "recommender_system.inference.model" / "model.json").read_text())
    assert document["model"] == model["fingerprint"]
    movies = document["movies"]
    scores = [movie["score"] for movie in movies]
    assert scores == sorted(scores, reverse=True)
    assert all(-5 <= score <= 5 for score in scores)
    assert [movie["rank"] for movie in movies] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_exact_gives_the_same_list(workspace: Path, milvus: Path, group: list[str]) -> None:
    searched = answer(recommend(workspace, milvus, *group, "-k", "50", "--json"))
    exact = answer(recommend(workspace, milvus, *group, "-k", "50", "--json", "--exact"))
    assert [movie["movie_id"] for movie in searched["movies"]] == [movie["movie_id"] for movie in exact["movies"]]
    for field in ("score", "stars"):
        assert [movie[field] for movie in searched["movies"]] == pytest.approx(
            [movie[field] for movie in exact["movies"]], abs=1e-4
        )


def test_two_people_get_two_lists(workspace: Path, milvus: Path) -> None:
    tops = [
        [movie["movie_id"] for movie in answer(recommend(workspace, milvus, *group, "--json"))["movies"]]
        for group in GROUPS.values()
    ]
    assert len(set(tops[0]) & set(tops[1])) <= 2


def test_more_than_the_catalogue_returns_what_there_is(workspace: Path, milvus: Path) -> None:
    document = answer(recommend(workspace, milvus, "-g", "F", "-k", "5000", "--json"))
    assert len(document["movies"]) == 401


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
        ([], "Error: nothing is known of the person; give at least one of --age, --gender, --job\n"),
        (
            ["-g", "F", "-i", "--no-import"],
            "Error: --import and --no-import contradict each other; leave one out\n",
        ),
    ],
)
def test_a_wrong_query_is_one_line_and_exit_code_2(
    workspace: Path, milvus: Path, arguments: list[str], message: str
) -> None:
    result = recommend(workspace, milvus, *arguments)
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
def test_a_value_of_the_wrong_type_is_a_usage_error(
    workspace: Path, milvus: Path, arguments: list[str], message: str
) -> None:
    result = recommend(workspace, milvus, *arguments)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"Error: {message}"
