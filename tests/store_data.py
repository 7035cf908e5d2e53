"""A few movies whose right answers are known, shared by the store tests."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from recsys_cli.store.base import Fingerprint
from recsys_cli.store.content import IndexContent

DIM = 8


def unit_rows(rng: np.random.Generator, count: int, dim: int = DIM) -> npt.NDArray[np.float32]:
    """(count, dim) random unit rows."""
    rows = rng.standard_normal((count, dim))
    unit: npt.NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def fan(cosines: list[float], dim: int = DIM) -> npt.NDArray[np.float32]:
    """Unit rows (len(cosines), dim) whose inner products with the first axis are the given cosines."""
    rows = np.zeros((len(cosines), dim), dtype=np.float32)
    rows[:, 0] = cosines
    rows[:, 1] = np.sqrt(1 - np.square(cosines))
    return rows


def known_content() -> IndexContent:
    """Seven movies; the first axis orders them 40, 10, 30, 7, 20, 50, 60 (7 and 20 score the same)."""
    return IndexContent(
        movie_ids=np.array([7, 10, 20, 30, 40, 50, 60], dtype=np.int64),
        vectors=fan([0.5, 0.9, 0.5, 0.8, 1.0, 0.2, -0.4]),
        titles=["Amélie", "Heat", "七人の侍", 'Say "Hi"', "Speed", "It's", "Ran"],
        years=np.array([2001, 1995, 1954, 1990, 1994, 0, 1985], dtype=np.int32),
        genres=[
            ("Comedy", "Romance"),
            ("Crime",),
            ("Drama", "War"),
            ('x" or id > 0 or "', "Comedy"),
            ("Action", "Crime"),
            (),
            ("Drama", "It's 100% / odd_\\"),
        ],
        num_ratings=np.array([3, 0, 250, 1, 7, 0, 2**40], dtype=np.int64),
    )


def changed_content() -> IndexContent:
    """The known movies without 10, 20 under another title, and new: 15, of a new genre, and 70."""
    known = known_content()
    return IndexContent(
        movie_ids=np.array([7, 15, 20, 30, 40, 50, 60, 70], dtype=np.int64),
        vectors=fan([0.5, 0.95, 0.6, 0.8, 1.0, 0.2, -0.4, 0.1]),
        titles=[known.titles[0], "Alien", "Seven Samurai", *known.titles[3:], "Solaris"],
        years=np.array([2001, 1979, 1954, 1990, 1994, 0, 1985, 1972], dtype=np.int32),
        genres=[known.genres[0], ("Sci-Fi",), *known.genres[2:], ("Drama",)],
        num_ratings=np.array([3, 0, 250, 1, 7, 0, 2**40, 9], dtype=np.int64),
    )


def random_content(rng: np.random.Generator, count: int, dim: int = DIM) -> IndexContent:
    """Movies 1..count with random vectors, years and up to three of six genres."""
    names = np.array(["Action", "Comedy", "Drama", "Film-Noir", "War", "Children's"])
    return IndexContent(
        movie_ids=np.arange(1, count + 1, dtype=np.int64),
        vectors=unit_rows(rng, count, dim),
        titles=[f"Movie {number}" for number in range(1, count + 1)],
        years=rng.integers(1950, 2000, count).astype(np.int32),
        genres=[
            tuple(sorted(rng.choice(names, rng.integers(0, 4), replace=False).tolist())) for _ in range(count)
        ],
    )


def fingerprint(movies: str = "movies", *, model: str = "model", dim: int = DIM) -> Fingerprint:
    """A fingerprint that differs where its arguments do."""
    return Fingerprint(model=model, movies=movies, dim=dim)


FIRST_AXIS = fan([1.0])

THIRD = replace(
    known_content(), titles=["A", *known_content().titles[1:]], vectors=fan([0.6, 0.9, 0.5, 0.8, 1, 0.2, -0.4])
)
CONTENTS = {"old": known_content(), "new": changed_content(), "third": THIRD}
