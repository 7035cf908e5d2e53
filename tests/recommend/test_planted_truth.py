"""Training on the sample recovers what was planted in it: groups get their own favourites."""

import itertools
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from recsys_cli.config import StoreConfig
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.recommend.recommender import Recommender

GROUPS = tuple(itertools.product(("M", "F"), (1, 25, 56), (1, 4, 12)))  # gender, first year of the age group, job
TOP = 20


@pytest.fixture(scope="module")
def planted(make_sample: ModuleType) -> np.ndarray:
    """Planted stars of every film for every group, (groups, M) float64."""
    movies = make_sample.rated_movies()
    quality = make_sample.draw_movie_traits(movies, make_sample.generator(make_sample.MOVIE_STREAM)).quality
    shifts = [make_sample.group_shifts(movies, gender=gender, age=age, job=job) for gender, age, job in GROUPS]
    stars: np.ndarray = quality + np.array(shifts)
    return stars


@pytest.fixture(scope="module")
def lists(workspace: Path, make_sample: ModuleType) -> np.ndarray:
    """Columns of `planted` that each group is recommended, (groups, TOP) int64."""
    column = {movie.movie_id: place for place, movie in enumerate(make_sample.rated_movies())}
    num_unrated = len(make_sample.read_movies()) - len(column)
    with Recommender.open(
        workspace / "recommender_system.inference.model",
        movies_data=workspace / "movies_data.txt",
        store=StoreConfig(uri="exact"),
    ) as recommender:
        answers = [
            recommender.recommend(gender=gender, age=age, job=job, k=TOP + num_unrated).movies
            for gender, age, job in GROUPS
        ]
    return np.array(
        [[column[movie.movie_id] for movie in movies if movie.movie_id in column][:TOP] for movies in answers]
    )


def test_a_group_likes_its_own_list_better_than_those_of_other_groups(
    planted: np.ndarray, lists: np.ndarray
) -> None:
    # [reader, owner]: planted stars that a reader's group gives to the owner's list, less its mean over all films.
    above = np.array([[row[films].mean() - row.mean() for films in lists] for row in planted])
    own = np.diag(above)
    others = (above.sum(axis=1) - own) / (len(GROUPS) - 1)
    assert own.mean() > others.mean() + 0.1
    assert (own > others).mean() > 0.9


def test_a_list_is_better_than_the_most_popular_films(
    planted: np.ndarray, lists: np.ndarray, workspace: Path
) -> None:
    dataset = read_dataset(workspace / "data" / "sample")
    likes = dataset.ratings.at(dataset.ratings.values >= 4)
    liked = np.bincount(likes.movie_rows - 1, minlength=planted.shape[1])
    popular = np.argsort(-liked, kind="stable")[:TOP]
    own = np.array([row[films].mean() for row, films in zip(planted, lists, strict=True)])
    baseline = planted[:, popular].mean(axis=1)
    assert own.mean() > baseline.mean()
    assert (own > baseline).mean() > 0.75
