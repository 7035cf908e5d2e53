"""Train, preprocess and recommend on data sets of every layout, and on those at the edge of what a data set is."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from layouts import LAYOUTS, write, write_1m, write_csv

from recsys_cli.cli import main
from recsys_cli.model.folder import ModelFolder

FAST = ("--embedding-dim", "8", "--epochs", "1")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for a data set; its parent is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def run_all(*profile: str) -> list[int]:
    """Train on the data, preprocess, recommend; the ids of the movies."""
    for command in (["train", "--data", "mine", *FAST], ["preprocess", "-f", "movies_origin.txt"]):
        result = run(*command)
        assert result.exit_code == 0, result.output
    result = run("recommend", *profile, "--exact", "--json", "-k", "100")
    assert result.exit_code == 0, result.output
    movies = json.loads(result.stdout)["movies"]
    assert all(np.isfinite(movie["score"]) for movie in movies)
    return [movie["movie_id"] for movie in movies]


@pytest.mark.parametrize(
    ("format", "profile"),
    [
        ("ml-100k", ("-a", "25", "-j", "librarian")),
        ("ml-1m", ("-a", "25", "-g", "M", "-j", "4")),
        ("ml-10m", ()),
        ("ml-csv", ()),
        ("catalogue", ("-g", "f", "-j", "writer")),
    ],
)
def test_the_three_commands_work_on_every_layout(data: Path, format: str, profile: tuple[str, ...]) -> None:
    LAYOUTS[format](data)
    if format == "ml-100k":
        write(data / "u.occupation", ["librarian", "programmer", "writer"])
    assert sorted(run_all(*profile)) == [1, 3, 7, 9]
    assert ModelFolder.open(Path("recommender_system.inference.model")).info.data["format"] == format


def test_train_says_what_it_found_and_what_it_left_out(data: Path) -> None:
    write_1m(data)
    with (data / "ratings.dat").open("a") as file:
        file.write("1::3::2::0\n1::3::oops::0\n")
    refused = run("train", "--data", "mine", *FAST)
    assert refused.stderr == (
        "Error: mine/ratings.dat:7: rating: 'oops', allowed: a number; --skip-bad-lines leaves such lines out\n"
    )
    assert refused.exit_code == 1
    assert not Path("recommender_system.inference.model").exists()
    done = run("train", "--data", "mine", "--skip-bad-lines", *FAST)
    assert done.exit_code == 0
    assert done.stderr.splitlines()[:3] == [
        "mine: layout ml-1m, 4 movies, 2 users, 5 ratings from 1 to 5",
        "bad lines left out: 1; 'recsys check mine' lists them",
        "ratings left out because the same user rates the movie again: 1",
    ]


def test_train_takes_a_format(data: Path) -> None:
    write_1m(data)
    write_csv(data)
    done = run("train", "--data", "mine", "--format", "ml-csv", *FAST)
    assert done.stderr.startswith("mine: layout ml-csv, ")


def test_a_model_without_ages_refuses_one(data: Path) -> None:
    write_csv(data)
    run_all()
    result = run("recommend", "-a", "25", "--exact")
    assert result.stderr == "Error: --age: this data set knows no ages; leave --age out\n"
    assert result.exit_code == 2


def test_jobs_are_those_of_the_data_set(data: Path) -> None:
    write_1m(data)
    run_all("-j", "writer")
    result = run("recommend", "-j", "librarian", "--exact")
    assert result.stderr.startswith("Error: --job: 'librarian' is not a job; ")
    assert "; allowed: 0 other, 1 academic/educator, " in result.stderr
    assert result.exit_code == 2


def one_rating(data: Path) -> None:
    write(data / "ratings.dat", ["1::3::4::0"])


def equal_ratings(data: Path) -> None:
    write(data / "ratings.dat", ["1::3::4::0", "2::7::4::0", "1::9::4::0", "2::3::4::0"])


def dislikes_only(data: Path) -> None:
    write(data / "ratings.dat", ["1::3::1::0", "2::7::2::0", "1::9::1::0", "2::3::1::0"])


def titles_without_words(data: Path) -> None:
    write(data / "movies.dat", ["3::!!!::", "7::???::", "1::...::", "9::-::"])


def one_movie(data: Path) -> None:
    write(data / "movies.dat", ["3::Heat (1995)::Action"])
    write(data / "ratings.dat", ["1::3::4::0", "2::3::2::0"])


def nobody_described(data: Path) -> None:
    write(data / "users.dat", ["1::::::::", "2::::::::"])


def one_person_a_rating(data: Path) -> None:
    write(data / "users.dat", [f"{user}::M::25::4::0" for user in range(300)])
    write(data / "ratings.dat", [f"{user}::{(1, 3, 7, 9)[user % 4]}::{1 + user % 5}::0" for user in range(300)])


@pytest.mark.parametrize(
    ("objective", "said"),
    [
        ("hybrid", ["nothing that is held out is liked, so there is no NDCG: the epoch is chosen by RMSE"]),
        ("ranking", ["nothing that is held out is liked, so there is no NDCG: the last epoch is kept"]),
        ("rating", []),
    ],
)
def test_without_likes_the_epoch_is_chosen_by_what_can_be_computed(
    data: Path, objective: str, said: list[str]
) -> None:
    write_1m(data)
    write(data / "users.dat", [f"{user}::M::25::4::0" for user in range(60)])
    write(data / "ratings.dat", [f"{user}::{(1, 3, 7, 9)[user % 4]}::{1 + user % 3}::0" for user in range(60)])
    options = ("--objective", objective, "--embedding-dim", "8", "--epochs", "4", "--patience", "1")
    done = run("train", "--data", "mine", *options, "--json")
    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[1:] == said
    summary = json.loads(done.stdout)
    document = json.loads(Path("recommender_system.inference.model/model.json").read_text())
    assert document["model"]["metrics"] == summary["metrics"]
    if objective != "rating":
        assert (summary["metrics"]["ndcg@10"], summary["metrics"]["ndcg@10 of most popular"]) == (None, None)
    if objective == "ranking":
        assert (summary["epochs"], summary["kept_epoch"]) == (4, 4)
    else:
        rmses = [
            epoch["rmse"]
            for epoch in json.loads(Path("recommender_system.inference.model/history.json").read_text())["epochs"]
        ]
        assert summary["kept_epoch"] == 1 + rmses.index(min(rmses))
        assert summary["metrics"]["rmse"] == pytest.approx(min(rmses))
    shown = run("train", "--data", "mine", *options)
    assert "NDCG" not in shown.stdout
    assert shown.exit_code == 0


def test_rating_with_few_dimensions_says_that_it_starts_without_a_start(data: Path) -> None:
    write_1m(data)
    note = "no warm start and no teacher: for these, embedding_dim and history_width must be 3 at least"
    for dim, said in (("2", [note]), ("3", [])):
        done = run("train", "--data", "mine", "--objective", "rating", "--embedding-dim", dim, "--epochs", "1")
        assert done.exit_code == 0, done.output
        assert done.stderr.splitlines()[1:] == said


@pytest.mark.parametrize(
    "change",
    [
        one_rating,
        equal_ratings,
        dislikes_only,
        titles_without_words,
        one_movie,
        nobody_described,
        one_person_a_rating,
    ],
)
def test_a_data_set_at_the_edge_still_becomes_a_model(data: Path, change: Callable[[Path], None]) -> None:
    write_1m(data)
    change(data)
    assert run_all("-a", "25")
