"""Mistyped commands: one line that says what was meant."""

import re

import click
import pytest
from click.testing import CliRunner

from recsys_cli.cli import main
from recsys_cli.config import LAYOUTS
from recsys_cli.dataset.layouts import FORMATS

COMMANDS = main.list_commands(click.Context(main))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trian"], "No such command 'trian'; did you mean 'train'?"),
        (["Recomend", "-g", "F"], "No such command 'Recomend'; did you mean 'recommend'?"),
        (["help"], "No such command 'help'; did you mean 'recsys --help'?"),
        (["help", "train"], "No such command 'help'; did you mean 'recsys train --help'?"),
        (["zzz"], f"No such command 'zzz'; there are: {', '.join(COMMANDS)}"),
    ],
)
def test_a_mistyped_command_gets_a_suggestion(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(main, arguments, prog_name="recsys")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1] == f"Error: {message}"


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_names_every_choice_and_default_plainly(command: str) -> None:
    text = " ".join(CliRunner().invoke(main, [command, "--help"]).stdout.split())
    assert re.findall(r"(?:objective|positives|format|device|index-type) TEXT", text) == []
    assert re.findall(r"default: \(", text) == []
    if command in ("train", "evaluate"):
        assert "--objective [hybrid|ranking|rating]" in text
    if command in ("train", "check"):
        assert "--format [ml-100k|ml-1m|ml-10m|ml-csv|catalogue]" in text
    if command == "train":
        assert "--positives [likes|all]" in text
        assert "Of Adam at its highest. [default: 0.001]" in text


def test_the_layouts_of_the_help_are_those_that_are_read() -> None:
    assert tuple(FORMATS) == LAYOUTS


def test_the_help_says_whose_jobs_it_lists() -> None:
    text = " ".join(CliRunner().invoke(main, ["recommend", "--help"]).stdout.split())
    assert "Job of the model's data set, by number or name." in text
    assert "Their jobs: 0 other, 1 academic/educator, 2 artist," in text
    assert "Another data set has jobs of its own; a wrong one lists them." in text
