"""From sums by user to numbers with intervals: means over the splits, bootstrap over the users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.evaluation.measures import Measured
from recsys_cli.metrics import bootstrap_weights

METRICS = ("rmse", "mae", "ndcg", "recall", "coverage", "diversity", "long_tail", "novelty")
LOWER_IS_BETTER = ("rmse", "mae")
_QUANTILE = 1.96  # of the normal distribution, for 95 %


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and how sure it is.

    Attributes:
        value: mean over the splits.
        low: lower end of the 95 % interval, ``value`` less 1.96 bootstrap standard errors.
        high: its upper end.
        by_seed: the value of each split.
    """

    value: float
    low: float
    high: float
    by_seed: tuple[float, ...] = ()

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2


class Bootstrap:
    """Resamples of the users of a data set; the same for every recommender, so that differences are paired.

    A user who is drawn twice counts twice in every split: the splits share people, and are no independent samples.
    """

    def __init__(self, users: NDArray[np.int64], *, resamples: int, rng: np.random.Generator):
        """Draw.

        Args:
            users: int64 rows, ascending, everybody who is measured in any split.
            resamples: how many.
            rng: source of the draws.
        """
        self._users = users
        self._weights = bootstrap_weights(len(users), resamples=resamples, rng=rng)  # (B + 1, U)

    def replicates(self, splits: Sequence[Measured], metric: str) -> NDArray[np.float64] | None:
        """The metric in every resample and every split; row 0 is the users as they are.

        Args:
            splits: S measurements of one recommender.
            metric: one of `METRICS`.

        Returns: (B + 1, S) float64; None where the recommender has no answer.
        """
        columns = [self._replicate(measured, metric) for measured in splits]
        present = [column for column in columns if column is not None]
        return np.stack(present, axis=1) if len(present) == len(columns) else None

    def _replicate(self, measured: Measured, metric: str) -> NDArray[np.float64] | None:
        weights = self._weights[:, np.searchsorted(self._users, measured.user_rows)]  # (B + 1, N)
        if metric == "coverage":
            if measured.listed is None:
                return None
            drawn = (weights > 0).astype(np.float32)
            listed = drawn @ measured.listed > 0  # (B + 1, M + 1)
            return np.asarray(listed.sum(axis=1) / measured.num_candidates, dtype=np.float64)
        if metric not in measured.sums:
            return None
        sums = measured.sums[metric]
        ratios = (weights @ sums.numerators) / np.maximum(weights @ sums.denominators, 1e-9)
        return np.sqrt(ratios) if metric == "rmse" else ratios


def estimate(replicates: NDArray[np.float64]) -> Estimate:
    """Mean over the splits with its interval.

    Args:
        replicates: (B + 1, S) float64, row 0 the users as they are; or a difference of two such arrays.
    """
    value = float(replicates[0].mean())
    error = float(replicates[1:].mean(axis=1).std(ddof=1))
    return Estimate(
        value=value,
        low=value - _QUANTILE * error,
        high=value + _QUANTILE * error,
        by_seed=tuple(replicates[0].tolist()),
    )
