"""The movies that an index is to hold: ``movies_data.txt`` through the movie tower."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.movies_data import EncodedMovies, read_movies_data
from recsys_cli.dataset.titles import title_year
from recsys_cli.dataset.vocabulary import Vocabulary
from recsys_cli.errors import ArtifactError
from recsys_cli.model.artifact import ModelFolder
from recsys_cli.steps.vocabulary import open_vocabulary
from recsys_cli.store.base import Catalog


def movies_fingerprint(movies_data: Path) -> str:
    """SHA-256, in hexadecimal, of ``movies_data.txt``.

    Raises:
        ArtifactError: the file is missing or cannot be read.
    """
    try:
        return hashlib.sha256(movies_data.read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise ArtifactError(
            f"{movies_data}: not found; run 'recsys preprocess -f movies_origin.txt' first"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{movies_data}: cannot be read ({error.strerror})") from error


def read_movies(vocabulary: Vocabulary, movies_data: Path) -> EncodedMovies:
    """The movies of ``movies_data.txt``.

    Raises:
        ArtifactError: the file is missing, malformed, or made for another vocabulary.
    """
    return read_movies_data(
        movies_data,
        vocabulary=vocabulary.fingerprint,
        num_words=len(vocabulary.words),
        num_genres=len(vocabulary.genres),
    )


def load_catalogue(folder: ModelFolder, movies_data: Path) -> Catalog:
    """The movies of ``movies_data.txt`` with their vectors.

    Raises:
        ArtifactError: a file is missing, damaged, or belongs to another model.
    """
    vocabulary = open_vocabulary(folder)
    movies = read_movies(vocabulary, movies_data)
    return Catalog(
        movie_ids=movies.movie_ids,
        vectors=_vectors(folder, vocabulary, movies),
        titles=movies.titles,
        years=np.array([title_year(title) for title in movies.titles], dtype=np.int32),
        genres=movies.genres,
    )


def _vectors(folder: ModelFolder, vocabulary: Vocabulary, movies: EncodedMovies) -> NDArray[np.float32]:
    """(N, D) float32 unit rows: the model folder's own, and the movie tower's for movies that are not in it.

    The folder's rows are what the tower gave at the end of training, so paddle is loaded only for other movies.
    """
    rows = vocabulary.movie_rows(movies.movie_ids)
    new = np.array(
        [not _is_unchanged(index, row, vocabulary, movies) for index, row in enumerate(rows)], dtype=bool
    )
    vectors = np.empty((len(rows), folder.info.embedding_dim), dtype=np.float32)
    vectors[~new] = folder.movie_vectors[rows[~new] - 1]
    if new.any():
        from recsys_cli.model.encode import encode_movies

        rated = np.concatenate([[0], folder.num_ratings])[rows] > 0
        chosen = np.flatnonzero(new)
        vectors[new] = encode_movies(
            folder,
            np.where(rated, rows, 0)[new],
            [movies.word_rows[index] for index in chosen],
            [movies.genre_rows[index] for index in chosen],
        )
    return vectors


def _is_unchanged(index: int, row: int, vocabulary: Vocabulary, movies: EncodedMovies) -> bool:
    return (
        row > 0
        and movies.titles[index] == vocabulary.titles[row - 1]
        and movies.genres[index] == vocabulary.movie_genres[row - 1]
    )
