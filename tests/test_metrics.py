"""Metrics against arithmetic written out here and against trec_eval."""

import math

import numpy as np
import pytest
import pytrec_eval

from recsys_cli.metrics import (
    bootstrap_weights,
    coverage,
    diversity,
    mae,
    mean_of_listed,
    ndcg,
    recall,
    rmse,
    self_information,
    top_k,
)


def test_rmse_and_mae_by_hand() -> None:
    predicted, actual = np.array([1.0, 2.0, 5.0]), np.array([2.0, 2.0, 3.0])
    assert rmse(predicted, actual) == pytest.approx(math.sqrt((1 + 0 + 4) / 3))
    assert mae(predicted, actual) == pytest.approx((1 + 0 + 2) / 3)
    assert math.isnan(rmse(predicted[:0], actual[:0]))
    assert math.isnan(mae(predicted[:0], actual[:0]))


def test_novelty_by_hand() -> None:
    bits = self_information(np.array([0, 8, 4, 1, 0]), 8)
    assert bits.tolist() == [3, 0, 1, 3, 3]
    lists = np.array([[1, 2, 3], [2, 3, 0], [0, 0, 0]])
    np.testing.assert_allclose(mean_of_listed(lists, bits, k=2), [1 / 2, 2, np.nan])
    np.testing.assert_allclose(mean_of_listed(lists, bits, k=3), [4 / 3, 2, np.nan])


def test_top_k_breaks_ties_by_column() -> None:
    scores = np.array([[0.5, 0.9, 0.5, 0.1, 0.5], [0.0, 0.0, 0.1, 0.2, 0.0]])
    assert top_k(scores, 3).tolist() == [[1, 0, 2], [3, 2, 0]]
    assert top_k(scores, 9).tolist() == [[1, 0, 2, 4, 3], [3, 2, 0, 1, 4]]


def test_top_k_agrees_with_a_full_sort(rng: np.random.Generator) -> None:
    scores = rng.integers(0, 20, size=(40, 60)).astype(np.float32)
    expected = [[column for _, column in sorted((-s, c) for c, s in enumerate(row))[:7]] for row in scores]
    assert top_k(scores, 7).tolist() == expected


def test_ndcg_by_hand() -> None:
    relevant = np.array([[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
    ranked = np.array([[1, 2, 0, 3], [0, 1, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0]])
    ours = ndcg(ranked, relevant, k=3)
    first = (1 / math.log2(3) + 1 / math.log2(4)) / (1 / math.log2(2) + 1 / math.log2(3))
    np.testing.assert_allclose(ours, [first, 0.0, np.nan, 1.0])


def test_ndcg_where_the_catalogue_is_shorter_than_k() -> None:
    ours = ndcg(np.array([[1, 0]]), np.array([[True, False]]), k=10)
    np.testing.assert_allclose(ours, [1 / math.log2(3)])


def test_recall_by_hand() -> None:
    relevant = np.array([[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]], dtype=bool)
    ranked = np.array([[1, 2, 0, 3], [0, 1, 2, 3], [0, 1, 2, 3], [3, 2, 1, 0]])
    np.testing.assert_allclose(recall(ranked, relevant, k=2), [0.5, 0.0, np.nan, 1.0])


def test_coverage_by_hand() -> None:
    assert coverage(np.array([[5, 1, 2], [1, 5, 3]]), num_movies=8, k=2) == 2 / 8
    assert coverage(np.array([[5, 1], [4, 0]]), num_movies=8) == 3 / 8


def test_no_movie_stands_where_nothing_is_left() -> None:
    scores = np.array([[-np.inf, 1.0, 2.0, -np.inf], [-np.inf, 3.0, 1.0, 2.0], [-np.inf] * 4])
    assert top_k(scores, 3).tolist() == [[2, 1, 0], [1, 3, 2], [0, 0, 0]]
    assert top_k(scores, 9).tolist() == [[2, 1, 0, 0], [1, 3, 2, 0], [0, 0, 0, 0]]


def test_ndcg_and_recall_agree_with_trec_eval(rng: np.random.Generator) -> None:
    scores = rng.permuted(np.tile(np.arange(80.0), (50, 1)), axis=1)
    relevant = rng.random((50, 80)) < np.linspace(0.02, 0.4, 50)[:, None]
    relevant[np.arange(50), rng.integers(80, size=50)] = True
    judgements = {str(row): {f"m{i}": 1 for i in np.flatnonzero(relevant[row])} for row in range(50)}
    run = {str(row): {f"m{i}": float(scores[row, i]) for i in range(80)} for row in range(50)}
    evaluator = pytrec_eval.RelevanceEvaluator(judgements, {"ndcg_cut.10", "P.10"})
    theirs = evaluator.evaluate(run)
    ranked = top_k(scores, 10)
    their_ndcg = np.array([theirs[str(row)]["ndcg_cut_10"] for row in range(50)])
    hits = np.array([10 * theirs[str(row)]["P_10"] for row in range(50)])
    np.testing.assert_allclose(ndcg(ranked, relevant), their_ndcg, atol=1e-6)
    np.testing.assert_allclose(recall(ranked, relevant), hits / np.minimum(relevant.sum(axis=1), 10), atol=1e-6)


def test_diversity_by_hand() -> None:
    genres = np.array([[0, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])
    ranked = np.array([[1, 2, 3, 4], [1, 1, 1, 2], [4, 4, 3, 1]])
    first = np.mean([1 - 1 / 2, 1, 1])
    second = 0.0  # the same movie three times shares everything
    np.testing.assert_allclose(diversity(ranked, genres, k=3), np.array([first, second, 1.0]))
    assert np.isnan(diversity(ranked[:, :1], genres)).all()
    short = diversity(np.array([[1, 2, 0], [1, 0, 0]]), genres)  # two movies, and one
    np.testing.assert_allclose(short, [1 - 1 / 2, np.nan])


def test_bootstrap_gives_the_standard_error_of_a_mean(rng: np.random.Generator) -> None:
    values = rng.exponential(size=400)
    weights = bootstrap_weights(400, resamples=4000, rng=rng)
    assert weights.sum(axis=1).tolist() == [400.0] * 4001
    assert weights[0].tolist() == [1.0] * 400
    means = weights @ values / 400
    assert means[0] == pytest.approx(values.mean())
    assert means[1:].std() == pytest.approx(values.std() / 20, rel=0.05)
