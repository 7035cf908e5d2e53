"""The movies of an index: what an import hands to a store."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class VectorSource(Protocol):
    """Rows of unit vectors, made when asked for: an array is one, a batched encoder another."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(M, D)."""
        ...

    def __getitem__(self, rows: Any) -> npt.NDArray[np.float32]:
        """The vectors of a slice or of an int64 array of positions, as (n, D) float32 unit rows."""
        ...


@dataclass(frozen=True, slots=True)
class IndexContent:
    """The movies of an index, in the order of their ids.

    Attributes:
        movie_ids: (M,) int64, ascending, without repeats.
        vectors: (M, D) float32 unit rows: an array, or a source that makes a batch when it is indexed, so that
            an import never holds more than one batch.
        titles: M titles.
        years: (M,) int32, 0 where the year is unknown.
        genres: M tuples of genre names, possibly empty.
        digests: (M,) int64, equal for two movies of one id and one model exactly when their rows are equal;
            None derives them from title, year, genres and ratings, which is enough when these decide the vector.
        num_ratings: (M,) int64, training ratings of each; None where nobody has rated any.
    """

    movie_ids: npt.NDArray[np.int64]
    vectors: VectorSource
    titles: Sequence[str]
    years: npt.NDArray[np.int32]
    genres: Sequence[tuple[str, ...]]
    digests: npt.NDArray[np.int64] | None = None
    num_ratings: npt.NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        columns = (self.movie_ids, self.titles, self.years, self.genres, self.ratings())
        lengths = {self.vectors.shape[0], *map(len, columns)}
        if len(lengths) != 1:
            raise ValueError(f"the columns of an index's content disagree in length: {sorted(lengths)}")
        if np.any(np.diff(self.movie_ids) <= 0):
            raise ValueError("the movie ids of an index's content must ascend without repeats")

    def __len__(self) -> int:
        return len(self.movie_ids)

    @property
    def dim(self) -> int:
        """Width of a vector."""
        return self.vectors.shape[1]

    def ratings(self) -> npt.NDArray[np.int64]:
        """(M,) int64, `num_ratings` or zeros."""
        return np.zeros(len(self.movie_ids), dtype=np.int64) if self.num_ratings is None else self.num_ratings

    def row_digests(self) -> npt.NDArray[np.int64]:
        """(M,) int64: `digests`, or what title, year, genres and ratings give."""
        if self.digests is not None:
            return self.digests
        lines = zip(self.titles, self.years.tolist(), self.genres, self.ratings().tolist(), strict=True)
        return np.array([text_digest(repr(line)) for line in lines], dtype=np.int64).reshape(-1)


def text_digest(text: str) -> int:
    """63 bits of the BLAKE2b hash of a text, the same on every machine."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
