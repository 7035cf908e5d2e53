"""What is searched with for movies like one, with a crowd and without."""

from pathlib import Path

import numpy as np
import pytest
from layouts import write_1m
from models import write_small_model
from tastes import taste

from recsys_cli.model.taste import tastes


@pytest.mark.parametrize("with_crowd", [True, False])
def test_tastes_of_some_movies(tmp_path: Path, with_crowd: bool) -> None:
    write_1m(tmp_path)
    folder = write_small_model(tmp_path / "model", tmp_path, with_crowd=with_crowd)
    vectors = folder.movie_vectors.astype(np.float64)
    if with_crowd:
        expected = np.array([taste(folder.path, vector) for vector in vectors[:2]])
    else:
        expected = vectors[:2] - vectors[folder.num_ratings > 0].mean(axis=0)
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(tastes(folder, folder.movie_vectors[:2]), expected, atol=1e-5)
    assert tastes(folder, folder.movie_vectors[:0]).shape == (0, vectors.shape[1])
