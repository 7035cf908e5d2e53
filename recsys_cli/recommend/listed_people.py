"""The people of a users file who get a list: by their own vectors, their profile, or as nobody in particular."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.tables import Users
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.user_vector import user_vectors

USER, PROFILE, NOBODY = "user", "profile", "nobody"
_SAME = 1e-6  # of a coordinate of two unit vectors


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Those who get a list.

    Attributes:
        ids: (N,) int64.
        places: (N,) int64, position in the model's ``user_ids``, -1 for those answered by their profile.
        profiles: (N, 3) int rows of gender, age and job; of those in the model, what it was trained on.
        left_out: ids of people who are not in the model and of whom nothing is known.
        conflicts: people whose id the model has with another profile.
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    profiles: NDArray[np.integer]
    left_out: tuple[int, ...]
    conflicts: int


def look_up(users: Users, index: MovieIndex) -> People:
    """Who is answered by what. An id that the model has with another profile is somebody else's."""
    places = index.vocabulary.user_rows(users.ids) - 1
    profiles = np.stack([users.genders, users.ages, users.jobs], axis=1)
    audience = index.folder.audience
    trained = np.stack([audience.user_genders, audience.user_ages, audience.user_jobs], axis=1)[places]
    differs = (profiles != trained) & (profiles > 0) & (trained > 0)
    conflicts = (places >= 0) & differs.any(axis=1)
    places = np.where(conflicts, -1, places)
    profiles = np.where((places >= 0)[:, None], trained, profiles)
    answerable = (places >= 0) | profiles.any(axis=1)
    return People(
        ids=users.ids[answerable],
        places=places[answerable],
        profiles=profiles[answerable],
        left_out=tuple(users.ids[~answerable].tolist()),
        conflicts=int(conflicts.sum()),
    )


def bases(people: People, batch: slice, vectors: NDArray[np.float32], index: MovieIndex) -> list[str]:
    """What each of a batch of people is answered by.

    Somebody in the model of whom it learnt nothing has the vector of their profile, and where that is unknown too,
    that of nobody in particular.
    """
    profiles = people.profiles[batch]
    by_profile = user_vectors(index.folder, profiles, np.full(len(profiles), -1))
    differs = (np.abs(vectors - by_profile) > _SAME).any(axis=1)
    own = np.where(profiles.any(axis=1), PROFILE, NOBODY)
    answered: list[str] = np.where((people.places[batch] >= 0) & differs, USER, own).tolist()
    return answered
