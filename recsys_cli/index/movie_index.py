"""A model's movies in a store: kept up to date, filtered and searched by name."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.question import MovieFilter
from recsys_cli.dataset.title_search import FoundMovie, TitleIndex
from recsys_cli.errors import ConfigError, StoreError
from recsys_cli.index.contents import content_of, read_movies
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import EncodedMovies, MoviesFile
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary
from recsys_cli.model.well_known import popularity, turned_away
from recsys_cli.progress import Progress, Silent
from recsys_cli.store.base import NO_MOVIES, Filter, Fingerprint, Hits, Store
from recsys_cli.store.content import IndexContent

_MANY = 10_000  # movies of a list; beyond it the catalogue is counted
_NEAR_GENRE = 60  # of 100, in rapidfuzz's WRatio


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """When the movies are imported into the store, and who is told.

    Attributes:
        allowed: import where the index is missing or belongs to another model or other movies; or fail.
        force: import anew even where the index is up to date.
        is_news: whether an import is worth a word.
        progress: is told why, how far, and what it came to; and which movies were chosen, if that needs a word.
    """

    allowed: bool = True
    force: bool = False
    is_news: bool = True
    progress: Progress = field(default_factory=Silent)


class MovieIndex:
    """The movies of one model and one ``movies_data.txt``, by default the one that is chosen, in one store."""

    def __init__(self, folder: ModelFolder, movies_data: Path | None, store: Store, imports: Imports):
        self.folder = folder
        self.store = store
        self._movies_data = movies_data
        self._imports = imports
        self._is_ready = False

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The ids and names that the model knows."""
        return open_vocabulary(self.folder)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """What the index must have been made from."""
        return wanted_fingerprint(self.folder, self.file)

    @cached_property
    def file(self) -> MoviesFile:
        """Where the movies are from."""
        file = MoviesFile.choose(self._movies_data, self.folder)
        if file.note:
            self._imports.progress.say(file.note)
        return file

    @cached_property
    def movies(self) -> EncodedMovies:
        """The movies of that file."""
        return read_movies(self.vocabulary, self.file)

    @cached_property
    def titles(self) -> TitleIndex:
        """Their titles, to look them up by."""
        return TitleIndex(self.movies.movie_ids.tolist(), self.movies.titles)

    @cached_property
    def _popularity(self) -> NDArray[np.float32]:
        return popularity(self.folder)

    def novel(self, vectors: NDArray[np.float32], novelty: float) -> NDArray[np.float32]:
        """Vectors to search with instead of some (n, D) unit rows: 0 leaves them, 1 asks for nothing popular."""
        return turned_away(vectors, self._popularity, novelty=novelty) if novelty else vectors

    def genres_of(self, movie_id: int) -> tuple[str, ...]:
        """Genres of a movie of ``movies_data.txt``."""
        return self.movies.genres[int(np.searchsorted(self.movies.movie_ids, movie_id))]

    def stale_reason(self) -> str | None:
        """Why the index cannot answer for this model and these movies, or None when it can."""
        found, wanted = self.store.fingerprint, self.fingerprint
        if found is None:
            return "there is no index yet"
        if found.model != wanted.model:
            return "the index belongs to another model"
        if found.movies == NO_MOVIES:
            return "an import into the index is going on, or did not end"
        if found.movies != wanted.movies:
            return f"the index belongs to another {self.file.path.name}"
        if found.layout != wanted.layout:
            return "the index is of another version of recsys"
        return None if found == wanted else "the index has another dimension or metric"

    def make_ready(self) -> Store:
        """The store, the movies imported where that is due; once, so that a wrong question costs nothing.

        Raises:
            ArtifactError: ``movies_data.txt`` is missing, damaged, or of another model.
            StoreError: the index is missing or stale and importing is not allowed, or Milvus fails.
        """
        if self._is_ready:
            return self.store
        reason = "as asked" if self._imports.force else self.stale_reason()
        if reason and not self._imports.allowed:
            raise StoreError(f"{reason}; leave out --no-import to import the movies")
        if reason:
            content = content_of(self.folder, self.vocabulary, self.movies)
            progress = self._imports.progress if self._imports.is_news else Silent()
            with importing(content, reason, progress) as written:
                report = self.store.write(content, self.fingerprint, rebuild=self._imports.force, progress=written)
            if report.action == "updated":
                changes = f"{report.added:,} new, {report.changed:,} changed, {report.removed:,} removed"
                progress.say(f"Updated the index of {report.rows:,} movies in place: {changes}.")
        self._is_ready = True
        return self.store

    def search(self, vector: NDArray[np.float32], k: int, *, filter: Filter) -> Hits:
        """The k best movies for a (D,) float32 unit vector, with titles and genres."""
        if k > _MANY:
            k = max(1, min(k, len(self.movies.movie_ids)))  # a backend sets memory aside for all that is asked for
        (hits,) = self.make_ready().search(vector[None], k, filter=filter, with_movies=True)
        return hits

    def find(self, names: Sequence[str | int], *, option: str) -> list[FoundMovie]:
        """The movies that ids or titles stand for; see :meth:`TitleIndex.find`."""
        return [self.titles.find(name, option=option) for name in names]

    def filter(self, movies: MovieFilter, *, exclude: NDArray[np.int64]) -> Filter:
        """A filter of the store.

        Args:
            movies: what was asked for.
            exclude: (n,) int64 ids of movies to leave out besides.

        Raises: ConfigError: a genre or a movie that the index does not hold; with near matches.
        """
        named = [movie.movie_id for movie in self.find(movies.exclude, option="--exclude")]
        year_min, year_max = movies.years
        return Filter(
            all_genres=self._genres(movies.genre, "--genre"),
            any_genres=self._genres(movies.any_genre, "--any-genre"),
            not_genres=self._genres(movies.not_genre, "--not-genre"),
            year_min=year_min,
            year_max=year_max,
            min_ratings=movies.min_ratings,
            exclude_ids=tuple(sorted({*named, *exclude.tolist()})),
        )

    def _genres(self, names: Sequence[str], option: str) -> tuple[str, ...]:
        if not names:
            return ()
        known = {genre.casefold(): genre for genre in self.make_ready().genres}
        for name in names:
            if name.strip().casefold() not in known:
                raise ConfigError(_no_genre(name, list(known.values()), option))
        return tuple(dict.fromkeys(known[name.strip().casefold()] for name in names))


def wanted_fingerprint(folder: ModelFolder, file: MoviesFile) -> Fingerprint:
    """What an index of this model and this movies file is made from."""
    return Fingerprint(model=folder.fingerprint, movies=file.fingerprint, dim=folder.info.embedding_dim)


@contextmanager
def importing(content: IndexContent, reason: str, progress: Progress) -> Iterator[Callable[[int], None]]:
    """Say why the movies are imported, and show how far that is.

    Yields: a function that takes the number of movies written so far.
    """
    progress.say(f"Importing {len(content):,} movies: {reason}.")
    with progress.task("Importing", total=len(content), unit="movies") as task:
        yield task.update


def _no_genre(name: str, known: Sequence[str], option: str) -> str:
    from rapidfuzz import fuzz, process

    matches = process.extract(
        name, known, processor=str.casefold, scorer=fuzz.WRatio, limit=2, score_cutoff=_NEAR_GENRE
    )
    near = f"; near: {', '.join(match for match, _, _ in matches)}" if matches else ""
    return f"{option}: {name!r} is not a genre of these movies{near}; allowed: {', '.join(known)}"
