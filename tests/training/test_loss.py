"""The loss against arithmetic written out here."""

import math
from collections.abc import Callable

import numpy as np
import paddle
import pytest

from recsys_cli.training.loss import (
    Softmax,
    soft_target_loss,
    softmax_loss,
    squared_error,
    taught_squared_error,
)

COSINES = np.array([[0.2, -0.4, 0.9], [0.0, 0.5, -1.0]], dtype=np.float32)
CANDIDATES = np.array([[1, 1, 0], [1, 1, 1]], dtype=np.float32)


def worth(scaled: float) -> float:
    return math.log(1.0 + math.exp(scaled))


def softmax() -> Softmax:
    return Softmax.over_candidates(
        paddle.to_tensor(COSINES), candidates=paddle.to_tensor(CANDIDATES), temperature=0.5, power=1.0
    )


def test_softmax_by_hand() -> None:
    ours = softmax_loss(softmax(), paddle.to_tensor(np.array([1, 3, 4])))
    first = math.log(worth(0.4) + worth(-0.8)) - math.log(worth(-0.8))
    total = math.log(worth(0.0) + worth(1.0) + worth(-2.0))
    assert float(ours) == pytest.approx((first + 2 * total - math.log(worth(0.0) * worth(1.0))) / 3, abs=1e-5)


def test_no_positives_cost_nothing() -> None:
    none = paddle.to_tensor(np.zeros(0, dtype=np.int64))
    assert float(softmax_loss(softmax(), none)) == 0.0


def test_soft_targets_by_hand() -> None:
    shares = np.array([[0.25, 0.75, 0.0], [0.0, 1.0, 0.0]], dtype=np.float32)
    ours = soft_target_loss(softmax(), paddle.to_tensor(shares))
    first = math.log(worth(0.4) + worth(-0.8)) - 0.25 * math.log(worth(0.4)) - 0.75 * math.log(worth(-0.8))
    second = math.log(worth(0.0) + worth(1.0) + worth(-2.0)) - math.log(worth(1.0))
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


def in_float64(
    cosines: np.ndarray, candidates: np.ndarray, shares: np.ndarray, temperature: float, power: float
) -> tuple[float, np.ndarray]:
    """Cross-entropy of shares (B, K), averaged over the users, and its gradient by the cosines."""
    scaled = cosines.astype(np.float64) / temperature
    below = scaled < -30  # softplus is an exponential there
    worth = np.logaddexp(0.0, np.maximum(scaled, -30))
    slope = power * np.where(below, 1.0, 1.0 / worth / (1.0 + np.exp(-np.maximum(scaled, -30)))) / temperature
    logits = power * np.where(below, scaled, np.log(worth))
    logits = np.where(candidates > 0, logits, -1e30)
    highest = logits.max(axis=1, keepdims=True)
    chances = np.exp(logits - highest)
    total = chances.sum(axis=1, keepdims=True)
    nats = np.log(total) + highest - np.where(candidates > 0, logits, 0.0)
    weights = shares.astype(np.float64)
    loss = (weights * nats).sum() / len(cosines)
    gradient = (chances / total * weights.sum(axis=1, keepdims=True) - weights) * slope / len(cosines)
    return float(loss), gradient


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("temperature", [0.01, 0.07, 1.0])
@pytest.mark.parametrize("low", [-1.0, -0.3, 0.99])
def test_loss_and_gradient_at_every_temperature(
    temperature: float, power: float, low: float, rng: np.random.Generator
) -> None:
    size = (7, 50)
    cosines = rng.uniform(low, min(low + 0.5, 1.0), size).astype(np.float32)
    cosines[0] = -0.9
    cosines[0, 5] = -0.8  # far below 1, and yet the only one that counts
    candidates = (rng.random(size) < 0.8).astype(np.float32)
    candidates[:, 5] = 1.0
    cosines[1, 5] = -1.0  # the liked one is as far as can be
    cosines[2][candidates[2] == 0] = 1.0  # what is left out lies above all candidates
    candidates[3] = 0.0  # nothing is left to choose from
    shares = rng.random(size).astype(np.float32) * candidates
    shares /= np.maximum(shares.sum(axis=1, keepdims=True), 1e-6)
    likes = np.zeros_like(shares)
    positives = np.array([user * 50 + 5 for user in range(7) if user != 3])
    likes.reshape(-1)[positives] = len(cosines) / len(positives)  # the mean is over the likes

    def check(wanted: np.ndarray, loss: Callable[[Softmax], paddle.Tensor]) -> None:
        given = paddle.to_tensor(cosines, stop_gradient=False)
        competing = paddle.to_tensor(candidates)
        ours = loss(Softmax.over_candidates(given, candidates=competing, temperature=temperature, power=power))
        ours.backward()
        expected, gradient = in_float64(cosines, candidates, wanted, temperature, power)
        assert float(ours) == pytest.approx(expected, rel=1e-5, abs=1e-5)
        np.testing.assert_allclose(given.grad.numpy(), gradient, rtol=1e-3, atol=1e-5 / temperature)

    check(likes, lambda softmax: softmax_loss(softmax, paddle.to_tensor(positives)))
    check(shares, lambda softmax: soft_target_loss(softmax, paddle.to_tensor(shares)))


@pytest.mark.parametrize(
    ("cosines", "expected"),
    [
        ([-0.2, -0.3, -0.9], math.log(1 + math.exp(-20) + math.exp(-140))),  # exponential below the temperature
        ([0.4, 0.2, -0.9], math.log(1 + 0.5**2)),  # a square far above it
    ],
)
def test_a_small_temperature_by_hand(cosines: list[float], expected: float) -> None:
    given = paddle.to_tensor(np.array([cosines], dtype=np.float32))
    softmax = Softmax.over_candidates(given, candidates=paddle.ones([1, 3]), temperature=0.01, power=2.0)
    loss = float(softmax_loss(softmax, paddle.to_tensor(np.array([0]))))
    assert loss == pytest.approx(expected, rel=1e-2, abs=1e-7)
