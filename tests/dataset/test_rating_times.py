"""The times of ratings, for the layouts that have them."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from layouts import CATALOGUE, LAYOUTS, RATINGS, write, write_catalogue, write_csv

from recsys_cli.dataset.layouts import read_source
from recsys_cli.dataset.problems import Problems
from recsys_cli.dataset.rating_columns import rating_times
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.errors import DataError

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


TIMES = {"ml-100k": 881250949, "ml-1m": 838985046, "ml-10m": 838985046, "ml-csv": 964982703}


@pytest.mark.parametrize("layout", TIMES)
def test_every_layout_says_when(tmp_path: Path, layout: str) -> None:
    LAYOUTS[layout](tmp_path)
    plain, timed = read_dataset(tmp_path), read_dataset(tmp_path, timed=True)
    assert plain.times is None
    assert timed.times is not None
    assert timed.times.tolist() == [TIMES[layout]] * len(RATINGS)
    np.testing.assert_array_equal(timed.ratings.values, plain.ratings.values)
    assert timed.without_repeats().fingerprint == plain.fingerprint


def test_times_stay_with_their_ratings(tmp_path: Path) -> None:
    """A bad line, a blank one and an empty time put the reader from whole blocks to lines and back."""
    write_csv(tmp_path)
    lines = ["userId,movieId,rating,timestamp", "2,7,4.0,500", "1,3,9.0,400", "", "1,1,3.0,", "1,7,2.0,-1"]
    write(tmp_path / "ratings.csv", [*lines, "2,9,1.0,300", "2,7,5.0,600"])
    dataset = read_dataset(tmp_path, timed=True, skip_bad_lines=True)
    users = dataset.user_ids[dataset.ratings.user_rows - 1].tolist()
    assert dataset.times is not None
    found = list(zip(users, dataset.ratings.values.tolist(), dataset.times.tolist(), strict=True))
    assert found == [(2, 4, 500), (1, 3, 0), (1, 2, 0), (2, 1, 300), (2, 5, 600)]
    once = read_dataset(tmp_path, skip_bad_lines=True)
    assert once.ratings.values.tolist() == [3, 2, 1, 5]
    assert dataset.without_repeats().ratings.values.tolist() == [3, 2, 1, 5]
    assert dataset.without_repeats().fingerprint == once.fingerprint


NEW_YEAR = datetime(2001, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("column", "known"),
    [
        (["2001-01-01", "", "2001-01-02"], [978307200, 0, 978393600]),
        (["2001-01-01 00:00:10", "2001-01-01T00:00:00+01:00", "978307201"], [978307210, 978303600, 978307201]),
        (["978307200", "978307201", "978307202"], [978307200, 978307201, 978307202]),
        (["", "", ""], [0, 0, 0]),
    ],
)
def test_of_a_catalogue_in_csv(tmp_path: Path, column: list[str], known: list[int]) -> None:
    write_catalogue(tmp_path)
    toml = CATALOGUE.replace("ratings.parquet", "r.csv").replace("min = 1", 'time = "at"\nmin = 1')
    (tmp_path / "dataset.toml").write_text(toml)
    rows = zip(("1,3,5", "1,7,2", "2,9,1"), column, strict=True)
    write(tmp_path / "r.csv", ["customer,item_id,stars,at", *map(",".join, rows)])
    times = read_dataset(tmp_path, timed=True).times
    assert times is not None
    assert times.tolist() == known


@pytest.mark.parametrize(
    "column",
    [
        [978307200 + second for second in range(len(RATINGS))],
        [NEW_YEAR + timedelta(seconds=second) for second in range(len(RATINGS))],
        [f"2001-01-01 00:00:0{second}" for second in range(len(RATINGS))],
    ],
    ids=["seconds", "points in time", "texts"],
)
def test_of_a_catalogue_in_parquet(tmp_path: Path, column: list[Any]) -> None:
    write_catalogue(tmp_path)
    (tmp_path / "dataset.toml").write_text(CATALOGUE.replace("min = 1", 'time = "at"\nmin = 1'))
    path = tmp_path / "ratings.parquet"
    pq.write_table(pq.read_table(path).append_column("at", pa.array(column)), path)
    times = read_dataset(tmp_path, timed=True).times
    assert times is not None
    assert (times - 978307200).tolist() == list(range(len(RATINGS)))
    assert read_dataset(tmp_path).times is None


@pytest.mark.parametrize("text", ["yesterday", "2001-13-01", "978307200000"])
def test_what_is_no_time_is_a_bad_line_where_times_are_asked_for(tmp_path: Path, text: str) -> None:
    write_csv(tmp_path)
    write(tmp_path / "ratings.csv", ["userId,movieId,rating,timestamp", f"2,7,4.0,{text}"])
    assert len(read_dataset(tmp_path).ratings) == 1
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path, timed=True)
    assert str(error.value) == (
        f"{tmp_path / 'ratings.csv'}:2: time: {text!r}, allowed: seconds since 1970, or a date such as 2001-12-31 "
        "or 2001-12-31 23:59:59, or nothing; --skip-bad-lines leaves such lines out"
    )


def test_a_data_set_without_times(tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path, timed=True)
    path = tmp_path / "ratings.parquet"
    assert str(error.value) == f"{path}: does not say when a rating was given, so there is no order of time"
