"""``recsys recommend --users``: a list for everybody in a file, in batches and bounded memory."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config import EXACT_URI, RecommendConfig, StoreConfig, default_uri
from recsys_cli.config.question import BulkConfig, Person, Question
from recsys_cli.dataset.tables import Users
from recsys_cli.dataset.titles import display_title
from recsys_cli.dataset.users_file import read_users_file
from recsys_cli.errors import ConfigError, DataError
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vectors
from recsys_cli.progress import Progress
from recsys_cli.recommend.list_writer import ListWriter, UserList, open_writer
from recsys_cli.recommend.recommender import open_recommender
from recsys_cli.store.base import Filter, Hits
from recsys_cli.store.exact import ExactStore

_USERS_AT_ONCE = 512
_QUERIES_AT_ONCE = 64  # of similar numbers of seen movies, where Milvus is asked for so many more
_IN_MEMORY = 1 << 30  # bytes of vectors up to which they are searched in memory
_NONE = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkReport:
    """What was written.

    Attributes:
        output: the file.
        users: people who got a list.
        by_user: those of them who are in the model: answered by their own vectors.
        by_profile: those who are not: answered by gender, age and job.
        left_out: ids of people who are not in the model and of whom the file says nothing.
        conflicts: people answered by their profile because the model has their id with another one.
        searched_in: ``memory``, or the address of Milvus.
        seconds: time for searching and writing.
    """

    output: Path
    users: int
    by_user: int
    by_profile: int
    left_out: tuple[int, ...]
    conflicts: int
    searched_in: str
    seconds: float


@dataclass(frozen=True, slots=True, eq=False)
class _People:
    """Those who get a list.

    Attributes:
        ids: (N,) int64.
        places: (N,) int64, position in the model's ``user_ids``, -1 for those answered by their profile.
        profiles: (N, 3) int32 rows of gender, age and job.
        left_out: ids of people who are not in the model and of whom nothing is known.
        conflicts: people whose id the model has with another profile.
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    profiles: NDArray[np.int32]
    left_out: tuple[int, ...]
    conflicts: int


def run(
    config: RecommendConfig, store: StoreConfig, question: Question, bulk: BulkConfig, progress: Progress
) -> BulkReport:
    """Write the k best movies of every user of a file.

    People of the training data are answered by their own vectors and without the movies they rated; all others by
    gender, age and job. Where the vectors fit in memory they are searched there, else in the store.

    Raises:
        ConfigError: the question has parts that cannot be asked for everybody.
        DataError: the users cannot be read, or the output cannot be written.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails.
    """
    if question.person != Person():
        raise ConfigError("--users answers everybody in the file: leave out what describes one person")
    if question.diversity or question.explain:
        raise ConfigError("--diversity and --explain do not go with --users")
    unused: list[str] = []
    if _fits_in_memory(config):
        unused = _about_milvus(config, store)
        store = StoreConfig(uri=EXACT_URI)
    with open_recommender(config, store, progress) as recommender, open_writer(bulk.output) as writer:
        report = write_lists(
            recommender.index,
            question,
            users_path=bulk.users,
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
    users_path: Path,
    writer: ListWriter,
    address: str,
    progress: Progress,
) -> BulkReport:
    """Write the lists of all users of a file from one store; see :func:`run`.

    Args:
        index: the model and the movies.
        question: k, the filter, and whether seen movies are kept.
        users_path: the file.
        writer: takes the lists.
        address: of the store, for the report.
        progress: is told how it goes on.
    """
    users = read_users_file(users_path, index.vocabulary.demographics)
    people = _look_up(users, index)
    if not len(people.ids):
        raise DataError(f"{users_path}: nobody is in the model, and the file says nothing else of them")
    index.make_ready()
    filter = index.filter(question.movies, exclude=_NONE)
    titles = {
        movie_id: display_title(title)
        for movie_id, title in zip(index.movies.movie_ids.tolist(), index.movies.titles, strict=True)
    }
    started = time.perf_counter()
    with progress.task("Recommending", total=len(people.ids), unit="people") as task:
        for start in range(0, len(people.ids), _USERS_AT_ONCE):
            batch = slice(start, start + _USERS_AT_ONCE)
            hits = _search(index, people, batch, question, filter)
            lists = zip(people.ids[batch].tolist(), (people.places[batch] >= 0).tolist(), hits, strict=True)
            writer.write(
                UserList(
                    user_id=user_id,
                    basis="user" if is_known else "profile",
                    movie_ids=found.movie_ids,
                    titles=[titles[movie_id] for movie_id in found.movie_ids.tolist()],
                    scores=index.folder.info.score(found.similarities),
                )
                for user_id, is_known, found in lists
            )
            task.update(start + len(hits))
    by_user = int((people.places >= 0).sum())
    return BulkReport(
        output=writer.path,
        users=len(people.ids),
        by_user=by_user,
        by_profile=len(people.ids) - by_user,
        left_out=people.left_out,
        conflicts=people.conflicts,
        searched_in="memory" if address == EXACT_URI else address,
        seconds=time.perf_counter() - started,
    )


def _fits_in_memory(config: RecommendConfig) -> bool:
    folder = ModelFolder.open(config.model)
    try:
        with config.movies_data.open("rb") as file:
            num_movies = sum(1 for _ in file)
    except OSError:
        return False  # reported by whoever reads it next
    return 4 * num_movies * folder.info.embedding_dim <= _IN_MEMORY


def _about_milvus(config: RecommendConfig, store: StoreConfig) -> list[str]:
    """The options given that only Milvus has a use for."""
    given = {
        "--milvus-uri": store.uri not in (EXACT_URI, default_uri(config.model)),
        "--import": config.force_import,
        "--no-import": not config.auto_import,
    }
    return [flag for flag, is_given in given.items() if is_given]


def _look_up(users: Users, index: MovieIndex) -> _People:
    """Who is answered by what. An id that the model has with another profile is somebody else's."""
    places = index.vocabulary.user_rows(users.ids) - 1
    profiles = np.stack([users.genders, users.ages, users.jobs], axis=1)
    audience = index.folder.audience
    trained = np.stack([audience.user_genders, audience.user_ages, audience.user_jobs], axis=1)[places]
    differs = (profiles != trained) & (profiles > 0) & (trained > 0)
    conflicts = (places >= 0) & differs.any(axis=1)
    places = np.where(conflicts, -1, places)
    answerable = (places >= 0) | profiles.any(axis=1)
    return _People(
        ids=users.ids[answerable],
        places=places[answerable],
        profiles=profiles[answerable],
        left_out=tuple(users.ids[~answerable].tolist()),
        conflicts=int(conflicts.sum()),
    )


def _search(index: MovieIndex, people: _People, batch: slice, question: Question, filter: Filter) -> list[Hits]:
    """The lists of a batch of people, in their order."""
    folder, store = index.folder, index.store
    places = people.places[batch]
    vectors = user_vectors(folder, people.profiles[batch], places)
    known = (places >= 0) & (not question.include_seen)
    seen = [folder.seen.of(place) if has else _NONE for place, has in zip(places.tolist(), known, strict=True)]
    if isinstance(store, ExactStore):
        return store.search(vectors, question.k, filter=filter, excluded=seen)
    return _search_beyond_seen(index, vectors, question.k, filter, seen)


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
