"""A model folder on a data set: what is measured is what is served, the arrays of the folder."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.titles import title_year
from recsys_cli.model.arrays import Floats, Ints
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vectors
from recsys_cli.model.vocabulary import open_vocabulary


class ServedModel:
    """Scores and stars of a model for the users and movies of a data set, not necessarily its own.

    People whom the model does not know are served by their attributes; movies that it does not know by title,
    year and genres, through the saved tower.

    Raises: ArtifactError: a file of the model is missing or damaged.
    """

    def __init__(self, folder: ModelFolder, dataset: Dataset):
        self._folder, self._dataset = folder, dataset
        self._vocabulary = open_vocabulary(folder)
        # Row of the model by row of the data set, 0 where the model has none.
        self._user_rows = np.concatenate([[0], self._vocabulary.user_rows(dataset.user_ids)])  # (U + 1,)
        self._movie_rows = np.concatenate([[0], self._vocabulary.movie_rows(dataset.movie_ids)])  # (M + 1,)

    @cached_property
    def user_vectors(self) -> Floats:
        """(U + 1, D) float32 unit rows; row 0 is the vector of whom nothing is known."""
        dataset = self._dataset
        columns = (dataset.user_genders, dataset.user_ages, dataset.user_jobs, dataset.user_further)
        profiles = np.column_stack(columns)  # (U + 1, 3 + F)
        if dataset.demographics != self._vocabulary.demographics:
            profiles[:] = 0  # rows of other groups and jobs
        return user_vectors(self._folder, profiles, self._user_rows - 1)

    @cached_property
    def movie_vectors(self) -> Floats:
        """(M + 1, D) float32 unit rows; row 0 is all zeros."""
        rows, dataset = self._movie_rows, self._dataset
        vectors = np.zeros((len(rows), self._folder.info.embedding_dim), dtype=np.float32)
        vectors[rows > 0] = self._folder.movie_vectors[rows[rows > 0] - 1]
        new = np.flatnonzero(rows[1:] == 0)
        if len(new):
            from recsys_cli.towers.encoder import MovieEncoder

            is_alike = dataset.movie_columns == self._vocabulary.movie_columns
            values = dataset.movie_values if is_alike else ((),) * len(rows)  # rows of other columns
            vectors[new + 1] = MovieEncoder(self._folder)(
                np.zeros_like(new),
                [self._vocabulary.word_rows(dataset.titles[movie]) for movie in new],
                [self._vocabulary.content_rows(dataset.movie_genres[movie], values[movie]) for movie in new],
                [title_year(dataset.titles[movie]) for movie in new],
            )
        return vectors

    def scores(self, user_rows: Ints) -> Floats:
        """(N, M + 1) float32, top of the rating scale x inner product."""
        return self._folder.info.score(self.user_vectors[user_rows] @ self.movie_vectors.T)

    def pair_scores(self, user_rows: Ints, movie_rows: Ints) -> Floats:
        """(P,) float32, the scores of pairs."""
        similarities = np.einsum("pd,pd->p", self.user_vectors[user_rows], self.movie_vectors[movie_rows])
        return self._folder.info.score(similarities)

    def stars(self, user_rows: Ints, movie_rows: Ints) -> Floats | None:
        """(P,) float32, the star head's ratings of pairs; None where the model has none."""
        head = self._folder.stars
        if head is None:
            return None
        user_offsets = _at(head.user_offsets, self._user_rows)
        movie_offsets = _at(head.movie_offsets, self._movie_rows)
        stars = np.empty(len(user_rows), dtype=np.float32)
        order = np.argsort(user_rows, kind="stable")
        starts = np.flatnonzero(np.diff(user_rows[order], prepend=-1))
        for places in np.split(order, starts[1:]) if len(order) else ():
            user, rated = user_rows[places[0]], movie_rows[places]
            stars[places] = head.estimate(
                self.user_vectors[user], self.movie_vectors[rated], movie_offsets[rated], float(user_offsets[user])
            )
        return stars

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats | None:
        """(P,) float32 ratings of pairs: the stars, or the score where it was trained to be the rating."""
        if self._folder.info.objective == "rating":
            info = self._folder.info
            return np.clip(self.pair_scores(user_rows, movie_rows), info.rating_min, info.rating_max)
        return self.stars(user_rows, movie_rows)


def _at(values: Floats, rows: NDArray[np.int64]) -> Floats:
    """Values by row; row 0, unknown, has 0."""
    padded: Floats = np.concatenate([np.zeros(1, dtype=np.float32), values])[rows]
    return padded
