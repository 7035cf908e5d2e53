"""Hits of a search as recommended movies, for one person and for everybody alike."""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.titles import display_title
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.recommend.answers import RecommendedMovie
from recsys_cli.store.base import Hits


def listed(
    hits: Hits, index: MovieIndex, *, vector: NDArray[np.float32], user: int | None
) -> tuple[RecommendedMovie, ...]:
    """The movies of an answer with scores and stars, in its order.

    Args:
        hits: with titles and genres.
        index: the model and the movies.
        vector: (D,) float32, the person's.
        user: position in the model's ``user_ids``, None for somebody who is not among them.
    """
    stars = _stars(hits, index, vector, user)
    scores = index.folder.info.rating_max * hits.similarities.astype(np.float64)
    return tuple(
        RecommendedMovie(
            rank=place + 1,
            movie_id=movie_id,
            title=display_title(hits.titles[place]),
            genres=hits.genres[place],
            score=score,
            stars=stars[place],
        )
        for place, (movie_id, score) in enumerate(zip(hits.movie_ids.tolist(), scores.tolist(), strict=True))
    )


def _stars(hits: Hits, index: MovieIndex, vector: NDArray[np.float32], user: int | None) -> list[float | None]:
    """The star head's estimate for every hit; None without a star head, and for a movie nobody has rated."""
    folder = index.folder
    head = folder.stars
    if head is None:
        return [None] * len(hits)
    rows = index.vocabulary.movie_rows(hits.movie_ids) - 1
    rated = (rows >= 0) & (folder.num_ratings[rows] > 0)
    offset = 0.0 if user is None else float(head.user_offsets[user])
    estimate = head.estimate(vector, folder.movie_vectors[rows], head.movie_offsets[rows], user_offset=offset)
    return [value if known else None for value, known in zip(estimate.tolist(), rated.tolist(), strict=True)]
