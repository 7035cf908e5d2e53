"""Options that several commands share.

Every command has ``--quiet``: :func:`with_quiet` adds it where the command line looks the command up, so a new one
has nothing to do for it but to write its notes by :func:`recsys_cli.cli.streams.echo_note`, to hand a
:class:`~recsys_cli.cli.progress_bars.TerminalProgress` to long work, and to end with a line of
:mod:`recsys_cli.cli.next_command`; all of them are silent when that is asked for. Errors are no notes.
"""

import dataclasses
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from recsys_cli.cli.streams import remember_quiet
from recsys_cli.config import (
    EXACT_URI,
    LAYOUTS,
    MODEL_DIR,
    RecommendConfig,
    StoreConfig,
    default_collection,
    default_uri,
)
from recsys_cli.errors import ConfigError

_STORE = StoreConfig()
_MILVUS = (
    "milvus_uri",
    "milvus_token",
    "milvus_token_file",
    "milvus_ca",
    "milvus_database",
    "collection",
    "timeout",
    "verbose",
)
_BESIDE = "milvus.db beside the model; NAME.milvus.db for a model of another name"
_Command = TypeVar("_Command", bound=Callable[..., Any])

model_option = click.option(
    "--model", type=click.Path(path_type=Path), default=MODEL_DIR, show_default=True, help="Model folder."
)
movies_data_option = click.option(
    "--movies-data",
    type=click.Path(path_type=Path),
    help="What 'recsys preprocess' wrote.  [default: movies_data.txt here if it is of this model; else the movies "
    "that the model was trained on]",
)
format_option = click.option(
    "--format", type=click.Choice(LAYOUTS), help="Layout of the files, instead of the one they look like."
)


def _alone(context: click.Context, parameter: click.Parameter, is_asked: bool) -> bool:
    if is_asked and (context.params.get("as_json") or context.params.get("as_csv")):
        raise ConfigError("--json and --csv exclude each other")
    return is_asked


json_option = click.option(
    "--json", "as_json", is_flag=True, callback=_alone, help="Print one JSON document; README names its keys."
)
csv_option = click.option("--csv", "as_csv", is_flag=True, callback=_alone, help="Print comma-separated values.")


def with_quiet(command: click.Command) -> click.Command:
    """The command with the option ``--quiet``, which reaches whoever asks ``is_quiet``."""
    if all("--quiet" not in parameter.opts for parameter in command.params):
        command.params.append(
            click.Option(
                ["-q", "--quiet"],
                is_flag=True,
                expose_value=False,
                callback=remember_quiet,
                help="No progress and no notes; errors and results only.",
            )
        )
    return command


def milvus_options(command: _Command, *, default: str = _BESIDE) -> _Command:
    """Add the options that say which Milvus and how to reach it; :func:`store_config` takes them.

    Args:
        command: the command.
        default: what is searched where none is named, in words.
    """
    options = (
        click.option(
            "--milvus-uri",
            envvar="RECSYS_MILVUS_URI",
            help=f"Milvus Lite folder ending in .db, or a server's address.  [default: {default}]",
        ),
        click.option(
            "--milvus-token",
            envvar="RECSYS_MILVUS_TOKEN",
            help="user:password or API key of a server. The list of processes shows it: prefer the file, or the "
            "variable RECSYS_MILVUS_TOKEN.",
        ),
        click.option(
            "--milvus-token-file",
            type=click.Path(path_type=Path),
            help="File that holds the token in its first line.",
        ),
        click.option("--milvus-ca", type=click.Path(path_type=Path), help="PEM file of the server's authority."),
        click.option("--milvus-database", default=_STORE.database, help="Database of a server."),
        click.option(
            "--collection",
            help="Name of the index.  [default: recsys; recsys_NAME for a model of another name]",
        ),
        click.option("--timeout", default=_STORE.timeout, show_default=True, help="Seconds to wait for Milvus."),
        click.option("--verbose", is_flag=True, help="Show what the libraries log."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def store_config(
    model: Path,
    *,
    milvus_uri: str | None,
    milvus_token: str | None,
    milvus_token_file: Path | None,
    milvus_ca: Path | None,
    milvus_database: str,
    collection: str | None,
    timeout: float,
    verbose: bool,
) -> StoreConfig:
    """The store that :func:`milvus_options` describe.

    Raises:
        ConfigError: a value is not allowed, or the token's file cannot be read.
    """
    if milvus_token_file is not None:
        try:
            milvus_token = milvus_token_file.read_text(encoding="utf-8").split("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"--milvus-token-file {milvus_token_file}: cannot be read") from error
    return StoreConfig(
        uri=milvus_uri or default_uri(model),
        token=milvus_token or "",
        database=milvus_database,
        ca_path=milvus_ca,
        collection=collection or default_collection(model),
        timeout=timeout,
        verbose=verbose,
    )


def index_options(command: _Command, *, default: str = _BESIDE) -> _Command:
    """Add the options that say which movies are searched and where; :func:`take_index` takes them.

    Args:
        command: the command.
        default: as in :func:`milvus_options`.
    """
    options = (
        click.option(
            "-i", "--import", "--infer", "force_import", is_flag=True, help="Import the movies into Milvus anew."
        ),
        click.option(
            "--no-import", is_flag=True, help="Fail where the index is missing or belongs to another model."
        ),
        click.option("--exact", is_flag=True, help="Answer by exact search in memory instead of Milvus."),
        model_option,
        movies_data_option,
        functools.partial(milvus_options, default=default),
    )
    for option in reversed(options):
        command = option(command)
    return command


def take_index(options: dict[str, Any], *, uri: str | None = None) -> tuple[RecommendConfig, StoreConfig]:
    """Take what :func:`index_options` gave out of a command's options.

    Args:
        options: name and value; those of the index are removed.
        uri: what is searched where none is named; by default the Milvus Lite folder of the model.

    Raises:
        ConfigError: a value is not allowed.
    """
    model = options.pop("model")
    exact = options.pop("exact")
    options["milvus_uri"] = options["milvus_uri"] or uri
    config = RecommendConfig(
        model=model,
        movies_data=options.pop("movies_data"),
        auto_import=not options.pop("no_import"),
        force_import=options.pop("force_import"),
    )
    store = store_config(model, **{name: options.pop(name) for name in _MILVUS})
    return config, dataclasses.replace(store, uri=EXACT_URI) if exact else store
