"""Colours: on a terminal, unless NO_COLOR takes them; never in what is piped."""

import re
from pathlib import Path

import pytest
from layouts import write_1m
from models import write_small_model, write_small_movies_data
from terminal import on_a_terminal

COLOUR = re.compile(r"\x1b\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m")  # as in ECMA-48 8.3.117, SGR
TRAIN = ["train", "--data", "data", "--epochs", "1", "--embedding-dim", "8", "--model", "other"]
RECOMMEND = ["recommend", "--exact", "-g", "F", "--model", "model"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_movies_data(tmp_path / "movies_data.txt", write_small_model(tmp_path / "model", tmp_path / "data"))
    return tmp_path


@pytest.mark.parametrize("arguments", [TRAIN, RECOMMEND], ids=["train", "recommend"])
def test_no_color_takes_the_colours_from_a_terminal(folder: Path, arguments: list[str]) -> None:
    plain = on_a_terminal(folder, *arguments, NO_COLOR="1")
    assert plain
    assert COLOUR.search(plain) is None


def test_a_bar_has_colours_on_a_terminal_otherwise(folder: Path) -> None:
    assert COLOUR.search(on_a_terminal(folder, *TRAIN))
