"""`recsys recommend --users`: a list for everybody in a file."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from commands import Recsys
from layouts import write_1m
from models import write_small_model

from recsys_cli.cli import main
from recsys_cli.config import EXACT_URI, StoreConfig
from recsys_cli.config.question import BulkConfig, MovieFilter, Question
from recsys_cli.dataset.users_file import read_users_file
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vectors
from recsys_cli.progress import Silent
from recsys_cli.recommend.histories import RatedVectors
from recsys_cli.recommend.list_writer import open_writer
from recsys_cli.recommend.listed_people import bases, look_up
from recsys_cli.recommend.lists import batches, write_lists
from recsys_cli.recommend.recommender import Recommender

Lists = dict[int, list[int]]


def write_all(recsys: Recsys, output: Path, *arguments: str) -> Lists:
    users = str(recsys.workspace / "data" / "sample" / "users.dat")
    result = recsys("recommend", "--users", users, "-o", str(output), *arguments)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    return read_lists(output)


def read_lists(path: Path) -> Lists:
    table = pq.read_table(path)
    lists: Lists = {}
    for user_id, rank, movie_id in zip(
        *(table[name].to_pylist() for name in ("user_id", "rank", "movie_id")), strict=True
    ):
        lists.setdefault(user_id, []).append(movie_id)
        assert rank == len(lists[user_id])
    return lists


def test_everybody_gets_the_list_of_a_single_question(recsys: Recsys, tmp_path: Path) -> None:
    lists = write_all(recsys, tmp_path / "all.parquet", "-k", "20")
    assert len(lists) == 1000
    for user_id in (1, 17, 512, 513, 1000):
        alone = recsys.json("recommend", "--user", str(user_id), "-k", "20")["movies"]
        assert lists[user_id] == [movie["movie_id"] for movie in alone]


def test_known_users_are_not_recommended_what_they_rated(recsys: Recsys, tmp_path: Path) -> None:
    seen = ModelFolder.open(recsys.workspace / "recommender_system.inference.model").seen
    lists = write_all(recsys, tmp_path / "new.parquet", "-k", "20")
    kept = write_all(recsys, tmp_path / "kept.parquet", "-k", "20", "--include-seen")
    assert not any(set(lists[user_id]) & set(seen.of(user_id - 1).tolist()) for user_id in lists)
    assert any(set(kept[user_id]) & set(seen.of(user_id - 1).tolist()) for user_id in kept)


def test_the_filter_holds_for_everybody(recsys: Recsys, tmp_path: Path) -> None:
    vocabulary = json.loads((recsys.workspace / "recommender_system.inference.model/vocabulary.json").read_text())
    genres = dict(zip(vocabulary["movie_ids"], vocabulary["movie_genres"], strict=True))
    lists = write_all(recsys, tmp_path / "war.parquet", "--genre", "War", "-k", "3")
    assert all(len(movies) == 3 for movies in lists.values())
    assert all("War" in genres.get(movie, ["War"]) for movies in lists.values() for movie in movies)


def test_milvus_gives_the_same_lists_as_memory(recsys: Recsys, tmp_path: Path) -> None:
    model = recsys.workspace / "recommender_system.inference.model"
    question = Question(k=10, movies=MovieFilter(not_genre=("War",)))
    found: list[Lists] = []
    for uri in (EXACT_URI, str(recsys.milvus)):
        path = tmp_path / f"{len(found)}.parquet"
        store = StoreConfig(uri=uri)
        with (
            Recommender.open(model, movies_data=recsys.workspace / "movies_data.txt", store=store) as recommender,
            open_writer(path, format=".parquet") as writer,
        ):
            users = recsys.workspace / "data" / "sample" / "users.dat"
            report = write_lists(
                recommender.index,
                question,
                bulk=BulkConfig(users=users, output=path),
                writer=writer,
                address=store.address,
                progress=Silent(),
            )
        assert report.searched_in == ("memory" if uri == EXACT_URI else uri)
        found.append(read_lists(path))
    assert found[0] == found[1]


def test_the_formats_hold_the_same(recsys: Recsys, tmp_path: Path) -> None:
    lists = write_all(recsys, tmp_path / "all.parquet", "-k", "2")
    users = str(recsys.workspace / "data" / "sample" / "users.dat")
    for suffix in ("csv", "jsonl"):
        assert (
            recsys("recommend", "--users", users, "-o", str(tmp_path / f"all.{suffix}"), "-k", "2").exit_code == 0
        )
    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["user_id", "basis", "rank", "movie_id", "title", "genres", "score", "stars"]
    assert [int(row["movie_id"]) for row in rows if row["user_id"] == "17"] == lists[17]
    documents = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert {one["user_id"]: [movie["movie_id"] for movie in one["movies"]] for one in documents} == lists
    assert all(one["basis"] == "user" for one in documents)


def test_each_person_is_answered_by_what_is_theirs(recsys: Recsys, tmp_path: Path) -> None:
    """Known, known under another profile, unknown with a profile, unknown without one."""
    first = (recsys.workspace / "data" / "sample" / "users.dat").read_text().splitlines()[0]
    other_gender = {"M": "F", "F": "M"}[first.split("::")[1]]
    path = tmp_path / "people.csv"
    path.write_text(f"userId,gender,age,job\n1,{other_gender},,\n2,,,\n5000,F,56,academic/educator\n6000,,,\n")
    output = tmp_path / "people.jsonl"
    result = recsys("recommend", "--users", str(path), "-o", str(output))
    assert result.exit_code == 0, result.stderr
    unused, *lines = result.stderr.splitlines()
    assert unused == "The vectors fit into memory and were searched there; not used: --milvus-uri."
    assert lines[0] == f"{output}: lists of 3 users, 1 by their own vectors and 2 by age, gender and job"
    assert re.fullmatch(r"searched in memory in \d+\.\d s", lines[1])  # of three people no rate
    assert lines[2:] == [
        "by age, gender and job because the model knows their ids as others: 1",
        "left out, neither in the model nor described: 1 (6000)",
    ]
    documents = {one["user_id"]: one for one in map(json.loads, output.read_text().splitlines())}
    assert {user_id: one["basis"] for user_id, one in documents.items()} == {
        1: "profile",
        2: "user",
        5000: "profile",
    }
    alone = recsys.json("recommend", "-a", "56", "-g", "F", "-j", "1")["movies"]
    assert [movie["title"] for movie in documents[5000]["movies"]] == [movie["title"] for movie in alone]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("users.dat", "7::F::25::12::00000\n8::::::::\n"),
        ("u.user", "7|27|F|programmer|00000\n8||||\n"),
        ("people.csv", "id,job,age,gender\n7,12,29,female\n8,,,\n"),
    ],
)
def test_people_are_read_from_each_layout(recsys: Recsys, tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text.replace("7", "7000", 1).replace("8", "8000", 1))
    output = tmp_path / "out.jsonl"
    result = recsys("recommend", "--users", str(tmp_path / name), "-o", str(output))
    assert result.exit_code == 0, result.stderr
    (one,) = map(json.loads, output.read_text().splitlines())
    alone = recsys.json("recommend", "-a", "25", "-g", "F", "-j", "programmer")["movies"]
    assert [movie["movie_id"] for movie in one["movies"]] == [movie["movie_id"] for movie in alone]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1::F::25\n", "users.dat:1: line: '1::F::25', allowed: 5 fields: id::gender::age::job::zip code"),
        ("1::X::25::1::0\n", "users.dat:1: gender: 'X', allowed: M, F, male, female, 0 (male), 1 (female)"),
        ("1::F::0::1::0\n", "users.dat:1: age: '0', allowed: whole years from 1 to 120"),
        ("x::F::25::1::0\n", "users.dat:1: user id: 'x', allowed: a whole number from 0"),
        (
            "1::F::25::1::0\n1::F::25::1::0\n",
            "users.dat:2: user id: '1', allowed: an id that is not listed above it",
        ),
        ("9999::::::::0\n", "users.dat: nobody is in the model, and the file says nothing else of them"),
        ("", "users.dat: empty file"),
    ],
)
def test_a_wrong_users_file_writes_nothing(recsys: Recsys, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "users.dat").write_text(text)
    result = recsys("recommend", "--users", str(tmp_path / "users.dat"), "-o", str(tmp_path / "out.csv"))
    assert result.exit_code == 1
    assert result.stderr == f"Error: {tmp_path}/{message}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["users.dat"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--users", "u"], "Error: --users and --output belong together\n"),
        (["-o", "x.csv"], "Error: --users and --output belong together\n"),
        (["--users", "u", "-o", "x.csv", "--stdin"], "Error: --stdin and --users exclude each other\n"),
        (
            ["--users", "u", "-o", "x.xls"],
            "Error: --output: 'x.xls' is not allowed; allowed: a name ending in .parquet, .csv, .jsonl, or -\n",
        ),
        (
            ["--users", "u", "-o", "x.csv", "-g", "F"],
            "Error: --users answers everybody in the file: leave out what describes one person\n",
        ),
        (
            ["--users", "u", "-o", "x.csv", "--json"],
            "Error: --json: the name 'x.csv' says another format; leave one out\n",
        ),
        (
            ["--users", "u", "-o", "x.jsonl", "--csv"],
            "Error: --csv: the name 'x.jsonl' says another format; leave one out\n",
        ),
        (["--users", "u", "-o", "-", "--csv", "--json"], "Error: --json and --csv exclude each other\n"),
    ],
)
def test_what_does_not_go_together_is_a_usage_error(recsys: Recsys, arguments: list[str], message: str) -> None:
    result = recsys("recommend", *arguments)
    assert (result.exit_code, result.stderr) == (2, message)


def test_an_output_that_cannot_be_written_is_said_before_the_work(recsys: Recsys, tmp_path: Path) -> None:
    output = tmp_path / "nowhere" / "out.csv"
    users = str(recsys.workspace / "data" / "sample" / "users.dat")
    result = recsys("recommend", "--users", users, "-o", str(output))
    assert result.exit_code == 1
    assert result.stderr == f"Error: {output}: cannot be written: No such file or directory\n"


def test_the_users_file_is_never_written(recsys: Recsys, tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    users.write_text("userId\n1\n")
    (tmp_path / "link.csv").symlink_to(users)
    for output in (users, tmp_path / "link.csv"):
        result = recsys("recommend", "--users", str(users), "-o", str(output))
        assert result.exit_code == 2
        assert result.stderr == f"Error: --output {output}: is the file that --users reads; choose another one\n"
    assert users.read_text() == "userId\n1\n"


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ([], None),
        (["--exact"], None),
        (["--import"], "--import"),
        (["--no-import", "--milvus-uri", "http://127.0.0.1:9"], "--milvus-uri, --no-import"),
    ],
)
def test_options_that_memory_has_no_use_for_are_named(
    recsys: Recsys, tmp_path: Path, options: list[str], note: str | None
) -> None:
    (tmp_path / "users.csv").write_text("userId\n1\n")
    arguments = ["recommend", "--users", str(tmp_path / "users.csv"), "-o", str(tmp_path / "out.csv")]
    model = ["--model", str(recsys.workspace / "recommender_system.inference.model")]
    movies_data = ["--movies-data", str(recsys.workspace / "movies_data.txt")]
    result = CliRunner().invoke(main, [*arguments, *model, *movies_data, *options])
    assert result.exit_code == 0, result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("The vectors")]
    expected = f"The vectors fit into memory and were searched there; not used: {note}."
    assert said == ([expected] if note else [])
    assert not (recsys.workspace / "milvus.db").exists()


def test_an_interrupted_run_leaves_the_old_file(recsys: Recsys, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), open_writer(path, format=".csv"):
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.slow
def test_all_users_of_movielens_1m_agree_with_plain_numpy(
    ml1m_workspace: Path, ml1m: Path, tmp_path: Path
) -> None:
    recsys = Recsys(ml1m_workspace, tmp_path / "milvus.db")
    folder = ModelFolder.open(ml1m_workspace / "recommender_system.inference.model")
    output = tmp_path / "all.parquet"
    result = recsys("recommend", "--users", str(ml1m / "users.dat"), "-o", str(output), "-k", "20")
    assert result.exit_code == 0, result.stderr
    lists = read_lists(output)
    assert sorted(lists) == folder.user_ids.tolist()
    scores = folder.user_vectors @ folder.movie_vectors.T
    for place, user_id in enumerate(folder.user_ids.tolist()):
        scores[place, np.searchsorted(folder.movie_ids, folder.seen.of(place))] = -np.inf
        best = np.partition(scores[place], -20)[-20]
        found = scores[place, np.searchsorted(folder.movie_ids, lists[user_id])]
        assert len(found) == 20
        assert found.min() >= best - 1e-6
        assert (np.diff(found) <= 1e-6).all()


def answers(recsys: Recsys, users: str, *options: str) -> dict[int, dict[str, Any]]:
    """What `-o - --json` prints, by user."""
    result = recsys("recommend", "--users", users, "-o", "-", "--json", *options)
    assert result.exit_code == 0, result.stderr
    assert "standard output: lists of " in result.stderr
    return {one["user_id"]: one for one in map(json.loads, result.stdout.splitlines())}


@pytest.mark.parametrize(
    "options", [[], ["--diversity", "0.5"], ["--explain"], ["--diversity", "0.2", "--explain", "--genre", "Drama"]]
)
def test_every_field_is_that_of_a_single_question(recsys: Recsys, tmp_path: Path, options: list[str]) -> None:
    users = tmp_path / "some.csv"
    users.write_text("3\n17\n999\n")  # ids alone, without a heading
    found = answers(recsys, str(users), "-k", "7", *options)
    assert list(found) == [3, 17, 999]
    for user_id, one in found.items():
        alone = recsys.json("recommend", "--user", str(user_id), "-k", "7", *options)["movies"]
        assert len(one["movies"]) == 7
        for movie, expected in zip(one["movies"], alone, strict=True):
            for field in ("score", "stars"):
                assert movie.pop(field) == pytest.approx(expected.pop(field), abs=1e-5)
            assert {"reasons": None, **movie} == expected


def test_milvus_varies_and_explains_as_memory_does(recsys: Recsys) -> None:
    model = recsys.workspace / "recommender_system.inference.model"
    question = Question(k=5, diversity=0.4, explain=True)
    users = recsys.workspace / "data" / "sample" / "users.dat"
    found = []
    for uri in (EXACT_URI, str(recsys.milvus)):
        opened = Recommender.open(
            model, movies_data=recsys.workspace / "movies_data.txt", store=StoreConfig(uri=uri)
        )
        with opened as recommender:
            people = look_up(read_users_file(users, recommender.index.vocabulary.demographics), recommender.index)
            recommender.index.make_ready()
            some = replace(people, ids=people.ids[:70], places=people.places[:70], profiles=people.profiles[:70])
            rated = RatedVectors(some.histories, recommender.index)
            some_lists = batches(some, recommender.index, question, rated)
            found.append([[one.movie_id for one in movies] for block in some_lists for movies in block.movies()])
    assert found[0] == found[1]


def test_csv_is_that_of_a_single_question(recsys: Recsys, tmp_path: Path) -> None:
    (tmp_path / "users.dat").write_text("17\n")
    for options in ([], ["--explain"]):
        alone = recsys("recommend", "--user", "17", "-k", "30", "--csv", *options).stdout.splitlines()
        result = recsys("recommend", "--users", str(tmp_path / "users.dat"), "-o", "-", "-k", "30", *options)
        lines = result.stdout.splitlines()
        assert lines[0] == f"user_id,basis,{alone[0]}"
        number = re.compile(r"-?\d+\.\d{4}\d*")
        for line, one in zip(lines[1:], alone[1:], strict=True):
            assert number.sub("#", line) == f"17,user,{number.sub('#', one)}"


def test_people_of_whom_nothing_was_learnt_are_counted_as_such(tmp_path: Path) -> None:
    """Silent ones: their vectors are those of their profile or of nobody; they are not called their own."""
    data = tmp_path / "data"
    data.mkdir()
    write_1m(data)
    with (data / "users.dat").open("a") as file:
        file.write("3::M::25::20::0\n4::::::::0\n")
    folder = write_small_model(tmp_path / "model", data)
    silent = np.searchsorted(folder.user_ids, [3, 4])
    assert len(silent) == 2
    index = Recommender.open(tmp_path / "model", movies_data=tmp_path / "m.txt", milvus_uri="exact").index
    people = look_up(read_users_file(data / "users.dat", index.vocabulary.demographics), index)
    vectors = user_vectors(folder, people.profiles, people.places)
    by_profile = user_vectors(folder, people.profiles, np.full(len(people.ids), -1))
    vectors[np.isin(people.ids, [3, 4])] = by_profile[np.isin(people.ids, [3, 4])]  # as an export leaves them
    found = dict(zip(people.ids.tolist(), bases(people, slice(None), vectors, index), strict=True))
    assert found == {1: "user", 2: "user", 3: "profile", 4: "nobody"}


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_an_empty_answer_has_its_headings_and_says_why(recsys: Recsys, tmp_path: Path, suffix: str) -> None:
    users = str(recsys.workspace / "data" / "sample" / "users.dat")
    output = tmp_path / f"out.{suffix}"
    result = recsys("recommend", "--users", users, "-o", str(output), "--year", "2050")
    assert result.exit_code == 1
    assert result.stderr == (
        "The vectors fit into memory and were searched there; not used: --milvus-uri.\n"
        f"{output}: empty lists of 1,000 users\n"
        "Note: no movie fits: none of the 401 movies is of the year 2050; they are of 1930 to 2023\n"
    )
    columns = ["user_id", "basis", "rank", "movie_id", "title", "genres", "score", "stars"]
    if suffix == "csv":
        assert output.read_text() == ",".join(columns) + "\n"
    elif suffix == "parquet":
        table = pq.read_table(output)
        assert (table.column_names, len(table)) == (columns, 0)
    else:
        assert [json.loads(line)["movies"] for line in output.read_text().splitlines()] == [[]] * 1000
