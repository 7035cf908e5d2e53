"""From a few rated movies to a user vector, without training and without paddle."""

import numpy as np

from recsys_cli.model.serving import Floats, unit_rows


def lean(base: Floats, vectors: Floats, values: Floats, *, weight: float) -> Floats:
    """Turn a user vector towards the movies that a person likes and away from those disliked.

    Args:
        base: (D,) float32, unit length: what else is known of the person.
        vectors: (n, D) float32 unit rows of the movies; n may be 0.
        values: (n,) float32 in -1..1, from hated to loved.
        weight: length of the movies' mean direction beside the base's 1.

    Returns: (D,) float32, unit length.
    """
    if not len(vectors):
        return base
    towards = unit_rows((values @ vectors)[None])[0]
    turned: Floats = unit_rows((base + np.float32(weight) * towards)[None])[0]
    return turned
