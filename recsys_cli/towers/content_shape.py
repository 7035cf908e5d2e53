"""What is known of a movie before anybody has rated it: genres, their pairs, the year, more. Needs no paddle."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_OF_A_PAIR = 3  # movies that have both genres
_MOST_PAIRS = 256
_YEARS_APART, _MOST_BUMPS = 5, 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContentShape:
    """What the numbers of a row stand for; from the movies of a data set alone.

    Attributes:
        num_genres: highest genre row.
        num_values: rows of further columns.
        pairs: (P, 2) int64 rows of genres that often go together, ascending.
        centres: (Y,) float32 years that the bumps are about, ascending; one, which all movies count as near, where
            no year is known.
        width: of a bump, in years.
        typical: (Y,) float32, the mean of the bumps over the movies whose year is known: what stands for others.
    """

    num_genres: int
    pairs: NDArray[np.int64]
    centres: NDArray[np.float32]
    width: float
    typical: NDArray[np.float32]
    num_values: int = 0

    @classmethod
    def of(cls, genres: NDArray[np.float32], years: NDArray[np.float32], *, num_values: int = 0) -> "ContentShape":
        """The shape for some movies.

        Args:
            genres: (M, G + 1 + V) float32 multi-hot, column 0 unknown, those of further columns behind the genres.
            years: (M,) float32, 0 unknown.
            num_values: V.
        """
        genres = genres[:, : genres.shape[1] - num_values]
        first_of, second_of = np.triu_indices(genres.shape[1], 1)
        counts = (genres.T @ genres)[first_of, second_of] * (first_of > 0)
        often = np.sort(np.argsort(-counts, kind="stable")[:_MOST_PAIRS])
        often = often[counts[often] >= _LEAST_OF_A_PAIR]
        known = years[years > 0]
        first, last = (known.min(), known.max()) if len(known) else (0.0, 0.0)
        apart = max(_YEARS_APART, (last - first) / _MOST_BUMPS)
        centres = np.arange(first, last + apart, apart, dtype=np.float32)
        bumps = np.exp(-0.5 * ((known[:, None] - centres) / apart) ** 2)
        return cls(
            num_genres=genres.shape[1] - 1,
            pairs=np.stack([first_of[often], second_of[often]], axis=1).astype(np.int64),
            centres=centres,
            width=float(apart),
            typical=(bumps.mean(axis=0) if len(known) else np.ones(1)).astype(np.float32),
            num_values=num_values,
        )

    @property
    def num_columns(self) -> int:
        """Length of a row: unknown genre, genres, values of further columns, pairs, bumps."""
        return self.num_inputs + len(self.pairs) + len(self.centres)

    @property
    def num_inputs(self) -> int:
        """Columns of the multi-hot input: unknown genre, genres, values of further columns."""
        return 1 + self.num_genres + self.num_values
