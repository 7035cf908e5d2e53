"""``recsys recommend``: bring the index up to date where that is needed, then answer."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from recsys_cli.config import RecommendConfig, StoreConfig
from recsys_cli.steps.recommender import Imports, Recommendation, Recommender


def run(config: RecommendConfig, store: StoreConfig) -> Recommendation:
    """Answer one query, importing the movies first where the index is missing or stale.

    Raises:
        ConfigError: a value of the query is not allowed.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails, or the index is stale and importing is not allowed.
    """
    imports = Imports(allowed=config.auto_import, force=config.force_import, progress=_on_stderr)
    with Recommender.open(
        config.model, movies_data=config.movies_data, store=store, imports=imports
    ) as recommender:
        return recommender.recommend(age=config.age, gender=config.gender, job=config.job, k=config.k)


@contextmanager
def _on_stderr(reason: str, total: int) -> Iterator[Callable[[int], object]]:
    """One line that says why, and a progress bar where stderr is a terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    console.print(f"Importing {total:,} movies: {reason}.", highlight=False, soft_wrap=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("Importing", total=total)
        yield lambda done: progress.update(task, completed=done)
