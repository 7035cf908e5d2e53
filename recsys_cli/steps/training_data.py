"""A data set in the rows that the model is trained on."""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.movielens import Dataset
from recsys_cli.dataset.split import Split
from recsys_cli.dataset.vocabulary import Vocabulary
from recsys_cli.model.titles import pad_titles
from recsys_cli.model.training_data import Ratings, TrainingData


def training_data(dataset: Dataset, vocabulary: Vocabulary, split: Split) -> TrainingData:
    """A data set in rows, with the held-out ratings as validation."""
    num_movies, num_genres = len(dataset.movie_ids), len(vocabulary.genres)
    genres = np.zeros((num_movies + 1, num_genres + 1), dtype=np.float32)
    genres[0, 0] = 1.0
    for row, names in enumerate(dataset.movie_genres, start=1):
        genres[row, vocabulary.genre_rows(names) or [0]] = 1.0

    def ratings(chosen: NDArray[np.int64]) -> Ratings:
        return Ratings(
            dataset.rating_users[chosen] + np.int32(1),
            dataset.rating_movies[chosen] + np.int32(1),
            dataset.rating_values[chosen],
        )

    def with_unknown(rows: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.concatenate([[0], rows]).astype(np.int32)

    return TrainingData(
        movie_genres=genres,
        movie_words=pad_titles([[], *map(vocabulary.word_rows, dataset.titles)]),
        user_genders=with_unknown(dataset.user_genders),
        user_ages=with_unknown(dataset.user_ages),
        user_jobs=with_unknown(dataset.user_jobs),
        num_words=len(vocabulary.words),
        num_genders=len(dataset.demographics.genders),
        num_ages=len(dataset.demographics.ages),
        num_jobs=len(dataset.demographics.jobs),
        rating_min=dataset.rating_min,
        rating_max=dataset.rating_max,
        training=ratings(split.train),
        validation=ratings(split.held_out),
    )
