"""The terms of the objective, on the cosines of a batch's users and movies."""

from dataclasses import dataclass

import paddle
from paddle import Tensor
from paddle.nn import functional as F

_BELOW = -5.0  # where softplus loses digits in float32, and soon all of them
_BARRED = 1e4  # below every logit: the exponential of this much less is 0 in float32


@dataclass(frozen=True, slots=True, eq=False)
class Softmax:
    """A softmax over the candidates of each user, in logarithms.

    Attributes:
        logits: (B, K) float32, the highest of a user's candidates being 0; no candidates lie 10,000 lower.
        normaliser: (B,) float32, logarithm of the sum of their exponentials over the candidates.
    """

    logits: Tensor
    normaliser: Tensor

    @classmethod
    def over_candidates(
        cls, cosines: Tensor, *, candidates: Tensor, temperature: float, power: float
    ) -> "Softmax":
        """Chances that grow with a power of the cosine.

        A candidate's chance is proportional to softplus(cosine / temperature) ** power: below the temperature it
        falls like exp(power * cosine / temperature), as in a plain softmax, far above it grows like
        cosine ** power. Closed forms such as EASE predict shares, not logarithms of shares, so that towers that
        start at one are not far from where this likes them; a plain softmax has them unlearn it first.

        Subtracting the highest keeps every sum at 1 or more, however small the temperature; ``log_softmax`` would
        take fifty times as long on a CPU.

        Args:
            cosines: (B, K) float32 in [-1, 1].
            candidates: (B, K) float32, 1 where the movie competes, 0 where it is left out (visible history).
            temperature: > 0, the cosine from which chances grow like a power rather than exponentially.
            power: > 0.
        """
        logits = power * _log_softplus(cosines / temperature) + _BARRED * (candidates - 1.0)  # (B, K)
        logits = logits - logits.detach().max(axis=1, keepdim=True)
        return cls(logits, paddle.log(paddle.exp(logits).sum(axis=1)))


def _log_softplus(given: Tensor) -> Tensor:
    """Logarithm of log(1 + exp(x)); of its series, x - exp(x) / 2, far below zero."""
    below = given - 0.5 * paddle.exp(given.clip(max=_BELOW))
    return paddle.where(given < _BELOW, below, paddle.log(F.softplus(given.clip(min=_BELOW))))


def softmax_loss(softmax: Softmax, positives: Tensor) -> Tensor:
    """Cross-entropy of liked movies.

    Args:
        softmax: of the batch.
        positives: (P,) int64, flat positions in (B, K) of liked movies, all of them candidates; P may be 0.

    Returns: scalar float32, mean nats per positive; 0 without any.
    """
    if positives.shape[0] == 0:
        return (softmax.logits * 0.0).sum()
    users = positives // softmax.logits.shape[1]  # (P,)
    chosen = paddle.gather(softmax.logits.reshape([-1]), positives)
    return (paddle.gather(softmax.normaliser, users) - chosen).mean()


def soft_target_loss(softmax: Softmax, shares: Tensor) -> Tensor:
    """Cross-entropy of a distribution over the candidates.

    Args:
        softmax: of the batch.
        shares: (B, K) float32, rows sum to 1, or to 0 for a user without candidates; 0 where the movie is none.

    Returns: scalar float32, mean nats per user.
    """
    return (softmax.normaliser * shares.sum(axis=1) - (shares * softmax.logits).sum(axis=1)).mean()


def squared_error(estimates: Tensor, targets: Tensor, ratings: Tensor) -> Tensor:
    """Mean squared error of the ratings at some positions.

    Args:
        estimates: (B, K) float32, on the rating scale.
        targets: (R,) int64, flat positions in (B, K); R may be 0.
        ratings: (R,) float32.

    Returns: scalar float32; 0 without any.
    """
    if targets.shape[0] == 0:
        return (estimates * 0.0).sum()
    error = paddle.gather(estimates.reshape([-1]), targets) - ratings
    return (error * error).mean()


def taught_squared_error(estimates: Tensor, taught: Tensor, weights: Tensor) -> Tensor:
    """Squared error of every estimate, averaged over the users and, by weight, over the movies.

    Args:
        estimates: (B, K) float32, on the rating scale.
        taught: (B, K) float32, what they should be.
        weights: (K,) float32, not negative, not all zero.

    Returns: scalar float32.
    """
    error = estimates - taught
    return paddle.matmul(error * error, weights / weights.sum()).mean()
