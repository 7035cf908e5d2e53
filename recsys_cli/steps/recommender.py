"""Recommendations from Python; the commands are thin layers over this class."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config import EXACT_URI, MODEL_DIR, MOVIES_DATA, StoreConfig
from recsys_cli.dataset.titles import display_title
from recsys_cli.dataset.vocabulary import Vocabulary
from recsys_cli.errors import ConfigError, StoreError
from recsys_cli.model.artifact import ModelFolder
from recsys_cli.steps.catalogue import load_catalogue, movies_fingerprint
from recsys_cli.steps.vocabulary import open_vocabulary
from recsys_cli.store import open_store
from recsys_cli.store.base import Fingerprint, Hits, Store, WriteReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question as it was understood; None stands for what was not said.

    Attributes:
        age_group: such as ``25-34``.
        gender: ``M`` or ``F``.
        job: name of the job.
        k: number of movies asked for.
    """

    age_group: str | None
    gender: str | None
    job: str | None
    k: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedMovie:
    """One line of a recommendation.

    Attributes:
        rank: 1 for the best.
        movie_id: the data set's id.
        title: as people write it, with the year.
        genres: genre names.
        score: top of the rating scale x inner product; orders the list.
        stars: estimated rating on the rating scale, or None where the model has no honest estimate.
    """

    rank: int
    movie_id: int
    title: str
    genres: tuple[str, ...]
    score: float
    stars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The answer to one query.

    Attributes:
        query: the question as it was understood.
        model: fingerprint of the model.
        movies: best first; fewer than asked for where the catalogue holds fewer.
    """

    query: Query
    model: str
    movies: tuple[RecommendedMovie, ...]


@contextmanager
def _silent(reason: str, total: int) -> Iterator[Callable[[int], object]]:
    yield lambda done: None


def _ignore(report: WriteReport) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """When the movies are imported into the store, and who is told.

    Attributes:
        allowed: import where the index is missing or belongs to another model or other movies; or fail.
        force: import anew even where the index is up to date.
        progress: called with the reason and the number of movies; gives a context in which the store reports how
            many it has written.
        finished: called with what an import did.
    """

    allowed: bool = True
    force: bool = False
    progress: Callable[[str, int], AbstractContextManager[Callable[[int], object]]] = _silent
    finished: Callable[[WriteReport], object] = _ignore


class Recommender:
    """A model with its index. Open it with :meth:`open`, close it or use it in a ``with`` block."""

    def __init__(self, folder: ModelFolder, movies_data: Path, store: Store, imports: Imports):
        self._folder = folder
        self._movies_data = movies_data
        self._store = store
        self._imports = imports
        self._is_ready = False

    @classmethod
    def open(
        cls,
        model: str | Path = MODEL_DIR,
        *,
        movies_data: str | Path = MOVIES_DATA,
        store: StoreConfig | None = None,
        imports: Imports | None = None,
    ) -> "Recommender":
        """Open a model folder and the store of its vectors.

        Args:
            model: folder that ``recsys train`` left.
            movies_data: file that ``recsys preprocess`` wrote.
            store: address of Milvus, or exact store; by default ``milvus.db`` beside the model.
            imports: when the movies are imported; by default where the index is missing or stale.

        Raises:
            ArtifactError: no model there, or a damaged one.
            StoreError: Milvus cannot be reached.
        """
        folder = ModelFolder.open(Path(model))
        config = store or StoreConfig(uri=str(Path(model).parent / "milvus.db"))
        if imports is None or config.uri == EXACT_URI:  # the exact store begins empty: filling it is no news
            imports = Imports()
        return cls(folder, Path(movies_data), open_store(config), imports)

    def stale_reason(self) -> str | None:
        """Why the index cannot answer for this model and these movies, or None when it can."""
        found, wanted = self._store.fingerprint, self._fingerprint
        if found is None:
            return "there is no index yet"
        if found.model != wanted.model:
            return "the index belongs to another model"
        if found.movies != wanted.movies:
            return f"the index belongs to another {self._movies_data.name}"
        return None if found == wanted else "the index has another dimension or metric"

    def recommend(
        self, *, age: int | None = None, gender: str | None = None, job: str | int | None = None, k: int = 5
    ) -> Recommendation:
        """Movies for a person of whom nothing is known but these attributes; leave out what is not known.

        Args:
            age: years, 1 to 120.
            gender: ``M`` or ``F``.
            job: number or name of a job of the data set.
            k: number of movies, at least 1.

        Raises:
            ConfigError: a value is not allowed, or nothing is given.
            StoreError: the index is missing, belongs to another model or other movies, or cannot be searched.
        """
        if age is None and gender is None and job is None:
            raise ConfigError("nothing is known of the person; give at least one of --age, --gender, --job")
        people = self._vocabulary.demographics
        age_row = 0 if age is None else people.age_row(age)
        gender_row = 0 if gender is None else people.gender_row(gender)
        job_row = 0 if job is None else people.job_row(str(job))
        query = Query(
            age_group=people.age_name(age_row) if age_row else None,
            gender=people.gender_name(gender_row) if gender_row else None,
            job=people.job_name(job_row) if job_row else None,
            k=k,
        )
        vector = self._folder.demographic[gender_row, age_row, job_row]
        return Recommendation(query=query, model=self._folder.fingerprint, movies=self._search(vector, k))

    def close(self) -> None:
        """Give the store back, above all the lock of a Milvus Lite folder."""
        self._store.close()

    def __enter__(self) -> "Recommender":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return open_vocabulary(self._folder)

    @cached_property
    def _fingerprint(self) -> Fingerprint:
        return Fingerprint(
            model=self._folder.fingerprint,
            movies=movies_fingerprint(self._movies_data),
            dim=self._folder.info.embedding_dim,
        )

    def _make_ready(self) -> None:
        """Import the movies where that is due; once, at the first search, so that a wrong query costs nothing."""
        if self._is_ready:
            return
        reason = "as asked" if self._imports.force else self.stale_reason()
        if reason and not self._imports.allowed:
            raise StoreError(f"{reason}; leave out --no-import to import the movies")
        if reason:
            catalog = load_catalogue(self._folder, self._movies_data)
            with self._imports.progress(reason, len(catalog)) as advance:
                report = self._store.write(
                    catalog, self._fingerprint, rebuild=self._imports.force, progress=advance
                )
            self._imports.finished(report)
        self._is_ready = True

    def _search(self, vector: NDArray[np.float32], k: int) -> tuple[RecommendedMovie, ...]:
        """The k best movies for a (D,) float32 unit vector."""
        self._make_ready()
        (hits,) = self._store.search(vector[None], k, with_movies=True)
        stars = self._stars(vector, hits)
        return tuple(
            RecommendedMovie(
                rank=place + 1,
                movie_id=int(hits.movie_ids[place]),
                title=display_title(hits.titles[place]),
                genres=hits.genres[place],
                score=self._folder.info.rating_max * float(hits.scores[place]),
                stars=stars[place],
            )
            for place in range(len(hits))
        )

    def _stars(self, vector: NDArray[np.float32], hits: Hits) -> list[float | None]:
        """The star head's estimate for every hit; None without a star head, and for a movie nobody has rated."""
        head, folder = self._folder.stars, self._folder
        if head is None:
            return [None] * len(hits)
        rows = self._vocabulary.movie_rows(hits.movie_ids) - 1
        rated = (rows >= 0) & (folder.num_ratings[rows] > 0)
        estimate = head.estimate(vector, folder.movie_vectors[rows], head.movie_offsets[rows])
        return [float(value) if known else None for value, known in zip(estimate, rated, strict=True)]
