"""The times of ratings, for the layouts that have them."""

from pathlib import Path

import pytest
from layouts import write

from recsys_cli.dataset.layouts import read_source
from recsys_cli.dataset.problems import Problems
from recsys_cli.dataset.rating_columns import rating_times

MOVIES = {
    "dat": ["1::Heat (1995)::Action", "2::Up (2009)::Comedy"],
    "csv": ["movieId,title,genres", "1,Heat,Action"],
}


def times(folder: Path) -> list[int]:
    found: list[int] = rating_times(read_source(folder, format=None, problems=Problems()).ratings).tolist()
    return found


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (["1::1::5::978300760", "1::2::3::0", "2::1::4::978302109"], [978300760, 978302109]),
        (["1::1::5::yesterday", "1::2::3::0"], []),
    ],
)
def test_of_movielens_1m(tmp_path: Path, lines: list[str], known: list[int]) -> None:
    write(tmp_path / "movies.dat", MOVIES["dat"])
    write(tmp_path / "users.dat", ["1::F::25::4::1", "2::M::35::1::1"])
    write(tmp_path / "ratings.dat", lines)
    assert times(tmp_path) == known


def test_of_csv(tmp_path: Path) -> None:
    write(tmp_path / "movies.csv", MOVIES["csv"])
    write(tmp_path / "ratings.csv", ["userId,movieId,rating,timestamp", "1,1,3.5,1147880044", "2,1,4,1147868817"])
    assert times(tmp_path) == [1147880044, 1147868817]
