"""`from recsys_cli import Recommender`, as a program would use it."""

import subprocess
import sys
from collections.abc import Iterator

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


def test_errors_are_those_of_the_package(recommender: Recommender) -> None:
    with pytest.raises(UnknownUserError):
        recommender.recommend(user=99999)
    with pytest.raises(ConfigError, match="-k 0 is not allowed"):
        recommender.similar("The Matrix", k=0)
    with pytest.raises(ConfigError, match="--milvus-uri 'milvus' is none of"):
        Recommender.open(recommender.index.folder.path, milvus_uri="milvus")


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
