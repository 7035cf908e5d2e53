"""Ratings held out of a training beside what the model says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.reader import Dataset
from recsys_cli.errors import DataError
from recsys_cli.evaluation.served import ServedModel
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.learnt import is_trained_on

_MOST = 200_000  # ratings that are estimated; more would show nothing more


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Held-out ratings and what the model says of them.

    Attributes:
        given: (R,) float64 ratings.
        estimated: (R,) float64 stars.
        num_ratings: (R,) int64, training ratings of the rated movie.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
    """

    given: NDArray[np.float64]
    estimated: NDArray[np.float64]
    num_ratings: NDArray[np.int64]
    rating_min: float
    rating_max: float


def held_out_estimates(folder: ModelFolder, dataset: Dataset) -> HeldOut | None:
    """Estimate the ratings of a data set that a model was not trained on, 200,000 of them at most.

    Returns: None where the model estimates no ratings.

    Raises:
        DataError: the model was trained on all of the ratings, or on none of them.
        ArtifactError: the model is damaged.
    """
    if folder.info.objective != "rating" and folder.stars is None:
        return None
    trained_on = is_trained_on(folder, dataset)
    if not trained_on.any():
        raise DataError(
            "The data holds none of the ratings that the model was trained on: name its own with --data"
        )
    chosen = np.flatnonzero(~trained_on)
    if not len(chosen):
        raise DataError(
            "The model was trained on all of the ratings: 'recsys train --holdout 0.1' leaves some to "
            "measure it on"
        )
    if len(chosen) > _MOST:
        chosen = np.sort(np.random.default_rng(0).choice(chosen, _MOST, replace=False))
    ratings = dataset.ratings.at(chosen)
    counts = np.bincount(dataset.ratings.movie_rows[trained_on], minlength=len(dataset.movie_ids) + 1)
    estimated = ServedModel(folder, dataset).estimates(
        ratings.user_rows.astype(np.int64), ratings.movie_rows.astype(np.int64)
    )
    if estimated is None:
        return None
    return HeldOut(
        given=ratings.values.astype(np.float64),
        estimated=estimated.astype(np.float64),
        num_ratings=counts[ratings.movie_rows].astype(np.int64),
        rating_min=folder.info.rating_min,
        rating_max=folder.info.rating_max,
    )
