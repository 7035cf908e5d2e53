"""How far the lists of people moved from one model to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli import metrics
from recsys_cli.dataset.rows import rows_of
from recsys_cli.dataset.titles import display_title
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import open_vocabulary

_BLOCK = 512  # people whose scores are in memory at a time
_NO_MOVIE = -1
_SHOWN = 10  # movies that are named


@dataclass(frozen=True, slots=True)
class ListedMovie:
    """A movie that stands in lists of one model and in none of the other's.

    Attributes:
        movie_id: of the data set.
        title: as people write it, with the year.
        lists: in how many lists it stands.
    """

    movie_id: int
    title: str
    lists: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsMoved:
    """The lists of the same people by two models, each as it serves them: without what it knows to be rated.

    Attributes:
        people: whose lists were compared.
        k: places of a list.
        overlap: mean share of a list's movies that are in both, 0 to 1.
        unchanged: share of the people whose lists hold the same movies.
        disjoint: share of the people whose lists have none in common.
        num_appeared: movies in lists of the new model and in none of the old one's.
        num_vanished: the other way round.
        appeared: the ten of the former that stand in most lists.
        vanished: the ten of the latter.
    """

    people: int
    k: int
    overlap: float
    unchanged: float
    disjoint: float
    num_appeared: int
    num_vanished: int
    appeared: tuple[ListedMovie, ...]
    vanished: tuple[ListedMovie, ...]


def lists_moved(
    old: ModelFolder, new: ModelFolder, *, people: int, k: int, rng: np.random.Generator
) -> ListsMoved | None:
    """Compare the lists of people whom both models know.

    Args:
        old: the earlier model.
        new: the later one.
        people: how many, at most.
        k: places of a list.
        rng: chooses them where there are more.

    Returns: None where no id is known to both.

    Raises: ArtifactError: a file of a model is missing or damaged.
    """
    user_ids = np.intersect1d(old.user_ids, new.user_ids)
    if not len(user_ids):
        return None
    if len(user_ids) > people:
        user_ids = np.sort(rng.choice(user_ids, people, replace=False))
    before, after = (_lists(folder, user_ids, k) for folder in (old, new))  # (N, k) movie ids
    shared = np.array([len(np.intersect1d(one, other)) for one, other in zip(before, after, strict=True)])
    shared -= ((before == _NO_MOVIE).any(axis=1) & (after == _NO_MOVIE).any(axis=1)).astype(shared.dtype)
    lengths = np.maximum((before != _NO_MOVIE).sum(axis=1), (after != _NO_MOVIE).sum(axis=1))
    overlap = np.where(lengths > 0, shared / np.maximum(lengths, 1), 1.0)
    num_appeared, appeared = _only_in(after, before, new)
    num_vanished, vanished = _only_in(before, after, old)
    return ListsMoved(
        people=len(user_ids),
        k=k,
        overlap=float(overlap.mean()),
        unchanged=float((overlap == 1.0).mean()),
        disjoint=float((overlap == 0.0).mean()),
        num_appeared=num_appeared,
        num_vanished=num_vanished,
        appeared=appeared,
        vanished=vanished,
    )


def _lists(folder: ModelFolder, user_ids: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """(N, min(k, M + 1)) movie ids, best first; -1 in the places behind the last movie that is left."""
    places = np.searchsorted(folder.user_ids, user_ids)
    columns = np.concatenate([[_NO_MOVIE], folder.movie_ids])
    lists = []
    for block in np.split(places, range(_BLOCK, len(places), _BLOCK)):
        scores = np.full((len(block), len(columns)), -np.inf, dtype=np.float32)
        scores[:, 1:] = folder.user_vectors[block] @ folder.movie_vectors.T
        for row, place in enumerate(block):
            scores[row, rows_of(folder.seen.of(place), folder.movie_ids)] = -np.inf
        lists.append(columns[metrics.top_k(scores, k)])
    return np.concatenate(lists)


def _only_in(
    lists: NDArray[np.int64], others: NDArray[np.int64], folder: ModelFolder
) -> tuple[int, tuple[ListedMovie, ...]]:
    """How many movies stand in these lists (N, k) and in none of the others, and those in most of them."""
    movie_ids, counts = np.unique(lists[lists != _NO_MOVIE], return_counts=True)
    only = ~np.isin(movie_ids, others)
    movie_ids, counts = movie_ids[only], counts[only]
    first = np.lexsort((movie_ids, -counts))[:_SHOWN]
    vocabulary = open_vocabulary(folder)
    titles = [display_title(vocabulary.titles[row - 1]) for row in vocabulary.movie_rows(movie_ids[first])]
    named = zip(movie_ids[first].tolist(), titles, counts[first].tolist(), strict=True)
    return len(movie_ids), tuple(ListedMovie(*movie) for movie in named)
