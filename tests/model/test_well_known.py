"""The direction of popularity, and what is left of a vector without it."""

from pathlib import Path

import numpy as np
from commands import Recsys
from layouts import write_1m
from models import write_small_model

from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.well_known import popularity, turned_away


def test_the_direction_is_a_ridge_regression_of_rated_movies(tmp_path: Path) -> None:
    write_1m(tmp_path)
    folder = write_small_model(tmp_path / "model", tmp_path)
    rated = folder.num_ratings > 0
    vectors, logs = folder.movie_vectors[rated].astype(np.float64), np.log(folder.num_ratings[rated])
    vectors, logs = vectors - vectors.mean(axis=0), logs - logs.mean()
    stacked = np.vstack([vectors, np.eye(vectors.shape[1])])  # a penalty of 1 as data
    wanted, *_ = np.linalg.lstsq(stacked, np.append(logs, np.zeros(vectors.shape[1])), rcond=None)
    np.testing.assert_allclose(popularity(folder), wanted / np.linalg.norm(wanted), atol=1e-5)


def test_better_known_movies_lie_in_it(recsys: Recsys) -> None:
    folder = ModelFolder.open(recsys.workspace / "recommender_system.inference.model")
    along, logs = folder.movie_vectors @ popularity(folder), np.log(folder.num_ratings + 1.0)
    assert np.corrcoef(along, logs)[0, 1] > 0.8


def test_what_is_taken_off() -> None:
    direction = np.array([1, 0, 0], dtype=np.float32)
    vectors = np.array([[0.6, 0.8, 0], [-0.6, 0, 0.8]], dtype=np.float32)
    half = np.array([0.3, 0.8, 0]) / np.sqrt(0.73)
    np.testing.assert_allclose(turned_away(vectors, direction, novelty=0.5), [half, vectors[1]], atol=1e-6)
    np.testing.assert_allclose(turned_away(vectors, direction, novelty=1), [[0, 1, 0], vectors[1]], atol=1e-6)
