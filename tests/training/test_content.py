"""Movies by genres, year and words: numbers against arithmetic, and new ones that stand where they belong."""

import dataclasses

import numpy as np
import paddle
import pytest
from numpy.typing import NDArray
from two_blocks import NUM_MOVIES, two_blocks

from recsys_cli.config.training import TrainingOptions
from recsys_cli.towers.content_shape import ContentShape
from recsys_cli.towers.movie_content import MovieContent
from recsys_cli.training.content_start import ContentInputs
from recsys_cli.training.data import TrainingData
from recsys_cli.training.export import Snapshot
from recsys_cli.training.trainer import Trainer

GENRES = np.array([[0, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1], [1, 0, 0, 0]], dtype=np.float32)
YEARS = np.array([1980, 1990, 1985, 0, 0], dtype=np.float32)


def rows(shape: ContentShape, genres: NDArray[np.float32], years: list[float]) -> NDArray[np.float32]:
    inputs = (genres, np.array(years, dtype=np.float32))
    found: NDArray[np.float32] = MovieContent(shape).rows(*map(paddle.to_tensor, inputs)).numpy()
    return found


def test_a_row_is_genres_pairs_and_bumps_about_years() -> None:
    shape = ContentShape.of(GENRES, YEARS)
    assert shape.pairs.tolist() == [[1, 2]]  # the other two pairs are of two movies and of one
    assert shape.centres.tolist() == [1980, 1985, 1990]
    found = rows(shape, GENRES[[2, 3]], [1983, 1990])
    bumps = [[np.exp(-0.5 * ((year - centre) / 5) ** 2) for centre in (1980, 1985, 1990)] for year in (1983, 1990)]
    np.testing.assert_allclose(found[0], [0, 1, 1, 1, 1, *bumps[0]], atol=1e-6)
    np.testing.assert_allclose(found[1], [0, 0, 1, 1, 0, *bumps[1]], atol=1e-6)
    assert shape.num_columns == found.shape[1]


def test_an_unknown_year_is_the_typical_one_and_one_beyond_the_range_is_its_end() -> None:
    shape = ContentShape.of(GENRES, YEARS)
    unknown, late, last, *known = rows(shape, GENRES[[0] * 6], [0, 2040, 1990, 1980, 1985, 1990])
    np.testing.assert_allclose(unknown, np.mean(known, axis=0), atol=1e-6)
    np.testing.assert_array_equal(late, last)


def test_movies_without_genres_and_years_have_a_row() -> None:
    shape = ContentShape.of(GENRES[[4, 4]], YEARS[[4, 4]])
    assert rows(shape, GENRES[[4]], [0]).tolist() == [[1, 0, 0, 0, 1]]
    assert rows(shape, GENRES[[4]], [1999]).tolist() == [[1, 0, 0, 0, 1]]


def test_the_regression_finds_what_content_decides() -> None:
    data = two_blocks()
    inputs = ContentInputs.of(data, MovieContent(ContentShape.of(data.movie_genres[1:], data.movie_years[1:])))
    targets = np.where(np.arange(NUM_MOVIES + 1) <= NUM_MOVIES // 2, 1.0, -1.0).astype(np.float32)[:, None]
    learnt = np.arange(1, NUM_MOVIES + 1, 2)
    found = inputs.predict(inputs.fit(targets, movies=learnt))
    others = np.arange(2, NUM_MOVIES + 1, 2)
    np.testing.assert_array_equal(np.sign(found[others]), targets[others])


def without_ratings(data: TrainingData, movies: NDArray[np.int64]) -> TrainingData:
    return dataclasses.replace(data, training=data.training.at(~np.isin(data.training.movie_rows, movies)))


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """Of a training without the ratings of movies 3 and 33, of different blocks, eras and words."""
    data = two_blocks()
    years = np.where(np.arange(NUM_MOVIES + 1) <= NUM_MOVIES // 2, 1950, 1990).astype(np.float32)
    no_genres = np.zeros_like(data.movie_genres)
    years[0], no_genres[:, 0] = 0, 1
    data = dataclasses.replace(data, movie_years=years, movie_genres=no_genres)
    masking = {"movie_id_dropout": 0.3}
    options = {"embedding_dim": 16, "epochs": 2, "batch_users": 30, "als_factors": 8, "star_factors": 0}

    trainer = Trainer(without_ratings(data, np.array([3, 33])), TrainingOptions.from_dict({**options, **masking}))
    for epoch in range(2):
        trainer.train_epoch(epoch, lambda ratings, loss: None)
    return trainer.snapshot()


def test_a_movie_without_ratings_is_near_those_of_its_years(snapshot: Snapshot) -> None:
    """Men like the first half of the movies, which only the year tells from the others here."""
    men, women = snapshot.user_vectors(np.arange(1, 41)).reshape(20, 2, -1).mean(axis=0)
    for movie, fans, others in ((3, men, women), (33, women, men)):
        vector = snapshot.movie_vectors[movie]
        assert vector @ fans > vector @ others + 0.05
        np.testing.assert_allclose(np.linalg.norm(vector), 1.0, atol=1e-5)
