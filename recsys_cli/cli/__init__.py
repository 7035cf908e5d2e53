"""The command line: options in, one step called, its result printed. The only home of click."""

import atexit
import functools
import gc
import importlib
import sys
from typing import Any

import click

from recsys_cli import __version__
from recsys_cli.cli.options import with_quiet
from recsys_cli.cli.streams import checked_streams
from recsys_cli.errors import RecsysError

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_COMMANDS = (
    "train",
    "preprocess",
    "recommend",
    "similar",
    "serve",
    "evaluate",
    "compare",
    "report",
    "index",
    "download",
    "check",
    "doctor",
)
_OUT_OF_MEMORY = "out of memory: close other programs, raise the limit ('ulimit -v' shows it), or use less data"
_UNMAPPED = ("failed to map segment", "annot allocate memory", "can't start new thread")
_NEAR = 60  # of 100, in rapidfuzz's ratio


class _LazyGroup(click.Group):
    """Imports a command's module only when that command, or the list of commands, is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        return with_quiet(importlib.import_module(f"recsys_cli.cli.{name}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        is_unknown = name not in _COMMANDS and not name.startswith("-")
        if is_unknown and not ctx.resilient_parsing:
            raise click.UsageError(_no_command(name, args[1:]), ctx)
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        with checked_streams():
            return super().main(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        _collect_seldom()
        _say_once_that_memory_lacks()
        try:
            return super().invoke(ctx)
        except RecsysError as error:
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except (MemoryError, ImportError, OSError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            click.echo(f"Error: {_OUT_OF_MEMORY}", err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            sys.exit(_INTERRUPTED)


def _is_out_of_memory(error: Exception) -> bool:
    """Whether it was memory that lacked; libraries that cannot be loaded and threads that cannot start say so."""
    return isinstance(error, MemoryError) or any(text in str(error) for text in _UNMAPPED)


def _no_command(name: str, others: list[str]) -> str:
    """Say that there is no such command, and which was meant."""
    if name == "help":
        command = f"recsys {others[0]} --help" if others and others[0] in _COMMANDS else "recsys --help"
        return f"No such command 'help'; did you mean '{command}'?"
    from rapidfuzz import fuzz, process

    near = process.extractOne(name.casefold(), _COMMANDS, scorer=fuzz.ratio, score_cutoff=_NEAR)
    hint = f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(_COMMANDS)}"
    return f"No such command {name!r}; {hint}"


@functools.cache
def _collect_seldom() -> None:
    """Look for garbage less often, and not at the end: a tenth of the time of `recommend`.

    Here and not where the time is spent, because the process belongs to the command; a program that uses the
    package has settings of its own.
    """
    gc.set_threshold(10_000, 20, 20)
    atexit.register(gc.freeze)  # what is left is the operating system's to take


@functools.cache
def _say_once_that_memory_lacks() -> None:
    """Let Python not tell of each generator, too, that could not be closed for lack of memory."""
    before = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if not issubclass(unraisable.exc_type, MemoryError):
            before(unraisable)

    sys.unraisablehook = hook


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="recsys")
def main() -> None:
    """Recommend movies: train a model, preprocess a movie file, recommend from Milvus."""
