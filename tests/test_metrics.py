"""Metrics against arithmetic written out here."""

import math

import numpy as np
import pytest

from recsys_cli.metrics import coverage, mae, ndcg, recall, rmse, top_k


def test_rmse_and_mae_by_hand() -> None:
    predicted, actual = np.array([1.0, 2.0, 5.0]), np.array([2.0, 2.0, 3.0])
    assert rmse(predicted, actual) == pytest.approx(math.sqrt((1 + 0 + 4) / 3))
    assert mae(predicted, actual) == pytest.approx((1 + 0 + 2) / 3)
    assert math.isnan(rmse(predicted[:0], actual[:0]))
    assert math.isnan(mae(predicted[:0], actual[:0]))


def test_top_k_breaks_ties_by_column_and_puts_minus_infinity_last() -> None:
    scores = np.array([[0.5, 0.9, 0.5, -np.inf, 0.5], [-np.inf, -np.inf, 0.1, 0.2, -np.inf]])
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
    assert coverage(np.array([[0, 1, 2], [1, 0, 3]]), num_movies=8, k=2) == 2 / 8
