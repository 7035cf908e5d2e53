"""Sums by user, estimates and intervals, against arithmetic written out here."""

import math

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.evaluation.baselines import Baseline
from recsys_cli.evaluation.estimates import Bootstrap, estimate
from recsys_cli.evaluation.interactions import Floats, Interactions, Ints
from recsys_cli.evaluation.measures import GroupMeasure, Measured, Sums
from recsys_cli.evaluation.protocol import Group
from recsys_cli.evaluation.result import MODEL, Measurements, group_report

PROTOCOL = ProtocolConfig(k=2, resamples=500)


class Fixed(Baseline):
    """The same order for everybody; every rating is 3."""

    def __init__(self, scores: list[float]):
        self._scores = np.array(scores, dtype=np.float32)

    def scores(self, users: Ints) -> Floats:
        return np.repeat(self._scores[None], len(users), axis=0)

    def estimates(self, users: Ints, movies: Ints) -> Floats:
        return np.full(len(users), 3.0, dtype=np.float32)


@pytest.fixture
def data() -> Interactions:
    """User 0 rated movie 4 in training; movies 0 and 1 share their genre, 2 and 3 theirs."""
    return Interactions(
        users=np.array([0]),
        movies=np.array([4]),
        ratings=np.array([5.0], dtype=np.float32),
        like_from=4.0,
        rating_min=1.0,
        rating_max=5.0,
        genders=np.zeros(4, dtype=np.int64),
        ages=np.zeros(4, dtype=np.int64),
        jobs=np.zeros(4, dtype=np.int64),
        genres=np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], dtype=np.float32),
    )


def group(ratings: list[tuple[int, int, float]], candidates: list[int] | None = None) -> Group:
    users, movies, values = zip(*ratings, strict=True)
    allowed = np.ones(5, dtype=np.bool_) if candidates is None else np.isin(np.arange(5), candidates)
    return Group(
        kind="known",
        users=np.array(users),
        movies=np.array(movies),
        ratings=np.array(values, dtype=np.float32),
        candidates=allowed,
    )


def measure(
    data: Interactions, held_out: Group, scorer: Baseline, protocol: ProtocolConfig = PROTOCOL
) -> Measured:
    return GroupMeasure(held_out, data, protocol, seen=data.rated()).measure(scorer, ranks=True)


def test_sums_by_hand(data: Interactions) -> None:
    held_out = group([(2, 0, 5), (2, 1, 1), (0, 3, 4), (3, 2, 2)])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.users.tolist() == [0, 2, 3]
    assert measured.sums["rmse"].numerators.tolist() == [1, 4 + 4, 1]
    assert measured.sums["mae"].numerators.tolist() == [1, 4, 1]
    assert measured.sums["mae"].denominators.tolist() == [1, 2, 1]
    # User 0 has seen movie 4 and is shown 1, 3; user 2 is shown 4, 1 and likes 0; user 3 likes nothing.
    assert measured.listed is not None
    assert measured.listed.toarray().tolist() == [[0, 1, 0, 1, 0], [0, 1, 0, 0, 1], [0, 0, 0, 0, 0]]
    np.testing.assert_allclose(measured.sums["ndcg"].numerators, [1 / math.log2(3), 0, 0])
    assert measured.sums["recall"].numerators.tolist() == [1, 0, 0]
    assert measured.sums["diversity"].numerators.tolist() == [1, 1, 0]
    assert measured.sums["ndcg"].denominators.tolist() == [1, 1, 0]


def test_only_candidates_are_ranked(data: Interactions) -> None:
    held_out = group([(1, 0, 5), (1, 2, 4)], candidates=[0, 2, 3])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.listed is not None
    assert measured.listed.toarray().tolist() == [[0, 0, 1, 1, 0]]
    assert measured.num_candidates == 3


def test_a_list_is_no_longer_than_there_are_candidates(data: Interactions) -> None:
    held_out = group([(1, 0, 5)], candidates=[0])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.sums["ndcg"].numerators.tolist() == [1.0]
    assert "diversity" not in measured.sums


def test_more_users_than_allowed_are_drawn(data: Interactions) -> None:
    held_out = group([(user, 0, 5) for user in range(4)])
    prepared = GroupMeasure(held_out, data, ProtocolConfig(k=2, max_users=3), seen=data.rated())
    assert prepared.is_sample
    assert len(prepared.users) == 3
    assert len(prepared.ratings) == 3


def test_batches_of_users_are_one_whole(monkeypatch: pytest.MonkeyPatch, data: Interactions) -> None:
    held_out = group([(2, 0, 5), (0, 3, 4), (3, 2, 5), (1, 1, 5)])
    whole = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    monkeypatch.setattr("recsys_cli.evaluation.measures._BATCH", 2)
    parts = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    np.testing.assert_array_equal(whole.sums["ndcg"].numerators, parts.sums["ndcg"].numerators)


def measured(users: np.ndarray, values: np.ndarray, listed: np.ndarray | None = None) -> Measured:
    sums = {"rmse": Sums(values**2, np.ones(len(users))), "ndcg": Sums(values, np.ones(len(users)))}
    return Measured(users, sums, None if listed is None else sp.csr_matrix(listed.astype(np.float32)), 4)


def test_an_interval_is_that_of_the_mean(rng: np.random.Generator) -> None:
    values = rng.random(300)
    bootstrap = Bootstrap(np.arange(300), resamples=4000, rng=rng)
    replicates = bootstrap.replicates([measured(np.arange(300), values)], "ndcg")
    assert replicates is not None
    result = estimate(replicates)
    assert result.value == pytest.approx(values.mean())
    assert result.half_width == pytest.approx(1.96 * values.std() / math.sqrt(300), rel=0.05)
    assert (result.low + result.high) / 2 == pytest.approx(result.value)


def test_splits_that_share_their_users_are_no_independent_samples(rng: np.random.Generator) -> None:
    values, people = rng.random(200), np.arange(200)
    bootstrap = Bootstrap(people, resamples=4000, rng=rng)
    once, thrice = (bootstrap.replicates([measured(people, values)] * times, "ndcg") for times in (1, 3))
    assert once is not None
    assert thrice is not None
    assert estimate(thrice).half_width == pytest.approx(estimate(once).half_width)
    apart = bootstrap.replicates(
        [measured(people[:100], values[:100]), measured(people[100:], values[100:])], "ndcg"
    )
    assert apart is not None
    assert estimate(apart).by_seed == pytest.approx((values[:100].mean(), values[100:].mean()))
    assert estimate(apart).half_width == pytest.approx(estimate(once).half_width, rel=0.1)


def test_rmse_is_the_root_of_the_mean_of_squares(rng: np.random.Generator) -> None:
    values = rng.random(50)
    replicates = Bootstrap(np.arange(50), resamples=10, rng=rng).replicates(
        [measured(np.arange(50), values)], "rmse"
    )
    assert replicates is not None
    assert estimate(replicates).value == pytest.approx(math.sqrt((values**2).mean()))


def test_coverage_counts_each_movie_once(rng: np.random.Generator) -> None:
    listed = np.array([[1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 0]])
    splits = [measured(np.arange(3), np.ones(3), listed)]
    replicates = Bootstrap(np.arange(3), resamples=20, rng=rng).replicates(splits, "coverage")
    assert replicates is not None
    assert replicates[0].tolist() == [3 / 4]
    assert set(replicates[1:, 0].tolist()) <= {2 / 4, 3 / 4}


def test_the_difference_is_paired_and_of_the_best_baseline(rng: np.random.Generator) -> None:
    people, noise = np.arange(400), rng.random(400)
    collected = Measurements("known", [400], [400])
    for name, values in ((MODEL, noise + 0.05), ("popular", noise), ("ease", noise + 0.03), ("als", noise + 0.01)):
        collected.by_name[name] = [measured(people, values, np.ones((400, 4)))]
        collected.titles[name] = name.upper()
    report = group_report(collected, resamples=500, rng=rng)
    difference = next(each for each in report.differences if each.metric == "ndcg")
    assert difference.baseline == "ease"
    assert difference.estimate.value == pytest.approx(0.02)
    assert difference.estimate.half_width < 1e-6  # the same for every user, whoever is drawn
    error = next(each for each in report.differences if each.metric == "rmse")
    assert error.baseline == "popular"
    lifts = {row.name: row.lift.value for row in report.rows if row.lift}
    assert lifts["ease"] == pytest.approx((noise.mean() + 0.03) / noise.mean())
    assert [row.title for row in report.rows] == ["MODEL", "POPULAR", "EASE", "ALS"]
