"""Colours: on a terminal, unless NO_COLOR takes them; never in what is piped."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from layouts import write_1m
from models import write_small_model, write_small_movies_data

ROOT = Path(__file__).parents[2]
COLOUR = re.compile(rb"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")  # as in ECMA-48 8.3.117, SGR
TRAIN = ["train", "--data", "data", "--epochs", "1", "--embedding-dim", "8", "--model", "other"]
RECOMMEND = ["recommend", "--exact", "-g", "F", "--model", "model"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_movies_data(tmp_path / "movies_data.txt", write_small_model(tmp_path / "model", tmp_path / "data"))
    return tmp_path


def on_a_terminal(folder: Path, arguments: list[str], **environment: str) -> bytes:
    """What a command writes where both of its streams are one terminal."""
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "recsys_cli", *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm-256color"} | environment,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0, drawn
    return drawn


@pytest.mark.parametrize("arguments", [TRAIN, RECOMMEND], ids=["train", "recommend"])
def test_no_color_takes_the_colours_from_a_terminal(folder: Path, arguments: list[str]) -> None:
    plain = on_a_terminal(folder, arguments, NO_COLOR="1")
    assert plain
    assert COLOUR.search(plain) is None


def test_a_bar_has_colours_on_a_terminal_otherwise(folder: Path) -> None:
    assert COLOUR.search(on_a_terminal(folder, TRAIN))
