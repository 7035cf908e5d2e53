"""What a movie's taste is, in plain arithmetic: who may have drawn it, less half of everybody."""

from pathlib import Path

import numpy as np


def taste(model: Path, vector: np.ndarray) -> np.ndarray:
    """(D,) float64 unit vector for a movie's (D,) vector, from the crowd of a model folder."""
    crowd = np.load(model / "crowd.npz")
    people, prior = crowd["vectors"].astype(np.float64), np.exp(crowd["prior"].astype(np.float64))
    chances = np.log1p(np.exp(100 * people @ vector.astype(np.float64))) ** 2 / np.exp(crowd["log_sums"])
    liking, everybody = (prior * chances**3) @ people, prior @ people
    found: np.ndarray = liking / np.linalg.norm(liking) - everybody / np.linalg.norm(everybody) / 2
    unit: np.ndarray = found / np.linalg.norm(found)
    return unit
