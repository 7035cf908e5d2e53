"""`from recsys_cli import Recommender`, as a program would use it."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from commands import Recsys

import recsys_cli
from recsys_cli import MovieFilter, Recommender
from recsys_cli.errors import ConfigError, UnknownUserError


@pytest.fixture(scope="module")
def recommender(recsys: Recsys) -> Iterator[Recommender]:
    with Recommender.open(
        recsys.workspace / "recommender_system.inference.model",
        movies_data=recsys.workspace / "movies_data.txt",
        milvus_uri=str(recsys.milvus),
    ) as opened:
        yield opened


def test_answers_are_those_of_the_commands(recommender: Recommender, recsys: Recsys) -> None:
    answer = recommender.recommend(age=25, gender="M", job=4, like=["The Matrix"], k=3)
    document = recsys.json("recommend", "-a", "25", "-g", "M", "-j", "4", "--like", "The Matrix", "-k", "3")
    assert [movie.movie_id for movie in answer.movies] == [movie["movie_id"] for movie in document["movies"]]
    assert answer.query.job == "college/grad student"
    similar = recommender.similar("The Matrix", movies=MovieFilter(genre=("War",)), k=2)
    assert all("War" in movie.genres for movie in similar.movies)


def test_ratings_are_a_mapping(recommender: Recommender) -> None:
    answer = recommender.recommend(ratings={"The Matrix": 5, 1: 2.5}, movies=MovieFilter(year="1990-"))
    assert [movie.rating for movie in answer.query.rated] == [5, 2.5]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda one: one.recommend(user=99999),
            "user: 99999 is not in the model; describe the person with age, gender and job, or with like",
        ),
        (
            lambda one: one.recommend(user=2**63),
            "user 9223372036854775808 is not allowed; allowed: 0 to 9223372036854775807",
        ),
        (lambda one: one.recommend(user=-1), "user -1 is not allowed; allowed: 0 to 9223372036854775807"),
        (lambda one: one.recommend(like=["Zz"]), "like: 'Zz' is no movie here; give an id or a title"),
        (lambda one: one.recommend(age=0), "age: 0 is not allowed; allowed: whole years from 1 to 120"),
        (lambda one: one.recommend(diversity=float("nan")), "diversity nan is not allowed; allowed: 0 to 1"),
        (lambda one: one.similar("The Matrix", k=0), "k 0 is not allowed; allowed: 1 or more"),
        (lambda one: one.similar("Zz"), "movie: 'Zz' is no movie here; give an id or a title"),
        (
            lambda one: one.similar(1, movies=MovieFilter(exclude=("id:" + "9" * 5000,))),
            f"exclude: no movie has the id {'9' * 5000}",
        ),
        (
            lambda one: Recommender.open(one.index.folder.path, milvus_uri="milvus"),
            "milvus_uri 'milvus' is none of: a folder ending in .db, http://HOST:PORT, https://HOST:PORT, "
            "tcp://HOST:PORT, exact",
        ),
    ],
)
def test_errors_name_arguments_as_python_does(
    recommender: Recommender, call: Callable[[Recommender], object], message: str
) -> None:
    with pytest.raises((ConfigError, UnknownUserError)) as error:
        call(recommender)
    assert str(error.value) == message


def test_one_title_is_one_movie(recommender: Recommender) -> None:
    one = recommender.recommend(like="The Matrix", dislike=1)
    assert one == recommender.recommend(like=["The Matrix"], dislike=[1])
    assert [movie.title for movie in one.query.rated] == ["The Matrix (1999)", one.query.rated[1].title]
    war: Any = "War"
    listed: Any = ["War"]
    answer = recommender.recommend(gender="F", movies=MovieFilter(genre=war, exclude=listed[:0]))
    assert answer == recommender.recommend(gender="F", movies=MovieFilter(genre=("War",)))


def test_the_package_says_what_it_has() -> None:
    code = "import recsys_cli, sys; print({'MovieFilter', 'Recommender'} <= set(dir(recsys_cli)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "True\n"


def test_the_package_imports_nothing_until_it_is_asked() -> None:
    code = (
        "import sys, recsys_cli\n"
        "assert not {'numpy', 'pymilvus', 'paddle', 'click'} & set(sys.modules)\n"
        "from recsys_cli import Recommender\n"
        "assert not {'pymilvus', 'paddle', 'pyarrow', 'rapidfuzz', 'rich'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="module 'recsys_cli' has no attribute 'recommendation'"):
        recsys_cli.recommendation  # noqa: B018
