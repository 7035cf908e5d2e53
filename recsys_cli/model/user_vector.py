"""What is known of people to user vectors: profile, history, favourites. Without training and without paddle.

Three roads lead from likes to a vector; scripts/bench_favourites.py shows them beside each other. The user tower's
history attribute knows which movies go with which. The crowd knows people: the mean of those whose likes these may
be says as much of somebody with few likes, and is half of their vector; with many it counts less and less. One
gradient step of a softmax of the cosines pulls a vector from the movies that the model expects
to those that were liked; its length grows with their number and levels off. It turns known people, and everybody
from what they dislike.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.model.arrays import Floats, Ints, unit_rows
from recsys_cli.model.folder import ModelFolder

Profile = tuple[int, ...]  # rows of gender, age, job and, where there are any, further columns; 0 unknown

# Fitted on users of MovieLens 1M held out whole; measured on others.
CROWD_SHARE = 0.5  # of the vector of somebody with few likes
CROWD_TRUST = 40.0  # likes with which the crowd counts half of that, in both ways
CROWD_RATINGS = 150.0  # ratings a person from which on the crowd is known well enough for its whole share
TEMPERATURE = 0.1  # of the softmax of a step
STEP = 1.5
STEP_DAMPING = 8.0
DISLIKE_SHARE = 0.25  # more pushes like movies further down, and costs more of what the person would have liked
LIKE_SHARE = 0.8  # of the scale's top: from here on a rating is a like


@dataclass(frozen=True, slots=True, eq=False)
class Favourites:
    """Rated movies of one person.

    Attributes:
        places: (n,) int64, positions in the model's ``movie_ids``, -1 for a movie that it does not know.
        ratings: (n,) float32, on the rating scale.
        vectors: (n, D) float32, unit rows.
    """

    places: Ints
    ratings: Floats
    vectors: Floats


def user_vectors(folder: ModelFolder, profiles: NDArray[np.integer], users: Ints) -> Floats:
    """Vectors of people without favourites: their own, which hold their history, or their profile's.

    Args:
        folder: the model.
        profiles: (N, 3 + F) rows of gender, age, job and further columns, 0 unknown; F may be 0 for any model.
        users: (N,) int64, position in the model's ``user_ids``, -1 for somebody who is not among them.

    Returns: (N, D) float32, unit rows.
    """
    vectors: Floats = folder.demographic[tuple(profiles[:, :3].T)]
    told = (profiles[:, 3:] > 0).any(axis=1)
    if told.any():
        rows = profiles[told].astype(np.int64)
        vectors[told] = folder.tables.profiles(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3:])
    known = users >= 0
    if known.any():
        vectors[known] = folder.user_vectors[users[known]]
    return vectors


def user_vector(
    folder: ModelFolder, profile: Profile, favourites: Favourites | None = None, *, user: int | None = None
) -> Floats:
    """Vector of one person: the user's own or the profile's, with history, turned towards the favourites.

    Args:
        folder: the model.
        profile: rows of gender, age, job and further columns, 0 unknown.
        favourites: what the person has rated besides; None or empty where nothing is known.
        user: position in the model's ``user_ids``, None for somebody who is not among them.

    Returns: (D,) float32, unit length.
    """
    if favourites is None or not len(favourites.ratings):
        alone: Floats = user_vectors(folder, np.array([profile]), np.array([-1 if user is None else user]))[0]
        return alone
    if user is not None:
        return lean(folder, folder.user_vectors[user], favourites)
    base, liked = history_vector(folder, profile, favourites), _liked(folder, favourites)
    if folder.crowd is None or not liked.any():
        return lean(folder, base, favourites)
    trust = CROWD_TRUST / (CROWD_TRUST + np.count_nonzero(liked))
    crowd = folder.crowd.expected(favourites.vectors[liked], sharpness=trust)
    share = np.float32(CROWD_SHARE * trust * min(1.0, folder.crowd.mean_ratings / CROWD_RATINGS))
    both = unit_rows(((1 - share) * base + share * crowd)[None])[0]
    return lean(folder, both, _at(favourites, ~liked))


def likes(folder: ModelFolder, places: Ints) -> Favourites:
    """Movies at some positions (n,) of ``movie_ids``, rated as a like is."""
    ratings = np.full(len(places), LIKE_SHARE * folder.info.rating_max, dtype=np.float32)
    return Favourites(places=places, ratings=ratings, vectors=folder.movie_vectors[places])


def history_vector(folder: ModelFolder, profile: Profile, favourites: Favourites) -> Floats:
    """Vector (D,) float32 of unit length for a profile and the movies as its history.

    A movie that nobody rated in training has nothing to say there.
    """
    places = favourites.places
    known = (places >= 0) & (folder.num_ratings[places] > 0)
    gender, age, job, *further = profile
    return folder.tables.with_history(gender, age, job, places[known], favourites.ratings[known], further)


def lean(folder: ModelFolder, base: Floats, favourites: Favourites) -> Floats:
    """Turn a user vector towards the movies that a person likes, and a little away from those disliked.

    Args:
        folder: the model.
        base: (D,) float32, unit length: what else is known of the person.
        favourites: what the person rated. From 0.8 of the scale's top on it is a like, below the middle of the
            scale a dislike.

    Returns: (D,) float32, unit length; the base itself where nothing was rated.
    """
    if not len(favourites.ratings):
        return base
    movies = folder.movie_vectors  # whole: a copy of those with ratings would cost more than their products
    logits = np.where(folder.num_ratings > 0, movies @ base / np.float32(TEMPERATURE), np.float32(-np.inf))
    chances = np.exp(logits - logits.max())
    expected = (chances / chances.sum()) @ movies  # (D,), what the model thinks they like
    rating_min, rating_max = folder.info.rating_min, folder.info.rating_max
    liked = favourites.vectors[_liked(folder, favourites)]
    disliked = favourites.vectors[favourites.ratings < (rating_min + rating_max) / 2]
    turned = base + _step(liked, expected) - np.float32(DISLIKE_SHARE) * _step(disliked, expected)
    unit: Floats = unit_rows(turned[None])[0]
    return unit


def _at(favourites: Favourites, chosen: NDArray[np.bool_]) -> Favourites:
    """Some of the rated movies; ``chosen`` is (n,)."""
    return Favourites(favourites.places[chosen], favourites.ratings[chosen], favourites.vectors[chosen])


def _liked(folder: ModelFolder, favourites: Favourites) -> NDArray[np.bool_]:
    """Which of the movies are liked, (n,)."""
    return favourites.ratings >= LIKE_SHARE * folder.info.rating_max


def _step(vectors: Floats, expected: Floats) -> Floats:
    """(D,) from the expected vector to the mean of some movies, longer the more they are; 0 for none."""
    if not len(vectors):
        return np.zeros_like(expected)
    size = np.float32(STEP * len(vectors) / (len(vectors) + STEP_DAMPING))
    step: Floats = size * (vectors.mean(axis=0) - expected)
    return step
