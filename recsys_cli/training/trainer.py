"""Towers in training: batches of whole users, each user and each movie encoded once a batch, ratings by gather."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor
from paddle.base import unique_name

from recsys_cli.config.training import TrainingOptions
from recsys_cli.errors import TrainingError
from recsys_cli.solvers.cosine_als import fit_cosine_als
from recsys_cli.solvers.ease import fit_ease
from recsys_cli.towers.network import Sizes, TwoTowers
from recsys_cli.towers.title_windows import title_windows
from recsys_cli.training.batches import Batch, Batches
from recsys_cli.training.data import TrainingData
from recsys_cli.training.export import Snapshot, take_snapshot
from recsys_cli.training.loss import (
    Softmax,
    soft_target_loss,
    softmax_loss,
    squared_error,
    taught_squared_error,
)
from recsys_cli.training.teacher import RankingTeacher, RatingTeacher
from recsys_cli.training.warm_start import (
    Start,
    als_start,
    damped_offsets,
    ease_start,
    ranking_factors,
    start_ranking,
    start_rating,
)

Weights = dict[str, NDArray[np.float32]]
_AS_LEARNT = "stars"


class Trainer:
    """One call of :meth:`train_epoch` is one pass over the users.

    Everything random in an epoch is drawn from (seed, epoch), so an epoch does not depend on how it was reached.

    Attributes:
        notes: what a person should know of the start.
    """

    def __init__(self, data: TrainingData, options: TrainingOptions):
        self.data, self.options = data, options
        schedule, objective = options.schedule, options.objective
        self.batches = Batches(
            data,
            objective,
            options.masking,
            batch_users=schedule.batch_users,
            history_damping=options.towers.history_damping,
        )
        self.step = 0
        self.notes: list[str] = []
        paddle.seed(schedule.seed)
        # Paddle's names are part of the checkpoint and of the exported programs: the same in every trainer.
        self._names = unique_name.UniqueNameGenerator()
        with unique_name.guard(self._names):
            mean = self.batches.mean if objective.objective == "hybrid" else None
            self.towers = TwoTowers(_sizes(data), options.towers, stars_mean=mean)
            # Sparse gradients of the user tables with lazy_mode: dense Adam on them takes longer than the towers.
            self.optimizer = paddle.optimizer.Adam(
                schedule.learning_rate, beta2=0.99, parameters=self.towers.parameters(), lazy_mode=True
            )
        # Of every batch alike, unless batches sample the catalogue.
        self._catalogue_features = self._movie_features(self.batches.catalogue) if self.batches.is_full else None
        self._start_share = 0.0
        self._start()
        self._first = {name: weight.clone() for name, weight in self.towers.named_parameters()}
        self._average = {name: weight.clone() for name, weight in self.towers.named_parameters()}

    def train_epoch(self, epoch: int, on_batch: Callable[[int, float], None]) -> float:
        """Train on every user once.

        Args:
            epoch: counted from 0.
            on_batch: called after every batch with its number of ratings and its loss.

        Returns: mean loss.

        Raises:
            TrainingError: the loss is not a finite number any more.
        """
        seed = self.options.schedule.seed
        paddle.seed(10_007 * (seed + 1) + epoch)  # dropout
        self.towers.train()
        losses = []
        for batch in self.batches.epoch(np.random.default_rng([seed, epoch])):
            self.optimizer.set_lr(self._learning_rate())
            loss = self._loss(batch)
            loss.backward()
            with unique_name.guard(self._names):  # the first step names the moments
                self.optimizer.step()
            self.optimizer.clear_grad()
            self.step += 1
            losses.append(float(loss))
            if not math.isfinite(losses[-1]):
                raise TrainingError(
                    f"The loss turned {losses[-1]} in epoch {epoch + 1}: lower --learning-rate "
                    f"(it was {self.options.schedule.learning_rate:g})"
                )
            self._update_average()
            on_batch(len(batch.ratings), losses[-1])
        self.towers.eval()
        return float(np.mean(losses))

    def snapshot(self) -> Snapshot:
        """The averaged towers as arrays."""
        with self._averaged():
            snapshot: Snapshot = take_snapshot(self.towers, self.batches)
            return snapshot

    def averaged_weights(self) -> Weights:
        """Copies of the moving average of the weights, by name."""
        return {name: weight.numpy() for name, weight in self._average.items()}

    def served_weights(self) -> Weights:
        """The averaged weights, drawn back to where the towers started, by name.

        Training teaches what the start does not know, and unlearns a little of what it does: between the two lies
        a better model than either. The stars stay as they were learnt.

        Source: Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022.
        """
        share = self._start_share
        return {
            name: (share * self._first[name] + (1.0 - share) * weight).numpy()
            if share and not name.startswith(_AS_LEARNT)
            else weight.numpy()
            for name, weight in self._average.items()
        }

    def keep(self, weights: Weights) -> None:
        """Make these the weights of the towers, as they are served."""
        self._start_share = 0.0
        for name, weight in self.towers.named_parameters():
            weight.set_value(weights[name])
            self._average[name].set_value(weights[name])

    def adam(self) -> Weights:
        """The optimiser's moments, by name."""
        return {name: moment.numpy() for name, moment in self.optimizer.state_dict().items()}

    def restore(self, *, average: Weights, adam: Weights, step: int) -> None:
        """Go on from a checkpoint; the towers' own weights are already in place."""
        for name, weight in average.items():
            self._average[name].set_value(weight)
        self.optimizer.set_state_dict({name: paddle.to_tensor(moment) for name, moment in adam.items()})
        self.step = step

    def _start(self) -> None:
        self.ranking_teacher: RankingTeacher | None = None
        self.rating_teacher: RatingTeacher | None = None
        if self.towers.stars is not None:
            users, movies = damped_offsets(self.batches)
            flat = np.zeros(self.options.towers.embedding_dim, dtype=np.float32)
            self.towers.stars.start(movie_offsets=movies, user_offsets=users, slope=flat)
        if self.options.objective.objective == "rating":
            self._start_rating()
        else:
            self._start_ranking()

    def _start_ranking(self) -> None:
        objective, warm_start, seed = self.options.objective, self.options.warm_start, self.options.schedule.seed
        factors = ranking_factors(self.towers, warm_start)
        start: Start | None = None
        if self.batches.is_full and (objective.teacher_weight or warm_start.warm_start):
            grades = self.batches.grades()[:, self.batches.catalogue]
            ease = fit_ease(grades, penalty=objective.teacher_penalty)
            if objective.teacher_weight:
                self.ranking_teacher = RankingTeacher(ease, grades)
            if warm_start.warm_start:
                start = ease_start(self.batches, ease, grades, factors=factors, seed=seed)
                self._start_share = warm_start.start_share
        elif warm_start.warm_start:
            start = als_start(self.batches, warm_start, factors=factors, seed=seed)
        if start is not None:
            start_ranking(self.towers, self.batches, start, warm_start, seed=seed)

    def _start_rating(self) -> None:
        warm_start, towers = self.options.warm_start, self.options.towers
        factors = min(warm_start.als_factors, towers.embedding_dim - 2, towers.history_width - 2)
        if not (warm_start.warm_start or self.options.objective.teacher_weight):
            return
        if factors < 1:
            self.notes.append(
                "no warm start and no teacher: for these, embedding_dim and history_width must be 3 at least"
            )
            return
        users, movies = fit_cosine_als(
            self.batches.cosines(),
            mean=self.batches.mean / self.data.rating_max,
            factors=factors,
            sweeps=warm_start.als_iterations,
            seed=self.options.schedule.seed,
        )
        if warm_start.warm_start:
            start_rating(self.towers, self.batches, users, movies)
        if self.options.objective.teacher_weight:
            self.rating_teacher = RatingTeacher(users, movies, self.batches)

    def _loss(self, batch: Batch) -> Tensor:
        objective = self.options.objective
        tensor = paddle.to_tensor
        users = self.towers.users(
            *map(tensor, (batch.tower_user_rows, batch.genders, batch.ages, batch.jobs)),
            *map(tensor, (batch.rated, batch.valued, batch.movie_rows)),
        )  # (B, D)
        features = self._catalogue_features or self._movie_features(batch.movie_rows)
        movies = self.towers.movies(tensor(batch.tower_movie_rows), *features)  # (K, D)
        cosines = paddle.matmul(users, movies, transpose_y=True)  # (B, K)
        if objective.objective == "rating":
            return self._rating_loss(batch, self.data.rating_max * cosines)
        ranking = self._ranking_loss(batch, cosines)
        if self.towers.stars is None:
            return ranking
        stars = self.towers.stars(tensor(batch.user_rows), users, tensor(batch.movie_rows), movies)  # (B, K)
        asked = squared_error(stars, tensor(batch.targets), tensor(batch.ratings))
        return objective.rating_weight * asked + (1.0 - objective.rating_weight) * ranking

    def _rating_loss(self, batch: Batch, estimates: Tensor) -> Tensor:
        tensor = paddle.to_tensor
        asked = squared_error(estimates, tensor(batch.targets), tensor(batch.ratings))
        if self.rating_teacher is None:
            return asked
        taught = tensor(self.rating_teacher.estimates(batch))
        weight = self.options.objective.teacher_weight
        error = taught_squared_error(estimates, taught, tensor(self.rating_teacher.weights(batch)))
        return weight * error + (1.0 - weight) * asked

    def _ranking_loss(self, batch: Batch, cosines: Tensor) -> Tensor:
        objective = self.options.objective
        softmax = Softmax.over_candidates(
            cosines,
            candidates=paddle.to_tensor(batch.candidates),
            log_q=paddle.to_tensor(batch.log_q),
            temperature=objective.temperature,
        )
        likes = softmax_loss(softmax, paddle.to_tensor(batch.positives))
        if self.ranking_teacher is None:
            return likes
        taught = paddle.to_tensor(self.ranking_teacher.targets(batch, sharpness=objective.teacher_sharpness))
        weight = objective.teacher_weight
        return weight * soft_target_loss(softmax, taught) + (1.0 - weight) * likes

    def _movie_features(self, movie_rows: NDArray[np.int64]) -> list[Tensor]:
        """Genres, word windows and their titles."""
        arrays = (self.data.movie_genres[movie_rows], *title_windows(self.data.movie_words[movie_rows]))
        return [paddle.to_tensor(array) for array in arrays]

    def _learning_rate(self) -> float:
        """Half a cosine from the highest to zero."""
        progress = self.step / (self.options.schedule.epochs * len(self.batches))
        return self.options.schedule.learning_rate * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))

    def _update_average(self) -> None:
        # Shorter at the beginning, so that the average does not cling to the start.
        decay = min(self.options.schedule.averaging, (1 + self.step) / (10 + self.step))
        with paddle.no_grad():
            for name, weight in self.towers.named_parameters():
                self._average[name].scale_(decay)
                self._average[name].add_(weight * (1.0 - decay))

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The averaged weights in the towers, for as long as the block runs."""
        served = self.served_weights()
        current = {name: weight.clone() for name, weight in self.towers.named_parameters()}
        try:
            for name, weight in self.towers.named_parameters():
                weight.set_value(served[name])
            yield
        finally:
            for name, weight in self.towers.named_parameters():
                weight.set_value(current[name])


def _sizes(data: TrainingData) -> Sizes:
    return Sizes(
        num_users=data.num_users,
        num_genders=data.num_genders,
        num_ages=data.num_ages,
        num_jobs=data.num_jobs,
        num_movies=data.num_movies,
        num_genres=data.movie_genres.shape[1] - 1,
        num_words=data.num_words,
    )
