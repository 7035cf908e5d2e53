"""``recsys recommend --users``: a list for everybody in a file, in batches and bounded memory."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config import EXACT_URI, RecommendConfig, StoreConfig, default_uri
from recsys_cli.config.question import BulkConfig, Person, Question
from recsys_cli.dataset.titles import display_title
from recsys_cli.errors import ConfigError, DataError
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile
from recsys_cli.progress import Progress
from recsys_cli.recommend.answers import RatedMovie, Reasons
from recsys_cli.recommend.diversity import num_candidates, varied
from recsys_cli.recommend.explain import Listener, explain
from recsys_cli.recommend.histories import RatedVectors
from recsys_cli.recommend.list_block import ListBlock, list_block
from recsys_cli.recommend.list_writer import ListWriter, open_writer
from recsys_cli.recommend.listed_people import (
    HISTORY,
    NOBODY,
    PROFILE,
    USER,
    People,
    read_people,
    vectors_and_bases,
)
from recsys_cli.recommend.nothing_fits import nothing_fits
from recsys_cli.recommend.recommender import open_recommender
from recsys_cli.store.base import Filter, Hits
from recsys_cli.store.exact import ExactStore

_USERS_AT_ONCE = 512
_MOVIES_AT_ONCE = 200_000  # of all lists of a batch
_VECTORS_AT_ONCE = 1_000  # fetched from Milvus
_QUERIES_AT_ONCE = 64  # of similar numbers of seen movies, where Milvus is asked for so many more
_IN_MEMORY = 1 << 30  # bytes of vectors up to which they are searched in memory
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReport:
    """What was written.

    Attributes:
        output: the file.
        users: people who got a list.
        by_user: those of them of whom the model learnt something: answered by their own vectors.
        by_history: those answered by ratings that the model did not learn from.
        by_profile: those answered by gender, age and job.
        by_nobody: those in the model without a rating and an attribute, who got the list for nobody in particular.
        without_movies: people for whom no movie fits, counted among the above.
        reason: why no movie fits anybody; None where one fits somebody.
        left_out: ids of people who are not in the model and of whom the file says nothing.
        unlisted: values of further columns that the model does not know; they count as unknown.
        conflicts: people who are not taken for those in the model because it has their id with another profile.
        unknown_ratings: ratings of movies that neither the model nor the index knows.
        searched_in: ``memory``, or the address of Milvus.
        seconds: time for searching and writing.
    """

    output: Path
    users: int
    by_user: int
    by_history: int
    by_profile: int
    by_nobody: int
    without_movies: int
    reason: str | None
    left_out: tuple[int, ...]
    conflicts: int
    unlisted: int
    unknown_ratings: int
    searched_in: str
    seconds: float


def run(
    config: RecommendConfig, store: StoreConfig, question: Question, bulk: BulkConfig, progress: Progress
) -> BulkReport:
    """Write the k best movies of every user of a file.

    People of the training data are answered by their own vectors, whoever has rated what the model did not learn
    by that as well, all others by gender, age and job; nobody gets a movie that they are known to have rated.
    Where the vectors fit in memory they are searched there, else in the store.

    Raises:
        ConfigError: the question has parts that cannot be asked for everybody.
        DataError: the users cannot be read, or the output cannot be written.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails.
    """
    if question.person != Person():
        raise ConfigError("--users answers everybody in the file: leave out what describes one person")
    unused: list[str] = []
    if _fits_in_memory(config):
        unused = _about_milvus(config, store)
        store = StoreConfig(uri=EXACT_URI)
    with (
        open_recommender(config, store, progress) as recommender,
        open_writer(bulk.output, format=bulk.format, explained=question.explain) as writer,
    ):
        report = write_lists(
            recommender.index,
            question,
            bulk=bulk,
            writer=writer,
            address=store.address,
            progress=progress,
        )
    if unused:
        progress.say(f"The vectors fit into memory and were searched there; not used: {', '.join(unused)}.")
    return report


def write_lists(
    index: MovieIndex,
    question: Question,
    *,
    bulk: BulkConfig,
    writer: ListWriter,
    address: str,
    progress: Progress,
) -> BulkReport:
    """Write the lists of all users of a file from one store; see :func:`run`.

    Args:
        index: the model and the movies.
        question: k, the filter, variety, reasons, and whether seen movies are kept.
        bulk: the files.
        writer: takes the lists.
        address: of the store, for the report.
        progress: is told how it goes on.
    """
    people = read_people(bulk, index)
    if not len(people.ids) and bulk.part is None:
        raise DataError(f"{bulk.users}: nobody is in the model, and the file says nothing else of them")
    index.make_ready()
    rated = RatedVectors(people.histories, index)
    started = time.perf_counter()
    counted: Counter[str] = Counter()
    without_movies = done = 0
    with progress.task("Recommending", total=len(people.ids), unit="people") as task:
        for lists in batches(people, index, question, rated):
            writer.write(lists)
            counted.update(lists.bases)
            without_movies += int(np.count_nonzero(lists.counts == 0))
            done += len(lists.user_ids)
            task.update(done)
    return BulkReport(
        output=writer.path,
        users=len(people.ids),
        by_user=counted[USER],
        by_history=counted[HISTORY],
        by_profile=counted[PROFILE],
        by_nobody=counted[NOBODY],
        without_movies=without_movies,
        reason=_why_nothing(question, people, index) if without_movies == len(people.ids) > 0 else None,
        left_out=people.left_out,
        conflicts=people.conflicts,
        unlisted=people.unlisted,
        unknown_ratings=rated.num_unknown,
        searched_in="memory" if address == EXACT_URI else address,
        seconds=time.perf_counter() - started,
    )


def _why_nothing(question: Question, people: People, index: MovieIndex) -> str:
    seen = np.union1d(index.folder.seen.movie_ids, people.histories.movie_ids)
    return nothing_fits(question.movies, index, seen=_NONE if question.include_seen else seen)


def batches(people: People, index: MovieIndex, question: Question, rated: RatedVectors) -> Iterator[ListBlock]:
    """The lists of everybody, ascending by id, as many at once as memory is set aside for."""
    filter = index.filter(question.movies, exclude=_NONE)
    num_movies = len(index.movies.movie_ids)
    asked = min(num_candidates(question.k) if question.diversity else question.k, max(1, num_movies))
    step = max(1, min(_USERS_AT_ONCE, _MOVIES_AT_ONCE // asked))
    for start in range(0, len(people.ids), step):
        batch = slice(start, start + step)
        vectors, answered = vectors_and_bases(people, batch, index, rated)
        searched = index.novel(vectors, question.novelty)
        found = _search(index, people, batch, searched, k=asked, question=question, filter=filter)
        if question.diversity:
            found = _varied(found, index, question)
        lists = list_block(
            found,
            index,
            user_ids=people.ids[batch],
            bases=answered,
            vectors=vectors,
            places=people.places[batch],
        )
        yield _explained(lists, people, start, index) if question.explain else lists


def _explained(lists: ListBlock, people: People, start: int, index: MovieIndex) -> ListBlock:
    """Lists of the people from a position on, with what speaks for each movie."""
    info, known = index.folder.info, index.movies
    reasons: list[Reasons] = []
    for row, movies in enumerate(lists.movies(), start=start):
        gender, age = people.profiles[row, :2].tolist()
        ids, ratings = people.fresh(row, index.folder)
        places = np.searchsorted(known.movie_ids, ids)
        liked = [
            RatedMovie(movie_id=movie_id, title=display_title(known.titles[place]), rating=rating)
            for movie_id, place, rating in zip(ids.tolist(), places.tolist(), ratings.tolist(), strict=True)
            if place < len(known.movie_ids)
            and known.movie_ids[place] == movie_id
            and rating > (info.rating_min + info.rating_max) / 2
        ]
        liked.sort(key=lambda movie: -movie.rating)
        listener = Listener(gender=gender, age=age, liked=tuple(liked))
        explained = explain(movies, listener, index)
        reasons += [movie.reasons for movie in explained if movie.reasons is not None]
    return replace(lists, reasons=reasons)


def _varied(found: list[Hits], index: MovieIndex, question: Question) -> list[Hits]:
    """The lists of a batch re-ranked for variety; the candidates' vectors are fetched once for all."""
    ids = np.unique(np.concatenate([hits.movie_ids for hits in found]))
    parts = [
        index.store.vectors(ids[start : start + _VECTORS_AT_ONCE])
        for start in range(0, len(ids), _VECTORS_AT_ONCE)
    ]
    vectors = np.concatenate(parts) if parts else np.empty((0, index.folder.info.embedding_dim), dtype=np.float32)
    answers = []
    for hits in found:
        own = vectors[np.searchsorted(ids, hits.movie_ids)]
        places = varied(hits.similarities, own, k=question.k, diversity=question.diversity)
        answers.append(Hits(hits.movie_ids[places], hits.similarities[places]))
    return answers


def _fits_in_memory(config: RecommendConfig) -> bool:
    folder = ModelFolder.open(config.model)
    num_movies = MoviesFile.choose(config.movies_data, folder).content.count(b"\n")
    return 4 * num_movies * folder.info.embedding_dim <= _IN_MEMORY


def _about_milvus(config: RecommendConfig, store: StoreConfig) -> list[str]:
    """The options given that only Milvus has a use for."""
    given = {
        "--milvus-uri": store.uri not in (EXACT_URI, default_uri(config.model)),
        "--import": config.force_import,
        "--no-import": not config.auto_import,
    }
    return [flag for flag, is_given in given.items() if is_given]


def _search(
    index: MovieIndex,
    people: People,
    batch: slice,
    vectors: NDArray[np.float32],
    *,
    k: int,
    question: Question,
    filter: Filter,
) -> list[Hits]:
    """The k best movies of a batch of people, in their order."""
    persons = range(*batch.indices(len(people.ids)))
    seen = [_NONE if question.include_seen else people.seen(person, index.folder) for person in persons]
    if isinstance(index.store, ExactStore):
        return index.store.search(vectors, k, filter=filter, excluded=seen)
    return _search_beyond_seen(index, vectors, k, filter, seen)


def _search_beyond_seen(
    index: MovieIndex,
    vectors: NDArray[np.float32],
    k: int,
    filter: Filter,
    seen: list[NDArray[np.int64]],
) -> list[Hits]:
    """Milvus filters all queries of a call alike: ask for as many more movies as were seen, and drop those."""
    order = np.argsort([len(ids) for ids in seen], kind="stable")
    answers: dict[int, Hits] = {}
    for start in range(0, len(order), _QUERIES_AT_ONCE):
        chosen = order[start : start + _QUERIES_AT_ONCE]
        most = max(len(seen[place]) for place in chosen)
        found = index.store.search(vectors[chosen], k + most, filter=filter)
        for place, hits in zip(chosen.tolist(), found, strict=True):
            new = np.flatnonzero(~np.isin(hits.movie_ids, seen[place]))[:k]
            answers[place] = Hits(hits.movie_ids[new], hits.similarities[new])
    return [answers[place] for place in range(len(seen))]
