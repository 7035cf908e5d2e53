"""``recsys index``."""

from pathlib import Path
from typing import Any

import click

from recsys_cli.cli.next_command import suggest, suggest_question
from recsys_cli.cli.options import json_option, milvus_options, model_option, movies_data_option, store_config
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.cli.render import echo_index, echo_json
from recsys_cli.config import INDEX_TYPES, IndexConfig, ManageIndexConfig

_INDEX = IndexConfig()
_EXAMPLES = """\b
Examples:
  recsys index
  recsys index --json
  recsys index --rebuild --index-type hnsw --m 32
  recsys index --drop
"""


@click.command(epilog=_EXAMPLES, short_help="Show, rebuild or drop the index in Milvus.")
@click.option("--drop", is_flag=True, help="Remove the index and what unfinished imports left.")
@click.option("--rebuild", is_flag=True, help="Build it anew; readers use the old one until the new one is whole.")
@click.option("--index-type", type=click.Choice(INDEX_TYPES), help="[default: by the number of movies]")
@click.option("--m", default=_INDEX.m, show_default=True, help="HNSW: links of a movie.")
@click.option("--ef-construction", default=_INDEX.ef_construction, show_default=True, help="HNSW: build effort.")
@click.option("--ef", default=_INDEX.ef, show_default=True, help="HNSW: search effort.")
@click.option("--nlist", default=_INDEX.nlist, show_default=True, help="IVF_FLAT: cells.")
@click.option("--nprobe", default=_INDEX.nprobe, show_default=True, help="IVF_FLAT: cells searched.")
@model_option
@movies_data_option
@milvus_options
@json_option
def command(
    drop: bool,
    rebuild: bool,
    index_type: str | None,
    m: int,
    ef_construction: int,
    ef: int,
    nlist: int,
    nprobe: int,
    model: Path,
    movies_data: Path | None,
    as_json: bool,
    **milvus: Any,
) -> None:
    """Show the index in Milvus: what it was made from, whether it matches the model, its type and its size."""
    from recsys_cli.index import manage

    kind = IndexConfig(
        index_type=index_type, m=m, ef_construction=ef_construction, ef=ef, nlist=nlist, nprobe=nprobe
    )
    config = ManageIndexConfig(model=model, movies_data=movies_data, drop=drop, rebuild=rebuild, index=kind)
    report = manage.run(config, store_config(model, **milvus), TerminalProgress())
    if as_json:
        echo_json(report)
    else:
        echo_index(report)
    if report.matches:
        suggest_question(model)
    else:
        suggest("index", lambda: ["--rebuild"])
