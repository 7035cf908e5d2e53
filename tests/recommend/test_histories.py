"""`recsys recommend --users --ratings`: lists from what people have rated, and lists in parts."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from commands import Recsys
from layouts import LAYOUTS, RATINGS, write_1m, write_10m
from models import write_small_model

from recsys_cli.cli import main
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.evaluation.favourites_curve import SHOWN, measure_ways
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vector

MODEL = "recommender_system.inference.model"
LIKED = ((283, 5), (195, 4), (179, 5), (37, 1))  # movies of the sample and ratings


def write_ratings(path: Path, people: dict[int, tuple[tuple[int, int], ...]]) -> Path:
    rows = [f"{user},{movie},{rating}\n" for user, rated in people.items() for movie, rating in rated]
    path.write_text("userId,movieId,rating\n" + "".join(rows))
    return path


def answers(recsys: Recsys, tmp_path: Path, users: str, ratings: Path, *options: str) -> dict[int, dict[str, Any]]:
    (tmp_path / "users.csv").write_text(users)
    output = tmp_path / "lists.jsonl"
    arguments = ["--users", str(tmp_path / "users.csv"), "--ratings", str(ratings), "-o", str(output), *options]
    result = recsys("recommend", *arguments)
    assert result.exit_code == 0, result.stderr
    return {one["user_id"]: one for one in map(json.loads, output.read_text().splitlines())}


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Whether two answers are the same list, whatever batch it was computed in."""
    assert [movie["movie_id"] for movie in found["movies"]] == [m["movie_id"] for m in expected["movies"]]
    for one, other in zip(found["movies"], expected["movies"], strict=True):
        for field in ("score", "stars"):
            assert one[field] == pytest.approx(other[field], abs=1e-5)
        assert one.get("reasons") == other["reasons"]


def test_whoever_has_rated_gets_the_list_of_a_single_question(recsys: Recsys, tmp_path: Path) -> None:
    """Somebody new, somebody new of whom nothing else is known, somebody known, and somebody who rated nothing."""
    seen = ModelFolder.open(recsys.workspace / MODEL).seen.of(16)  # of user 17
    since = tuple((int(movie), 5 - movie % 3) for movie in np.setdiff1d(np.arange(1, 300, 40), seen))
    ratings = write_ratings(tmp_path / "ratings.csv", {5000: LIKED, 6000: LIKED, 17: since, 9: LIKED})
    mine = write_ratings(tmp_path / "mine.csv", {1: LIKED})
    users = "id,gender,age\n5000,F,56\n6000,,\n17,,\n3,,\n7000,M,25\n"
    found = answers(recsys, tmp_path, users, ratings, "-k", "9", "--explain")
    assert {user: one["basis"] for user, one in found.items()} == {
        3: "user", 17: "history", 5000: "history", 6000: "history", 7000: "profile"
    }  # fmt: skip
    by_file = ("--ratings", str(mine), "-k", "9", "--explain")
    same(found[5000], recsys.json("recommend", "-g", "F", "-a", "56", *by_file))
    same(found[6000], recsys.json("recommend", *by_file))
    write_ratings(mine, {1: since})
    same(found[17], recsys.json("recommend", "--user", "17", *by_file))
    same(found[3], recsys.json("recommend", "--user", "3", "-k", "9", "--explain"))
    assert any(movie["reasons"]["like"] for movie in found[5000]["movies"])


def test_nobody_gets_what_the_file_or_the_model_knows_that_they_rated(recsys: Recsys, tmp_path: Path) -> None:
    seen = set(ModelFolder.open(recsys.workspace / MODEL).seen.of(16).tolist())  # of user 17
    some = [movie for movie in range(1, 393) if movie not in seen][:150]
    ratings = write_ratings(tmp_path / "r.csv", {user: tuple((movie, 3) for movie in some) for user in (17, 5000)})
    users = "id\n17\n5000\n"
    found = answers(recsys, tmp_path, users, ratings, "-k", "401")
    assert not {movie["movie_id"] for movie in found[17]["movies"]} & (seen | set(some))
    assert {movie["movie_id"] for movie in found[5000]["movies"]} == set(range(1, 402)) - set(some)
    kept = answers(recsys, tmp_path, users, ratings, "-k", "401", "--include-seen")
    assert len(kept[17]["movies"]) == len(kept[5000]["movies"]) == 401


def test_what_the_model_has_learnt_is_not_learnt_twice(recsys: Recsys, tmp_path: Path) -> None:
    folder = ModelFolder.open(recsys.workspace / MODEL)
    learnt = folder.seen.of(16)
    if folder.held_out is not None:
        learnt = np.setdiff1d(learnt, folder.held_out.of(16))
    ratings = write_ratings(tmp_path / "ratings.csv", {17: tuple((movie, 5) for movie in learnt.tolist())})
    found = answers(recsys, tmp_path, "id\n17\n", ratings)
    assert found[17]["basis"] == "user"
    others = write_ratings(ratings, {5000: LIKED})
    assert found[17]["movies"] == answers(recsys, tmp_path, "id\n17\n", others)[17]["movies"]


def test_of_several_ratings_the_last_counts_and_a_movie_unknown_to_all_only_keeps_away(
    recsys: Recsys, tmp_path: Path
) -> None:
    twice = write_ratings(tmp_path / "twice.csv", {5000: ((37, 5), (283, 1), *LIKED, (99999, 5))})
    once = write_ratings(tmp_path / "once.csv", {5000: LIKED})
    assert answers(recsys, tmp_path, "id\n5000\n", twice) == answers(recsys, tmp_path, "id\n5000\n", once)
    arguments = ["--users", str(tmp_path / "users.csv"), "--ratings", str(twice), "-o", "-"]
    said = recsys("recommend", *arguments).stderr
    assert "ratings of movies that are not known, which say nothing: 1\n" in said
    assert "lists of 1 users, 0 by their own vectors, 1 by what they rated and 0 by age, gender and job\n" in said


def test_a_movie_newer_than_the_model_speaks_too(recsys: Recsys, tmp_path: Path) -> None:
    """Movies 394 to 401 are in movies_data.txt and not in the training data."""
    new = write_ratings(tmp_path / "new.csv", {5000: ((400, 5), (401, 5))})
    found = answers(recsys, tmp_path, "id\n5000\n", new, "-k", "401")[5000]
    assert found["basis"] == "history"
    assert {movie["movie_id"] for movie in found["movies"]} == set(range(1, 400))
    same(found, recsys.json("recommend", "--ratings", str(new), "-k", "401"))


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a small model, and its people under ids that it does not know."""
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_model(tmp_path / "model", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users.csv").write_text("1\n2\n70\n")
    return tmp_path


def recommend(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["recommend", "--model", "model", "--users", "users.csv", *arguments])


@pytest.mark.parametrize("name", LAYOUTS)
def test_ratings_of_every_layout_are_read(small: Path, name: str) -> None:
    folder = small / name
    folder.mkdir()
    write_10m(folder, half=0) if name == "ml-10m" else LAYOUTS[name](folder)
    rows = [f"{user + 69},{movie},{rating}" for user, movie, rating in RATINGS]
    (small / "plain.csv").write_text("\n".join(["user_id,movie_id,rating", *rows]) + "\n")
    (small / "users.csv").write_text("70\n71\n")
    expected = recommend("-o", "-", "--ratings", "plain.csv", "--include-seen")
    assert expected.exit_code == 0, expected.stderr
    file = next(folder / file for file in ("u.data", "ratings.dat", "ratings.csv", "ratings.parquet")
                if (folder / file).exists())  # fmt: skip
    move_users(file)
    found = recommend("-o", "-", "--ratings", str(file), "--include-seen")
    assert found.exit_code == 0, found.stderr
    assert found.stdout == expected.stdout
    assert "2 by what they rated" in found.stderr


def move_users(path: Path) -> None:
    """Give users 1 and 2 the ids 70 and 71, which the model does not know."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        users = [user + 69 for user in table["customer"].to_pylist()]
        pq.write_table(table.set_column(3, "customer", [users]), path)
        return
    lines = [line for line in path.read_text().splitlines() if line]
    moved = [str(int(line[0]) + 69) + line[1:] if line[0].isdigit() else line for line in lines]
    path.write_text("\n".join(moved) + "\n")


def test_a_file_in_which_nobody_has_rated_yet_changes_nothing(small: Path) -> None:
    (small / "fresh.csv").write_text("userId,movieId,rating\n")
    found = recommend("-o", "-", "--ratings", "fresh.csv")
    assert found.exit_code == 0, found.stderr
    assert found.stdout == recommend("-o", "-").stdout


def test_the_columns_may_be_those_of_the_catalogue_that_the_model_is_of(small: Path) -> None:
    LAYOUTS["catalogue"](small / "data")
    (small / "fresh.csv").write_text("stars,item_id,customer\n5,3,70\n")
    found = recommend("-o", "-", "--ratings", "fresh.csv")
    assert found.exit_code == 0, found.stderr
    assert "1 by what they rated" in found.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "who,what,rating\n1,2,3\n",
            "fresh.csv:1: the columns of ratings are user_id or userId, movie_id or movieId, and rating, or those "
            "that dataset.toml names; it has: who, what, rating",
        ),
        (
            "userId,movieId,rating\n1,3,5\n1,3,6\n",
            "fresh.csv:3: rating: '6', allowed: 1 to 5, the model's scale",
        ),
        ("userId,movieId,rating\n1,three,5\n", "fresh.csv:2: movie: 'three', allowed: a whole number from 0"),
        (None, "fresh.csv: no such file"),
    ],
)
def test_a_wrong_file_is_one_line(small: Path, text: str | None, message: str) -> None:
    if text is not None:
        (small / "fresh.csv").write_text(text)
    before = sorted(small.iterdir())
    result = recommend("-o", "lists.csv", "--ratings", "fresh.csv")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")
    assert sorted(small.iterdir()) == before


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_the_parts_together_are_the_whole(small: Path, parts: int) -> None:
    """Also where there are more parts than people: the others hold the headings."""
    write_ratings(small / "r.csv", {70: ((3, 5), (9, 1)), 2: ((3, 5),)})
    assert recommend("-o", "whole.csv", "--ratings", "r.csv").exit_code == 0
    with (small / "whole.csv").open() as file:
        whole = list(csv.reader(file))
    assert {row[0] for row in whole[1:]} == {"1", "2", "70"}
    together: list[list[str]] = []
    for number in range(1, parts + 1):
        result = recommend("-o", "part.csv", "--ratings", "r.csv", "--part", f"{number}/{parts}")
        assert result.exit_code == 0, result.stderr
        with (small / "part.csv").open() as file:
            heading, *rows = csv.reader(file)
        assert heading == whole[0]
        together += rows
    assert [row[:-2] for row in together] == [row[:-2] for row in whole[1:]]
    for one, other in zip(together, whole[1:], strict=True):
        for found, expected in zip(one[-2:], other[-2:], strict=True):  # score, and stars if there are any
            assert float(found or 0) == pytest.approx(float(expected or 0), abs=1e-5)


@pytest.mark.parametrize("part", ["0/3", "4/3", "3", "1/0", "-1/3", "a/b"])
def test_a_part_that_there_is_not_is_refused(small: Path, part: str) -> None:
    result = recommend("-o", "part.csv", "--part", part)
    assert result.exit_code == 2
    assert result.stderr == f"Error: --part {part!r} is not allowed; allowed: such as 2/8, the second of eight\n"


@pytest.mark.slow
def test_lists_of_people_held_out_whole_are_as_good_as_the_curve_of_favourites_says(
    ml1m: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenth of the people in no file of the training; ten likes of each are shown, the others looked for."""
    dataset = read_dataset(ml1m)
    ratings, rng = dataset.ratings, np.random.default_rng(5)
    held = np.sort(rng.choice(np.arange(1, len(dataset.user_ids) + 1), len(dataset.user_ids) // 10, replace=False))
    write_others(ml1m, tmp_path / "data", set(dataset.user_ids[held - 1].tolist()))
    monkeypatch.chdir(tmp_path)
    trained = CliRunner().invoke(main, ["train", "--data", "data", "--no-refit"])
    assert trained.exit_code == 0, trained.stderr
    likes = {user: rng.permutation(ratings.movie_rows[(ratings.user_rows == user) & (ratings.values >= 4)])
             for user in held.tolist()}  # fmt: skip
    likes = {user: rows for user, rows in likes.items() if len(rows) >= 20}
    ids = {int(dataset.user_ids[user - 1]): user for user in likes}
    shown = {user_id: dataset.movie_ids[likes[user][:10] - 1].tolist() for user_id, user in ids.items()}
    write_ratings(tmp_path / "shown.csv", {user: tuple((movie, 4) for movie in of) for user, of in shown.items()})
    asked = ["--users", str(ml1m / "users.dat"), "--ratings", "shown.csv", "-o", "lists.parquet", "-k", "10"]
    assert CliRunner().invoke(main, ["recommend", *asked]).exit_code == 0
    table = pq.read_table("lists.parquet").to_pydict()
    lists: dict[int, list[int]] = {}
    for user_id, movie_id in zip(table["user_id"], table["movie_id"], strict=True):
        lists.setdefault(user_id, []).append(movie_id)
    is_trained = ~np.isin(ratings.user_rows, held)
    is_like = is_trained & (ratings.values >= 4)
    popular = dataset.movie_ids[np.argsort(-np.bincount(ratings.movie_rows[is_like], minlength=4000))[:300] - 1]
    found, baseline = [], []
    for user_id, user in ids.items():
        wanted = set(dataset.movie_ids[likes[user][10:] - 1].tolist())
        most_liked = [movie for movie in popular.tolist() if movie not in shown[user_id]][:10]
        assert not set(lists[user_id]) & set(shown[user_id])
        found.append(ndcg(lists[user_id], wanted))
        baseline.append(ndcg(most_liked, wanted))
    curve = measure_ways(
        dataset,
        ModelFolder.open(Path(MODEL)),
        user_rows=held,
        train=np.flatnonzero(is_trained),
        ways={"served": user_vector},
        rng=np.random.default_rng(6),
    )["served"][:, SHOWN.index(10)]
    print(f"NDCG@10 {np.mean(found):.3f}, curve {curve.mean():.3f}, most popular {np.mean(baseline):.3f}")
    assert np.mean(found) > np.mean(curve) - 2 * np.std(curve) / np.sqrt(len(curve))
    assert np.mean(found) > 1.2 * np.mean(baseline)


def write_others(source: Path, folder: Path, left_out: set[int]) -> None:
    """A data set in the layout of MovieLens 1M without some of its people."""
    folder.mkdir()
    (folder / "movies.dat").write_bytes((source / "movies.dat").read_bytes())
    for name in ("users.dat", "ratings.dat"):
        lines = (source / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(line for line in lines if int(line.split(b"::")[0]) not in left_out))


def ndcg(listed: list[int], wanted: set[int]) -> float:
    """NDCG@10 of one list, relevant or not."""
    gains = [1 / np.log2(place + 2) for place, movie in enumerate(listed[:10]) if movie in wanted]
    best = sum(1 / np.log2(place + 2) for place in range(min(10, len(wanted))))
    return float(sum(gains) / best)
