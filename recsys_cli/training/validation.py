"""How good a snapshot of the model is on the ratings held out of training, beside simple baselines."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.training import ObjectiveConfig
from recsys_cli.dataset.rows import Ratings
from recsys_cli.metrics import ndcg, rmse, top_k
from recsys_cli.solvers.biases import fit_biases
from recsys_cli.training.data import TrainingData

if TYPE_CHECKING:  # paddle may not be loaded before the process is ready for it
    from recsys_cli.training.export import Snapshot

Ints = NDArray[np.int64]
_SAMPLE = 2000  # users whose validation ratings choose the epoch; the end is measured on all
_DAMPING = 10.0  # ratings that a movie's or user's own mean must outweigh in the bias baseline


class Validation:
    """RMSE and NDCG@10 on the validation ratings of a training.

    Relevant are the likes among them; the ranking is over the whole catalogue without the user's training movies.
    """

    def __init__(self, data: TrainingData, objective: ObjectiveConfig):
        self.data, self.objective = data, objective
        held_out = data.validation
        users = np.unique(held_out.user_rows).astype(np.int64)
        chosen = np.sort(np.random.default_rng(0).permutation(users)[:_SAMPLE])
        self.everybody = _Held(data, held_out, users, objective)
        self.some = _Held(data, held_out, chosen, objective)
        self.baselines = self._baselines()

    def sample(self, snapshot: "Snapshot") -> dict[str, float]:
        """Metrics on up to 2,000 users, to choose the epoch by; without those that cannot be computed."""
        metrics = self._measure(snapshot, self.some)
        return {name: value for name, value in metrics.items() if value is not None}

    def whole(self, snapshot: "Snapshot") -> dict[str, float | None]:
        """Metrics on all validation ratings, the baselines' beside them; None for what cannot be computed."""
        return {**self._measure(snapshot, self.everybody), **self.baselines}

    def _measure(self, snapshot: "Snapshot", held: "_Held") -> dict[str, float | None]:
        vectors = snapshot.user_vectors(held.user_rows)  # (N, D)
        metrics: dict[str, float | None] = {}
        if self.objective.objective != "ranking":
            users, movies = vectors[held.of_user], snapshot.movie_vectors[held.movie_rows]  # (R, D)
            low, high = self.data.rating_min, self.data.rating_max
            if snapshot.stars is None:
                estimates = high * (users * movies).sum(axis=1)
            else:
                stars = snapshot.stars
                offsets = stars.movie_offsets[held.movie_rows] + stars.user_offsets[held.user_rows[held.of_user]]
                estimates = stars.mean + offsets + (users * movies) @ stars.slope
            metrics["rmse"] = rmse(np.clip(estimates, low, high), held.values)
        if self.objective.objective != "rating":
            metrics["ndcg@10"] = held.ndcg(vectors @ snapshot.movie_vectors.T)
        return metrics

    def _baselines(self) -> dict[str, float | None]:
        training, held = self.data.training, self.everybody
        low, high = self.data.rating_min, self.data.rating_max
        mean = training.values.mean(dtype=np.float64)
        users, movies = fit_biases(
            training.user_rows,
            training.movie_rows,
            training.values - mean,
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
            scores = np.broadcast_to(popularity, (len(held.user_rows), len(popularity)))
            metrics["ndcg@10 of most popular"] = held.ndcg(scores)
        return metrics


class _Held:
    """The validation ratings of some users."""

    def __init__(self, data: TrainingData, ratings: Ratings, user_rows: Ints, objective: ObjectiveConfig):
        mine, training = ratings.at(np.isin(ratings.user_rows, user_rows)), data.training
        self.user_rows = user_rows  # (N,)
        self.of_user = np.searchsorted(user_rows, mine.user_rows)  # (R,)
        self.movie_rows, self.values = mine.movie_rows, mine.values
        liked = self.values >= _like_threshold(data, objective)
        shape = (len(user_rows), data.num_movies + 1)
        self.relevant = np.zeros(shape, dtype=np.bool_)
        self.relevant[self.of_user[liked], self.movie_rows[liked]] = True
        self.hidden = np.zeros(shape, dtype=np.bool_)
        self.hidden[:, 0] = True  # no movie
        shown = training.at(np.isin(training.user_rows, user_rows))
        self.hidden[np.searchsorted(user_rows, shown.user_rows), shown.movie_rows] = True

    def ndcg(self, scores: NDArray[np.float32]) -> float | None:
        """Mean NDCG@10 of scores (N, M + 1) over the users who liked something; None where nobody did."""
        has_likes = np.flatnonzero(self.relevant.any(axis=1))
        if not len(has_likes):
            return None
        masked = np.where(self.hidden[has_likes], -np.inf, scores[has_likes])
        return float(ndcg(top_k(masked, 10), self.relevant[has_likes]).mean())


def _like_threshold(data: TrainingData, objective: ObjectiveConfig) -> float:
    return data.rating_max * objective.like_share
