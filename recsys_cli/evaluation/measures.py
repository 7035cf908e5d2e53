"""One recommender on one group of held-out ratings: sums by user that every statistic is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli import metrics
from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.evaluation.interactions import Floats, Interactions, Ints
from recsys_cli.evaluation.protocol import Group

_BATCH, _SCORES = 1024, 2**24  # users that are ranked, and scores that are dense, at a time


class Scorer(Protocol):
    """A trained model or a baseline; see :class:`recsys_cli.evaluation.baselines.Baseline` for both methods."""

    def scores(self, user_rows: Ints) -> Floats | None:
        """(N, M + 1) float32 that may be changed, larger is better; None where it orders nothing."""

    def estimates(self, user_rows: Ints, movie_rows: Ints) -> Floats | None:
        """(P,) float32 ratings of pairs; None where it estimates nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """A statistic is the sum of one over the sum of the other, over any choice of users.

    Attributes:
        numerators: (N,) float64.
        denominators: (N,) float64.
    """

    numerators: NDArray[np.float64]
    denominators: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one recommender reached for each user of a group.

    Attributes:
        user_rows: (N,) int64, ascending.
        sums: by metric: ``rmse`` (of squares, before the root), ``mae``, ``ndcg``, ``recall``, ``diversity``,
            ``long_tail``, ``novelty``; without those that the recommender has no answer for.
        listed: (N, M + 1) float32, 1 where the movie stands in the user's list; None without rankings. Only users
            who like something of what is held out have a list.
        num_candidates: movies that a list may hold.
    """

    user_rows: Ints
    sums: Mapping[str, Sums]
    listed: sp.csr_matrix | None
    num_candidates: int

    def of(self, chosen: NDArray[np.bool_]) -> Measured:
        """Of some of the users only, (N,) bool."""
        sums = {name: Sums(each.numerators[chosen], each.denominators[chosen]) for name, each in self.sums.items()}
        listed = None if self.listed is None else self.listed[chosen]
        return Measured(self.user_rows[chosen], sums, listed, self.num_candidates)


class GroupMeasure:
    """A group made ready: which users are measured, what they like, what they have seen."""

    def __init__(self, group: Group, data: Interactions, protocol: ProtocolConfig, *, seen: sp.csr_matrix):
        """Prepare.

        Args:
            group: held-out ratings.
            data: training ratings.
            protocol: k and the number of users.
            seen: (U + 1, M + 1), stored where a user rated a movie in training.
        """
        self._group, self._data, self._protocol, self._seen = group, data, protocol, seen
        users = np.unique(group.ratings.user_rows)
        self.is_sample = len(users) > protocol.max_users
        if self.is_sample:
            rng = np.random.default_rng(0)
            users = np.sort(rng.choice(users, size=protocol.max_users, replace=False))
        self.user_rows: Ints = users.astype(np.int64)
        self.ratings = group.ratings.at(np.isin(group.ratings.user_rows, users))
        likes = self.ratings.at(self.ratings.values >= data.like_from)
        ones = np.ones(len(likes), dtype=np.bool_)
        self._likes = sp.csr_matrix((ones, (likes.user_rows, likes.movie_rows)), seen.shape)
        self.rankers: Ints = np.unique(likes.user_rows).astype(np.int64)
        counts = np.bincount(data.ratings.movie_rows, minlength=data.num_movies + 1)
        by_count = np.argsort(-counts, kind="stable")
        self._in_tail = np.ones(len(counts), dtype=np.float32)
        self._in_tail[by_count[: protocol.head]] = 0.0
        self._novelty = metrics.self_information(counts, len(np.unique(data.ratings.user_rows)))

    def measure(self, scorer: Scorer, *, ranks: bool) -> Measured:
        """Measure one recommender.

        Args:
            scorer: fitted to the training ratings.
            ranks: whether its order of movies means anything for this group.
        """
        sums = self._errors(scorer)
        if not ranks or not len(self.rankers):
            return Measured(self.user_rows, sums, None, int(self._group.candidates.sum()))
        ranked, values = self._rank(scorer)  # (L, k), by metric (L,)
        places = np.searchsorted(self.user_rows, self.rankers)
        for name, of_rankers in values.items():
            numerators, counted = np.zeros(len(self.user_rows)), np.zeros(len(self.user_rows))
            numerators[places], counted[places] = np.nan_to_num(of_rankers), np.isfinite(of_rankers)
            if counted.any():
                sums[name] = Sums(numerators, counted)
        rows, columns = np.repeat(places, ranked.shape[1]), ranked.ravel()
        ones = np.ones(np.count_nonzero(columns), dtype=np.float32)
        cells = (rows[columns > 0], columns[columns > 0])
        listed = sp.csr_matrix((ones, cells), (len(self.user_rows), self._data.num_movies + 1))
        return Measured(self.user_rows, sums, listed, int(self._group.candidates.sum()))

    def _errors(self, scorer: Scorer) -> dict[str, Sums]:
        ratings = self.ratings
        estimates = scorer.estimates(ratings.user_rows.astype(np.int64), ratings.movie_rows.astype(np.int64))
        if estimates is None:
            return {}
        places = np.searchsorted(self.user_rows, ratings.user_rows)
        error = estimates.astype(np.float64) - ratings.values
        counts = np.bincount(places, minlength=len(self.user_rows)).astype(np.float64)

        def by_user(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.bincount(places, weights=values, minlength=len(self.user_rows)).astype(np.float64)

        return {"rmse": Sums(by_user(error * error), counts), "mae": Sums(by_user(np.abs(error)), counts)}

    def _rank(self, scorer: Scorer) -> tuple[Ints, dict[str, NDArray[np.float64]]]:
        """Lists (L, k) of the rankers, 0 where no movie is left, and each metric of their lists (L,), or NaN."""
        k = min(self._protocol.k, int(self._group.candidates.sum()))
        size = max(min(_BATCH, _SCORES // len(self._group.candidates)), 1)
        batches = np.split(self.rankers, range(size, len(self.rankers), size))
        lists: list[Ints] = []
        values: dict[str, list[NDArray[np.float64]]] = {}
        for users in batches:
            scores = scorer.scores(users)
            if scores is None:
                raise ValueError("a recommender that ranks must have scores")
            scores[:, ~self._group.candidates] = -np.inf
            scores[self._seen[users].nonzero()] = -np.inf
            ranked, liked = metrics.top_k(scores, k), self._likes[users].toarray()
            lists.append(ranked)
            for name, of_users in self._values(ranked, liked).items():
                values.setdefault(name, []).append(of_users)
        return np.concatenate(lists), {name: np.concatenate(parts) for name, parts in values.items()}

    def _values(self, ranked: Ints, liked: NDArray[np.bool_]) -> dict[str, NDArray[np.float64]]:
        """Each metric of some lists (N, k), given what their people like (N, M + 1): (N,) float64, or NaN."""
        k = self._protocol.k
        values = {
            "ndcg": metrics.ndcg(ranked, liked, k),
            "recall": metrics.recall(ranked, liked, k),
            "diversity": metrics.diversity(ranked, self._data.genres, k),
        }
        if self._group.kind != "new":  # movies that nobody has rated are all as rare as each other
            values["long_tail"] = metrics.mean_of_listed(ranked, self._in_tail, k)
            values["novelty"] = metrics.mean_of_listed(ranked, self._novelty, k)
        return values
