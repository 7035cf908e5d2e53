"""The loss against arithmetic written out here."""

import math
from typing import Any

import numpy as np
import paddle
import pytest

from recsys_cli.training.loss import soft_target_loss, softmax_loss, squared_error, taught_squared_error

COSINES = np.array([[0.2, -0.4, 0.9], [0.0, 0.5, -1.0]], dtype=np.float32)
CANDIDATES = np.array([[1, 1, 0], [1, 1, 1]], dtype=np.float32)
LOG_Q = np.log(np.array([0.5, 1.0, 0.25], dtype=np.float32))


def _terms(log_q: np.ndarray) -> dict[str, Any]:
    return {"candidates": paddle.to_tensor(CANDIDATES), "log_q": paddle.to_tensor(log_q), "temperature": 0.5}


def test_softmax_by_hand() -> None:
    ours = softmax_loss(
        paddle.to_tensor(COSINES), paddle.to_tensor(np.array([1, 3, 4])), **_terms(np.zeros(3, np.float32))
    )
    first = math.log(math.exp(0.4) + math.exp(-0.8)) - (-0.8)
    total = math.log(math.exp(0.0) + math.exp(1.0) + math.exp(-2.0))
    assert float(ours) == pytest.approx((first + (total - 0.0) + (total - 1.0)) / 3, abs=1e-5)


def test_a_sampled_softmax_divides_by_the_probability_of_being_sampled() -> None:
    ours = softmax_loss(paddle.to_tensor(COSINES), paddle.to_tensor(np.array([4])), **_terms(LOG_Q))
    weights = [math.exp(0.0) / 0.5, math.exp(1.0) / 1.0, math.exp(-2.0) / 0.25]
    assert float(ours) == pytest.approx(-math.log(weights[1] / sum(weights)), abs=1e-5)


def test_no_positives_cost_nothing() -> None:
    none = paddle.to_tensor(np.zeros(0, dtype=np.int64))
    assert float(softmax_loss(paddle.to_tensor(COSINES), none, **_terms(LOG_Q))) == 0.0


def test_soft_targets_by_hand() -> None:
    shares = np.array([[0.25, 0.75, 0.0], [0.0, 1.0, 0.0]], dtype=np.float32)
    ours = soft_target_loss(paddle.to_tensor(COSINES), paddle.to_tensor(shares), **_terms(np.zeros(3, np.float32)))
    first = math.log(math.exp(0.4) + math.exp(-0.8)) - (0.25 * 0.4 + 0.75 * -0.8)
    second = math.log(math.exp(0.0) + math.exp(1.0) + math.exp(-2.0)) - 1.0
    assert float(ours) == pytest.approx((first + second) / 2, abs=1e-5)


def test_squared_error_of_taught_ratings_by_hand() -> None:
    taught = np.array([[1.0, -1.0, 4.0], [0.0, 4.5, -5.0]], dtype=np.float32)
    weights = np.array([1.0, 2.0, 1.0], dtype=np.float32)
    ours = taught_squared_error(*map(paddle.to_tensor, (5 * COSINES, taught, weights)))
    first = (0.0 * 1 + 1.0 * 2 + 0.25 * 1) / 4
    second = (0.0 * 1 + 4.0 * 2 + 0.0 * 1) / 4
    assert float(ours) == pytest.approx((first + second) / 2, abs=1e-5)


def test_squared_error_by_hand() -> None:
    ratings = np.array([3.0, 4.0], dtype=np.float32)
    ours = squared_error(
        paddle.to_tensor(5 * COSINES), paddle.to_tensor(np.array([2, 4])), paddle.to_tensor(ratings)
    )
    assert float(ours) == pytest.approx(((4.5 - 3) ** 2 + (2.5 - 4) ** 2) / 2, abs=1e-5)
