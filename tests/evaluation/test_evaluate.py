"""``recsys evaluate`` from a shell, on the bundled sample: what it measures, and that nothing leaks."""

import csv
import dataclasses
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from documents import assert_promised
from layouts import write_csv
from recorded import Recorded

from recsys_cli.cli import main
from recsys_cli.config.evaluation import EvaluateConfig, ProtocolConfig
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.evaluation.evaluate import run, train_on
from recsys_cli.evaluation.protocol import split_cases
from recsys_cli.model.folder import ModelFolder
from recsys_cli.progress import Silent
from recsys_cli.report.evaluation_file import parse_evaluation

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
FAST = "embedding_dim = 32\nepochs = 3\nrefit = false\n"


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", *arguments], env={"COLUMNS": "80"})


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("evaluate") / "fast.toml"
    file.write_text(FAST)
    return file


@pytest.fixture(scope="module")
def report(fast: Path) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Values by group, recommender and metric of one split."""
    result = evaluate("--data", str(SAMPLE), "--seeds", "1", "--config", str(fast), "--json")
    assert result.exit_code == 0, result.output
    groups = json.loads(result.stdout)["groups"]
    return {group["kind"]: {row["name"]: row for row in group["rows"]} for group in groups}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, fast: Path) -> Path:
    path = tmp_path_factory.mktemp("given") / "model"
    done = CliRunner().invoke(main, ["train", "--data", str(SAMPLE), "--model", str(path), "--config", str(fast)])
    assert done.exit_code == 0, done.output
    return path


def value(row: dict[str, dict[str, float]], metric: str) -> float:
    return row[metric]["value"]


def test_the_model_beats_the_simplest_baselines_of_the_same_run(report: dict) -> None:  # type: ignore[type-arg]
    known, cold, new = report["known"], report["cold"], report["new"]
    assert value(known["model"], "ndcg") > value(known["popular"], "ndcg")
    assert value(known["model"], "rmse") < value(known["mean"], "rmse")
    assert value(cold["model"], "ndcg") > value(cold["popular"], "ndcg")
    assert value(new["model"], "ndcg") > value(new["chance"], "ndcg")


def test_every_kind_has_its_baselines_and_every_number_its_interval(report: dict) -> None:  # type: ignore[type-arg]
    users = {"model", "mean", "biases", "popular", "popular_in_group"}
    users |= {"most_rated", "most_rated_in_group", "attribute_ridge"}
    assert set(report["known"]) == users | {"als", "ease", "ease_on_stars"}
    assert set(report["cold"]) == users
    assert set(report["new"]) == {"model", "mean", "biases", "chance", "popular_genres", "liked_genres"}
    for rows in report.values():
        for row in rows.values():
            numbers = [number for number in row.values() if isinstance(number, dict)]
            assert numbers
            assert all(number["low"] <= number["value"] <= number["high"] for number in numbers)


def test_the_table_fits_80_columns_and_says_what_was_split(fast: Path) -> None:
    result = evaluate("--data", str(SAMPLE), "--seeds", "1", "--config", str(fast), "--by", "job")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    last = max(place for place, line in enumerate(lines) if not line)
    assert max(map(len, lines[:last])) <= 80
    assert lines[last + 1].startswith("Split, for each of 1 seeds: 10 % of the users are held out whole")
    assert "…" not in result.stdout
    text = " ".join(result.stdout.split())
    assert "10 % of the users are held out whole" in text
    assert "5 % of the movies" in text
    assert "Relevant: a rating of 4 or more." in text
    assert len(re.findall(r"^  executive/managerial +\d+ [01]\.\d{3} ±\.\d{3} ", result.stdout, re.M)) >= 2
    assert [line.partition(": training on")[0] for line in result.stderr.splitlines()] == [
        "split 1 of 1, known and cold",
        "split 1 of 1, new",
    ]


def test_what_is_held_out_cannot_reach_the_model(tmp_path: Path) -> None:
    """Held-out ratings are removed, then turned upside down: the towers, warm start included, stay the same."""
    dataset = read_dataset(SAMPLE)
    case = split_cases(dataset, ProtocolConfig(), seed=1)[0]
    options = TrainingOptions.from_dict({"embedding_dim": 32, "epochs": 2, "holdout": 0.0})
    train = case.train
    without = dataclasses.replace(dataset, ratings=dataset.ratings.at(train))
    flipped = dataset.ratings.values.copy()
    held_out = np.setdiff1d(np.arange(len(flipped)), train)
    flipped[held_out] = 6 - flipped[held_out]
    cases = {
        "whole": (dataset, case),
        "without": (without, dataclasses.replace(case, train=np.arange(len(train)))),
        "flipped": (
            dataclasses.replace(dataset, ratings=dataclasses.replace(dataset.ratings, values=flipped)),
            case,
        ),
    }
    progress = Silent()
    folders = {
        name: train_on(data, each, options, data_dir=SAMPLE, model=tmp_path / name, progress=progress)
        for name, (data, each) in cases.items()
    }
    names = {path.name for path in folders["whole"].path.iterdir()} - {"model.json"}
    for other in ("without", "flipped"):
        assert {name for name in names if _bytes(folders["whole"], name) != _bytes(folders[other], name)} == set()


def test_a_model_of_a_split_names_the_data_it_was_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_DATA", str(tmp_path / "elsewhere"))
    dataset = read_dataset(SAMPLE)
    case = split_cases(dataset, ProtocolConfig(), seed=1)[0]
    options = TrainingOptions.from_dict({"embedding_dim": 8, "epochs": 1, "holdout": 0.0})
    folder = train_on(dataset, case, options, data_dir=SAMPLE, model=tmp_path / "model", progress=Silent())
    assert folder.info.run["data_dir"] == str(SAMPLE)


def _bytes(folder: ModelFolder, name: str) -> bytes:
    return (folder.path / name).read_bytes()


def test_a_given_model_is_measured_on_what_it_has_not_seen(model: Path, tmp_path: Path) -> None:
    predictions = tmp_path / "predictions.csv"
    result = evaluate("--model", str(model), "--predictions", str(predictions), "--by", "gender, age", "--json")
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert_promised(answer, "recsys evaluate")
    numbers = csv.DictReader(io.StringIO(evaluate("--model", str(model), "--csv").stdout))
    (rmse,) = [row for row in numbers if (row["name"], row["metric"]) == ("model", "rmse")]
    assert float(rmse["value"]) == answer["groups"][0]["rows"][0]["rmse"]["value"]
    with predictions.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["user_id", "movie_id", "rating", "score", "stars"]
    folder = ModelFolder.open(model)
    places = {user_id: place for place, user_id in enumerate(folder.user_ids.tolist())}
    assert folder.held_out is not None
    assert all(int(row["movie_id"]) in folder.held_out.of(places[int(row["user_id"])]) for row in rows)
    assert len(rows) == len(folder.held_out.movie_ids) == folder.info.split["held_out_ratings"]
    assert len(folder.seen.movie_ids) == len((SAMPLE / "ratings.dat").read_text().splitlines())
    error = np.array([float(row["stars"]) - float(row["rating"]) for row in rows])
    assert len(answer["groups"]) == 1  # everybody and everything has training ratings
    known = {row["name"]: row for row in answer["groups"][0]["rows"]}
    assert value(known["model"], "rmse") == pytest.approx(np.sqrt((error**2).mean()), abs=1e-5)
    assert value(known["model"], "rmse") == pytest.approx(folder.info.metrics["rmse"], abs=1e-4)
    assert value(known["model"], "ndcg") == pytest.approx(folder.info.metrics["ndcg@10"], abs=1e-4)
    by = answer["groups"][0]["by"]
    assert list(by) == ["gender", "age"]
    assert [part["value"] for part in by["gender"]] == ["M", "F"]
    lines = [line.split("::") for line in (SAMPLE / "users.dat").read_text().splitlines()]
    women = {line[0] for line in lines if line[1] == "F"}
    theirs = np.array([row["user_id"] in women for row in rows])
    for part, chosen in zip(by["gender"], (~theirs, theirs), strict=True):
        assert part["users"] == len({row["user_id"] for row, mine in zip(rows, chosen, strict=True) if mine})
        assert value(part, "rmse") == pytest.approx(np.sqrt((error[chosen] ** 2).mean()), abs=1e-5)
    read = parse_evaluation(result.stdout.encode(), source="stdout")
    assert [(part.value, part.users) for part in read.groups[0].by["gender"]] == [
        (part["value"], part["users"]) for part in by["gender"]
    ]
    assert "The training chose its epoch by these ratings, which flatters the model a little." in answer["notes"]


def test_ratings_of_a_file(model: Path, tmp_path: Path) -> None:
    dataset, folder = read_dataset(SAMPLE), ModelFolder.open(model)
    user = int(dataset.user_ids[0])
    assert folder.held_out is not None
    seen = set(folder.seen.of(0).tolist()) - set(folder.held_out.of(0).tolist())
    unseen = [movie for movie in dataset.movie_ids.tolist() if movie not in seen][:12]
    file, predictions = tmp_path / "more.dat", tmp_path / "out.csv"
    ratings = [f"{user}::{movie}::5::0" for movie in (*unseen, min(seen))]
    file.write_text("\n".join(ratings) + "\n")
    result = evaluate("--model", str(model), "--ratings", str(file), "--predictions", str(predictions), "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["notes"] == ["Left out: 1 ratings that the model was trained on."]
    with predictions.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [int(row["movie_id"]) for row in rows] == unseen
    vectors = folder.movie_vectors[np.searchsorted(folder.movie_ids, unseen)]
    np.testing.assert_allclose(
        [float(row["score"]) for row in rows], 5 * vectors @ folder.user_vectors[0], atol=1e-4
    )


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (
            ["--by", "gender,height"],
            "--by 'height' is not allowed; allowed: gender, age, job, separated by commas",
            2,
        ),
        (["--test-share", "0.2"], "--test-share needs --split ratings or --split time", 2),
        (["--split", "ratings", "--until", "2001-01-01"], "--until needs --split time", 2),
        (["--split", "ratings", "--recent-days", "7"], "--recent-days needs --split time", 2),
        (
            ["--split", "time", "--until", "2001-01-01", "--test-share", "0.2"],
            "--until and --test-share exclude each other: both say where the ratings are cut",
            2,
        ),
        (
            ["--split", "time", "--test-share", "1"],
            "--test-share 1 is not allowed; allowed: above 0, below 1",
            2,
        ),
        (["--split", "time", "--recent-days", "0"], "--recent-days 0 is not allowed; allowed: 1 to 36500", 2),
        (
            ["--split", "time", "--until", "christmas"],
            "--until 'christmas' is not allowed; allowed: a date such as 2000-12-31 or '2000-12-31 18:00'",
            2,
        ),
        (
            ["--split", "time", "--model", "model"],
            "--split and --model exclude each other: a split is what a model is trained for",
            2,
        ),
        (["--seeds", "0"], "--seeds 0 is not allowed; allowed: 1 to 100", 2),
        (
            ["--seeds", "3", "--model", "model"],
            "--seeds and --model exclude each other: a model that is there is measured once",
            2,
        ),
        (
            ["--predictions", "out.csv"],
            "--predictions needs --model: without one, every split is measured on its own ratings",
            2,
        ),
        (
            ["--ratings", "r.dat"],
            "--ratings needs --model: without one, every split is measured on its own ratings",
            2,
        ),
        (
            ["--data", "nowhere"],
            "No data at 'nowhere': name a folder with --data (data/sample is a small one), or run "
            "'recsys download ml-1m'",
            1,
        ),
        (
            ["--model", "m", "--ratings", __file__, "--predictions", __file__],
            f"--predictions {__file__}: is the file that --ratings reads; choose another one",
            2,
        ),
        (
            ["--model", "nowhere"],
            "No model at 'nowhere': run 'recsys train' first, or name one with --model",
            1,
        ),
    ],
)
def test_mistakes(arguments: list[str], message: str, code: int) -> None:
    result = evaluate(*arguments)
    assert (result.stdout, result.stderr, result.exit_code) == ("", f"Error: {message}\n", code)


def test_a_split_of_all_ratings_is_measured_as_one_group(fast: Path) -> None:
    options = ("--data", str(SAMPLE), "--config", str(fast), "--split", "ratings", "--seeds", "1")
    result = evaluate(*options, "--test-share", "0.05", "--json")
    assert result.exit_code == 0, result.output
    (group,) = json.loads(result.stdout)["groups"]
    rows = {row["name"]: row for row in group["rows"]}
    assert group["kind"] == "all"
    assert group["ratings"] == round(0.05 * len(read_dataset(SAMPLE).ratings))
    assert value(rows["model"], "rmse") < value(rows["mean"], "rmse")
    assert {"ease", "als", "attribute_ridge"} < set(rows)


def test_ratings_that_are_all_seen(model: Path, tmp_path: Path) -> None:
    folder = ModelFolder.open(model)
    file = tmp_path / "seen.dat"
    file.write_text(f"{folder.user_ids[0]}::{folder.seen.of(0)[0]}::5::0\n")
    result = evaluate("--model", str(model), "--ratings", str(file))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {file}: the model was trained on all of its ratings; name others with --ratings, or a model of "
        "'recsys train --no-refit', which does not learn what it holds out\n"
    )


def test_a_data_set_with_bad_lines_in_a_layout_that_is_named(tmp_path: Path, fast: Path) -> None:
    """Measured by splits, then as the data of a model that is there, then beside a file of whole stars."""
    data, model, predictions = tmp_path / "data", tmp_path / "model", tmp_path / "out.csv"
    data.mkdir()
    lines = (SAMPLE / "ratings.dat").read_text().splitlines()
    for name in ("movies.dat", "users.dat"):
        (data / name).write_bytes((SAMPLE / name).read_bytes())
    (data / "ratings.dat").write_text("\n".join([*lines, "1::2::bad::0"]) + "\n")
    options = ("--data", str(data), "--config", str(fast))
    refused = evaluate(*options)
    assert refused.stderr == (
        f"Error: {data / 'ratings.dat'}:{len(lines) + 1}: rating: 'bad', allowed: a number; "
        "--skip-bad-lines leaves such lines out\n"
    )
    skip = ("--format", "ml-10m", "--skip-bad-lines")
    said = f"bad lines left out: 1; 'recsys check {data}' lists them"
    done = evaluate(*options, *skip, "--seeds", "1")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (0, said)
    trained = CliRunner().invoke(main, ["train", *options, *skip, "--model", str(model)])
    assert trained.exit_code == 0, trained.output
    measured = evaluate("--model", str(model), *skip, "--predictions", str(predictions))
    assert (measured.exit_code, measured.stderr.splitlines()) == (0, [said, f"wrote {predictions}"])
    (tmp_path / "more.dat").write_text("100000::1::4::0\n")
    more = evaluate("--model", str(model), *skip, "--ratings", str(tmp_path / "more.dat"), "--json")
    assert more.exit_code == 0, more.output
    assert [group["kind"] for group in json.loads(more.stdout)["groups"]] == ["cold"]


def test_people_of_whom_nothing_is_known_are_not_divided(tmp_path: Path) -> None:
    write_csv(tmp_path)
    result = evaluate("--data", str(tmp_path), "--by", "age")
    message = "--by age: nobody's age is known in this data set; leave it out"
    assert (result.stdout, result.stderr, result.exit_code) == ("", f"Error: {message}\n", 1)


def test_predictions_that_cannot_be_written(model: Path, tmp_path: Path) -> None:
    target = tmp_path / "nowhere" / "out.csv"
    result = evaluate("--model", str(model), "--predictions", str(target))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: --predictions {target}: cannot be written (")
    assert "Traceback" not in result.stderr


def test_progress_says_what_is_trained_and_what_is_measured() -> None:
    progress = Recorded()
    options = TrainingOptions.from_dict({"embedding_dim": 8, "epochs": 2, "holdout": 0.0})
    run(EvaluateConfig(data=SAMPLE, seeds=1, options=options), progress)
    steps = ["Preparing", "Starting at EASE", "Training", "Writing", "Measuring"]
    assert [title for title, _ in progress.tasks] == steps * 2
    _, _, training, _, measuring, *_ = (updates for _, updates in progress.tasks)
    assert {facts["epoch"] for _, facts in training if "epoch" in facts} == {"1/2", "2/2"}
    assert "nan" not in {facts["loss"] for _, facts in training if "loss" in facts}
    assert [facts["now"] for _, facts in measuring][:2] == ["the model", "Mean"]
    assert [done for done, _ in measuring] == list(range(len(measuring)))
