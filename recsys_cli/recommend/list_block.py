"""The lists of some people as columns: what is searched for many at once is written without an object a movie."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.titles import display_title
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.recommend.answers import Reasons, RecommendedMovie
from recsys_cli.store.base import Hits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListBlock:
    """The lists of n people with R movies in all, one person after another, each best first.

    Attributes:
        user_ids: (n,) int64, the data set's ids.
        bases: n words for what answers each: ``user``, ``history``, ``profile`` or ``nobody``.
        counts: (n,) int64, movies of each list, R in all.
        movie_ids: (R,) int64.
        scores: (R,) float64, see :class:`RecommendedMovie`.
        stars: (R,) float32, NaN where the model has no honest estimate.
        titles: of the different movies of all lists, as people write them.
        genres: of the same.
        which: (R,) int64, position of each movie in ``titles`` and ``genres``.
        reasons: R, what speaks for each movie; None where that was not asked for.
    """

    user_ids: NDArray[np.int64]
    bases: Sequence[str]
    counts: NDArray[np.int64]
    movie_ids: NDArray[np.int64]
    scores: NDArray[np.float64]
    stars: NDArray[np.float32]
    titles: Sequence[str]
    genres: Sequence[tuple[str, ...]]
    which: NDArray[np.int64]
    reasons: Sequence[Reasons] | None = None

    @property
    def ranks(self) -> NDArray[np.int64]:
        """(R,) int64, 1 for the best of each list."""
        ends = np.cumsum(self.counts)
        return np.arange(1, len(self.which) + 1) - np.repeat(ends - self.counts, self.counts)

    def movies(self) -> list[tuple[RecommendedMovie, ...]]:
        """The n lists, an object a movie."""
        numbers = (self.ranks, self.movie_ids, self.scores, self.which)
        rows = zip(*(column.tolist() for column in numbers), self.stars_or_none(), strict=True)
        all_movies = [
            RecommendedMovie(
                rank=rank,
                movie_id=movie_id,
                title=self.titles[place],
                genres=self.genres[place],
                score=score,
                stars=stars,
                reasons=None if self.reasons is None else self.reasons[row],
            )
            for row, (rank, movie_id, score, place, stars) in enumerate(rows)
        ]
        ends = np.cumsum(self.counts)
        return [tuple(all_movies[start:end]) for start, end in zip(ends - self.counts, ends, strict=True)]

    def stars_or_none(self) -> list[float | None]:
        """R stars as numbers of Python."""
        return [None if value != value else value for value in self.stars.tolist()]


def list_block(
    hits: Sequence[Hits],
    index: MovieIndex,
    *,
    user_ids: NDArray[np.int64],
    bases: Sequence[str],
    vectors: NDArray[np.float32],
    places: NDArray[np.int64],
) -> ListBlock:
    """The answers to n people as lists.

    Args:
        hits: n answers.
        index: the model and the movies.
        user_ids: (n,) int64.
        bases: n words.
        vectors: (n, D) float32, the people's.
        places: (n,) int64, position in the model's ``user_ids``, -1 for somebody who is not among them.
    """
    counts = np.array([len(one) for one in hits], dtype=np.int64)
    movie_ids = np.concatenate([one.movie_ids for one in hits])
    similarities = np.concatenate([one.similarities for one in hits])
    different, which = np.unique(movie_ids, return_inverse=True)
    movies = index.movies
    rows = np.searchsorted(movies.movie_ids, different).tolist()
    return ListBlock(
        user_ids=user_ids,
        bases=bases,
        counts=counts,
        movie_ids=movie_ids,
        scores=index.folder.info.rating_max * similarities.astype(np.float64),
        stars=_stars(index, different, which, vectors, places, counts),
        titles=[display_title(movies.titles[row]) for row in rows],
        genres=[movies.genres[row] for row in rows],
        which=which,
    )


def _stars(
    index: MovieIndex,
    movie_ids: NDArray[np.int64],
    which: NDArray[np.int64],
    vectors: NDArray[np.float32],
    places: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The star head's estimate for every movie of every list; NaN without a head, or where nobody has rated it."""
    folder = index.folder
    head = folder.stars
    if head is None:
        return np.full(len(which), np.nan, dtype=np.float32)
    rows = index.vocabulary.movie_rows(movie_ids) - 1
    rated = (rows >= 0) & (folder.num_ratings[rows] > 0)
    movie_vectors, offsets = folder.movie_vectors[rows], head.movie_offsets[rows]
    stars = [np.empty(0, dtype=np.float32)]
    for vector, place, end, count in zip(vectors, places.tolist(), np.cumsum(counts), counts, strict=True):
        chosen = which[end - count : end]
        offset = float(head.user_offsets[place]) if place >= 0 else 0.0
        stars.append(head.estimate(vector, movie_vectors[chosen], offsets[chosen], user_offset=offset))
    return np.where(rated[which], np.concatenate(stars), np.float32(np.nan))
