"""The command line: options in, one step called, its result printed. The only home of click."""

import importlib
import sys
from typing import Any

import click

from recsys_cli import __version__
from recsys_cli.errors import RecsysError

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_COMMANDS = ("train", "preprocess", "recommend", "similar", "evaluate", "index", "download", "check", "doctor")


class _LazyGroup(click.Group):
    """Imports a command's module only when that command, or the list of commands, is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"recsys_cli.cli.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except RecsysError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(_INTERRUPTED)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="recsys")
def main() -> None:
    """Recommend movies: train a model, preprocess a movie file, recommend from Milvus."""
