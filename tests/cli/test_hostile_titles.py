"""Titles and genres that are quotes, backslashes, formulas, markup and other scripts, through every output."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from models import write_small_model, write_small_movies_data

from recsys_cli.cli import main

TITLES = {
    1: "=cmd|'/c calc'!A0",
    2: "+1 (2013)",
    3: "-30- (1959)",
    4: "@Suicide Room",
    5: 'She said "no", twice',
    6: "back\\slash % {} {0} %s $HOME `id`",
    7: "[bold red]markup[/] [/]",
    8: "\u05e9\u05dc\u05d5\u05dd \u202e\u05e2\u05d5\u05dc\u05dd\u202c",
    9: "bell\x07 \x1b[31mred\x1b[0m tab\tend",
    10: "\u5343\u3068\u5343\u5c0b \U0001f600",
}
GENRES = {7: 'Dra"ma', 8: "Sci\\Fi", 9: "100%_'genre'", 10: "{Noir}"}


def shown(title: str) -> str:
    """What the reader keeps of a title: one line of printable characters."""
    return "".join(char for char in " ".join(title.split()) if char.isprintable() or char == " ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile")
    (path / "movies.dat").write_text(
        "".join(f"{movie}::{title}::{GENRES.get(movie, 'Drama')}\n" for movie, title in TITLES.items()),
        encoding="utf-8",
    )
    (path / "users.dat").write_text("1::F::25::1::0\n2::M::35::2::0\n")
    (path / "ratings.dat").write_text("".join(f"{1 + movie % 2}::{movie}::4::0\n" for movie in TITLES))
    write_small_movies_data(path / "movies_data.txt", write_small_model(path / "model", path))
    return path


def recsys(folder: Path, *arguments: str, exact: bool = True) -> Result:
    options = ["--model", str(folder / "model"), "--movies-data", str(folder / "movies_data.txt")]
    return CliRunner().invoke(main, [*arguments, *options, *(["--exact"] if exact else [])])


@pytest.mark.parametrize("exact", [True, False])
def test_json_has_every_title_as_it_is(folder: Path, exact: bool) -> None:
    result = recsys(folder, "recommend", "-g", "F", "-k", "99", "--json", exact=exact)
    assert result.exit_code == 0, result.stderr
    found = {movie["movie_id"]: movie["title"] for movie in json.loads(result.stdout)["movies"]}
    assert found == {movie: shown(title) for movie, title in TITLES.items()}


def test_csv_has_no_formula_and_loses_nothing(folder: Path) -> None:
    text = recsys(folder, "recommend", "-g", "F", "-k", "99", "--csv").stdout
    found = {int(row["movie_id"]): row["title"] for row in csv.DictReader(io.StringIO(text))}
    for movie, title in TITLES.items():
        assert found[movie] == ("'" if title[0] in "=+-@" else "") + shown(title)
    assert any(row["score"].startswith("-") for row in csv.DictReader(io.StringIO(text)))  # a number stays one


def test_a_table_is_a_line_a_movie_and_obeys_no_title(folder: Path) -> None:
    lines = recsys(folder, "recommend", "-g", "F", "-k", "99").stdout.splitlines()
    assert len(lines) == 2 + len(TITLES)
    for line in lines[2:]:
        assert shown(TITLES[int(line.split()[1])]) in line
        assert line.isprintable()


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("movie", GENRES)
def test_filters_take_every_genre(folder: Path, movie: int, exact: bool) -> None:
    for option, expected in (("--genre", {movie}), ("--not-genre", set(TITLES) - {movie})):
        result = recsys(folder, "recommend", "-k", "99", option, GENRES[movie], "--json", exact=exact)
        assert result.exit_code == 0, result.stderr
        assert {one["movie_id"] for one in json.loads(result.stdout)["movies"]} == expected


@pytest.mark.parametrize("movie", TITLES)
def test_every_title_is_found_by_itself(folder: Path, movie: int) -> None:
    result = recsys(folder, "recommend", f"--like={TITLES[movie]}", "--json")
    assert result.exit_code == 0, result.stderr
    (rated,) = json.loads(result.stdout)["query"]["rated"]
    assert rated["movie_id"] == movie


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("k", ["11", "1000000", str(10**30)])
def test_k_beyond_everything_gives_what_there_is(folder: Path, k: str, exact: bool) -> None:
    result = recsys(folder, "recommend", "-g", "F", "-k", k, "--json", exact=exact)
    assert result.exit_code == 0, result.stderr or result.exception
    assert len(json.loads(result.stdout)["movies"]) == len(TITLES)
