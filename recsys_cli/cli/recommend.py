"""``recsys recommend``."""

import dataclasses
from pathlib import Path
from typing import Any

import click

from recsys_cli.cli.options import json_option, milvus_options, model_option, movies_data_option, store_config
from recsys_cli.cli.render import echo_json, echo_recommendation
from recsys_cli.config import EXACT_URI, RecommendConfig

_RECOMMEND = RecommendConfig()
_EXAMPLES = """\b
Examples:
  recsys recommend -a 25 -g M -j 4
  recsys recommend -a 56 -g F -j academic/educator -k 10
  recsys recommend -g F --json
  recsys recommend -a 25 -g M -j 4 -i
"""


@click.command(epilog=_EXAMPLES, short_help="Recommend movies to a person.")
@click.option("-a", "--age", type=int, help="Age in years.")
@click.option("-g", "--gender", help="M or F.")
@click.option("-j", "--job", help="Job, by number or name.")
@click.option("-k", type=click.IntRange(1), default=_RECOMMEND.k, show_default=True, help="Number of movies.")
@click.option(
    "-i", "--import", "--infer", "force_import", is_flag=True, help="Import the movies into Milvus anew."
)
@click.option("--no-import", is_flag=True, help="Fail where the index is missing or belongs to another model.")
@click.option("--exact", is_flag=True, help="Answer by exact search in memory instead of Milvus.")
@model_option
@movies_data_option
@milvus_options
@json_option
def command(
    age: int | None,
    gender: str | None,
    job: str | None,
    k: int,
    force_import: bool,
    no_import: bool,
    exact: bool,
    model: Path,
    movies_data: Path,
    as_json: bool,
    **milvus: Any,
) -> None:
    """Recommend movies to a person known by age, gender and job, or by some of these.

    The movies of movies_data.txt are imported into Milvus on first use, and again when the model or the file has
    changed. By default Milvus Lite keeps them in a folder beside the model.
    """
    from recsys_cli.steps import recommend

    config = RecommendConfig(
        age=age,
        gender=gender,
        job=job,
        k=k,
        model=model,
        movies_data=movies_data,
        auto_import=not no_import,
        force_import=force_import,
    )
    store = store_config(model, **milvus)
    answer = recommend.run(config, dataclasses.replace(store, uri=EXACT_URI) if exact else store)
    if as_json:
        echo_json(answer)
    else:
        echo_recommendation(answer)
