"""One finished epoch, as a checkpoint keeps it and a person sees it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One finished epoch.

    Attributes:
        number: counted from 1.
        loss: mean training loss.
        metrics: validation metrics by name; empty without validation.
    """

    number: int
    loss: float
    metrics: Mapping[str, float]
