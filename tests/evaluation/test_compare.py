"""``recsys compare`` from a shell: two models of the sample, the numbers against the files they come from."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from documents import assert_promised

from recsys_cli.cli import main
from recsys_cli.config.comparison import Requirement
from recsys_cli.errors import ConfigError

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
GONE, NEW = 2, 283  # ids of movies; The Matrix is among the best liked


def recsys(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], env={"COLUMNS": "100"})


def train(data: Path, model: Path, *options: str) -> Path:
    result = recsys("train", "--data", data, "--model", model, "--embedding-dim", "16", *options)
    assert result.exit_code == 0, result.output
    return model


def copy_without(movie: int, folder: Path) -> Path:
    """The sample without a movie and its ratings, and without every eighth rating, which goes into a file."""
    folder.mkdir()
    for name, place in (("movies.dat", 0), ("ratings.dat", 1), ("users.dat", None)):
        lines = (SAMPLE / name).read_text().splitlines(keepends=True)
        kept = [line for line in lines if place is None or int(line.split("::")[place]) != movie]
        if name == "ratings.dat":
            of_both = (line for line in kept[::8] if int(line.split("::")[1]) != NEW)
            (folder / "fresh.dat").write_text("".join(of_both))
            kept = [line for number, line in enumerate(kept) if number % 8]
        (folder / name).write_text("".join(kept))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Yesterday's model knows a movie that has gone and lacks a new one; it is of one epoch."""
    folder = tmp_path_factory.mktemp("compare")
    old, new = (copy_without(movie, folder / name) for movie, name in ((NEW, "before"), (GONE, "after")))
    return (
        train(old, folder / "old.model", "--epochs", "1", "--holdout", "0"),
        train(new, folder / "new.model", "--epochs", "3", "--holdout", "0"),
    )


def compare(models: tuple[Path, Path], *options: str) -> Result:
    return recsys("compare", *models, "--ratings", models[1].parent / "after" / "fresh.dat", *options)


@pytest.fixture(scope="module")
def report(models: tuple[Path, Path]) -> dict[str, Any]:
    result = compare(models, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    assert_promised(document, "recsys compare")
    return document


def test_csv_holds_the_metrics_of_json(models: tuple[Path, Path], report: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(compare(models, "--csv").stdout)))
    assert [row["metric"] for row in rows] == [change["metric"] for change in report["metrics"]]
    for row, change in zip(rows, report["metrics"], strict=True):
        for name in ("old", "new", "change"):
            assert float(row[f"{name}_low"]) == change[name]["low"]
            assert float(row[name]) == change[name]["value"]


def arrays(model: Path, name: str) -> dict[str, Any]:
    with np.load(model / name) as stored:
        return dict(stored)


def pairs(model: Path) -> set[tuple[int, int]]:
    """(user id, movie id) of everything that a model has learnt from: all that it has seen, with --holdout 0."""
    users = arrays(model, "people.npz")["user_ids"]
    seen = arrays(model, "seen.npz")
    return set(zip(np.repeat(users, np.diff(seen["indptr"])).tolist(), seen["movie_ids"].tolist(), strict=True))


def unseen(models: tuple[Path, Path]) -> list[tuple[int, int, float]]:
    """The fresh ratings that neither model has learnt from."""
    learnt = pairs(models[0]) | pairs(models[1])
    lines = [line.split("::") for line in (models[1].parent / "after" / "fresh.dat").read_text().splitlines()]
    ratings = [(int(user), int(movie), float(value)) for user, movie, value, _ in lines]
    return [rating for rating in ratings if rating[:2] not in learnt]


def test_both_are_measured_on_the_ratings_that_neither_has_learnt_from(
    models: tuple[Path, Path], report: dict[str, Any]
) -> None:
    ratings = unseen(models)
    assert report["ratings"] == len(ratings) > 500
    metrics = {change["metric"]: change for change in report["metrics"]}
    for key, model in zip(("old", "new"), models, strict=True):
        users, movies, head = (
            arrays(model, name) for name in ("user_vectors.npz", "movie_vectors.npz", "stars.npz")
        )
        rows = np.searchsorted(users["user_ids"], [user for user, _, _ in ratings])
        columns = np.searchsorted(movies["movie_ids"], [movie for _, movie, _ in ratings])
        products = (users["vectors"][rows] * movies["vectors"][columns]) @ head["slope"]
        stars = head["mean"] + head["user_offsets"][rows] + head["movie_offsets"][columns] + products
        error = np.clip(stars, 1, 5) - np.array([value for _, _, value in ratings])
        assert metrics["rmse"][key]["value"] == pytest.approx(np.sqrt((error**2).mean()))
    for change in metrics.values():
        difference = change["new"]["value"] - change["old"]["value"]
        assert change["change"]["value"] == pytest.approx(difference)
        assert change["share"]["value"] == pytest.approx(difference / change["old"]["value"])
        assert change["change"]["low"] < change["change"]["value"] < change["change"]["high"]


def test_pairing_makes_the_interval_narrow(models: tuple[Path, Path], report: dict[str, Any]) -> None:
    (change,) = (change for change in report["metrics"] if change["metric"] == "ndcg@10")
    widths = {key: change[key]["high"] - change[key]["low"] for key in ("old", "new", "change")}
    assert widths["change"] < np.hypot(widths["old"], widths["new"])
    same = json.loads(compare((models[1], models[1]), "--json").stdout)
    for change in same["metrics"]:
        assert change["change"]["low"] == change["change"]["high"] == 0.0
    assert (same["options"], same["lists"]["overlap"], same["lists"]["unchanged"]) == ({}, 1.0, 1.0)
    assert same["lists"]["num_appeared"] == same["lists"]["num_vanished"] == 0


def top_tens(model: Path) -> dict[int, set[int]]:
    users, movies = (arrays(model, name) for name in ("user_vectors.npz", "movie_vectors.npz"))
    seen: dict[int, set[int]] = {}
    for user, movie in pairs(model):
        seen.setdefault(user, set()).add(movie)
    tens = {}
    for user, vector in zip(users["user_ids"].tolist(), users["vectors"], strict=True):
        ranked = movies["movie_ids"][np.argsort(-(movies["vectors"] @ vector))]
        tens[user] = set([movie for movie in ranked.tolist() if movie not in seen.get(user, ())][:10])
    return tens


def test_how_far_the_lists_moved(models: tuple[Path, Path], report: dict[str, Any]) -> None:
    old, new = map(top_tens, models)
    lists = report["lists"]
    assert lists["people"] == len(old) == 1000
    assert lists["overlap"] == pytest.approx(np.mean([len(old[user] & new[user]) / 10 for user in old]), abs=1e-3)
    assert lists["disjoint"] == pytest.approx(np.mean([not old[user] & new[user] for user in old]), abs=2e-3)
    appeared = set[int]().union(*new.values()) - set[int]().union(*old.values())
    assert NEW in appeared
    assert abs(lists["num_appeared"] - len(appeared)) <= 1
    first = lists["appeared"][0]
    assert first["lists"] == pytest.approx(sum(first["movie_id"] in ten for ten in new.values()), abs=2)
    assert "The Matrix (1999)" in {movie["title"] for movie in lists["appeared"]}
    assert (report["new_movies"], report["gone_movies"]) == ([NEW], [GONE])
    assert json.loads(compare(models, "--people", "7", "--json").stdout)["lists"]["people"] == 7


def test_the_table_shows_what_differs(models: tuple[Path, Path], report: dict[str, Any]) -> None:
    result = compare(models)
    assert (result.exit_code, result.stderr) == (0, "")
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["epochs", "1", "3"] in words
    assert ["fingerprint", report["old"]["fingerprint"][:12], report["new"]["fingerprint"][:12]] in words
    assert report["options"] == {"epochs": [1, 3]}
    assert "Movies that only one model knows: 1 new, 1 gone" in result.stdout


@pytest.mark.parametrize(
    ("requirements", "code", "says"),
    [
        (["ndcg@10 >= -99%", "rmse <= +9"], 0, ["holds", "holds"]),
        (["ndcg@10 >= -99%", "rmse <= 0.1"], 3, ["holds", "does not hold"]),
        (["rmse <= -50%"], 3, ["does not hold"]),
    ],
)
def test_a_requirement_that_does_not_hold_gives_an_exit_code_of_its_own(
    models: tuple[Path, Path], requirements: list[str], code: int, says: list[str]
) -> None:
    options = [part for text in requirements for part in ("--require", text)]
    result = compare(models, "--json", *options)
    assert result.exit_code == code
    lines = result.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines] == says
    judged = json.loads(result.stdout)["requirements"]
    assert [entry["is_met"] for entry in judged] == [word == "holds" for word in says]
    assert [entry["requirement"] for entry in judged] == requirements
    quiet = compare(models, "--quiet", *options)
    assert quiet.exit_code == code
    assert quiet.stderr.splitlines() == [line for line in lines if "does not hold" in line]


def test_a_bound_within_the_interval_is_left_to_chance(models: tuple[Path, Path], report: dict[str, Any]) -> None:
    value = next(change["new"]["value"] for change in report["metrics"] if change["metric"] == "rmse")
    for bound, is_met in ((value + 1e-5, True), (value - 1e-5, False)):  # the number decides, not its interval
        result = compare(models, "--require", f"rmse <= {bound:.7f}")
        assert result.exit_code == (0 if is_met else 3)
        assert result.stderr.endswith("; so few ratings leave it to chance\n")


@pytest.mark.parametrize(
    ("text", "of", "bound"),
    [
        ("ndcg@10 >= -1%", "share", -0.01),
        ("ndcg@10>=+0", "change", 0.0),
        (" rmse <= 2.5 % ", "share", 0.025),
        ("rmse <= +0.005", "change", 0.005),
        ("rmse<=.9", "value", 0.9),
        ("diversity <= 0.5", "value", 0.5),
        ("long_tail >= +0.01", "change", 0.01),
    ],
)
def test_requirements_are_read(text: str, of: str, bound: float) -> None:
    requirement = Requirement.parse(text)
    assert requirement.of == of
    assert requirement.bound == pytest.approx(bound)
    assert requirement.metric in text
    assert requirement.at_least == (">=" in text)
    assert requirement.allows(bound + (0.01 if requirement.at_least else -0.01))
    assert requirement.allows(requirement.bound)
    assert not requirement.allows(bound - (0.01 if requirement.at_least else -0.01))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ndcg >= -1%", "--require 'ndcg >= -1%' is not allowed; allowed: rmse, mae, ndcg@10, recall@10, "),
        ("ndcg@10 = 1", "--require 'ndcg@10 = 1' is not allowed; allowed: rmse, "),
        ("ndcg@10 >= nan", "--require 'ndcg@10 >= nan' is not allowed; allowed: rmse, "),
        ("rmse >= -1%", "--require 'rmse >= -1%': less is better for rmse; write <="),
        ("ndcg@10 <= 0.2", "--require 'ndcg@10 <= 0.2': more is better for ndcg@10; write >="),
        ("ndcg@10 >= 0", "--require 'ndcg@10 >= 0': without a sign that is the value itself; write +0 or 0%"),
    ],
)
def test_requirements_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match="--require") as error:
        Requirement.parse(text)
    assert str(error.value).startswith(message)
    result = recsys("compare", "nowhere", "nowhere", "--require", text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stderr.count("\n") == 1


def test_models_that_have_learnt_from_everything_need_fresh_ratings(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    result = recsys("compare", *models)
    message = (
        "holds no rating that neither model has learnt from; name ratings that are new to both with --ratings"
    )
    data = models[1].parent / "after"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {data}: {message} FILE\n")
    file = tmp_path / "seen.dat"
    file.write_text("{}::{}::5::0\n".format(*min(pairs(models[1]))))
    result = recsys("compare", *models, "--ratings", file)
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {file}: {message} FILE\n")


def test_without_fresh_ratings_those_count_that_both_held_out(tmp_path: Path) -> None:
    paths = [
        train(SAMPLE, tmp_path / seed, "--epochs", "1", "--holdout", "0.3", "--no-refit", "--seed", seed)
        for seed in ("1", "2")
    ]
    result = recsys("compare", *paths, "--json")
    assert result.exit_code == 0, result.output
    held_out = []
    for path in paths:
        users, stored = arrays(path, "people.npz")["user_ids"], arrays(path, "held_out.npz")
        of_user = np.repeat(users, np.diff(stored["indptr"]))
        held_out.append(set(zip(of_user.tolist(), stored["movie_ids"].tolist(), strict=True)))
    document = json.loads(result.stdout)
    assert document["ratings"] == len(held_out[0] & held_out[1]) > 1000
    assert document["notes"] == [
        "The training chose its epoch by some of these ratings, which flatters the new model a little."
    ]


def test_mistakes(models: tuple[Path, Path], tmp_path: Path) -> None:
    for arguments, message, code in (
        (("nowhere", models[1]), "No model at 'nowhere': run 'recsys train' first, or name one with --model", 1),
        ((*models, "--people", "0"), "--people 0 is not allowed; allowed: 1 to 1,000,000", 2),
        ((*models, "--data", tmp_path), f"{tmp_path}: ", 1),
    ):
        result = recsys("compare", *arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        assert result.stderr.startswith(f"Error: {message}"), result.stderr
        assert result.stderr.count("\n") == 1


def test_models_without_stars_have_no_rmse(models: tuple[Path, Path], tmp_path: Path) -> None:
    data = models[1].parent / "after"
    ranking = train(data, tmp_path / "model", "--objective", "ranking", "--epochs", "1", "--holdout", "0")
    arguments = ("compare", models[0], ranking, "--ratings", data / "fresh.dat")
    document = json.loads(recsys(*arguments, "--json").stdout)
    names = {change["metric"] for change in document["metrics"]}
    assert names == {"ndcg@10", "recall@10", "coverage", "diversity", "long_tail", "novelty"}
    result = recsys(*arguments, "--require", "rmse <= 0.9")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: --require 'rmse <= 0.9': one of the models has no rmse to compare\n"
