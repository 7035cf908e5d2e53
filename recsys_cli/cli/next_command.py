"""The last line of a command on a terminal: what a person is likely to call next, ready to be copied.

A command ends with ``suggest("train", lambda: ["--data", str(data)])``, or ``suggest_question(model)``. Options
that say where things are, and that were given to this command, are given to the next one too; a secret never is.
"""

import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
from click.core import ParameterSource

from recsys_cli.cli.render import visible
from recsys_cli.cli.streams import echo_note, is_quiet

_CARRIED = (
    "data",
    "format",
    "skip_bad_lines",
    "objective",
    "config_file",
    "model",
    "movies_data",
    "exact",
    "milvus_uri",
    "milvus_token_file",
    "milvus_ca",
    "milvus_database",
    "collection",
)


def suggest(name: str, arguments: Callable[[], Iterable[str]] = tuple) -> None:
    """Print the next command on stderr: not with ``--quiet``, and not where stdout or stderr is no terminal.

    Args:
        name: of the next command.
        arguments: gives what is filled in besides what is carried over; asked only where the line is printed.
    """
    context = click.get_current_context()
    if not _is_for_a_person():
        return
    if "@" in (context.params.get("milvus_uri") or ""):  # a password, which the line would show or lack
        return
    given = list(arguments())
    words = ["recsys", name, *given, *_carried(context, name, given)]
    suggest_line(shlex.join(words))


def suggest_line(line: str) -> None:
    """As :func:`suggest`, for a line that is whole."""
    if _is_for_a_person():
        echo_note(f"Next: {visible(line)}")


def suggest_question(model: Path, *arguments: str) -> None:
    """As :func:`suggest`: a question to ``recsys recommend`` that a model can answer, with other arguments."""

    def question() -> list[str]:
        from recsys_cli.recommend.example import example_question

        return [*example_question(model), *arguments]

    suggest("recommend", question)


def movie_name(movie_id: int, title: str) -> str:
    """What a movie is called on a command line: its title, or its id where that could be misread."""
    is_plain = title.isprintable() and not title.startswith("-") and not title.isdecimal()
    return title if is_plain else f"id:{movie_id}"


def _is_for_a_person() -> bool:
    return not is_quiet() and sys.stdout.isatty() and sys.stderr.isatty()


def _carried(context: click.Context, name: str, given: list[str]) -> Iterator[str]:
    """The options of the command line that the next command takes as well."""
    group = context.find_root().command
    following = group.get_command(context, name) if isinstance(group, click.Group) else None
    for option in following.params if following is not None else ():
        flag = option.opts[-1]
        is_given = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if is_given and option.name in _CARRIED and flag not in given:
            value = context.params[option.name]
            yield from [flag] if isinstance(value, bool) else [flag, str(value)]
