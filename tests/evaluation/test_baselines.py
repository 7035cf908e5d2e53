"""Baselines against arithmetic written out here, brute force, and data whose right answer is known."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from recsys_cli.config.evaluation import BaselineConfig
from recsys_cli.dataset.rows import Ratings
from recsys_cli.evaluation.baseline_list import BASELINES, Entry, why_not
from recsys_cli.evaluation.baselines import (
    Biases,
    Chance,
    Mean,
    attribute_ridge,
    ease,
    ease_on_ratings,
    ease_on_stars,
    implicit_als,
    implicit_bpr,
    liked_genres,
    popular,
    popular_genres,
    popular_in_group,
    popular_recently,
)
from recsys_cli.evaluation.interactions import Interactions
from recsys_cli.metrics import top_k

EVERYBODY = np.arange(1, 5)


def table(rows: list[list[float]], **known: list[int]) -> Interactions:
    """Interactions of a table of ratings, 0 where there is none; the first user and movie have row 1."""
    ratings = np.pad(np.array(rows, dtype=np.float32), ((1, 0), (1, 0)))
    users, movies = np.nonzero(ratings)
    nothing = [0] * len(rows)
    return Interactions(
        ratings=Ratings(users.astype(np.int32), movies.astype(np.int32), ratings[users, movies]),
        like_from=4.0,
        rating_min=1.0,
        rating_max=5.0,
        genders=np.array([0, *known.get("genders", nothing)]),
        ages=np.array([0, *known.get("ages", nothing)]),
        jobs=np.array([0, *known.get("jobs", nothing)]),
        further=np.zeros((len(rows) + 1, 0), dtype=np.int64),
        genres=np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], dtype=np.float32)[: ratings.shape[1]],
    )


@pytest.fixture
def data() -> Interactions:
    return table([[5, 4, 0, 1], [4, 0, 2, 0], [0, 5, 5, 0], [0, 4, 4, 0]], genders=[1, 1, 2, 2], ages=[1, 1, 1, 1])


def random_data(rng: np.random.Generator, num_users: int = 60, num_movies: int = 25) -> Interactions:
    ratings = rng.integers(1, 6, size=(num_users, num_movies)) * (rng.random((num_users, num_movies)) < 0.3)
    drawn = table(
        ratings.tolist(),
        genders=rng.integers(0, 3, num_users).tolist(),
        ages=rng.integers(0, 4, num_users).tolist(),
        jobs=rng.integers(0, 5, num_users).tolist(),
    )
    genres = (rng.random((num_movies + 1, 5)) < 0.4).astype(np.float32)
    return dataclasses.replace(drawn, genres=genres, recent=rng.random(len(drawn.ratings)) < 0.3)


def test_mean(data: Interactions) -> None:
    mean = (5 + 4 + 1 + 4 + 2 + 5 + 5 + 4 + 4) / 9
    np.testing.assert_allclose(Mean(data).estimates(np.array([1, 4]), np.array([3, 1])), [mean, mean], rtol=1e-6)


def test_biases_find_what_a_full_table_is_the_sum_of() -> None:
    users, movies = np.array([-0.5, 0.0, 0.5]), np.array([-1.0, 0.25, 0.75])
    full = table((3 + users[:, None] + movies[None]).tolist())
    biases = Biases(full, user_damping=0, movie_damping=0)
    pairs = np.array([1, 2, 3]), np.array([3, 1, 2])
    np.testing.assert_allclose(biases.estimates(*pairs), [3.25, 2.0, 3.75], rtol=1e-5)
    np.testing.assert_allclose(biases.scores(np.array([2]))[:, 1:], [movies], atol=1e-5)


def test_biases_are_damped_by_hand() -> None:
    # One sweep: mean 3; the movie's 4 ratings of 4 and a damping of 4 make 0.5, which leaves 0.5 to each of its
    # users, halved by a damping of 1; nothing is known of the last user but the movie.
    one = table([[4, 0], [4, 0], [4, 0], [4, 0], [0, 1], [0, 1], [0, 3], [0, 3], [0, 2], [0, 0]])
    mean = (4 * 4 + 1 + 1 + 3 + 3 + 2) / 9
    damped = Biases(one, user_damping=1, movie_damping=4, sweeps=1)
    movie = 4 * (4 - mean) / 8
    expected = [mean + movie + (4 - mean - movie) / 2, mean + movie]
    np.testing.assert_allclose(damped.estimates(np.array([1, 10]), np.array([1, 1])), expected, rtol=1e-6)


def test_biases_stay_on_the_scale() -> None:
    extreme = table([[5, 5, 5, 1], [5, 1, 1, 1]])
    estimates = Biases(extreme, user_damping=0, movie_damping=0).estimates(np.array([1, 2]), np.array([1, 4]))
    assert estimates.max() <= 5
    assert estimates.min() >= 1


def test_popular_counts_likes(data: Interactions) -> None:
    assert popular(data).scores(EVERYBODY[:1]).tolist() == [[0, 2, 3, 2, 0]]


def test_popular_of_late_breaks_ties_by_the_likes_of_all_times(data: Interactions) -> None:
    users, movies = data.ratings.user_rows, data.ratings.movie_rows
    recent = dataclasses.replace(data, recent=(users == 1) | ((users == 4) & (movies == 3)))
    scores = popular_recently(recent).scores(EVERYBODY[:1])
    np.testing.assert_allclose(scores, [[0, 1 + 2 / 4, 1 + 3 / 4, 1 + 2 / 4, 0]])
    with pytest.raises(ValueError, match="without times"):
        popular_recently(data)


def test_popular_in_group_breaks_ties_by_the_likes_of_everybody(data: Interactions) -> None:
    scores = popular_in_group(data).scores(np.array([1, 3]))[:, 1:]
    np.testing.assert_allclose(scores, [[2 + 2 / 4, 1 + 3 / 4, 2 / 4, 0], [2 / 4, 2 + 3 / 4, 2 + 2 / 4, 0]])


def test_most_rated_counts_ratings(data: Interactions) -> None:
    assert popular(data, likes_only=False).scores(EVERYBODY[:1]).tolist() == [[0, 2, 3, 3, 1]]
    scores = popular_in_group(data, likes_only=False).scores(np.array([1, 3]))[:, 1:]
    everybody = np.array([2, 3, 3, 1]) / 4
    np.testing.assert_allclose(scores - everybody, [[2, 1, 1, 1], [0, 2, 2, 0]])


def test_popular_genres_by_hand() -> None:
    # 2 likes of the first genre's movie, none of the second's: 1 + 1 and 1 - 1 with the smallest weights.
    data = table([[5, 0, 1, 0], [5, 0, 1, 0], [1, 0, 1, 0]])
    scores = popular_genres(data, penalty=1e-6).scores(np.array([1]))[:, 1:]
    np.testing.assert_allclose(scores[0, [0, 2]], [2.0, 0.0], atol=1e-4)
    assert scores[0, 1] == pytest.approx(1.0, abs=1e-4)  # not rated: 1 constant + 1 - 1


def test_liked_genres_prefer_the_users_own(data: Interactions) -> None:
    scores = liked_genres(data, penalty=100.0, damping=1.0).scores(np.array([2, 4]))[:, 1:]
    assert scores[0].argmax() == 0  # likes the first genre alone
    assert scores[1].argmax() == 2  # the second more often than the first


def test_chance_differs_by_user_and_not_by_call(data: Interactions) -> None:
    chance = Chance(data, seed=3)
    scores = chance.scores(EVERYBODY)
    assert len(np.unique(scores)) == scores.size
    np.testing.assert_array_equal(chance.scores(EVERYBODY[2:]), scores[2:])


def test_ease_is_a_ridge_regression_of_each_movie_on_the_others(rng: np.random.Generator) -> None:
    data = random_data(rng)
    values = np.zeros((60, 25))
    values[data.ratings.user_rows - 1, data.ratings.movie_rows - 1] = data.ratings.values
    learnt_from = ((ease, values >= 4), (ease_on_ratings, values > 0), (ease_on_stars, values / 5))
    for fit, learnt in learnt_from:
        worth = np.array(learnt, dtype=np.float64)
        weights = np.zeros((25, 25))
        for movie in range(25):
            others = np.delete(np.arange(25), movie)
            gram = worth[:, others].T @ worth[:, others] + 7.0 * np.eye(24)
            weights[others, movie] = np.linalg.solve(gram, worth[:, others].T @ worth[:, movie])
        scores = fit(data, penalty=7.0).scores(np.array([6, 3]))[:, 1:]
        np.testing.assert_allclose(scores, worth[[5, 2]] @ weights, atol=1e-4)


def test_attribute_ridge_is_a_least_squares_solution(rng: np.random.Generator) -> None:
    data = random_data(rng)
    hot = [np.eye(n)[rows[1:]] for n, rows in ((3, data.genders), (4, data.ages), (5, data.jobs))]
    inputs = np.hstack([np.ones((60, 1)), *hot])
    # A ridge is a least squares with one more row a weight, sqrt(penalty) on the diagonal.
    padded = np.vstack([inputs, np.sqrt(2.0) * np.eye(13)])
    targets = np.vstack([data.liked().toarray()[1:, 1:], np.zeros((13, 25))])
    weights = np.linalg.lstsq(padded, targets, rcond=None)[0]
    scores = attribute_ridge(data, penalty=2.0).scores(np.array([8, 9, 10]))[:, 1:]
    np.testing.assert_allclose(scores, inputs[7:10] @ weights, atol=1e-4)


def test_attribute_ridge_does_not_learn_from_people_without_ratings(rng: np.random.Generator) -> None:
    data = random_data(rng)
    genders, ages, jobs = (np.append(rows, [1, 1, 1]) for rows in (data.genders, data.ages, data.jobs))
    further = np.zeros((len(genders), 0), dtype=np.int64)
    crowd = dataclasses.replace(data, genders=genders, ages=ages, jobs=jobs, further=further)
    ours, theirs = (attribute_ridge(each, penalty=2.0).scores(np.arange(5)) for each in (data, crowd))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_als_and_ease_complete_two_blocks(rng: np.random.Generator) -> None:
    own = np.arange(80)[:, None] % 2 == np.arange(30)[None] % 2
    blocks = table(np.where(own & (rng.random((80, 30)) < 0.4), 5, 0).tolist())
    blocks = dataclasses.replace(blocks, genres=np.zeros((31, 1), dtype=np.float32))
    als = implicit_als(blocks, factors=2, alpha=2.0, regularization=0.1, sweeps=15, seed=1)
    for baseline in (als, ease(blocks, penalty=20.0), ease_on_stars(blocks, penalty=20.0)):
        best = top_k(baseline.scores(np.arange(1, 81))[:, 1:], 10)
        assert np.take_along_axis(own, best, axis=1).all()
    bpr = implicit_bpr(blocks, factors=4, learning_rate=0.05, regularization=0.05, sweeps=100, seed=1)
    best = top_k(bpr.scores(np.arange(1, 81))[:, 1:], 10)
    assert np.take_along_axis(own, best, axis=1).mean() > 0.95  # half by chance


def test_als_and_bpr_give_the_same_for_the_same_seed_and_to_whomever_else_is_listed(
    rng: np.random.Generator,
) -> None:
    data = random_data(rng)
    genders, ages, jobs = (np.append(rows, [1, 1, 1]) for rows in (data.genders, data.ages, data.jobs))
    further = np.zeros((len(genders), 0), dtype=np.int64)
    crowd = dataclasses.replace(data, genders=genders, ages=ages, jobs=jobs, further=further)
    for fit in (
        partial(implicit_als, factors=4, alpha=2.0, regularization=1.0, sweeps=3, seed=5),
        partial(implicit_bpr, factors=4, learning_rate=0.1, regularization=1.0, sweeps=3, seed=5),
    ):
        first, second, third = (fit(each).scores(EVERYBODY) for each in (data, data, crowd))
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(first, third)
        assert not fit(crowd).scores(np.array([61, 63])).any()


@pytest.mark.parametrize("entry", BASELINES, ids=lambda entry: entry.name)
def test_every_baseline_keeps_the_contract(entry: Entry, rng: np.random.Generator) -> None:
    data = random_data(rng)
    fitted = entry.fit(data, BaselineConfig(als_factors=4), 1)
    users = np.array([4, 2, 60])
    if entry.ranks:
        scores = fitted.scores(users)
        assert scores is not None
        assert scores.shape == (3, 26)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()
        scores[:] = -np.inf  # may be changed by the caller ...
        again = fitted.scores(users)
        assert again is not None
        assert np.isfinite(again).all()  # ... without changing the baseline
    estimates = fitted.estimates(users, np.array([1, 5, 25]))
    assert (estimates is not None) == entry.rates
    if estimates is not None:
        assert estimates.dtype == np.float32
        assert ((estimates >= 1) & (estimates <= 5)).all()


def test_what_has_to_be_left_out(data: Interactions) -> None:
    config = BaselineConfig(ease_max_movies=3)
    reasons = {entry.name: why_not(entry, table([[5, 4, 0, 1]]), config) for entry in BASELINES}
    assert {name: reason for name, reason in reasons.items() if reason} == {
        "popular_in_group": "nothing is known of anybody's gender, age or job",
        "most_rated_in_group": "nothing is known of anybody's gender, age or job",
        "attribute_ridge": "nothing is known of anybody's gender, age or job",
        "ease": "4 movies are more than 3",
        "ease_on_stars": "4 movies are more than 3",
    }
    assert not any(why_not(entry, data, BaselineConfig()) for entry in BASELINES)
