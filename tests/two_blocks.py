"""A data set whose right answer is known: men like the first half of the movies, women the second."""

import numpy as np

from recsys_cli.dataset.rows import Ratings
from recsys_cli.training.data import TrainingData

NUM_USERS, NUM_MOVIES = 120, 40


def two_blocks(seed: int = 0, *, held_out: float = 0.2) -> TrainingData:
    """Everybody rates half of the movies: 5 in the own block, 1 in the other."""
    rng = np.random.default_rng(seed)
    users, movies = np.nonzero(rng.random((NUM_USERS, NUM_MOVIES)) < 0.5)
    own = (users % 2 == 0) == (movies < NUM_MOVIES // 2)
    values = np.where(own, 5.0, 1.0).astype(np.float32)
    validation = rng.random(len(users)) < held_out

    def ratings(chosen: np.ndarray) -> Ratings:
        return Ratings((users[chosen] + 1).astype(np.int32), (movies[chosen] + 1).astype(np.int32), values[chosen])

    genres = np.zeros((NUM_MOVIES + 1, 3), dtype=np.float32)
    genres[0, 0] = 1.0
    genres[1 : NUM_MOVIES // 2 + 1, 1] = 1.0
    genres[NUM_MOVIES // 2 + 1 :, 2] = 1.0
    words = np.full((NUM_MOVIES + 1, 3), -1, dtype=np.int32)
    words[1:, 0] = np.arange(NUM_MOVIES) % 7 + 1
    words[1:, 1] = 8
    return TrainingData(
        movie_genres=genres,
        movie_years=np.array([0, *(1950 + np.arange(NUM_MOVIES) % 11 * 5)], dtype=np.float32),
        movie_words=words,
        user_genders=np.concatenate([[0], np.arange(NUM_USERS) % 2 + 1]).astype(np.int32),
        user_ages=np.concatenate([[0], np.arange(NUM_USERS) % 3 + 1]).astype(np.int32),
        user_jobs=np.concatenate([[0], np.arange(NUM_USERS) % 4 + 1]).astype(np.int32),
        user_further=np.zeros((NUM_USERS + 1, 0), dtype=np.int32),
        num_values=0,
        num_words=8,
        num_genders=2,
        num_ages=3,
        num_jobs=4,
        num_further=0,
        rating_min=1.0,
        rating_max=5.0,
        training=ratings(~validation),
        validation=ratings(validation),
    )
