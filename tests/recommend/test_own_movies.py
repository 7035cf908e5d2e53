"""A model folder stands alone: it carries the movies that it was trained on, from wherever it is asked."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from layouts import write_1m
from models import write_small_model, write_small_movies_data

from recsys_cli.cli import main
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile

MODEL = "recommender_system.inference.model"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, beside one with data, a model and nothing else."""
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_model(tmp_path / MODEL, tmp_path / "data")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def recommend(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["recommend", "-g", "F", "-k", "9", "--model", f"../{MODEL}", *arguments])


def ids(result: Result) -> set[int]:
    assert result.exit_code == 0, result.stderr
    return {movie["movie_id"] for movie in json.loads(result.stdout)["movies"]}


def add_movie(data: Path) -> None:
    with (data / "movies.dat").open("a") as file:
        file.write("11::Alien (1979)::Horror\n")


def test_it_carries_what_preprocess_makes_of_the_training_data(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = [
        "preprocess",
        "-f",
        str(workspace / "data" / "sample" / "movies.dat"),
        "--model",
        str(workspace / MODEL),
    ]
    assert CliRunner().invoke(main, made).exit_code == 0
    assert (workspace / MODEL / "movies_data.txt").read_bytes() == Path("movies_data.txt").read_bytes()


def test_it_answers_from_any_directory_and_after_a_retraining(here: Path) -> None:
    first = recommend("--json")
    assert ids(first) == {1, 3, 7, 9}
    assert first.stderr == "Importing 4 movies: there is no index yet.\n"
    assert list(here.iterdir()) == []
    add_movie(here.parent / "data")
    write_small_model(here.parent / MODEL, here.parent / "data", seed=2)
    again = recommend("--json")
    assert ids(again) == {1, 3, 7, 9, 11}
    assert again.stderr.startswith("Importing 5 movies: the index belongs to another model.\n")
    assert recommend("--json").stderr == ""


def test_the_file_here_wins_where_it_is_of_this_model(here: Path) -> None:
    write_small_movies_data(here / "movies_data.txt", ModelFolder.open(here.parent / MODEL))
    lines = (here / "movies_data.txt").read_text().splitlines(keepends=True)
    (here / "movies_data.txt").write_text("".join(lines[:3]))
    assert ids(recommend("--json")) == {1, 3}
    assert ids(recommend("--json", "--movies-data", f"../{MODEL}/movies_data.txt")) == {1, 3, 7, 9}


@pytest.mark.parametrize("command", ["recommend", "index", "users"])
def test_the_file_here_of_another_model_is_passed_over_and_said_to_be(here: Path, command: str) -> None:
    write_small_movies_data(here / "movies_data.txt", ModelFolder.open(here.parent / MODEL))
    add_movie(here.parent / "data")
    write_small_model(here.parent / MODEL, here.parent / "data", seed=2)
    arguments = {
        "recommend": ["recommend", "-g", "F", "--exact"],
        "index": ["index", "--rebuild"],
        "users": ["recommend", "--users", "../data/users.dat", "-o", "lists.csv"],
    }[command]
    result = CliRunner().invoke(main, [*arguments, "--model", f"../{MODEL}"])
    assert result.exit_code == 0, result.stderr
    note = (
        f"Note: movies_data.txt is of another model; the movies that '../{MODEL}' was trained on are used. "
        f"'recsys preprocess -f movies_origin.txt --model ../{MODEL}' makes the file anew.\n"
    )
    assert result.stderr.count(note) == 1
    named = recommend("--movies-data", "movies_data.txt")
    assert named.exit_code == 1
    assert "Error: movies_data.txt: was made for another model's vocabulary; run" in named.stderr


def test_a_damaged_file_here_is_an_error(here: Path) -> None:
    (here / "movies_data.txt").write_text("1::2::1::T::G\n")
    result = recommend()
    assert result.exit_code == 1
    assert "Error: movies_data.txt:1: the line '# recsys movies_data 1 vocabulary=...' is missing" in result.stderr


def test_a_folder_without_the_file_has_the_movies_of_its_vocabulary(here: Path) -> None:
    with_file = MoviesFile.of_model(ModelFolder.open(here.parent / MODEL))
    shutil.rmtree(here.parent / MODEL)
    write_small_model(here.parent / MODEL, here.parent / "data", own_movies=False)
    assert not (here.parent / MODEL / "movies_data.txt").exists()
    assert MoviesFile.of_model(ModelFolder.open(here.parent / MODEL)) == with_file
    assert ids(recommend("--json", "--exact")) == {1, 3, 7, 9}
