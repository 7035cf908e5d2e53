"""`recsys preprocess` with the model that was trained on the sample."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recsys_cli.cli import main

MODEL = "recommender_system.inference.model"


@pytest.fixture
def folder(workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An own current directory with the trained model in it and no data."""
    (tmp_path / MODEL).symlink_to(workspace / MODEL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def preprocess(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["preprocess", *arguments])


def test_the_current_directory_comes_before_the_training_data(folder: Path) -> None:
    (folder / "movies_origin.txt").write_text("9001::Zorblax Park (2031)::Drama|Space Opera\n")
    result = preprocess("-f", "movies_origin.txt")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == (
        "movies_origin.txt: 1 movies, 0 of them rated in training\n"
        "unknown words: 2 (2031, zorblax)\n"
        "unknown genres: 1 (Space Opera)\n"
        "wrote movies_data.txt\n"
    )
    _, line = (folder / "movies_data.txt").read_text().splitlines()
    movie_id, words, genres, title, names = line.split("::")
    assert (movie_id, title, names) == ("9001", "Zorblax Park (2031)", "Drama|Space Opera")
    assert [word == "0" for word in words.split()] == [True, False, True]
    assert [genre == "0" for genre in genres.split("|")] == [False, True]


@pytest.mark.parametrize("output", ["movies_origin.txt", "link.txt", "hard.txt", "./movies_origin.txt"])
def test_the_file_that_is_read_is_never_written(folder: Path, output: str) -> None:
    raw = b"9001::Zorblax Park (2031)::Drama\n"
    (folder / "movies_origin.txt").write_bytes(raw)
    (folder / "link.txt").symlink_to("movies_origin.txt")
    (folder / "hard.txt").hardlink_to(folder / "movies_origin.txt")
    result = preprocess("-f", "movies_origin.txt", "-o", output)
    assert result.exit_code == 2
    assert result.stderr == f"Error: -o {Path(output)}: is the file that -f reads; choose another one\n"
    assert (folder / "movies_origin.txt").read_bytes() == raw


def test_a_link_is_written_through_and_a_device_to(folder: Path) -> None:
    (folder / "movies_origin.txt").write_text("9001::Zorblax Park (2031)::Drama\n")
    (folder / "link.txt").symlink_to("elsewhere.txt")
    assert preprocess("-f", "movies_origin.txt", "-o", "link.txt").exit_code == 0
    assert (folder / "link.txt").is_symlink()
    assert (folder / "elsewhere.txt").read_text().endswith("::Zorblax Park (2031)::Drama\n")
    assert preprocess("-f", "movies_origin.txt", "-o", "/dev/null").exit_code == 0
    assert Path("/dev/null").is_char_device()


def test_a_bare_name_is_found_in_the_training_data(folder: Path) -> None:
    result = preprocess("-f", "movies_origin.txt", "-o", "encoded.txt", "--json")
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert Path(summary["source"]).parts[-3:] == ("data", "sample", "movies_origin.txt")
    assert (summary["movies"], summary["rated"], summary["output"]) == (401, 393, "encoded.txt")
    assert len((folder / "encoded.txt").read_text().splitlines()) == 402


def test_movies_origin_stands_for_the_training_movies(
    workspace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("movies.dat", "users.dat", "ratings.dat"):
        shutil.copy(workspace / "data" / "sample" / name, data)
    monkeypatch.chdir(tmp_path)
    trained = CliRunner().invoke(main, ["train", "--data", "data", "--epochs", "1"])
    assert trained.exit_code == 0, trained.stderr
    result = preprocess("-f", "movies_origin.txt")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.splitlines()[0].endswith("data/movies.dat: 393 movies, 393 of them rated in training")


def test_a_missing_file_lists_where_it_was_looked_for(folder: Path, workspace: Path) -> None:
    result = preprocess("-f", "films.txt")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: films.txt: not found; looked for films.txt, ")
    assert result.stderr.endswith("data/sample/films.txt, data/films.txt; name the file with -f\n")


def test_other_titles_are_refused_unless_allowed(folder: Path) -> None:
    lines = [f"{movie_id}::Wrong {movie_id} (2000)::Drama" for movie_id in range(1, 8)]
    (folder / "movies.dat").write_text("\n".join(lines) + "\n")
    result = preprocess("-f", "movies.dat")
    assert result.exit_code == 1
    assert result.stderr.startswith(
        "Error: movies.dat: 7 movie ids stand for other titles than in the model: "
        "1 is 'Wrong 1 (2000)' here and 'All Quiet on the Western Front (1930)' in the model; 2 is 'Wrong 2 "
    )
    assert result.stderr.endswith(
        "; and 2 more; were two data sets mixed up? "
        "Use the file of the model's data set, or --allow-title-changes\n"
    )
    assert not (folder / "movies_data.txt").exists()
    assert preprocess("-f", "movies.dat", "--allow-title-changes").exit_code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Error: movies.dat: empty file\n"),
        (
            "1::Toy\n",
            "Error: movies.dat:1: line: '1::Toy', allowed: 3 fields: id::title::genres\n",
        ),
    ],
)
def test_a_malformed_file_is_refused(folder: Path, content: str, message: str) -> None:
    (folder / "movies.dat").write_text(content)
    result = preprocess("-f", "movies.dat")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", message)


def test_without_a_model_it_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = preprocess("-f", "movies_origin.txt")
    assert result.exit_code == 1
    assert result.stderr == f"Error: No model at '{MODEL}': run 'recsys train' first, or name one with --model\n"
