"""Rating scales."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_OTHER_HALVES = 0.1
_OTHER_TENS = 0.25


@dataclass(frozen=True, slots=True)
class Scale:
    """The ratings that people may give.

    Attributes:
        low: the lowest.
        high: the highest.
        step: between two neighbours, 0 where every number from low to high is one.
    """

    low: float
    high: float
    step: float = 0

    def holds(self, values: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which of the values (N,) are on the scale, bool (N,); NaN is not."""
        good: NDArray[np.bool_] = (values >= self.low) & (values <= self.high)
        if self.step:
            with np.errstate(invalid="ignore"):  # infinity has no remainder, and is off the scale already
                good &= values % self.step == 0
        return good

    def __str__(self) -> str:
        span = f"from {self.low:g} to {self.high:g}"
        if self.step == 1:
            return f"a whole number {span}"
        return f"a number {span} in steps of {self.step:g}" if self.step else f"a number {span}"


WHOLE_STARS = Scale(1, 5, 1)
HALF_STARS = Scale(0.5, 5, 0.5)
TENS = Scale(0, 10, 1)


def find_scale(values: NDArray[np.float32]) -> Scale:
    """The scale that ratings (R,) are on; a few that are not do not move it.

    0 to 10 if more than a quarter exceed 5, half stars if more than a tenth are halves, else 1 to 5.
    """
    if np.count_nonzero(values > WHOLE_STARS.high) > _OTHER_TENS * len(values):
        return TENS
    halves = HALF_STARS.holds(values) & ~WHOLE_STARS.holds(values)
    return HALF_STARS if np.count_nonzero(halves) > _OTHER_HALVES * len(values) else WHOLE_STARS
