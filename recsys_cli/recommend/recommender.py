"""Recommendations from Python; the commands are thin layers over this class."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from recsys_cli.config import (
    EXACT_URI,
    MODEL_DIR,
    RecommendConfig,
    StoreConfig,
    default_collection,
    default_uri,
)
from recsys_cli.config.question import MovieFilter, Person, Question, SimilarQuestion
from recsys_cli.dataset.titles import display_title
from recsys_cli.errors import ConfigError, UnknownUserError
from recsys_cli.index.movie_index import Imports, MovieIndex
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.taste import tastes
from recsys_cli.progress import Progress
from recsys_cli.recommend.answers import Recommendation, RecommendedMovie, SimilarMovie, SimilarMovies
from recsys_cli.recommend.diversity import num_candidates, varied
from recsys_cli.recommend.explain import Listener, explain
from recsys_cli.recommend.listed import listed
from recsys_cli.recommend.nothing_fits import nothing_fits
from recsys_cli.recommend.person import Understood, understand
from recsys_cli.store import open_store

_ALL = MovieFilter()
_FLAG = re.compile(r"(?<!\S)--?([a-z][a-z-]*)")
_NONE = np.empty(0, dtype=np.int64)


class Recommender:
    """A model with its index. Open it with :meth:`open`, close it or use it in a ``with`` block."""

    def __init__(self, index: MovieIndex):
        self.index = index

    @classmethod
    def open(
        cls,
        model: str | Path = MODEL_DIR,
        *,
        movies_data: str | Path | None = None,
        milvus_uri: str | None = None,
        store: StoreConfig | None = None,
        imports: Imports | None = None,
    ) -> "Recommender":
        """Open a model folder and the store of its vectors.

        Args:
            model: folder that ``recsys train`` left.
            movies_data: file that ``recsys preprocess`` wrote; by default ``movies_data.txt`` in the current
                directory where it is of this model, else the movies that the model was trained on.
            milvus_uri: a folder ending in ``.db``, the address of a server, or ``exact`` for search in memory; by
                default ``milvus.db`` beside the model, or ``NAME.milvus.db`` for a model of another name.
            store: the same with everything else that a server may ask for, instead of ``milvus_uri``.
            imports: when the movies are imported; by default where the index is missing or stale.

        Raises:
            ConfigError: the address is none.
            ArtifactError: no model there, or a damaged one.
            StoreError: Milvus cannot be reached.
        """
        folder = ModelFolder.open(Path(model))
        with _arguments_named():
            config = store or StoreConfig(
                uri=milvus_uri or default_uri(Path(model)), collection=default_collection(Path(model))
            )
        imports = imports or Imports()
        if config.uri == EXACT_URI:  # which begins empty
            imports = Imports(progress=imports.progress, is_news=False)
        named = None if movies_data is None else Path(movies_data)
        return cls(MovieIndex(folder, named, open_store(config), imports))

    def stale_reason(self) -> str | None:
        """Why the index cannot answer for this model and these movies, or None when it can."""
        return self.index.stale_reason()

    def recommend(
        self,
        *,
        age: int | None = None,
        gender: str | None = None,
        job: str | int | None = None,
        attributes: Mapping[str, str | float] | None = None,
        user: int | None = None,
        like: str | int | Sequence[str | int] = (),
        dislike: str | int | Sequence[str | int] = (),
        ratings: Mapping[str | int, float] | None = None,
        movies: MovieFilter = _ALL,
        k: int = 5,
        include_seen: bool = False,
        diversity: float = 0.0,
        explain: bool = False,
        novelty: float = 0.0,
    ) -> Recommendation:
        """Movies for a person; leave out what is not known.

        Args:
            age: years, 1 to 120.
            gender: ``M`` or ``F``.
            job: number or name of a job of the data set.
            attributes: what else is known, by the name of a further column of the data set.
            user: id of a user of the training data, whose own vector then answers.
            like: ids or titles of liked movies, or one of them.
            dislike: ids or titles of disliked movies, or one of them.
            ratings: rating of each of some movies, by id or title.
            movies: which movies may be recommended.
            k: number of movies, at least 1.
            include_seen: recommend movies, too, that the person is known to have rated.
            diversity: 0 for the best movies, up to 1 for the most different ones.
            explain: say what speaks for each movie.
            novelty: 0 for the best movies, up to 1 for those that would be best if all were equally well known.

        Raises:
            ConfigError: a value is not allowed, or a movie or genre is not found.
            UnknownUserError: the user is not in the model and nothing else is known of them.
            StoreError: the index is missing, belongs to another model or other movies, or cannot be searched.
        """
        with _arguments_named():
            person = Person(
                age=age,
                gender=gender,
                job=job,
                attributes=tuple((name, str(value)) for name, value in (attributes or {}).items()),
                user=user,
                like=(like,) if isinstance(like, (str, int)) else tuple(like),
                dislike=(dislike,) if isinstance(dislike, (str, int)) else tuple(dislike),
                ratings=tuple((ratings or {}).items()),
            )
            question = Question(
                person=person, movies=movies, k=k, include_seen=include_seen, diversity=diversity, novelty=novelty
            )
            return self.answer(replace(question, explain=explain))

    def answer(self, question: Question) -> Recommendation:
        """Answer a question; as :meth:`recommend`, but errors name the options of the command line."""
        understood = understand(question.person, self.index, k=question.k)
        movies = self._best(question, understood)
        if question.explain:
            movies = explain(
                movies,
                Listener(gender=understood.gender, age=understood.age, liked=understood.liked),
                self.index,
            )
        query = understood.query
        if not movies:
            seen = _NONE if question.include_seen else understood.seen
            query = replace(query, notes=(*query.notes, nothing_fits(question.movies, self.index, seen=seen)))
        return Recommendation(query=query, model=self.index.folder.fingerprint, movies=movies)

    def similar(
        self, movie: str | int, *, movies: MovieFilter = _ALL, k: int = 10, new: bool = False, novelty: float = 0.0
    ) -> SimilarMovies:
        """Movies of the same taste as a given one.

        Args:
            movie: its id or title.
            movies: which movies may be returned.
            k: number of movies, at least 1.
            new: return movies, too, that nobody rated in training.
            novelty: as of :meth:`recommend`.

        Raises:
            ConfigError: a value is not allowed, or a movie or genre is not found.
            StoreError: as :meth:`recommend`.
        """
        with _arguments_named():
            return self.answer_similar(
                SimilarQuestion(movie=movie, movies=movies, k=k, new=new, novelty=novelty), option="movie"
            )

    def answer_similar(self, question: SimilarQuestion, *, option: str) -> SimilarMovies:
        """As :meth:`similar`; errors name the options of the command line, and the movie's as given here."""
        movie, movies = question.movie, question.returned
        (found,) = self.index.find([movie], option=option)
        itself = np.array([found.movie_id])
        filter = self.index.filter(movies, exclude=itself)
        taste = tastes(self.index.folder, self.index.make_ready().vectors(itself))
        (vector,) = self.index.novel(taste, question.novelty)
        hits = self.index.search(vector, question.k, filter=filter)
        notes = [f"{movie!r} is taken as {found.title}"] if found.is_guess else []
        notes += [] if len(hits) else [nothing_fits(movies, self.index, seen=_NONE)]
        return SimilarMovies(
            movie_id=found.movie_id,
            title=found.title,
            notes=tuple(notes),
            model=self.index.folder.fingerprint,
            movies=tuple(
                SimilarMovie(
                    rank=place + 1,
                    movie_id=int(hits.movie_ids[place]),
                    title=display_title(hits.titles[place]),
                    genres=hits.genres[place],
                    similarity=float(hits.similarities[place]),
                )
                for place in range(len(hits))
            ),
        )

    def close(self) -> None:
        """Give the store back, above all the lock of a Milvus Lite folder."""
        self.index.store.close()

    def __enter__(self) -> "Recommender":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _best(self, question: Question, understood: Understood) -> tuple[RecommendedMovie, ...]:
        """The movies in the order in which they are recommended."""
        seen = _NONE if question.include_seen else understood.seen
        filter = self.index.filter(question.movies, exclude=seen)
        (vector,) = self.index.novel(understood.vector[None], question.novelty)
        if not question.diversity:
            hits = self.index.search(vector, question.k, filter=filter)
            return listed(hits, self.index, vector=understood.vector, user=understood.user)
        hits = self.index.search(vector, num_candidates(question.k), filter=filter)
        vectors = self.index.make_ready().vectors(hits.movie_ids)
        places = varied(hits.similarities, vectors, k=question.k, diversity=question.diversity)
        movies = listed(hits, self.index, vector=understood.vector, user=understood.user)
        return tuple(replace(movies[place], rank=rank) for rank, place in enumerate(places, start=1))


def recommend(
    config: RecommendConfig, store: StoreConfig, question: Question, progress: Progress
) -> Recommendation:
    """Answer one question, importing the movies first where the index is missing or stale.

    Raises:
        ConfigError: a value of the question is not allowed.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails, or the index is stale and importing is not allowed.
    """
    with open_recommender(config, store, progress) as recommender:
        return recommender.answer(question)


def similar(
    config: RecommendConfig, store: StoreConfig, question: SimilarQuestion, progress: Progress
) -> SimilarMovies:
    """Movies like a given one; errors as :func:`recommend`."""
    with open_recommender(config, store, progress) as recommender:
        return recommender.answer_similar(question, option="MOVIE")


def open_recommender(config: RecommendConfig, store: StoreConfig, progress: Progress) -> Recommender:
    """A recommender that says when it imports the movies."""
    imports = Imports(allowed=config.auto_import, force=config.force_import, progress=progress)
    return Recommender.open(config.model, movies_data=config.movies_data, store=store, imports=imports)


@contextmanager
def _arguments_named() -> Iterator[None]:
    """Let errors name arguments as Python does, ``like`` instead of ``--like``."""
    try:
        yield
    except (ConfigError, UnknownUserError) as error:
        text = _FLAG.sub(lambda match: match[1].replace("-", "_"), str(error))
        raise type(error)(text) from error
