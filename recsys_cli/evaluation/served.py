"""A model folder on a data set: what is measured is what is served, the arrays of the folder."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.reader import Dataset
from recsys_cli.model.arrays import Floats, Ints
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vectors
from recsys_cli.model.vocabulary import open_vocabulary


class ServedModel:
    """Scores and stars of a model for the users and movies of a data set, not necessarily its own.

    People whom the model does not know are served by gender, age and job; movies that it does not know by title
    and genres, through the saved tower.

    Raises: ArtifactError: a file of the model is missing or damaged.
    """

    def __init__(self, folder: ModelFolder, dataset: Dataset):
        self._folder, self._dataset = folder, dataset
        self._vocabulary = open_vocabulary(folder)
        self._user_rows = self._vocabulary.user_rows(dataset.user_ids)  # (U,)
        self._movie_rows = self._vocabulary.movie_rows(dataset.movie_ids)  # (M,)

    @cached_property
    def user_vectors(self) -> Floats:
        """(U, D) float32 unit rows."""
        dataset = self._dataset
        profiles = np.stack([dataset.user_genders, dataset.user_ages, dataset.user_jobs], axis=1)  # (U, 3)
        if dataset.demographics != self._vocabulary.demographics:
            profiles[:] = 0  # rows of other groups and jobs
        return user_vectors(self._folder, profiles, self._user_rows - 1)

    @cached_property
    def movie_vectors(self) -> Floats:
        """(M, D) float32 unit rows."""
        rows, dataset = self._movie_rows, self._dataset
        vectors = np.empty((len(rows), self._folder.info.embedding_dim), dtype=np.float32)
        vectors[rows > 0] = self._folder.movie_vectors[rows[rows > 0] - 1]
        new = np.flatnonzero(rows == 0)
        if len(new):
            from recsys_cli.towers.encoder import MovieEncoder

            vectors[new] = MovieEncoder(self._folder)(
                rows[new],
                [self._vocabulary.word_rows(dataset.titles[movie]) for movie in new],
                [self._vocabulary.genre_rows(dataset.movie_genres[movie]) for movie in new],
            )
        return vectors

    def scores(self, users: Ints) -> Floats:
        """(N, M) float32, top of the rating scale x inner product."""
        return self._folder.info.score(self.user_vectors[users] @ self.movie_vectors.T)

    def pair_scores(self, users: Ints, movies: Ints) -> Floats:
        """(P,) float32, the scores of pairs."""
        similarities = np.einsum("pd,pd->p", self.user_vectors[users], self.movie_vectors[movies])
        return self._folder.info.score(similarities)

    def stars(self, users: Ints, movies: Ints) -> Floats | None:
        """(P,) float32, the star head's ratings of pairs; None where the model has none."""
        head = self._folder.stars
        if head is None:
            return None
        user_offsets = _at(head.user_offsets, self._user_rows)
        movie_offsets = _at(head.movie_offsets, self._movie_rows)
        stars = np.empty(len(users), dtype=np.float32)
        order = np.argsort(users, kind="stable")
        starts = np.flatnonzero(np.diff(users[order], prepend=-1))
        for places in np.split(order, starts[1:]):
            user, rated = users[places[0]], movies[places]
            stars[places] = head.estimate(
                self.user_vectors[user], self.movie_vectors[rated], movie_offsets[rated], float(user_offsets[user])
            )
        return stars

    def estimates(self, users: Ints, movies: Ints) -> Floats | None:
        """(P,) float32 ratings of pairs: the stars, or the score where it was trained to be the rating."""
        if self._folder.info.objective == "rating":
            info = self._folder.info
            return np.clip(self.pair_scores(users, movies), info.rating_min, info.rating_max)
        return self.stars(users, movies)


def _at(values: Floats, rows: NDArray[np.int64]) -> Floats:
    """Values by row; row 0, unknown, has 0."""
    padded: Floats = np.concatenate([np.zeros(1, dtype=np.float32), values])[rows]
    return padded
