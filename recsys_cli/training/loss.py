"""The terms of the objective, on the cosines of a batch's users and movies."""

import paddle
from paddle import Tensor

_LEAST_SUM = 1e-30


def softmax_loss(
    cosines: Tensor, positives: Tensor, *, candidates: Tensor, log_q: Tensor, temperature: float
) -> Tensor:
    """Cross-entropy of liked movies against the candidates.

    Args:
        cosines: (B, K) float32 in [-1, 1].
        positives: (P,) int64, flat positions in (B, K) of liked movies, all of them candidates; P may be 0.
        candidates: (B, K) float32, 1 where the movie competes, 0 where it is left out (visible history).
        log_q: (K,) float32, natural log of the probability that the movie is among the K; 0 for a full catalogue.
        temperature: > 0, divides the cosine.

    Returns: scalar float32, mean nats per positive; 0 without any.

    Source: Yi et al., RecSys 2019 (correction by log_q).
    """
    if positives.shape[0] == 0:
        return (cosines * 0.0).sum()
    logits, normaliser = _logits(cosines, candidates, log_q, temperature)
    users = positives // cosines.shape[1]  # (P,)
    return (paddle.gather(normaliser, users) - paddle.gather(logits.reshape([-1]), positives)).mean()


def soft_target_loss(
    cosines: Tensor, shares: Tensor, *, candidates: Tensor, log_q: Tensor, temperature: float
) -> Tensor:
    """Cross-entropy of a distribution over the candidates.

    Args:
        cosines: (B, K) float32 in [-1, 1].
        shares: (B, K) float32, rows sum to 1, 0 where the movie is no candidate.
        candidates: as :func:`softmax_loss`, as are the next two.
        log_q: (K,) float32.
        temperature: > 0.

    Returns: scalar float32, mean nats per user.
    """
    logits, normaliser = _logits(cosines, candidates, log_q, temperature)
    return (normaliser - (shares * logits).sum(axis=1)).mean()


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


def _logits(cosines: Tensor, candidates: Tensor, log_q: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Corrected logits (B, K) and the log of their sum over the candidates (B,).

    A cosine is at most 1: subtracting 1 keeps exp from overflowing without a search for the maximum, and
    ``log_softmax`` would take fifty times as long on a CPU.
    """
    logits = (cosines - 1.0) / temperature - log_q  # (B, K)
    # The floor is for a user whose whole catalogue is history; below a temperature of 0.03 a sum can be under it.
    return logits, paddle.log(paddle.clip((candidates * paddle.exp(logits)).sum(axis=1), min=_LEAST_SUM))
