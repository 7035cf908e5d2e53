import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from layouts import LAYOUTS, write, write_1m, write_csv

from recsys_cli.cli import main


def test_check_says_what_a_data_set_is(tmp_path: Path) -> None:
    write_1m(tmp_path)
    with (tmp_path / "ratings.dat").open("a") as file:
        file.write("1::3::2::0\n")
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert result.exit_code == 0
    assert result.stdout == (
        f"Data            {tmp_path}, layout ml-1m\n"
        "Movies          4; without a rating: 0\n"
        "Users           2; without a rating: 0\n"
        "Ratings         5; one of 2 that are possible\n"
        "Scale           1 to 5; mean 2.4\n"
        "Given           1: 1, 2: 2, 3: 1, 4: 1\n"
        "Busiest movies  Cité des enfants perdus, La (1995): 2\n"
        '                American President, "The" (1995): 1\n'
        "                Toy Story (1995): 1\n"
        "Busiest users   1: 3\n"
        "                2: 2\n"
        "Unknown         genres: 1, year: 1, gender: 0, age: 0, job: 0\n"
        "Note            ratings left out because the same user rates the movie again: 1\n"
    )


@pytest.mark.parametrize("format", LAYOUTS)
def test_check_reads_every_layout(tmp_path: Path, format: str) -> None:
    LAYOUTS[format](tmp_path)
    result = CliRunner().invoke(main, ["check", str(tmp_path), "--json"])
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    assert (report["format"], report["movies"], report["users"], report["ratings"]) == (format, 4, 2, 5)
    assert report["density"] == 5 / 8
    assert report["bad_lines"] == 0
    assert report["notes"] == (
        []
        if format in ("ml-100k", "ml-1m", "catalogue")
        else [
            "nothing is known of the gender, age and job of people: a model of it knows no genders, ages and jobs"
        ]
    )


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ('gender = "sex"\nage = "age"', "nothing is known of the job of people: a model of it knows no jobs"),
        (
            'job = "occupation"',
            "nothing is known of the gender and age of people: a model of it knows no genders and ages",
        ),
    ],
)
def test_check_notes_what_is_not_known_of_people(tmp_path: Path, columns: str, note: str) -> None:
    LAYOUTS["catalogue"](tmp_path)
    toml = (tmp_path / "dataset.toml").read_text().partition("[users]")[0]
    users = f'[users]\nfile = "customers.csv"\ndelimiter = ";"\nid = "customer"\n{columns}\n'
    (tmp_path / "dataset.toml").write_text(toml + users)
    report = json.loads(CliRunner().invoke(main, ["check", str(tmp_path), "--json"]).stdout)
    assert report["notes"] == [note]


def test_check_lists_what_is_wrong_and_fails(tmp_path: Path) -> None:
    write_1m(tmp_path)
    with (tmp_path / "ratings.dat").open("a") as file:
        file.write("1::3::9::0\n" + "2::8::4::0\n" * 21)
    with (tmp_path / "users.dat").open("a") as file:
        file.write("5::M::25::\n6::::::::0\n")
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {tmp_path}: bad lines: 23; 'recsys train --skip-bad-lines' leaves them out\n"
    )
    bad = [line for line in result.stdout.splitlines() if line.startswith("Bad ")]
    path = tmp_path / "ratings.dat"
    assert bad[:3] == [
        f"Bad             {tmp_path / 'users.dat'}:3: line: '5::M::25::', allowed: "
        "5 fields: id::gender::age::job::zip code",
        f"Bad             {path}:6: rating: '9', allowed: a whole number from 1 to 5",
        f"Bad             {path}:7: movie: '8', allowed: a movie of the movies file",
    ]
    assert len(bad) == 21
    assert bad[20] == "Bad             ... and 3 more"
    assert "Users           3; without a rating: 1\n" in result.stdout


def test_check_notes_ratings_that_are_all_equal_and_repeated_titles(tmp_path: Path) -> None:
    write(tmp_path / "movies.csv", ["movieId,title,genres", "1,Heat,Action", "2,Heat,Comedy"])
    write(tmp_path / "ratings.csv", ["userId,movieId,rating", "1,1,4", "2,2,4"])
    report = json.loads(CliRunner().invoke(main, ["check", str(tmp_path), "--json"]).stdout)
    assert report["notes"][1:] == [
        "all ratings are equal: they tell nothing about what people like",
        "movies with the title of another: 1",
    ]


def test_check_takes_a_format(tmp_path: Path) -> None:
    write_1m(tmp_path)
    write_csv(tmp_path)
    result = CliRunner().invoke(main, ["check", str(tmp_path), "--format", "ml-csv"])
    assert result.stdout.startswith(f"Data            {tmp_path}, layout ml-csv\n")


def test_check_of_a_missing_folder_is_one_line() -> None:
    result = CliRunner().invoke(main, ["check", "nowhere"])
    assert result.stderr == "Error: nowhere: no such folder\n"
    assert result.exit_code == 1
