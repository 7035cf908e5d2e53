"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from recsys_cli.config import MODEL_DIR, MOVIES_DATA, StoreConfig
from recsys_cli.errors import ConfigError

_STORE = StoreConfig()
_Command = TypeVar("_Command", bound=Callable[..., Any])

model_option = click.option(
    "--model", type=click.Path(path_type=Path), default=MODEL_DIR, show_default=True, help="Model folder."
)
movies_data_option = click.option(
    "--movies-data",
    type=click.Path(path_type=Path),
    default=MOVIES_DATA,
    show_default=True,
    help="What 'recsys preprocess' wrote.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def milvus_options(command: _Command) -> _Command:
    """Add the options that say which Milvus and how to reach it; :func:`store_config` takes them."""
    options = (
        click.option(
            "--milvus-uri",
            envvar="RECSYS_MILVUS_URI",
            help="Milvus Lite folder ending in .db, or a server's address.  [default: milvus.db beside the model]",
        ),
        click.option("--milvus-token", envvar="RECSYS_MILVUS_TOKEN", help="user:password or API key of a server."),
        click.option(
            "--milvus-token-file",
            type=click.Path(path_type=Path),
            help="File that holds the token in its first line.",
        ),
        click.option("--milvus-ca", type=click.Path(path_type=Path), help="PEM file of the server's authority."),
        click.option("--milvus-database", default=_STORE.database, help="Database of a server."),
        click.option("--collection", default=_STORE.collection, show_default=True, help="Name of the index."),
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
    collection: str,
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
        uri=milvus_uri or str(model.parent / "milvus.db"),
        token=milvus_token or "",
        database=milvus_database,
        ca_path=milvus_ca,
        collection=collection,
        timeout=timeout,
        verbose=verbose,
    )
