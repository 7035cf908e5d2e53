"""Nobody is recommended what they rated: whichever way they ask, held out in training or not.

What they rated is read from ratings.dat here, not from what the model made of it.
"""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from commands import Recsys

from recsys_cli import Recommender

PEOPLE = (1, 17, 512, 1000)


def read_ratings(path: Path) -> dict[int, set[int]]:
    """Movie ids by user id."""
    rated: dict[int, set[int]] = {}
    for line in path.read_text(encoding="latin-1").splitlines():
        user, movie, *_ = line.split("::")
        rated.setdefault(int(user), set()).add(int(movie))
    return rated


@pytest.fixture(scope="module")
def rated(workspace: Path) -> dict[int, set[int]]:
    return read_ratings(workspace / "data" / "sample" / "ratings.dat")


def listed(answer: dict[str, object]) -> set[int]:
    return {movie["movie_id"] for movie in answer["movies"]}  # type: ignore[attr-defined]


def test_a_user_asked_for_by_number(recsys: Recsys, rated: dict[int, set[int]]) -> None:
    for user in PEOPLE:
        movies = listed(recsys.json("recommend", "--user", str(user), "-k", "401"))
        assert not movies & rated[user]
        assert len(movies) + len(rated[user]) == 401  # all others


def test_everybody_in_a_file(recsys: Recsys, rated: dict[int, set[int]], tmp_path: Path) -> None:
    users, output = recsys.workspace / "data" / "sample" / "users.dat", tmp_path / "lists.parquet"
    done = recsys("recommend", "--users", str(users), "-k", "20", "-o", str(output))
    assert done.exit_code == 0, done.output
    assert_new(output, rated)


def test_a_conversation(recsys: Recsys, rated: dict[int, set[int]]) -> None:
    questions = "".join(json.dumps({"user": user, "k": 401}) + "\n" for user in PEOPLE)
    done = recsys("recommend", "--stdin", stdin=questions)
    assert done.exit_code == 0, done.output
    answers = map(json.loads, done.stdout.splitlines())
    for user, answer in zip(PEOPLE, answers, strict=True):
        assert not listed(answer) & rated[user]


def test_python(workspace: Path, rated: dict[int, set[int]]) -> None:
    model, movies_data = workspace / "recommender_system.inference.model", workspace / "movies_data.txt"
    with Recommender.open(model, movies_data=movies_data, milvus_uri="exact") as recommender:
        for user in PEOPLE:
            answer = recommender.recommend(user=user, k=401)
            assert not {movie.movie_id for movie in answer.movies} & rated[user]


def test_a_file_of_ratings(recsys: Recsys, rated: dict[int, set[int]], tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("movieId,rating\n" + "".join(f"{movie},4\n" for movie in sorted(rated[17])))
    for arguments in ((), ("--user", "512")):
        movies = listed(recsys.json("recommend", "--ratings", str(file), "-k", "401", *arguments))
        assert not movies & rated[17]
        assert not arguments or not movies & rated[512]


@pytest.mark.slow
def test_everybody_of_movielens_1m(ml1m: Path, ml1m_workspace: Path, tmp_path: Path) -> None:
    recsys = Recsys(ml1m_workspace, tmp_path / "milvus.db")
    output = tmp_path / "lists.parquet"
    done = recsys("recommend", "--users", str(ml1m / "users.dat"), "-k", "20", "-o", str(output))
    assert done.exit_code == 0, done.output
    assert_new(output, read_ratings(ml1m / "ratings.dat"))


def assert_new(output: Path, rated: dict[int, set[int]]) -> None:
    """A file has a list for everybody, and no movie in it that they rated."""
    table = pq.read_table(output)
    rows = list(zip(table["user_id"].to_pylist(), table["movie_id"].to_pylist(), strict=True))
    assert {user for user, _ in rows} == set(rated)
    again = [(user, movie) for user, movie in rows if movie in rated[user]]
    assert again == []
