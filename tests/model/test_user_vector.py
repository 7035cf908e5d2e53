"""From profile, history and favourites to a vector, against arithmetic written here."""

import numpy as np
import pytest
from layouts import write_1m
from models import write_small_model

from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import Favourites, likes, user_vector, user_vectors


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    path = tmp_path_factory.mktemp("user_vector")
    write_1m(path)
    return write_small_model(path / "model", path)


@pytest.fixture(scope="module")
def without_crowd(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """As an earlier version wrote it."""
    path = tmp_path_factory.mktemp("without_crowd")
    write_1m(path)
    return write_small_model(path / "model", path, with_crowd=False)


def step(vectors: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The pull of some movies: 1.5 n / (n + 8) of the way to their mean."""
    if not len(vectors):
        return np.zeros_like(expected)
    way: np.ndarray = 1.5 * len(vectors) / (len(vectors) + 8) * (vectors.mean(axis=0) - expected)
    return way


def turned(folder: ModelFolder, base: np.ndarray, liked: np.ndarray, disliked: np.ndarray) -> np.ndarray:
    movies = folder.movie_vectors[folder.num_ratings > 0].astype(np.float64)
    chances = np.exp(movies @ base / 0.1)
    expected = chances / chances.sum() @ movies
    vector: np.ndarray = base + step(liked, expected) - 0.25 * step(disliked, expected)
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def between(folder: ModelFolder, base: np.ndarray, liked: np.ndarray) -> np.ndarray:
    """Half way to the crowd's guess with few likes, less far with more or where it has rated little."""
    stored = np.load(folder.path / "crowd.npz")
    trust = 40 / (40 + len(liked))
    worth = np.log1p(np.exp(100 * stored["vectors"].astype(np.float64) @ liked.T)) ** 2
    logs = (np.log(worth) - stored["log_sums"][:, None]).sum(axis=1)
    guess = np.exp(trust * logs + stored["prior"]) @ stored["vectors"]
    known_well = min(1.0, np.exp(stored["prior"].astype(np.float64)).mean() / 150)
    assert 0.2 < known_well < 1
    share = trust / 2 * known_well
    vector: np.ndarray = (1 - share) * base + share * guess / np.linalg.norm(guess)
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def test_many_people_without_favourites(folder: ModelFolder) -> None:
    profiles = np.array([[1, 3, 5], [0, 0, 0], [2, 1, 0]], dtype=np.int32)
    vectors = user_vectors(folder, profiles, np.array([-1, 1, 0]))
    stored = np.load(folder.path / "user_vectors.npz")
    expected = [stored["demographic"][1, 3, 5], stored["vectors"][1], stored["vectors"][0]]
    np.testing.assert_array_equal(vectors, np.array(expected))
    for row in range(3):
        user = (None, 1, 0)[row]
        one = user_vector(folder, tuple(profiles[row].tolist()), user=user)
        np.testing.assert_array_equal(one, vectors[row])


@pytest.mark.parametrize("model", ["folder", "without_crowd"])
def test_what_a_like_and_a_dislike_do_to_a_profile(request: pytest.FixtureRequest, model: str) -> None:
    folder: ModelFolder = request.getfixturevalue(model)
    places = np.array([0, 2, -1])
    ratings = np.array([4, 1, 5], dtype=np.float32)
    unknown = np.eye(6, dtype=np.float32)[0]
    vectors = np.vstack([folder.movie_vectors[[0, 2]], unknown])
    tables = folder.tables
    history = sum(
        tables.rated[place].astype(np.float64) + (rating - 3.5) * tables.valued[place]
        for place, rating in ((0, 4.0), (2, 1.0))
        if folder.num_ratings[place]
    )
    known = sum(bool(folder.num_ratings[place]) for place in (0, 2))
    base = (
        tables.base
        + tables.genders[1]
        + tables.ages[2]
        + tables.jobs[3]
        + history / np.sqrt(known + tables.history_damping)
    )
    base /= np.linalg.norm(base)
    found = user_vector(folder, (1, 2, 3), Favourites(places=places, ratings=ratings, vectors=vectors))
    if model == "folder":
        expected = turned(folder, between(folder, base, vectors[[0, 2]]), np.empty((0, 6)), vectors[[1]])
        without_the_unknown = turned(folder, between(folder, base, vectors[[0]]), np.empty((0, 6)), vectors[[1]])
    else:
        expected = turned(folder, base, liked=vectors[[0, 2]], disliked=vectors[[1]])
        without_the_unknown = turned(folder, base, liked=vectors[[0]], disliked=vectors[[1]])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not np.allclose(found, without_the_unknown, atol=1e-3)


def test_favourites_turn_a_known_user_from_their_own_vector(folder: ModelFolder) -> None:
    liked = likes(folder, np.array([1, 2]))
    assert liked.ratings.tolist() == [4, 4]
    own = np.load(folder.path / "user_vectors.npz")["vectors"][0].astype(np.float64)
    expected = turned(folder, own, folder.movie_vectors[[1, 2]], np.empty((0, 6)))
    np.testing.assert_allclose(user_vector(folder, (0, 0, 0), liked, user=0), expected, atol=1e-5)


def test_no_favourites_are_none(folder: ModelFolder) -> None:
    nothing = likes(folder, np.empty(0, dtype=np.int64))
    for user in (None, 0):
        with_nothing = user_vector(folder, (1, 2, 3), nothing, user=user)
        np.testing.assert_array_equal(with_nothing, user_vector(folder, (1, 2, 3), user=user))
