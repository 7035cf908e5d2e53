"""From a few rated movies to a user vector, without training and without paddle.

Two roads lead from likes to a vector, and scripts/bench_favourites.py shows that they are best taken together. The
user tower's history attribute knows which movies go with which, but was trained on long histories and drowns the
profile when there is one movie: it enters weakened and damped. One gradient step of the softmax
that the towers were trained by pulls the vector from the movies that the model expects to those that were liked:
sure with one like, blunt with many. Its length grows with their number and levels off.
"""

from dataclasses import dataclass

import numpy as np

from recsys_cli.model.arrays import Floats, Ints, UserTables, unit_rows

# Fitted on 515 users of MovieLens 1M held out whole; measured on others.
HISTORY_SHARE = 0.7
HISTORY_DAMPING = 20.0
STEP = 1.5
STEP_DAMPING = 8.0
DISLIKE_SHARE = 0.25  # more pushes like movies further down, and costs more of what the person would have liked
TEMPERATURE = 0.1
LIKE_SHARE = 0.8  # of the scale's top: from here on a rating is a like


@dataclass(frozen=True, slots=True, eq=False)
class Favourites:
    """Rated movies of one person.

    Attributes:
        places: (n,) int64, positions in ``movie_ids``, -1 for a movie that has no training rating.
        ratings: (n,) float32, on the rating scale.
        vectors: (n, D) float32, unit rows.
    """

    places: Ints
    ratings: Floats
    vectors: Floats


def history_vector(tables: UserTables, profile: tuple[int, int, int], favourites: Favourites) -> Floats:
    """Vector (D,) float32 of unit length for a profile and the movies as its history.

    Args:
        tables: the user tower.
        profile: rows of gender, age and job, 0 unknown.
        favourites: what the person rated.
    """
    known = favourites.places >= 0
    return tables.with_history(
        *profile,
        favourites.places[known],
        favourites.ratings[known],
        share=HISTORY_SHARE,
        damping=HISTORY_DAMPING,
    )


def lean(base: Floats, favourites: Favourites, *, movies: Floats, rating_min: float, rating_max: float) -> Floats:
    """Turn a user vector towards the movies that a person likes, and a little away from those disliked.

    Args:
        base: (D,) float32, unit length: what else is known of the person.
        favourites: what the person rated. From 0.8 of the scale's top on it is a like, below the middle of the
            scale a dislike.
        movies: (M, D) float32, unit rows of the catalogue.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.

    Returns: (D,) float32, unit length.
    """
    logits = movies @ base / np.float32(TEMPERATURE)
    chances = np.exp(logits - logits.max())
    expected = (chances / chances.sum()) @ movies  # (D,), what the model thinks they like
    liked = favourites.vectors[favourites.ratings >= LIKE_SHARE * rating_max]
    disliked = favourites.vectors[favourites.ratings < (rating_min + rating_max) / 2]
    turned = base + _step(liked, expected) - np.float32(DISLIKE_SHARE) * _step(disliked, expected)
    unit: Floats = unit_rows(turned[None])[0]
    return unit


def _step(vectors: Floats, expected: Floats) -> Floats:
    """(D,) from the expected vector to the mean of some movies, longer the more they are; 0 for none."""
    if not len(vectors):
        return np.zeros_like(expected)
    size = np.float32(STEP * len(vectors) / (len(vectors) + STEP_DAMPING))
    step: Floats = size * (vectors.mean(axis=0) - expected)
    return step
