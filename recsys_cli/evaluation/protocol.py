"""What an evaluation trains on and what it holds out: known users, cold users and new movies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.rows import Ratings
from recsys_cli.dataset.split import hold_out_movies, hold_out_ratings, hold_out_users
from recsys_cli.evaluation.interactions import Interactions, Ints
from recsys_cli.model.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Held-out ratings of one kind, in rows of the data set.

    Attributes:
        kind: ``known`` users, ``cold`` users, ``new`` movies, or ``all`` users.
        ratings: what is held out.
        candidates: (M + 1,) bool, movies that compete in a ranking; row 0, no movie, never does, and neither do
            those that the user rated in training.
    """

    kind: str
    ratings: Ratings
    candidates: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """One training and what is measured of it.

    Attributes:
        seed: of the split.
        dataset: what the training is given; it may hold ratings that are not learnt from.
        train: int64, ascending indices of its ratings that are learnt from.
        data: those ratings, with what is known of users and movies.
        groups: held-out ratings; none of them is among those of ``data``.
    """

    seed: int
    dataset: Dataset
    train: Ints
    data: Interactions
    groups: tuple[Group, ...]


def split_cases(dataset: Dataset, protocol: ProtocolConfig, *, seed: int) -> tuple[Case, Case]:
    """Two cases of one split: known and cold users, then new movies.

    Held out first are users with all their ratings (cold), then ratings of the others (test of the known). For new
    movies there is a second training: the training ratings of the first without those of some movies.

    Args:
        dataset: all ratings.
        protocol: shares.
        seed: of the split.
    """
    rng = np.random.default_rng(seed)
    people = hold_out_users(dataset.ratings.user_rows, len(dataset.user_ids), share=protocol.cold_users, rng=rng)
    ratings = hold_out_ratings(len(people.train), share=protocol.test_ratings, rng=rng)
    train, test = people.train[ratings.train], people.train[ratings.held_out]
    movies = hold_out_movies(
        dataset.ratings.movie_rows[people.train], len(dataset.movie_ids), share=protocol.new_movies, rng=rng
    )
    new = people.train[movies.held_out]
    all_movies = _all_movies(dataset)
    users = Case(
        seed=seed,
        dataset=dataset,
        train=train,
        data=interactions(dataset, train, protocol),
        groups=(
            _group(dataset, "known", test, candidates=all_movies),
            _group(dataset, "cold", people.held_out, candidates=all_movies),
        ),
    )
    without = np.setdiff1d(train, new, assume_unique=True)
    candidates = np.zeros_like(all_movies)
    candidates[dataset.ratings.movie_rows[new]] = True
    return users, Case(
        seed=seed,
        dataset=dataset,
        train=without,
        data=interactions(dataset, without, protocol),
        groups=(_group(dataset, "new", new, candidates=candidates),),
    )


def ratings_case(dataset: Dataset, protocol: ProtocolConfig, *, share: float, seed: int) -> Case:
    """The split of the literature on rating prediction: a random share of all ratings is held out.

    Args:
        dataset: all ratings.
        protocol: from which rating a movie is liked.
        share: of the ratings that is held out, (0, 1).
        seed: of the split.
    """
    split = hold_out_ratings(len(dataset.ratings), share=share, rng=np.random.default_rng(seed))
    return Case(
        seed=seed,
        dataset=dataset,
        train=split.train,
        data=interactions(dataset, split.train, protocol),
        groups=(_group(dataset, "all", split.held_out, candidates=_all_movies(dataset)),),
    )


def model_case(dataset: Dataset, protocol: ProtocolConfig, *, train: Ints, held_out: Ints) -> Case:
    """The case of a model that is there: the held-out ratings fall into the kinds by what the model has seen.

    Args:
        dataset: all ratings.
        protocol: from which rating a movie is liked.
        train: int64, ascending indices of the ratings that the model was trained on.
        held_out: int64, indices of the ratings to measure it on; disjoint from ``train``.
    """
    trained, ratings, all_movies = dataset.ratings.at(train), dataset.ratings.at(held_out), _all_movies(dataset)
    knows_user = np.bincount(trained.user_rows, minlength=len(dataset.user_ids) + 1) > 0
    knows_movie = np.bincount(trained.movie_rows, minlength=len(dataset.movie_ids) + 1) > 0
    user_known, movie_known = knows_user[ratings.user_rows], knows_movie[ratings.movie_rows]
    groups = (
        _group(dataset, "known", held_out[user_known & movie_known], candidates=all_movies),
        _group(dataset, "cold", held_out[~user_known], candidates=all_movies),
        _group(dataset, "new", held_out[user_known & ~movie_known], candidates=all_movies & ~knows_movie),
    )
    return Case(
        seed=1,
        dataset=dataset,
        train=train,
        data=interactions(dataset, train, protocol),
        groups=tuple(group for group in groups if len(group.ratings)),
    )


def interactions(dataset: Dataset, train: Ints, protocol: ProtocolConfig) -> Interactions:
    """What baselines learn from: the ratings at ``train``, int64 indices, and all users and movies."""
    vocabulary = Vocabulary.from_dataset(dataset)
    genres = np.zeros((len(dataset.movie_ids) + 1, len(vocabulary.genres)), dtype=np.float32)
    for row, names in enumerate(dataset.movie_genres, start=1):
        genres[row, np.array(vocabulary.genre_rows(names), dtype=np.int64) - 1] = 1.0
    return Interactions(
        ratings=dataset.ratings.at(train),
        like_from=protocol.like_share * dataset.rating_max,
        rating_min=dataset.rating_min,
        rating_max=dataset.rating_max,
        genders=dataset.user_genders,
        ages=dataset.user_ages,
        jobs=dataset.user_jobs,
        further=dataset.user_further,
        genres=genres,
    )


def _group(dataset: Dataset, kind: str, held_out: Ints, *, candidates: NDArray[np.bool_]) -> Group:
    return Group(kind=kind, ratings=dataset.ratings.at(held_out), candidates=candidates)


def _all_movies(dataset: Dataset) -> NDArray[np.bool_]:
    """(M + 1,), every row but 0, which is no movie."""
    return np.arange(len(dataset.movie_ids) + 1) > 0
