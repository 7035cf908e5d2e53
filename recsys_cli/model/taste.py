"""Directions to search in for movies like one: those who like it, or what is particular about it.

Movies are kept at one length by a coordinate that is long where the taste is short, in movies that few have rated
(training/warm_start.py). Cosines of whole vectors therefore put such movies next to each other, and next to
everything that is weakly defined. The people who like a movie have no part in that coordinate: an inner product
with their vector is large where a movie shares the taste and has much of it, which takes ratings.
"""

import numpy as np
from numpy.typing import NDArray

from recsys_cli.model.arrays import Floats, unit_rows
from recsys_cli.model.folder import ModelFolder

# Chosen on users of MovieLens 1M held out whole, who like the movies so found as often as those of other methods.
SHARPNESS = 3.0  # of the like
COMMON = np.float32(0.5)  # what everybody likes is taken off: with all of it left the lists are of popular movies


def tastes(folder: ModelFolder, vectors: NDArray[np.float32]) -> Floats:
    """What to search with for movies like some movies.

    Args:
        folder: the model.
        vectors: (n, D) float32, unit rows of the movies.

    Returns: (n, D) float32, unit rows; their inner product with a movie's vector says how like it is. Without a
        crowd it is the movie less the mean movie.
    """
    if folder.crowd is None:
        return unit_rows(vectors - folder.movie_vectors[folder.num_ratings > 0].mean(axis=0))
    everybody = folder.crowd.expected(vectors, sharpness=0.0)
    people = [folder.crowd.expected(vector[None], sharpness=SHARPNESS) for vector in vectors]
    return unit_rows(np.array(people, dtype=np.float32).reshape(vectors.shape) - COMMON * everybody)
