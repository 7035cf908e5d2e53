"""The order of time: what lies before a moment is learnt from, and nothing that lies after it can be felt."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from layouts import write

from recsys_cli.cli import main
from recsys_cli.config.evaluation import BaselineConfig, ProtocolConfig, SplitConfig
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.errors import DataError
from recsys_cli.evaluation.baseline_list import BASELINES, why_not
from recsys_cli.evaluation.evaluate import train_on
from recsys_cli.evaluation.protocol import Case
from recsys_cli.evaluation.time_split import split_by_time, time_case
from recsys_cli.model.folder import ModelFolder
from recsys_cli.progress import Silent

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
CUT = 1720000000  # of the sample's ratings about a tenth lies after it
AT_10 = SplitConfig(kind="time", until="1970-01-01 00:00:10")

Line = tuple[int, int, float, int]  # user, movie, rating, time


def small(folder: Path, lines: list[Line]) -> Dataset:
    """Movies 1 to 5 and some ratings, nobody's users file."""
    write(
        folder / "movies.csv", ["movieId,title,genres", *(f"{movie},Film {movie},Drama" for movie in range(1, 6))]
    )
    rows = [f"{user},{movie},{rating},{time}" for user, movie, rating, time in lines]
    write(folder / "ratings.csv", ["userId,movieId,rating,timestamp", *rows])
    return read_dataset(folder, timed=True)


def lines_of(dataset: Dataset, indices: np.ndarray) -> list[Line]:
    ratings = dataset.ratings.at(indices)
    assert dataset.times is not None
    columns = (dataset.user_ids[ratings.user_rows - 1], dataset.movie_ids[ratings.movie_rows - 1])
    return list(
        zip(*(column.tolist() for column in (*columns, ratings.values, dataset.times[indices])), strict=True)
    )


def test_the_moment_itself_is_the_future_and_the_unknown_is_neither(tmp_path: Path) -> None:
    lines = [(1, 1, 4.0, 10), (1, 2, 3.0, 9), (2, 1, 5.0, 0), (2, 2, 1.0, 11), (3, 3, 2.0, 3)]
    dataset = small(tmp_path, lines)
    split = split_by_time(dataset, AT_10)
    assert lines_of(dataset, split.past) == [lines[1], lines[4]]
    assert lines_of(dataset, split.future) == [lines[0], lines[3]]
    assert lines_of(dataset, split.unknown) == [lines[2]]


def test_of_a_movie_rated_again_what_counts_was_known(tmp_path: Path) -> None:
    """User 1 rates movie 1 at 5, at 7 and at 12; user 2 movie 2 at 15 and, further up in the file, at 20."""
    lines = [(1, 1, 4.0, 7), (2, 2, 1.0, 20), (1, 1, 3.0, 5), (1, 1, 2.0, 12), (2, 2, 5.0, 15), (2, 2, 4.0, 16)]
    dataset = small(tmp_path, lines)
    split = split_by_time(dataset, AT_10)
    assert lines_of(dataset, split.past) == [(1, 1, 4.0, 7)]
    assert lines_of(dataset, split.future) == [(2, 2, 5.0, 15)]


def test_a_share_is_of_the_known_times_and_ties_stay_together(tmp_path: Path) -> None:
    times = [0, 0, 1, 2, 3, 3, 3, 4]
    lines = [(user, 1, 4.0, time) for user, time in enumerate(times, start=1)]
    dataset = small(tmp_path, lines)
    split = split_by_time(dataset, SplitConfig(kind="time", test_share=0.4))
    assert [time for *_, time in lines_of(dataset, split.past)] == [1, 2]
    assert [time for *_, time in lines_of(dataset, split.future)] == [3, 3, 3, 4]
    assert split.moment == 3


def test_the_groups_are_by_what_was_known(tmp_path: Path) -> None:
    before = [(1, 1, 4.0, 1), (2, 1, 4.0, 2), (2, 2, 4.0, 8)]
    known, cold, new = (1, 2, 5.0, 10), (3, 2, 4.0, 11), (2, 3, 4.0, 12)
    dataset = small(tmp_path, [cold, *before, new, known, (3, 4, 4.0, 13)])
    case = time_case(dataset, split_by_time(dataset, AT_10), ProtocolConfig(), recent_days=1, seed=1)
    groups = {group.kind: group for group in case.groups}
    users = {kind: dataset.user_ids[group.ratings.user_rows - 1].tolist() for kind, group in groups.items()}
    assert users == {"known": [1], "cold": [3, 3], "new": [2]}
    assert np.flatnonzero(groups["new"].candidates).tolist() == [3, 4, 5]
    assert case.dataset.user_ids.tolist() == [1, 2]
    assert case.data.recent is not None
    assert case.data.recent.tolist() == [True, True, True]


def test_recent_is_so_many_days_before_the_moment(tmp_path: Path) -> None:
    day = 24 * 60 * 60
    lines = [(1, 1, 4.0, day), (1, 2, 4.0, 2 * day - 1), (1, 3, 4.0, 2 * day), (1, 4, 5.0, 5 * day)]
    dataset = small(tmp_path, lines)
    split = split_by_time(dataset, SplitConfig(kind="time", until="1970-01-05"))
    recent = {days: time_case(dataset, split, ProtocolConfig(), recent_days=days, seed=1) for days in (2, 3)}
    assert recent[2].data.recent is not None
    assert recent[2].data.recent.tolist() == [False, False, True]
    assert recent[3].data.recent is not None
    assert recent[3].data.recent.tolist() == [True, True, True]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([(1, 1, 4.0, 0), (2, 1, 4.0, 0)], "--split time: the time of none of the ratings is known"),
        (
            [(1, 1, 4.0, 10), (2, 1, 4.0, 70)],
            "--split time: nothing to learn from before 1970-01-01 00:00 UTC; the ratings are of "
            "1970-01-01 00:00 to 1970-01-01 00:01",
        ),
        (
            [(1, 1, 4.0, 1), (2, 1, 4.0, 2), (1, 1, 5.0, 10)],
            "--split time: nothing to measure from 1970-01-01 00:00 UTC; the ratings are of "
            "1970-01-01 00:00 to 1970-01-01 00:00",
        ),
    ],
)
def test_nothing_on_one_side(tmp_path: Path, lines: list[Line], message: str) -> None:
    dataset = small(tmp_path, lines)
    with pytest.raises(DataError) as error:
        split_by_time(dataset, AT_10)
    assert str(error.value) == message


MOVIES = [line.partition("::")[0] for line in (SAMPLE / "movies.dat").read_text().splitlines()]


def same_people(line: str) -> list[str]:
    """Another rating, of another movie, by the same person."""
    user, movie, rating, time = line.split("::")
    return [f"{user}::{MOVIES[MOVIES.index(movie) - 7]}::{6 - int(rating)}::{int(time) + 5}"]


def other_people(line: str) -> list[str]:
    """Every second rating is gone, the others come from people whose ids stand before, between and after."""
    user, movie, rating, time = line.split("::")
    return [f"{(int(user) * 7919) % 5000}::{movie}::{6 - int(rating)}::{time}"] if int(time) % 2 else []


@pytest.mark.parametrize(
    ("change", "names"), [(same_people, ("movies.dat", "users.dat")), (other_people, ("movies.dat",))]
)
def test_another_future_changes_no_vector_and_no_score(
    tmp_path: Path, change: Callable[[str], list[str]], names: tuple[str, ...]
) -> None:
    past: list[str] = []
    future: list[str] = []
    for line in (SAMPLE / "ratings.dat").read_text().splitlines():
        (past if int(line.rpartition("::")[2]) < CUT else future).append(line)
    assert len(past) > 9 * len(future) / 2 > 9
    changed = [each for line in future for each in change(line)]
    worlds = []
    # The other future stands before the past in its file.
    for name, lines in (("one", [*past, *future]), ("other", [*changed, *past])):
        folder = tmp_path / name
        folder.mkdir()
        for file in names:
            (folder / file).write_bytes((SAMPLE / file).read_bytes())
        write(folder / "ratings.dat", lines)
        dataset = read_dataset(folder, timed=True, format="ml-1m" if "users.dat" in names else "ml-10m")
        split = split_by_time(dataset, SplitConfig(kind="time", until="2024-07-03 09:46:40"))
        assert split.moment == CUT
        worlds.append((dataset, time_case(dataset, split, ProtocolConfig(), recent_days=28, seed=1)))
    (dataset, case), (other, changed_case) = worlds
    assert len(case.groups[0].ratings) != len(changed_case.groups[0].ratings)
    options = TrainingOptions.from_dict({"embedding_dim": 32, "epochs": 1, "holdout": 0.1})
    models = [
        train_on(each.dataset, each, options, data_dir=SAMPLE, model=tmp_path / f"model{place}", progress=Silent())
        for place, (_, each) in enumerate(worlds)
    ]
    files = {path.name for path in models[0].path.iterdir()} - {"model.json"}
    assert "movie_vectors.npz" in files
    assert {name for name in files if _bytes(models[0], name) != _bytes(models[1], name)} == set()
    _scores_are_equal((dataset, case), (other, changed_case))


def _bytes(folder: ModelFolder, name: str) -> bytes:
    return (folder.path / name).read_bytes()


def _scores_are_equal(first: tuple[Dataset, Case], second: tuple[Dataset, Case]) -> None:
    """Of every baseline, for everybody who is in both data sets."""
    ids = np.intersect1d(first[0].user_ids, second[0].user_ids)
    assert len(ids) > 500
    compared = set()
    for entry in BASELINES:
        if entry.name == "chance" or why_not(entry, first[1].data, BaselineConfig()):
            continue  # an order for each row, of nothing that was learnt
        scores, estimates = [], []
        for dataset, case in (first, second):
            rows = (np.searchsorted(dataset.user_ids, ids) + 1).astype(np.int64)
            fitted = entry.fit(case.data, BaselineConfig(als_factors=8, bpr_iterations=5), 1)
            scores.append(fitted.scores(rows))
            estimates.append(fitted.estimates(rows, np.arange(len(rows)) % len(dataset.movie_ids) + 1))
        for one, other in (scores, estimates):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                np.testing.assert_array_equal(one, other, err_msg=entry.name)
        compared.add(entry.name)
    assert {"popular_recently", "als", "bpr", "ease", "ease_on_stars", "biases", "liked_genres"} <= compared


def evaluate(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["evaluate", *arguments], env={"COLUMNS": "80"})


def test_the_command_measures_what_came_later(tmp_path: Path) -> None:
    fast = tmp_path / "fast.toml"
    fast.write_text("embedding_dim = 32\nepochs = 2\n")
    options = ("--data", str(SAMPLE), "--config", str(fast), "--split", "time")
    result = evaluate(*options, "--until", "2024-07-03T09:46:40Z", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    later = [line.split("::") for line in (SAMPLE / "ratings.dat").read_text().splitlines()]
    later = [fields for fields in later if int(fields[3]) >= CUT]
    assert sum(group["ratings"] for group in document["groups"]) == len(later)
    assert document["seeds"] == [1]
    assert document["favourites"] is None
    assert document["fingerprint"] == read_dataset(SAMPLE).fingerprint
    names = {row["name"] for row in document["groups"][0]["rows"]}
    assert {"model", "popular_recently", "bpr", "ease", "als", "biases", "popular"} <= names
    assert f"the {len(later):,} from then on are measured" in document["protocol"][0]
    assert document["protocol"][1] == "Popular of late: likes of the 28 days before that moment."


def test_ratings_whose_time_is_unknown_are_left_out_and_counted(tmp_path: Path) -> None:
    lines = (SAMPLE / "ratings.dat").read_text().splitlines()
    low = [line for line in lines if line.split("::")[2] in "12"]
    unknown = {line: f"{line.rpartition('::')[0]}::0" for line in low}
    for name in ("movies.dat", "users.dat"):
        (tmp_path / name).write_bytes((SAMPLE / name).read_bytes())
    write(tmp_path / "ratings.dat", [unknown.get(line, line) for line in lines])
    fast = tmp_path / "fast.toml"
    fast.write_text("embedding_dim = 8\nepochs = 1\n")
    result = evaluate("--data", str(tmp_path), "--config", str(fast), "--split", "time", "--recent-days", "90")
    assert result.exit_code == 0, result.output
    values = np.array([float(line.split("::")[2]) for line in lines])
    left_out = values <= 2
    assert (
        f"Left out: {left_out.sum():,} of {len(lines):,} ratings whose time is not known; they are "
        f"{values[left_out].mean():.2f} in the mean, the others {values[~left_out].mean():.2f}."
    ) in result.stdout.replace("\n", " ")
    tables, _, words = result.stdout.rpartition("\n\n")
    assert max(map(len, tables.splitlines())) <= 80
    assert "Popular of late: likes of the 90 days before" in words
    assert "Popular of late " in tables


def test_a_data_set_without_times(tmp_path: Path) -> None:
    small(tmp_path, [(1, 1, 4.0, 1)])
    lines = (tmp_path / "ratings.csv").read_text().splitlines()
    write(tmp_path / "ratings.csv", [line.rpartition(",")[0] for line in lines])
    result = evaluate("--data", str(tmp_path), "--split", "time")
    message = f"{tmp_path / 'ratings.csv'}: does not say when a rating was given, so there is no order of time"
    assert (result.stdout, result.stderr, result.exit_code) == ("", f"Error: {message}\n", 1)


@pytest.mark.slow
@pytest.mark.skipif("RECSYS_ML1M" not in os.environ, reason="needs $RECSYS_ML1M")
def test_on_movielens_1m_the_model_beats_popularity_in_the_order_of_time(tmp_path: Path) -> None:
    (tmp_path / "once.toml").write_text("refit = false\n")
    options = ["--split", "time", "--json", "--config", str(tmp_path / "once.toml")]
    result = evaluate("--data", os.environ["RECSYS_ML1M"], *options)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    known = next(group for group in document["groups"] if group["kind"] == "known")
    ndcg = {row["name"]: row["ndcg"]["value"] for row in known["rows"] if row["ndcg"]}
    assert ndcg["model"] > max(ndcg["popular"], ndcg["popular_recently"])
    assert any("214,155 of 1,000,209 ratings whose time is not known" in text for text in document["protocol"])
