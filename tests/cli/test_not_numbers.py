"""NaN and infinity in every option that takes a number, found through click, and in the files of options."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from recsys_cli.cli import main
from recsys_cli.config.training import TrainingOptions

NUMBERS = (click.types.FloatParamType, click.types.IntParamType)
NOT_FINITE = ("nan", "inf", "-inf", "1e400")
ARGUMENTS = {"similar": ["1"]}  # what a command does not run without


def numeric_options(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of every command with each of its options that take a number, by its long name."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from numeric_options(found, (*path, name))
        return
    for param in command.params:
        types = param.type.types if isinstance(param.type, click.Tuple) else [param.type]
        if isinstance(param, click.Option) and any(isinstance(type_, NUMBERS) for type_ in types):
            yield path, max(param.opts, key=len)


OPTIONS = list(numeric_options(main))


def test_the_walk_finds_options_of_every_kind() -> None:
    assert {
        (("train",), "--temperature"),
        (("train",), "--time-limit"),
        (("recommend",), "--diversity"),
        (("train",), "--holdout"),
        (("similar",), "--timeout"),
    } <= set(OPTIONS)


@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=[" ".join((*path, option)) for path, option in OPTIONS])
def test_an_option_is_a_finite_number(
    path: tuple[str, ...], option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refused for itself, before anything is looked for: the folder is empty."""
    monkeypatch.chdir(tmp_path)
    for value in NOT_FINITE:
        result = CliRunner().invoke(main, [*path, *ARGUMENTS.get(path[0], []), option, value])
        said = result.stderr.splitlines()
        assert result.exit_code == 2, (value, result.stderr, result.exception)
        assert sum(line.startswith("Error: ") for line in said) == 1
        assert said[-1].startswith("Error: ")
        assert option in said[-1]
        assert result.stdout == ""
    assert list(tmp_path.iterdir()) == []


FIELDS = [
    name
    for name, value in TrainingOptions().to_dict().items()
    if isinstance(value, int | float) and not isinstance(value, bool)
]


@pytest.mark.parametrize("name", FIELDS)
def test_a_file_of_options_holds_finite_numbers(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "options.toml"
    for value in NOT_FINITE:
        file.write_text(f"{name} = {value}\n")
        result = CliRunner().invoke(main, ["train", "--config", "options.toml"])
        assert result.exit_code == 2, (value, result.stderr, result.exception)
        assert result.stderr.splitlines()[-1].startswith(f"Error: --{name.replace('_', '-')} ")
    assert [path.name for path in tmp_path.iterdir()] == ["options.toml"]


@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_rating_of_ones_own_is_a_finite_number(value: str, workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(f"movieId,rating\n1,5\n2,{value}\n")
    model, movies = workspace / "recommender_system.inference.model", workspace / "movies_data.txt"
    options = ["--exact", "--model", str(model), "--movies-data", str(movies)]
    result = CliRunner().invoke(main, ["recommend", "--ratings", str(file), *options])
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {file}:3: rating: {value!r}, allowed: 1 to 5\n"
