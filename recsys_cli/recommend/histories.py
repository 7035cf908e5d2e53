"""What people have rated since a training, or without being in it: a file of ratings, by person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.layouts import ratings_layout
from recsys_cli.dataset.problems import SHOWN, Problem, Problems
from recsys_cli.dataset.rating_columns import RatingColumns, rating_blocks
from recsys_cli.dataset.rows import rows_of
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.user_vector import Favourites
from recsys_cli.store.base import Store

_VECTORS_AT_ONCE = 1_000  # fetched from the store


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The ratings of some people in one CSR structure.

    Attributes:
        indptr: (N + 1,) int64; the ratings of a person are at ``indptr[i]:indptr[i + 1]``.
        movie_ids: (R,) int64, each once a person.
        ratings: (R,) float32, on the model's scale.
    """

    indptr: NDArray[np.int64]
    movie_ids: NDArray[np.int64]
    ratings: NDArray[np.float32]

    @classmethod
    def none(cls, num_people: int) -> Histories:
        """People who have rated nothing."""
        return cls(np.zeros(num_people + 1, dtype=np.int64), np.empty(0, np.int64), np.empty(0, np.float32))

    def of(self, person: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids of the movies that a person rated, (n,), and the ratings, (n,)."""
        part = slice(self.indptr[person], self.indptr[person + 1])
        return self.movie_ids[part], self.ratings[part]

    @property
    def counts(self) -> NDArray[np.int64]:
        """(N,) int64, how many each person rated."""
        return np.diff(self.indptr)

    def at(self, chosen: NDArray[np.bool_]) -> Histories:
        """Those of the people where a mask (N,) is true."""
        kept = np.repeat(chosen, self.counts)
        indptr = np.concatenate([[0], np.cumsum(self.counts[chosen])])
        return Histories(indptr, self.movie_ids[kept], self.ratings[kept])


def read_histories(
    path: Path, user_ids: NDArray[np.int64], *, rating_min: float, rating_max: float, data: Path
) -> Histories:
    """Read the ratings of some people; of several ratings of one movie the last in the file counts.

    Args:
        path: a file of ratings in any layout that a training reads.
        user_ids: (N,) int64, ascending; other people's ratings are checked and passed over.
        rating_min: lowest rating of the model's scale.
        rating_max: highest rating.
        data: folder of the data set that the model was trained on, whose ``dataset.toml`` may name the columns.

    Raises: DataError: the file is missing or malformed, or a rating is not on the scale.
    """
    problems = Problems()
    blocks = rating_blocks(ratings_layout(path, data), problems)
    kept = [_of(user_ids, block, path, (rating_min, rating_max), problems) for block in blocks]
    problems.raise_if_any()
    if not kept:
        return Histories.none(len(user_ids))
    people, movies, ratings = (np.concatenate(columns) for columns in zip(*kept, strict=True))
    order = np.lexsort((movies, people))  # stable: the last rating of a movie comes last
    people, movies, ratings = people[order], movies[order], ratings[order]
    is_last = np.ones(len(order), dtype=np.bool_)
    is_last[:-1] = (people[1:] != people[:-1]) | (movies[1:] != movies[:-1])
    counts = np.bincount(people[is_last], minlength=len(user_ids) + 1)[1:]
    return Histories(np.concatenate([[0], np.cumsum(counts)]), movies[is_last], ratings[is_last])


_Kept = tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32]]  # people counted from 1, movies, ratings


def _of(
    user_ids: NDArray[np.int64], block: RatingColumns, path: Path, scale: tuple[float, float], problems: Problems
) -> _Kept:
    """The ratings of a block by some people; one that is not on the scale, whosever it is, becomes a problem."""
    low, high = scale
    wrong = np.flatnonzero((block.values < low) | (block.values > high))
    for row in wrong[:SHOWN]:
        text, allowed = f"{block.values[row]:g}", f"{low:g} to {high:g}, the model's scale"
        problems.add(Problem(path, int(block.lines[row]), "rating", text, allowed))
    problems.count += max(len(wrong) - SHOWN, 0)
    people = rows_of(block.users, user_ids)
    asked = people > 0
    return people[asked], block.movies[asked], block.values[asked]


class RatedVectors:
    """Vectors of the movies that people have rated: the model's own, and those of newer movies in the index.

    Attributes:
        num_unknown: ratings of movies that neither holds: they say nothing, and are not recommended either.
    """

    def __init__(self, histories: Histories, index: MovieIndex):
        self._index = index
        ids = np.unique(histories.movie_ids)
        others = ids[index.vocabulary.movie_rows(ids) == 0]
        is_new = np.isin(others, index.movies.movie_ids)
        self._new_ids = others[is_new]
        self._new = _fetched(self._new_ids, index.make_ready())
        self.num_unknown = int(np.isin(histories.movie_ids, others[~is_new]).sum())

    def favourites(self, movie_ids: NDArray[np.int64], ratings: NDArray[np.float32]) -> Favourites:
        """One person's ratings as the model takes them, without movies that are nowhere known.

        Args:
            movie_ids: (n,) int64.
            ratings: (n,) float32.
        """
        places = self._index.vocabulary.movie_rows(movie_ids) - 1
        vectors = self._index.folder.movie_vectors[places]  # of no meaning where the place is -1
        new = np.isin(movie_ids, self._new_ids) & (places < 0)
        if new.any():
            vectors[new] = self._new[np.searchsorted(self._new_ids, movie_ids[new])]
        known = (places >= 0) | new
        return Favourites(places[known], ratings[known], vectors[known])


def _fetched(ids: NDArray[np.int64], store: Store) -> NDArray[np.float32]:
    """(n, D) vectors of the index, a few at a time."""
    parts = [
        store.vectors(ids[start : start + _VECTORS_AT_ONCE]) for start in range(0, len(ids), _VECTORS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty((0, 0), dtype=np.float32)
