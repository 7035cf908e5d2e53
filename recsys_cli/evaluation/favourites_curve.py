"""How good a list is after a few favourites, for people that a model has never seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli import metrics
from recsys_cli.dataset.reader import Dataset
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import LIKE_SHARE, Favourites, Profile, likes

SHOWN = (0, 1, 3, 5, 10)
_SET_ASIDE, _LEAST_LIKES = 10, 20

Way = Callable[[ModelFolder, Profile, Favourites], NDArray[np.float32]]
POPULAR = "most popular"


@dataclass(frozen=True, slots=True, kw_only=True)
class FavouritesCurve:
    """NDCG of people with enough likes, by the number of likes that are shown.

    Attributes:
        users: people measured; mean over the splits.
        shown: likes shown, one for each value.
        ndcg: of the lists of the model.
        popular: of most popular, on the same likes.
    """

    users: int
    shown: tuple[int, ...]
    ndcg: tuple[float, ...]
    popular: tuple[float, ...]


def measure_ways(
    dataset: Dataset,
    folder: ModelFolder,
    *,
    user_rows: NDArray[np.integer],
    train: NDArray[np.int64],
    ways: Mapping[str, Way],
    rng: np.random.Generator,
) -> dict[str, NDArray[np.float64]]:
    """NDCG@10 of each user for each number of shown likes.

    Of each user with at least 20 likes, ten are set aside; n of them are shown, and NDCG@10 is taken on all the
    likes that were not set aside, so that every column is measured on the same movies.

    Args:
        dataset: holds all ratings of the users.
        folder: a model that has not seen the users.
        user_rows: (N,) int, whom to measure.
        train: (R,) int64 indices of the ratings that the model was trained on.
        ways: from a profile and likes to a user vector, by name; `user_vector` is the one that is served.
        rng: chooses what is set aside.

    Returns: by way, and for most popular, (users with enough likes, len(SHOWN)) float64.
    """
    ratings = dataset.ratings
    is_like = ratings.values >= LIKE_SHARE * folder.info.rating_max
    popular = np.bincount(ratings.movie_rows[train][is_like[train]], minlength=len(dataset.movie_ids) + 1)
    of_user = np.flatnonzero(is_like)[np.argsort(ratings.user_rows[is_like], kind="stable")]
    sorted_users = ratings.user_rows[of_user]
    found: dict[str, list[list[float]]] = {name: [] for name in (POPULAR, *ways)}
    for user in np.unique(user_rows):
        first, last = np.searchsorted(sorted_users, [user, user + 1])
        liked = rng.permutation(ratings.movie_rows[of_user[first:last]].astype(np.int64))
        if len(liked) < _LEAST_LIKES:
            continue
        relevant = np.zeros((1, len(popular)), dtype=np.bool_)
        relevant[0, liked[_SET_ASIDE:]] = True
        rows = (int(of[user]) for of in (dataset.user_genders, dataset.user_ages, dataset.user_jobs))
        profile = (*rows, *dataset.user_further[user].tolist())
        for name in found:
            found[name].append([])
            for count in SHOWN:
                shown = liked[:count]
                scores = popular.astype(np.float64)
                if name != POPULAR:
                    vector = ways[name](folder, profile, likes(folder, shown - 1))
                    scores[1:] = folder.movie_vectors @ vector
                scores[[0, *shown]] = -np.inf
                found[name][-1].append(float(metrics.ndcg(metrics.top_k(scores[None], 10), relevant)[0]))
    return {name: np.array(values, dtype=np.float64).reshape(-1, len(SHOWN)) for name, values in found.items()}


def curve(measured: list[dict[str, NDArray[np.float64]]]) -> FavouritesCurve | None:
    """The curve over one measurement of :func:`measure_ways` a split, its one way being the served one.

    Returns: None where no user has enough likes.
    """
    by_name = {name: np.concatenate([of_split[name] for of_split in measured]) for name in measured[0]}
    (model,) = by_name.keys() - {POPULAR}
    if not len(by_name[model]):
        return None
    return FavouritesCurve(
        users=round(len(by_name[model]) / len(measured)),
        shown=SHOWN,
        ndcg=tuple(by_name[model].mean(axis=0).tolist()),
        popular=tuple(by_name[POPULAR].mean(axis=0).tolist()),
    )
