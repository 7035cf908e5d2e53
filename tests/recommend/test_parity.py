"""Milvus Lite and the exact store answer every demographic query with the same list."""

import itertools
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.config import StoreConfig
from recsys_cli.recommend.recommender import Recommender

AGES, GENDERS, JOBS = (1, 18, 25, 35, 45, 50, 56), ("M", "F"), range(21)


def check_all_294(folder: Path, milvus: Path) -> None:
    model, movies_data = folder / "recommender_system.inference.model", folder / "movies_data.txt"
    with (
        Recommender.open(model, movies_data=movies_data, store=StoreConfig(uri=str(milvus))) as searched,
        Recommender.open(model, movies_data=movies_data, store=StoreConfig(uri="exact")) as exact,
    ):
        for age, gender, job in itertools.product(AGES, GENDERS, JOBS):
            ours = searched.recommend(age=age, gender=gender, job=job, k=10).movies
            theirs = exact.recommend(age=age, gender=gender, job=job, k=10).movies
            scores = np.array([[movie.score for movie in movies] for movies in (ours, theirs)])
            np.testing.assert_allclose(scores[0], scores[1], atol=1e-4)
            # Movies of one score may change places, so a place is compared where the next score is another.
            clear = np.append(np.diff(scores[1]) < -1e-4, False) & np.append(True, np.diff(scores[1]) < -1e-4)
            ids = np.array([[movie.movie_id for movie in movies] for movies in (ours, theirs)])
            assert (ids[0] == ids[1])[clear].all()
            assert clear.sum() >= 5


def test_on_the_sample(workspace: Path, tmp_path: Path) -> None:
    check_all_294(workspace, tmp_path / "milvus.db")


@pytest.mark.slow
def test_on_movielens_1m(ml1m_workspace: Path, tmp_path: Path) -> None:
    check_all_294(ml1m_workspace, tmp_path / "milvus.db")
