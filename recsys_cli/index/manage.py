"""``recsys index``: show, rebuild or drop the index of movie vectors."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from recsys_cli.config import ManageIndexConfig, StoreConfig
from recsys_cli.errors import ArtifactError
from recsys_cli.index.contents import load_content
from recsys_cli.index.movie_index import importing, wanted_fingerprint
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile
from recsys_cli.progress import Progress
from recsys_cli.store import open_store
from recsys_cli.store.base import NO_MOVIES, Fingerprint, IndexInfo, WriteReport


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What is there, and what was done before.

    Attributes:
        index: the index as its backend describes it.
        matches: whether it belongs to the model and the movies file; None where there is nothing to compare.
        reason: why it does not match, or why there is nothing to compare; empty if it matches.
        built: what a rebuild wrote, or None.
        dropped: names of the collections that were removed.
    """

    index: IndexInfo
    matches: bool | None
    reason: str
    built: WriteReport | None
    dropped: tuple[str, ...]


def run(config: ManageIndexConfig, store: StoreConfig, progress: Progress) -> IndexReport:
    """Rebuild or drop the index if that is asked for, then describe it.

    Args:
        config: what to do, and the model to compare with.
        store: which Milvus.
        progress: is told how a rebuild goes on.

    Raises:
        ArtifactError: the model or the movies file that a rebuild needs is missing or damaged.
        StoreError: Milvus cannot be reached, or there is no Milvus Lite folder.
    """
    built: WriteReport | None = None
    dropped: tuple[str, ...] = ()
    made_of = cache(partial(_made_of, config, progress))
    if config.rebuild:
        made_of()  # fails before there is a store
    with open_store(store, create=config.rebuild) as index:
        if config.drop:
            dropped = index.drop()
        if config.rebuild:
            content, wanted = load_content(*made_of()), wanted_fingerprint(*made_of())
            with importing(content, "as asked", progress) as written:
                built = index.write(content, wanted, index=config.index, rebuild=True, progress=written)
        info = index.describe()
    matches, reason = _compare(info.fingerprint, made_of)
    return IndexReport(index=info, matches=matches, reason=reason, built=built, dropped=dropped)


def _made_of(config: ManageIndexConfig, progress: Progress) -> tuple[ModelFolder, MoviesFile]:
    folder = ModelFolder.open(config.model)
    movies = MoviesFile.choose(config.movies_data, folder)
    if movies.note:
        progress.say(movies.note)
    return folder, movies


def _compare(
    found: Fingerprint | None, made_of: Callable[[], tuple[ModelFolder, MoviesFile]]
) -> tuple[bool | None, str]:
    if found is None:
        return None, "there is no index yet"
    try:
        folder, movies = made_of()
    except ArtifactError as error:
        return None, str(error)
    wanted = wanted_fingerprint(folder, movies)
    if found == wanted:
        return True, ""
    if found.model == wanted.model and found.movies == NO_MOVIES:
        return False, "an import into it is going on, or did not end"
    return False, f"it belongs to another {'model' if found.model != wanted.model else movies.path.name}"
