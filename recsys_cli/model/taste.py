"""Directions to search in for movies like one: what is particular about it, rather than what most movies share.

Movies are kept at one length by a coordinate that is long where the taste is short, in movies that few have rated
(training/warm_start.py). Cosines of whole vectors therefore put such movies next to each other, and next to
everything that is weakly defined. Less the mean movie, a vector keeps what tells it from the others; its inner
product with another movie's whole vector is large where that one shares the taste and has much of it, which takes
ratings.
"""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.model.arrays import Floats, unit_rows
from recsys_cli.model.folder import ModelFolder


def tastes(folder: ModelFolder, vectors: NDArray[np.float32]) -> Floats:
    """What to search with for movies like some movies.

    Args:
        folder: the model.
        vectors: (n, D) float32, unit rows of the movies.

    Returns: (n, D) float32, unit rows; their inner product with a movie's vector says how like it is.
    """
    return unit_rows(vectors - folder.movie_vectors[folder.num_ratings > 0].mean(axis=0))
