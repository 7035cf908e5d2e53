"""How good a snapshot of the model is on the ratings held out of training, beside simple baselines."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.config.training import ObjectiveConfig
from recsys_cli.dataset.rows import Ratings
from recsys_cli.metrics import ndcg, rmse, top_k
from recsys_cli.model.arrays import Estimates
from recsys_cli.solvers.biases import fit_biases
from recsys_cli.training.data import TrainingData

if TYPE_CHECKING:  # paddle may not be loaded before the process is ready for it
    from recsys_cli.training.export import Snapshot

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]
_SAMPLE = 2_000  # people whose validation ratings choose the epoch
_MOST = 20_000  # people whom the kept epoch is measured on; more would take long and show nothing more
_BLOCK = 16 * 2**20  # scores that are dense at a time
_PAIRS = 2**18  # ratings whose vectors are gathered at a time
_KEPT = 200_000  # estimates that the model folder keeps; more would show nothing more
_DAMPING = 10.0  # ratings that a movie's or user's own mean must outweigh in the bias baseline


class Validation:
    """RMSE and NDCG@10 on the validation ratings of a training.

    Relevant are the likes among them; the ranking is over the whole catalogue without the user's training movies.

    Attributes:
        num_users: people with validation ratings.
        num_measured: those of them whom :meth:`whole` measures: everybody, or 20,000 drawn at random.
    """

    def __init__(self, data: TrainingData, objective: ObjectiveConfig):
        self.data, self.objective = data, objective
        users = np.unique(data.validation.user_rows).astype(np.int64)
        drawn = np.random.default_rng(0).permutation(users)
        self._measured = _Held(data, np.sort(drawn[:_MOST]), objective)
        self._some = _Held(data, np.sort(drawn[:_SAMPLE]), objective)
        self.num_users, self.num_measured = len(users), len(self._measured.user_rows)
        self.baselines = self._baselines()

    def sample(self, snapshot: "Snapshot") -> dict[str, float]:
        """Metrics on up to 2,000 users, to choose the epoch by; without those that cannot be computed."""
        metrics = self._measure(snapshot, self._some)
        return {name: value for name, value in metrics.items() if value is not None}

    def whole(self, snapshot: "Snapshot") -> dict[str, float | None]:
        """Metrics of everybody, or of 20,000 people, and the baselines'; None for what cannot be computed."""
        return {**self._measure(snapshot, self._measured), **self.baselines}

    def estimates(self, snapshot: "Snapshot") -> Estimates | None:
        """What :meth:`whole` measures, 200,000 ratings at most; None where the objective estimates none."""
        if self.objective.objective == "ranking":
            return None
        held = self._measured
        estimated = self._estimates(snapshot, held, snapshot.user_vectors(held.user_rows)).astype(np.float32)
        counts = self.data.training.movie_counts(self.data.num_movies)
        chosen = np.sort(np.random.default_rng(0).permutation(len(estimated))[:_KEPT])
        return Estimates(held.values[chosen], estimated[chosen], counts[held.movie_rows[chosen]])

    def _measure(self, snapshot: "Snapshot", held: "_Held") -> dict[str, float | None]:
        vectors = snapshot.user_vectors(held.user_rows)  # (N, D)
        metrics: dict[str, float | None] = {}
        if self.objective.objective != "ranking":
            metrics["rmse"] = rmse(self._estimates(snapshot, held, vectors), held.values)
        if self.objective.objective != "rating":
            metrics["ndcg@10"] = held.ndcg(lambda users: vectors[users] @ snapshot.movie_vectors.T)
        return metrics

    def _estimates(self, snapshot: "Snapshot", held: "_Held", vectors: Floats) -> NDArray[np.floating]:
        """(R,) of the held-out ratings, within the scale, from the users' vectors (N, D)."""
        stars = snapshot.stars
        slope = stars.slope if stars else np.full(vectors.shape[1], self.data.rating_max, dtype=np.float32)
        estimates: NDArray[np.floating] = np.empty(len(held.values))
        for start in range(0, len(held.values), _PAIRS):
            block = slice(start, start + _PAIRS)
            users, movies = held.of_user[block], held.movie_rows[block]
            estimates[block] = (vectors[users] * snapshot.movie_vectors[movies]) @ slope
        if stars is not None:
            estimates += stars.mean + stars.movie_offsets[held.movie_rows]
            estimates += stars.user_offsets[held.user_rows[held.of_user]]
        within: NDArray[np.floating] = np.clip(estimates, self.data.rating_min, self.data.rating_max)
        return within

    def _baselines(self) -> dict[str, float | None]:
        training, held = self.data.training, self._measured
        low, high = self.data.rating_min, self.data.rating_max
        mean = training.values.mean(dtype=np.float64)
        users, movies = fit_biases(
            training.user_rows,
            training.movie_rows,
            training.values - np.float32(mean),
            sizes=(self.data.num_users + 1, self.data.num_movies + 1),
            dampings=(_DAMPING, _DAMPING),
        )
        biases = mean + movies[held.movie_rows] + users[held.user_rows[held.of_user]]
        metrics: dict[str, float | None] = {
            "rmse of the mean": rmse(np.full(len(held.values), mean), held.values),
            "rmse of user + movie biases": rmse(np.clip(biases, low, high), held.values),
        }
        if self.objective.objective != "rating":
            liked = training.movie_rows[training.values >= _like_threshold(self.data, self.objective)]
            popularity = np.bincount(liked, minlength=self.data.num_movies + 1).astype(np.float32)
            metrics["ndcg@10 of most popular"] = held.ndcg(lambda users: np.tile(popularity, (len(users), 1)))
        return metrics


class _Held:
    """The validation ratings of some users."""

    def __init__(self, data: TrainingData, user_rows: Ints, objective: ObjectiveConfig):
        chosen = np.zeros(data.num_users + 1, dtype=np.bool_)
        chosen[user_rows] = True
        mine, shown = (kept.at(chosen[kept.user_rows]) for kept in (data.validation, data.training))
        self.user_rows = user_rows  # (N,)
        self.of_user = np.searchsorted(user_rows, mine.user_rows)  # (R,)
        self.movie_rows, self.values = mine.movie_rows, mine.values
        self._shape = (len(user_rows), data.num_movies + 1)
        self._relevant = self._marked(mine.at(mine.values >= _like_threshold(data, objective)))
        self._hidden = self._marked(shown)

    def ndcg(self, scores: Callable[[Ints], Floats]) -> float | None:
        """Mean NDCG@10 over the users who liked something; None where nobody did.

        Args:
            scores: of some places (n,) among the users, (n, M + 1) float32 that may be changed.
        """
        values = [self._ndcg(users, scores(users)) for users in self._blocks()]
        return float(np.concatenate(values).mean()) if values else None

    def _ndcg(self, users: Ints, scores: Floats) -> NDArray[np.float64]:
        scores[:, 0] = -np.inf  # no movie
        scores[self._hidden[users].nonzero()] = -np.inf
        return ndcg(top_k(scores, 10), self._relevant[users].toarray())

    def _blocks(self) -> Iterator[Ints]:
        has_likes = np.flatnonzero(self._relevant.getnnz(axis=1))
        size = max(_BLOCK // self._shape[1], 1)
        for start in range(0, len(has_likes), size):
            yield has_likes[start : start + size]

    def _marked(self, ratings: Ratings) -> sp.csr_matrix:
        """(N, M + 1) bool, true at ratings of these users."""
        cells = (np.searchsorted(self.user_rows, ratings.user_rows), ratings.movie_rows)
        return sp.csr_matrix((np.ones(len(ratings), dtype=np.bool_), cells), self._shape)


def _like_threshold(data: TrainingData, objective: ObjectiveConfig) -> float:
    return data.rating_max * objective.like_share
