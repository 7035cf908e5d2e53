"""The people of a users file who get a list: by a vector of their own, what they rated, their profile, or none."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.question import BulkConfig
from recsys_cli.dataset.tables import Users
from recsys_cli.dataset.users_file import read_users_file
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vector, user_vectors
from recsys_cli.recommend.histories import Histories, RatedVectors, read_histories

USER, HISTORY, PROFILE, NOBODY = "user", "history", "profile", "nobody"
_SAME = 1e-6  # of a coordinate of two unit vectors


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Those who get a list.

    Attributes:
        ids: (N,) int64.
        places: (N,) int64, position in the model's ``user_ids``, -1 for those answered by their profile.
        profiles: (N, 3 + F) int rows of gender, age, job and further columns; of those in the model, what it was
            trained on.
        histories: what a file of ratings says of them.
        left_out: ids of people who are not in the model and of whom nothing is known.
        conflicts: people whose id the model has with another gender, age or job.
        unlisted: values of further columns that the model does not know.
    """

    ids: NDArray[np.int64]
    places: NDArray[np.int64]
    profiles: NDArray[np.integer]
    histories: Histories
    left_out: tuple[int, ...]
    conflicts: int
    unlisted: int

    def fresh(self, person: int, folder: ModelFolder) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Ids (n,) and ratings (n,) of the movies that the model did not learn from the person."""
        ids, ratings = self.histories.of(person)
        place = int(self.places[person])
        if place < 0 or not len(ids):
            return ids, ratings
        held_out = folder.held_out
        learnt = folder.seen.of(place)
        if held_out is not None:
            learnt = np.setdiff1d(learnt, held_out.of(place))
        is_fresh = ~np.isin(ids, learnt)
        return ids[is_fresh], ratings[is_fresh]

    def seen(self, person: int, folder: ModelFolder) -> NDArray[np.int64]:
        """Ids of all movies that the person is known to have rated."""
        place, (ids, _) = int(self.places[person]), self.histories.of(person)
        return ids if place < 0 else np.union1d(folder.seen.of(place), ids) if len(ids) else folder.seen.of(place)


def look_up(users: Users, index: MovieIndex, histories: Histories | None = None) -> People:
    """Who is answered by what. An id that the model has with another profile is somebody else's.

    Args:
        users: the people asked for.
        index: the model.
        histories: what they have rated besides; None for nothing.
    """
    histories = histories or Histories.none(len(users.ids))
    places = index.vocabulary.user_rows(users.ids) - 1
    profiles = np.column_stack([users.genders, users.ages, users.jobs, users.further])
    known = index.folder.audience
    trained = np.column_stack([known.user_genders, known.user_ages, known.user_jobs, known.user_further])[places]
    differs = (profiles != trained) & (profiles > 0) & (trained > 0)
    conflicts = (places >= 0) & differs[:, :3].any(axis=1)  # plans and incomes change
    places = np.where(conflicts, -1, places)
    profiles = np.where((places >= 0)[:, None], trained, profiles)
    answerable = (places >= 0) | profiles.any(axis=1) | (histories.counts > 0)
    return People(
        ids=users.ids[answerable],
        places=places[answerable],
        profiles=profiles[answerable],
        histories=histories.at(answerable),
        left_out=tuple(users.ids[~answerable].tolist()),
        conflicts=int(conflicts.sum()),
        unlisted=users.unlisted,
    )


def read_people(bulk: BulkConfig, index: MovieIndex) -> People:
    """The people of a file, or of a part of it, and what a file of ratings says of them.

    Raises: DataError: a file is missing or malformed.
    """
    users = read_users_file(bulk.users, index.vocabulary.demographics)
    number, parts = bulk.part_of
    part = slice(*(len(users.ids) * place // parts for place in (number - 1, number)))
    users = users.at(part)
    if bulk.ratings is None:
        return look_up(users, index)
    info = index.folder.info
    histories = read_histories(
        bulk.ratings,
        users.ids,
        rating_min=info.rating_min,
        rating_max=info.rating_max,
        data=Path(str(info.run.get("data_dir", "data"))),
    )
    return look_up(users, index, histories)


def vectors_and_bases(
    people: People, batch: slice, index: MovieIndex, rated: RatedVectors
) -> tuple[NDArray[np.float32], list[str]]:
    """Vectors (n, D) float32 of a batch of people, unit rows, and what each of them is answered by."""
    folder = index.folder
    vectors = user_vectors(folder, people.profiles[batch], people.places[batch])
    answered = bases(people, batch, vectors, index)
    for offset in np.flatnonzero(people.histories.counts[batch]).tolist():
        person = batch.start + offset
        favourites = rated.favourites(*people.fresh(person, folder))
        if len(favourites.ratings):
            place = int(people.places[person])
            user = place if place >= 0 else None
            profile = tuple(people.profiles[person].tolist())
            vectors[offset] = user_vector(folder, profile, favourites, user=user)
            answered[offset] = HISTORY
    return vectors, answered


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
