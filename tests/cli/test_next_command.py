"""What a command says beside its result: the likely next command on a terminal, and nothing with --quiet."""

import io
import os
import pty
import re
import shlex
import sys
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from layouts import write_1m
from models import write_small_model

from recsys_cli.cli import main

MODEL = "recommender_system.inference.model"
COMMANDS = main.list_commands(click.Context(main))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, with a small data set, its model and another one."""
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_model(tmp_path / MODEL, tmp_path / "data")
    write_small_model(tmp_path / "other model", tmp_path / "data", seed=2)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def on_terminal(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a command shows on a terminal that is both stdout and stderr."""
    ours, theirs = pty.openpty()
    shown = io.BytesIO()

    def read() -> None:
        try:
            while chunk := os.read(ours, 1 << 16):
                shown.write(chunk)
        except OSError:  # the other end is closed
            pass

    reader = threading.Thread(target=read)
    reader.start()
    with monkeypatch.context() as patched, os.fdopen(theirs, "w") as terminal:
        patched.setattr(sys, "stdout", terminal)
        patched.setattr(sys, "stderr", terminal)
        with pytest.raises(SystemExit) as ended:
            main(arguments, prog_name="recsys")
    reader.join()
    os.close(ours)
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.getvalue().decode()).replace("\r\n", "\n")
    assert ended.value.code in (0, None), text
    return text


def run(arguments: list[str]) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="recsys")


PROFILE = "-a 25 -g M -j 4"


@pytest.mark.parametrize(
    ("command", "following"),
    [
        ("check data --format ml-1m", "train --data data --format ml-1m"),
        ("download --list", "download ml-1m"),
        ("preprocess -f data/movies.dat", f"recommend {PROFILE}"),
        ("preprocess -f data/movies.dat -o m.txt", f"recommend {PROFILE} --movies-data m.txt"),
        ("preprocess -f data/movies.dat --model 'other model'", f"recommend {PROFILE} --model 'other model'"),
        ("recommend -g F --exact", "similar {top} --exact"),
        ("recommend -g F --model 'other model' --exact --json", "similar {top} --exact --model 'other model'"),
        ("similar id:3 --milvus-uri m.db", "recommend --like 'Toy Story (1995)' --milvus-uri m.db"),
        ("index --rebuild", f"recommend {PROFILE}"),
        ("recommend --users data/users.dat -o lists.csv", f"evaluate --model {MODEL}"),
    ],
)
def test_a_terminal_is_told_the_next_command_which_works(
    here: Path, monkeypatch: pytest.MonkeyPatch, command: str, following: str
) -> None:
    shown = on_terminal(shlex.split(command), monkeypatch)
    last = shown.splitlines()[-1]
    title = re.search(r"1 +\d+ +(\S.*?\(\d{4}\))|\"title\": \"(.*?)\"", shown)
    top = "" if title is None else title[1] or title[2]
    assert last == f"Next: recsys {following.format(top=shlex.quote(top))}"
    if following.split()[0] in ("recommend", "similar"):
        result = run(shlex.split(last.removeprefix("Next: recsys ")))
        assert result.exit_code == 0, result.stderr
    piped = run(shlex.split(command))
    assert piped.exit_code == 0, piped.stderr
    assert "Next" not in piped.output
    assert "Next" not in on_terminal([*shlex.split(command), "--quiet"], monkeypatch)


def test_a_password_is_never_shown_and_the_line_left_out(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["recommend", "-g", "F", "--exact", "--milvus-uri", "http://joe:hunter2@localhost:9"]
    shown = on_terminal(arguments, monkeypatch)
    assert "Top" in shown
    assert "Next" not in shown
    assert "hunter2" not in shown
    shown = on_terminal([*arguments[:4], "--milvus-token", "hunter2"], monkeypatch)
    assert "Next: recsys similar" in shown
    assert "hunter2" not in shown


def test_a_model_without_profiles_is_asked_by_a_favourite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    (tmp_path / "data" / "users.dat").write_text("1::9\n2::8\n")
    write_small_model(tmp_path / MODEL, tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    last = on_terminal(["index", "--rebuild"], monkeypatch).splitlines()[-1]
    assert re.fullmatch(r"Next: recsys recommend --like id:\d+", last)
    assert run(shlex.split(last.removeprefix("Next: recsys "))).exit_code == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_quiet(name: str) -> None:
    text = " ".join(run([name, "--help"]).stdout.split())
    assert text.count("-q, --quiet") == 1
    assert "No progress and no notes; errors and results only." in text


def test_quiet_leaves_out_notes_and_progress_and_keeps_errors(here: Path) -> None:
    first = ["recommend", "-g", "F", "--user", "99"]
    loud = run(first)
    assert loud.stderr.startswith("Importing 4 movies")
    assert "Note: user 99 is not in the model" in loud.stderr
    quiet = run([*first, "--import", "-q"])
    assert (quiet.exit_code, quiet.stdout, quiet.stderr) == (0, loud.stdout, "")
    everybody = run(["recommend", "--users", "data/users.dat", "-o", "lists.csv", "--quiet"])
    assert (everybody.exit_code, everybody.output) == (0, "")
    wrong = run(["recommend", "--user", "99", "--quiet"])
    assert wrong.exit_code == 1
    assert wrong.stderr.startswith("Error: --user: 99 is not in the model")
    nothing = run(["recommend", "-g", "F", "--year", "1800", "--quiet"])
    assert nothing.exit_code == 1
    assert nothing.stderr.startswith("Note: ")
