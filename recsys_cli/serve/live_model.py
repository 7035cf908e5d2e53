"""The model that answers now: when another one stands in its place on disk, the service goes over to it.

Invariants: a model is opened, filled and tried aside before anybody is sent to it; who has begun with one ends
with it; one that cannot be opened changes nothing, and is tried again.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from recsys_cli.config import MOVIES_DATA, RecommendConfig, StoreConfig
from recsys_cli.config.question import Person, Question, SimilarQuestion
from recsys_cli.errors import RecsysError, StoreError
from recsys_cli.progress import Progress
from recsys_cli.recommend.movie_search import find_movies
from recsys_cli.recommend.recommender import Recommender, open_recommender

_T = TypeVar("_T")
_Stamp = tuple[tuple[int, ...] | None, ...]

_LOOK_EVERY = 0.5  # seconds
_TRY_AGAIN_AFTER = 5.0  # seconds


@dataclass(slots=True, eq=False)
class _Held:
    """A recommender, how many are at work with it, and whether it is to be closed after them."""

    recommender: Recommender
    users: int = 0
    is_retired: bool = False


class LiveModel:
    """A recommender that is always that of the model folder's present content. Use it in a ``with`` block."""

    def __init__(self, config: RecommendConfig, store: StoreConfig, progress: Progress):
        """Open the model, importing its movies where that is due.

        Args:
            config: model and movies.
            store: where they are searched.
            progress: is told of an import, and of every model that is gone over to or refused.

        Raises:
            ArtifactError: the model or its movies are missing or damaged.
            StoreError: Milvus cannot be reached, or the index is stale and importing is not allowed.
        """
        self._config, self._store, self._progress = config, store, progress
        self._lock = threading.Lock()  # of what is below
        self._going_over = threading.Lock()
        self._stop = threading.Event()
        self._problem: str | None = None
        self._seen = self._stamp()
        self._try_again_at = float("inf")
        self._held = self._open()
        self._config = replace(config, force_import=False)
        self._watcher = threading.Thread(target=self._watch, name="model watcher", daemon=True)
        self._watcher.start()

    @property
    def problem(self) -> str | None:
        """Why the model on disk is not the one that answers; None where it is."""
        return self._problem

    def ask(self, work: Callable[[Recommender], _T]) -> _T:
        """Let the present model do some work; where its index was taken away meanwhile, the next one.

        Raises: RecsysError: as `work` does.
        """
        with self._lend() as held:
            try:
                return work(held.recommender)
            except StoreError:
                self._go_over(is_due=False)
                if self._held is held:
                    if self._problem is None:
                        self._try_again_at = time.monotonic()  # its index may be another one's now
                    raise
        with self._lend() as held:
            return work(held.recommender)

    def close(self) -> None:
        """Stop watching and give the store back."""
        self._stop.set()
        self._watcher.join()
        self._retire(self._held)

    def __enter__(self) -> "LiveModel":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _watch(self) -> None:
        try:
            while not self._stop.wait(_LOOK_EVERY):
                self._go_over(is_due=time.monotonic() >= self._try_again_at)
        finally:
            if not self._stop.is_set():  # by a defect, whose traceback is on stderr
                self._problem = "nobody looks for new models any more: start the service again"

    def _go_over(self, *, is_due: bool) -> None:
        """Go over to what stands on disk, where that is new, or a try is due anyway."""
        with self._going_over:
            stamp = self._stamp()
            if stamp == self._seen and not is_due:
                return
            self._seen = stamp
            try:
                held = self._open()
            except RecsysError as error:
                if self._problem != str(error):
                    self._progress.say(f"Going on with the earlier model: {error}")
                self._problem, self._try_again_at = str(error), time.monotonic() + _TRY_AGAIN_AFTER
                return
            self._problem, self._try_again_at = None, float("inf")
            with self._lock:
                before, self._held = self._held, held
            self._retire(before)
            self._progress.say(f"Answering from model {held.recommender.index.folder.fingerprint[:12]} now.")

    def _open(self) -> _Held:
        with ExitStack() as undo:
            recommender = open_recommender(self._config, self._store, self._progress)
            undo.callback(recommender.close)
            _try_out(recommender)
            undo.pop_all()  # it stays open
        return _Held(recommender)

    @contextmanager
    def _lend(self) -> Iterator[_Held]:
        with self._lock:
            held = self._held
            held.users += 1
        try:
            yield held
        finally:
            with self._lock:
                held.users -= 1
                is_last = held.is_retired and not held.users
            if is_last:
                held.recommender.close()

    def _retire(self, held: _Held) -> None:
        """Close a recommender, when the last one at work with it has ended."""
        with self._lock:
            held.is_retired = True
            is_last = not held.users
        if is_last:
            held.recommender.close()

    def _stamp(self) -> _Stamp:
        """What stands under the names of the model and of the movies file; None for nothing."""
        movies = self._config.movies_data or MOVIES_DATA
        return _identity(self._config.model / "model.json"), _identity(movies)


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _try_out(recommender: Recommender) -> None:
    """Ask for something of every kind: whatever a first question would wait for is read, and checked, now."""
    index = recommender.index
    index.make_ready()
    find_movies(index, "the", k=1)
    user_ids, movie_ids = index.folder.user_ids[:1].tolist(), index.movies.movie_ids[:1].tolist()
    recommender.answer(
        Question(person=Person(like=tuple(movie_ids)), k=1, explain=True, diversity=0.1, novelty=0.1)
    )
    for movie_id in movie_ids:
        recommender.answer_similar(SimilarQuestion(movie=movie_id, k=1), option="similar")
    for user_id in user_ids:
        recommender.answer(Question(person=Person(user=user_id), k=1))
