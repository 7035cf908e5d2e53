"""What programs read: the keys of JSON documents are those of the README, and CSV holds the same."""

import csv
import io
import json
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from documents import assert_promised
from layouts import write_1m
from models import write_small_model

from recsys_cli.cli import main

MODEL = "recommender_system.inference.model"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a small data set and its model."""
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_model(tmp_path / MODEL, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, shlex.split(command), input=stdin)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("train --data data --model new --epochs 1 --embedding-dim 8", "recsys train"),
        ("preprocess -f data/movies.dat", "recsys preprocess"),
        ("recommend -g F --like id:1 --explain --exact", "recsys recommend"),
        ("similar id:1 --exact", "recsys similar"),
        ("report", "recsys report"),
        ("index --rebuild", "recsys index"),
        ("download --list", "recsys download --list (a list)"),
        ("check data", "recsys check"),
    ],
)
def test_json_has_the_keys_that_are_promised(here: Path, command: str, name: str) -> None:
    result = run(f"{command} --json")
    assert result.exit_code == 0, result.stderr
    assert_promised(json.loads(result.stdout), name)


def test_lines_of_json_are_the_same_documents(here: Path) -> None:
    result = run("recommend --stdin --exact", '{"gender": "F"}\n{"similar": "id:1"}\n{"gender": 7}\n')
    recommended, similar, wrong = map(json.loads, result.stdout.splitlines())
    assert_promised(recommended, "recsys recommend")
    assert_promised(similar, "recsys similar")
    assert_promised(wrong, "recsys recommend --stdin (a wrong line)")


@pytest.mark.parametrize("command", ["recommend -g F --exact", "similar id:1 --exact", "download --list"])
def test_csv_holds_what_json_holds(here: Path, command: str) -> None:
    document = json.loads(run(f"{command} --json").stdout)
    listed = document if isinstance(document, list) else document["movies"]
    rows = list(csv.DictReader(io.StringIO(run(f"{command} --csv").stdout)))
    assert [list(row) for row in rows] == [[key for key in one if key != "reasons"] for one in listed]
    for row, one in zip(rows, listed, strict=True):
        for key, text in row.items():
            value = one[key]
            expected = "|".join(value) if isinstance(value, list) else "" if value is None else str(value)
            assert text == expected


@pytest.mark.parametrize(
    "command",
    ["recommend -g F", "similar id:1", "download --list", "doctor", "evaluate --data data", "compare a b"],
)
def test_one_form_at_a_time(here: Path, command: str) -> None:
    for flags in ("--json --csv", "--csv --json"):
        result = run(f"{command} {flags}")
        assert (result.exit_code, result.stdout, result.stderr) == (
            2,
            "",
            "Error: --json and --csv exclude each other\n",
        )


@pytest.mark.parametrize("name", main.list_commands(click.Context(main)))
def test_every_command_prints_json(name: str) -> None:
    """Also serve, over HTTP."""
    assert ("--json" in run(f"{name} --help").stdout) or name == "serve"
