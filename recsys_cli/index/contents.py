"""The movies that an index is to hold: ``movies_data.txt`` through the movie tower."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.titles import title_year
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import EncodedMovies, MoviesFile, read_movies_data
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary
from recsys_cli.store.content import IndexContent

if TYPE_CHECKING:
    from recsys_cli.towers.encoder import MovieEncoder


def read_movies(vocabulary: Vocabulary, file: MoviesFile) -> EncodedMovies:
    """The movies of ``movies_data.txt``.

    Raises:
        ArtifactError: the file is malformed, or made for another vocabulary.
    """
    return read_movies_data(
        file,
        vocabulary=vocabulary.fingerprint,
        num_words=len(vocabulary.words),
        num_genres=vocabulary.num_content_rows,
    )


def load_content(folder: ModelFolder, file: MoviesFile) -> IndexContent:
    """The movies of ``movies_data.txt`` with their vectors.

    Raises:
        ArtifactError: a file is missing, damaged, or belongs to another model.
    """
    vocabulary = open_vocabulary(folder)
    return content_of(folder, vocabulary, read_movies(vocabulary, file))


def content_of(folder: ModelFolder, vocabulary: Vocabulary, movies: EncodedMovies) -> IndexContent:
    """Movies that were read already, as :func:`load_content`."""
    rows = vocabulary.movie_rows(movies.movie_ids)  # (M,) 0 where the model has no such movie
    return IndexContent(
        movie_ids=movies.movie_ids,
        vectors=ContentVectors(folder, vocabulary, movies),
        titles=movies.titles,
        years=np.array([title_year(title) for title in movies.titles], dtype=np.int32),
        genres=movies.genres,
        num_ratings=np.where(rows > 0, folder.num_ratings[rows - 1], 0),
    )


class ContentVectors:
    """(M, D) float32 unit rows, a batch made when it is indexed: besides the model's own, no more is in memory.

    The model folder holds what its tower gave at the end of training; paddle is loaded only for movies that are
    not in it, or not as they were.
    """

    def __init__(self, folder: ModelFolder, vocabulary: Vocabulary, movies: EncodedMovies):
        self.shape = (len(movies.movie_ids), folder.info.embedding_dim)
        self._folder, self._movies = folder, movies
        self._rows = vocabulary.movie_rows(movies.movie_ids)  # (M,) 0 where the model has no such movie
        unchanged = [_is_unchanged(index, row, vocabulary, movies) for index, row in enumerate(self._rows)]
        self._is_new = ~np.array(unchanged, dtype=bool)

    def __getitem__(self, key: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of some positions, (n, D)."""
        positions = np.arange(self.shape[0])[key]
        new = self._is_new[positions]
        vectors = np.empty((len(positions), self.shape[1]), dtype=np.float32)
        vectors[~new] = self._folder.movie_vectors[self._rows[positions[~new]] - 1]
        if new.any():
            chosen = positions[new]
            vectors[new] = self._encoder(
                self._rows[chosen],
                [self._movies.word_rows[position] for position in chosen],
                [self._movies.genre_rows[position] for position in chosen],
                [title_year(self._movies.titles[position]) for position in chosen],
            )
        return vectors

    @cached_property
    def _encoder(self) -> MovieEncoder:
        from recsys_cli.towers.encoder import MovieEncoder

        return MovieEncoder(self._folder)


def _is_unchanged(index: int, row: int, vocabulary: Vocabulary, movies: EncodedMovies) -> bool:
    return (
        row > 0
        and movies.titles[index] == vocabulary.titles[row - 1]
        and movies.genres[index] == vocabulary.movie_genres[row - 1]
        and (not vocabulary.movie_columns or list(movies.genre_rows[index]) == _own_rows(row, vocabulary))
    )


def _own_rows(row: int, vocabulary: Vocabulary) -> list[int]:
    return vocabulary.content_rows(vocabulary.movie_genres[row - 1], vocabulary.values_of(row))
