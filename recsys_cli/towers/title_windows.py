"""Titles as the text convolution takes them: every word with its neighbours, no padding. Needs no paddle."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def title_windows(words: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Every word of every title with its neighbours.

    Args:
        words: (N, L) int32 word rows, -1 padding at the end, L >= 1; a title without words is one unknown word.

    Returns: windows (T, 3) int64, word row + 1, or 0 outside the title; titles (T,) int64, the title of each,
        ascending.
    """
    words = words.copy()
    words[words[:, 0] < 0, 0] = 0
    shifted = np.pad(words + 1, ((0, 0), (1, 1))).astype(np.int64)  # (N, L + 2)
    title, place = np.nonzero(words >= 0)
    windows = np.stack([shifted[title, place + shift] for shift in range(3)], axis=1)  # (T, 3)
    return windows, title.astype(np.int64)


def pad_titles(titles: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Word rows of titles of any length as one (N, L) int32 array, -1 padding at the end, L >= 1."""
    padded = np.full((len(titles), max(map(len, titles), default=0) or 1), -1, dtype=np.int32)
    for place, words in enumerate(titles):
        padded[place, : len(words)] = words
    return padded
