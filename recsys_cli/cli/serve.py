"""``recsys serve``."""

import functools
import os
from typing import Any

import click

from recsys_cli.cli.options import index_options, take_index
from recsys_cli.cli.progress_bars import TerminalProgress
from recsys_cli.config import EXACT_URI
from recsys_cli.config.serving import TOKEN_VARIABLE, ServeConfig
from recsys_cli.errors import ServeError

_SERVE = ServeConfig()
_PACKAGES = ("fastapi", "fastapi_offline", "starlette", "uvicorn")
_EXAMPLES = """\b
Examples:
  recsys serve
  recsys serve --port 0 --model nightly/model
  recsys serve --milvus-uri http://127.0.0.1:19530
  RECSYS_SERVE_TOKEN=$(cat token.txt) recsys serve --host 0.0.0.0
  curl 'http://127.0.0.1:8000/recommend?age=25&gender=M&job=4'
"""


@click.command(epilog=_EXAMPLES, short_help="Answer over HTTP.")
@click.option("--host", default=_SERVE.host, show_default=True, help="Name or address to listen at.")
@click.option("--port", type=int, default=_SERVE.port, show_default=True, help="Port; 0 for any that is free.")
@functools.partial(index_options, default="none, the movies are searched in memory")
def command(host: str, port: int, **options: Any) -> None:
    """Answer questions over HTTP: /recommend, /similar, /movies and /health; a page to try them is at /.

    Words, answers and errors are those of --json and --stdin; /docs shows them. When a training puts another model
    in place of this one, the service goes over to it, and no request fails. Ctrl-C and SIGTERM let requests in
    flight end.

    Only this machine is answered, unless --host says otherwise: that needs a token in RECSYS_SERVE_TOKEN, which
    every request then brings along as 'Authorization: Bearer TOKEN'.
    """
    config = ServeConfig(host=host, port=port, token=os.environ.get(TOKEN_VARIABLE, ""))
    recommend, store = take_index(options, uri=EXACT_URI)
    try:
        from recsys_cli.serve.run import run
    except ModuleNotFoundError as error:
        if error.name not in _PACKAGES:
            raise
        raise ServeError(f"{error.name} is missing: pip install 'recsys[serve]'") from error
    run(config, recommend, store, TerminalProgress())
