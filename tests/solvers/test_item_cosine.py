"""Cosines of likes, against the library that calls them by the same name."""

import warnings

import numpy as np
import scipy.sparse as sp
from implicit.nearest_neighbours import CosineRecommender

from recsys_cli.solvers.item_cosine import item_cosines


def test_the_cosines_are_those_of_the_library(rng: np.random.Generator) -> None:
    likes = sp.csr_matrix((rng.random((60, 15)) < 0.3).astype(np.float32))
    theirs = CosineRecommender(K=15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library hands itself a matrix of a form that it warns of
        theirs.fit(likes, show_progress=False)
    wanted = theirs.similarity.toarray()
    np.testing.assert_allclose(item_cosines(likes, np.arange(15)), wanted, atol=1e-6)
    np.testing.assert_allclose(item_cosines(likes, np.array([3, 7])), wanted[[3, 7]], atol=1e-6)


def test_a_movie_that_nobody_likes_is_like_none() -> None:
    likes = sp.csr_matrix(np.array([[1, 0, 1], [1, 0, 0]], dtype=np.float32))
    np.testing.assert_allclose(item_cosines(likes, np.array([0, 1])), [[1, 0, np.sqrt(0.5)], [0, 0, 0]], atol=1e-6)
