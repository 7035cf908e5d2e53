"""Whether people like movies that are like one they like, against counts made here."""

from pathlib import Path

import numpy as np
import pytest
from tastes import taste

from recsys_cli.config.evaluation import BaselineConfig, ProtocolConfig
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.evaluation.protocol import Case, split_cases
from recsys_cli.evaluation.similar_movies import measure_similar, similar_measure
from recsys_cli.model.folder import ModelFolder

K = 10


@pytest.fixture(scope="module")
def folder(workspace: Path) -> ModelFolder:
    return ModelFolder.open(workspace / "recommender_system.inference.model")


@pytest.fixture(scope="module")
def case(workspace: Path) -> Case:
    case, _ = split_cases(read_dataset(workspace / "data" / "sample"), ProtocolConfig(), seed=1)
    return case


def likes_by_user(case: Case) -> dict[int, set[int]]:
    """Liked movie rows of each cold user."""
    ratings = case.groups[1].ratings
    found: dict[int, set[int]] = {}
    for user, movie, value in zip(ratings.user_rows, ratings.movie_rows, ratings.values, strict=True):
        if value >= 4:
            found.setdefault(int(user), set()).add(int(movie))
    return found


def test_shares_by_hand(case: Case, folder: ModelFolder) -> None:
    measured = measure_similar(case, case.groups[1], folder, BaselineConfig(), k=K)
    assert measured is not None
    learnt = case.data.ratings
    counts = np.bincount(learnt.movie_rows[learnt.values >= 4], minlength=case.data.num_movies + 1)
    rated = set(learnt.movie_rows.tolist())
    vectors = folder.movie_vectors.astype(np.float64)
    likes = likes_by_user(case)
    assert measured.users == len(likes)
    liking = {movie: sum(movie in liked for liked in likes.values()) / len(likes) for movie in rated}
    for title, scores in (
        ("Most popular", lambda _: counts),
        ("recsys", lambda row: np.append(0.0, vectors @ taste(folder.path, vectors[row - 1]))),
    ):
        hits = pairs = expected = 0.0
        for row in set().union(*likes.values()):
            near = scores(row)
            ten = sorted(rated - {row}, key=lambda movie: (-near[movie], movie))[:K]
            for liked in likes.values():
                if row in liked:
                    hits += len(liked & set(ten))
                    expected += sum(liking[movie] for movie in ten)
                    pairs += K
        assert measured.by_title[title] == pytest.approx((hits / pairs, hits / expected), rel=1e-3)


def test_the_model_is_not_behind_the_cosines_and_says_more_than_popularity(
    case: Case, folder: ModelFolder
) -> None:
    measure = similar_measure(
        [found for found in [measure_similar(case, case.groups[1], folder, BaselineConfig(), k=K)] if found]
    )
    assert measure is not None
    assert [row.title for row in measure.rows] == ["recsys", "ALS, cosine", "Likes, cosine", "Most popular"]
    ours, als, cosine, popular = measure.rows
    assert ours.share > max(als.share, cosine.share)
    assert ours.lift > popular.lift


def test_without_likes_nothing_is_measured(case: Case, folder: ModelFolder) -> None:
    known = case.groups[1]
    nobody = type(known)(
        kind="cold", ratings=known.ratings.at(known.ratings.values < 4), candidates=known.candidates
    )
    assert measure_similar(case, nobody, folder, BaselineConfig(), k=K) is None
    assert similar_measure([]) is None
