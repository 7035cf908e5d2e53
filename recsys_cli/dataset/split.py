"""Which ratings train and which are held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Two disjoint sets of rating indices that together are all of them.

    Attributes:
        train: int32 where that holds them, else int64; ascending.
        held_out: the same.
    """

    train: NDArray[Any]
    held_out: NDArray[Any]

    def joined(self) -> Split:
        """The same ratings, all of them trained on."""
        return Split(train=np.sort(np.concatenate([self.train, self.held_out])), held_out=self.held_out[:0])


def hold_out_ratings(num_ratings: int, *, share: float, rng: np.random.Generator) -> Split:
    """Hold out a random share of the ratings.

    Args:
        num_ratings: how many there are.
        share: 0 <= share < 1; rounded to whole ratings.
        rng: source of the choice.
    """
    return _split(_chosen(num_ratings, share, rng))


def hold_out_users(
    user_rows: NDArray[np.integer], num_users: int, *, share: float, rng: np.random.Generator
) -> Split:
    """Hold out every rating of a random share of the users.

    Args:
        user_rows: (R,) row of the user of each rating, from 1.
        num_users: how many users there are.
        share: 0 <= share < 1; rounded to whole users.
        rng: source of the choice.
    """
    return _split(_chosen(num_users, share, rng)[user_rows - 1])


def hold_out_movies(
    movie_rows: NDArray[np.integer], num_movies: int, *, share: float, rng: np.random.Generator
) -> Split:
    """Hold out every rating of a random share of the movies.

    Args:
        movie_rows: (R,) row of the movie of each rating, from 1.
        num_movies: how many movies there are.
        share: 0 <= share < 1; rounded to whole movies.
        rng: source of the choice.
    """
    return _split(_chosen(num_movies, share, rng)[movie_rows - 1])


def _chosen(count: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    if not 0 <= share < 1:
        raise ValueError(f"share must be in [0, 1), got {share}")
    chosen = np.zeros(count, dtype=np.bool_)
    chosen[rng.choice(count, size=round(count * share), replace=False)] = True
    return chosen


def _split(held_out: NDArray[np.bool_]) -> Split:
    kind = np.int32 if len(held_out) < 2**31 else np.int64
    train, rest = (np.flatnonzero(chosen).astype(kind) for chosen in (~held_out, held_out))
    return Split(train=train, held_out=rest)
