"""Sums by user, estimates and intervals, against arithmetic written out here."""

import dataclasses
import math

import numpy as np
import pytest
import scipy.sparse as sp

from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.dataset.rows import Ratings
from recsys_cli.evaluation.baselines import Baseline
from recsys_cli.evaluation.estimates import Bootstrap, estimate
from recsys_cli.evaluation.interactions import Floats, Interactions, Ints
from recsys_cli.evaluation.measures import GroupMeasure, Measured, Sums
from recsys_cli.evaluation.parts import Attribute, divide
from recsys_cli.evaluation.protocol import Group
from recsys_cli.evaluation.result import MODEL, Measurements, group_report

PROTOCOL = ProtocolConfig(k=2, head=1, resamples=500)


class Fixed(Baseline):
    """The same order for everybody, with the column that is no movie before all; every rating is 3."""

    def __init__(self, scores: list[float]):
        self._scores = np.array([99.0, *scores], dtype=np.float32)

    def scores(self, user_rows: Ints) -> Floats:
        return np.repeat(self._scores[None], len(user_rows), axis=0)

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats:
        return np.full(len(user_rows), 3.0, dtype=np.float32)


def rated(ratings: list[tuple[int, int, float]]) -> Ratings:
    """Ratings from (user row, movie row, value)."""
    users, movies, values = zip(*ratings, strict=True)
    return Ratings(np.array(users, np.int32), np.array(movies, np.int32), np.array(values, np.float32))


@pytest.fixture
def data() -> Interactions:
    """User 1 rated movie 5 in training; movies 1 and 2 share their genre, 3 and 4 theirs."""
    return Interactions(
        ratings=rated([(1, 5, 5.0)]),
        like_from=4.0,
        rating_min=1.0,
        rating_max=5.0,
        genders=np.zeros(5, dtype=np.int64),
        ages=np.zeros(5, dtype=np.int64),
        jobs=np.zeros(5, dtype=np.int64),
        further=np.zeros((5, 0), dtype=np.int64),
        genres=np.array([[0, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 0]], dtype=np.float32),
    )


def group(ratings: list[tuple[int, int, float]], candidates: list[int] | None = None) -> Group:
    allowed = np.isin(np.arange(6), candidates or range(1, 6))
    return Group(kind="known", ratings=rated(ratings), candidates=allowed)


def measure(
    data: Interactions, held_out: Group, scorer: Baseline, protocol: ProtocolConfig = PROTOCOL
) -> Measured:
    return GroupMeasure(held_out, data, protocol, seen=data.rated()).measure(scorer, ranks=True)


def test_sums_by_hand(data: Interactions) -> None:
    held_out = group([(3, 1, 5), (3, 2, 1), (1, 4, 4), (4, 3, 2)])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.user_rows.tolist() == [1, 3, 4]
    assert measured.sums["rmse"].numerators.tolist() == [1, 4 + 4, 1]
    assert measured.sums["mae"].numerators.tolist() == [1, 4, 1]
    assert measured.sums["mae"].denominators.tolist() == [1, 2, 1]
    # User 1 has seen movie 5 and is shown 2, 4; user 3 is shown 5, 2 and likes 1; user 4 likes nothing.
    assert measured.listed is not None
    assert measured.listed.toarray().tolist() == [[0, 0, 1, 0, 1, 0], [0, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0]]
    np.testing.assert_allclose(measured.sums["ndcg"].numerators, [1 / math.log2(3), 0, 0])
    assert measured.sums["recall"].numerators.tolist() == [1, 0, 0]
    assert measured.sums["diversity"].numerators.tolist() == [1, 1, 0]
    assert measured.sums["ndcg"].denominators.tolist() == [1, 1, 0]
    # Movie 5, which the only user of the training rated, is the head.
    assert measured.sums["long_tail"].numerators.tolist() == [1, 1 / 2, 0]
    assert measured.sums["novelty"].numerators.tolist() == [0, 0, 0]


def test_a_list_of_rare_movies_is_novel(data: Interactions) -> None:
    """Of 4 people, 4 rated movie 5, 2 movie 4 and one movie 3; nobody rated 1 and 2."""
    ratings = [(1, 5, 5.0), (2, 5, 5.0), (3, 5, 1.0), (4, 5, 1.0), (1, 4, 5.0), (2, 4, 2.0), (3, 3, 2.0)]
    data = dataclasses.replace(data, ratings=rated(ratings))
    for order, bits in (([0.0, 0.1, 0.8, 0.9, 0.7], (2 + 1) / 2), ([0.8, 0.9, 0.1, 0.0, 0.7], 2)):
        measured = measure(data, group([(4, 1, 5)]), Fixed(order))
        assert measured.listed is not None
        np.testing.assert_allclose(measured.sums["novelty"].numerators, [bits])
        assert measured.sums["long_tail"].numerators.tolist() == [1]
    new = dataclasses.replace(group([(4, 1, 5)]), kind="new")
    assert "novelty" not in measure(data, new, Fixed(order)).sums


def test_only_candidates_are_ranked(data: Interactions) -> None:
    held_out = group([(2, 1, 5), (2, 3, 4)], candidates=[1, 3, 4])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.listed is not None
    assert measured.listed.toarray().tolist() == [[0, 0, 0, 1, 1, 0]]
    assert measured.num_candidates == 3


def test_where_few_movies_are_left_a_list_is_short(data: Interactions) -> None:
    """User 1 has seen 5 and three movies more: only movie 2 is left, and nothing of it counts twice."""
    data = dataclasses.replace(
        data, ratings=rated([(1, 5, 5.0), (1, 1, 1.0), (1, 3, 1.0), (1, 4, 1.0), (2, 4, 1.0)])
    )
    measured = measure(data, group([(1, 2, 5), (2, 1, 5)]), Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.listed is not None
    assert measured.listed.toarray().tolist() == [[0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 1]]
    assert measured.sums["ndcg"].numerators.tolist() == [1.0, 0.0]
    assert measured.sums["ndcg"].denominators.tolist() == [1, 1]
    assert measured.sums["diversity"].numerators.tolist() == [0, 1]
    assert measured.sums["diversity"].denominators.tolist() == [0, 1]


def test_a_list_is_no_longer_than_there_are_candidates(data: Interactions) -> None:
    held_out = group([(2, 1, 5)], candidates=[1])
    measured = measure(data, held_out, Fixed([0.1, 0.5, 0.2, 0.4, 0.9]))
    assert measured.sums["ndcg"].numerators.tolist() == [1.0]
    assert "diversity" not in measured.sums


def test_more_users_than_allowed_are_drawn(data: Interactions) -> None:
    held_out = group([(user, 1, 5) for user in range(1, 5)])
    prepared = GroupMeasure(held_out, data, ProtocolConfig(k=2, max_users=3), seen=data.rated())
    assert prepared.is_sample
    assert len(prepared.user_rows) == 3
    assert len(prepared.ratings) == 3


def test_batches_of_users_are_one_whole(monkeypatch: pytest.MonkeyPatch, data: Interactions) -> None:
    held_out = group([(3, 1, 5), (1, 4, 4), (4, 3, 5), (2, 2, 5)])
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


def test_people_are_divided(rng: np.random.Generator) -> None:
    """Two splits; the women's values lie 1 above the men's, and of the third kind there are too few."""
    kinds = np.array([0] + [1] * 100 + [2] * 60 + [3] * 4 + [0] * 10)
    noise = rng.random(len(kinds))
    values = noise + (kinds == 2)
    people = (np.arange(1, 175), np.arange(1, 131))
    splits = [measured(users, values[users]) for users in people]
    by = {"gender": Attribute(kinds, ("unknown", "M", "F", "other"))}
    parts = divide(splits, by, resamples=2000, rng=rng)["gender"]
    assert [(part.value, part.users) for part in parts] == [("M", 100), ("F", 45), ("other", 2), ("unknown", 5)]
    men, women, others, unknown = parts
    assert men.ndcg is not None
    assert women.ndcg is not None
    assert men.ndcg.value == pytest.approx(values[1:101].mean())
    assert women.ndcg.by_seed == pytest.approx((values[101:161].mean(), values[101:131].mean()))
    assert men.ndcg.half_width == pytest.approx(1.96 * noise[1:101].std() / math.sqrt(100), rel=0.1)
    assert (others.ndcg, others.rmse) == (None, None)
    assert unknown.ndcg is not None
    assert unknown.ndcg.by_seed == pytest.approx((values[165:175].mean(),))  # none of them is in the second split


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
