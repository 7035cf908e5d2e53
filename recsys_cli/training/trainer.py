"""Towers in training: batches of whole users, each user and each movie encoded once a batch, ratings by gather."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor
from paddle.base import unique_name

from recsys_cli.config.training import TrainingOptions
from recsys_cli.errors import TrainingError
from recsys_cli.progress import Progress, Silent
from recsys_cli.towers.network import TwoTowers
from recsys_cli.towers.sparse_product import SparseProduct
from recsys_cli.towers.title_windows import title_windows
from recsys_cli.training.amount import batch_users_for, epochs_for, epochs_from_model
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
from recsys_cli.training.start import new_towers, start_towers
from recsys_cli.training.together import Parts, Together

Weights = dict[str, NDArray[np.float32]]
_AS_LEARNT = "stars"
_AVERAGED_TABLE = 2_000_000  # numbers; of a larger table only the rows that a step sees cost any time


class Trainer:
    """One call of :meth:`train_epoch` is one pass over the users.

    Everything random in an epoch is drawn from (seed, epoch), so an epoch does not depend on how it was reached.

    Attributes:
        epochs: how many are to be trained.
        losses: of the batches of an epoch that has begun and is not finished.
        start: the teachers, and what a person should know of the start.
        together: what makes its steps those of the other processes' trainers, too; None alone.
    """

    def __init__(
        self,
        data: TrainingData,
        options: TrainingOptions,
        progress: Progress | None = None,
        together: Together | None = None,
    ):
        progress = progress or Silent()
        self.data, self.options, self.together = data, options, together
        schedule, objective = options.schedule, options.objective
        share = together.share(data) if together else None
        users, damping = len(share.rows) - 1 if share else data.num_users, options.towers.history_damping
        users = batch_users_for(users, schedule)
        self.batches = Batches(
            data, objective, options.masking, batch_users=users, history_damping=damping, share=share
        )
        epochs = epochs_for if data.earlier is None else epochs_from_model
        self.epochs = schedule.epochs or epochs(len(data.training), data.num_users)
        self.step = 0
        self.losses: list[float] = []
        self._kept = False
        paddle.seed(schedule.seed)
        # Paddle's names are part of the checkpoint and of the exported programs: the same in every trainer.
        self._names = unique_name.UniqueNameGenerator()
        with unique_name.guard(self._names):
            self.towers = new_towers(self.batches, options)
            # Sparse gradients of the user tables with lazy_mode: dense Adam on them takes longer than the towers.
            self.optimizer = paddle.optimizer.Adam(
                schedule.learning_rate, beta2=0.99, parameters=self.towers.parameters(), lazy_mode=True
            )
        # Of every batch alike, unless batches sample the catalogue.
        self._catalogue_features = self._movie_features(self.batches.catalogue) if self.batches.is_full else None
        start = together.start if together else start_towers
        self.start = start(self.towers, self.batches, options, progress)
        self._first = {name: weight.clone() for name, weight in self.towers.named_parameters()}
        self._average = {name: weight.clone() for name, weight in self._averaged_parameters()}

    def train_epoch(
        self,
        epoch: int,
        on_batch: Callable[[int, float], None],
        *,
        is_due: Callable[[], bool] = lambda: False,
        keep: Callable[[], None] = lambda: None,
    ) -> float:
        """Train on every user once; where the epoch was interrupted, on those who are left.

        Args:
            epoch: counted from 0.
            on_batch: called after every batch with its number of ratings and its loss.
            is_due: asked after every batch whether to keep what is reached.
            keep: called where it is.

        Returns: mean loss.

        Raises:
            TrainingError: the loss is not a finite number any more.
        """
        seed = self.options.schedule.seed
        if self.together and self.together.leads:
            self.together.begin(self, epoch)
        self.towers.train()
        for batch in self.batches.epoch(seed, epoch, first=len(self.losses)):
            paddle.seed(10_007 * (seed + 1) + self.step)  # dropout
            self.optimizer.set_lr(self._learning_rate())
            value, due = self._gradients(batch, is_due)
            with unique_name.guard(self._names):  # the first step names the moments
                self.optimizer.step()
            self.optimizer.clear_grad()
            self.step += 1
            self.losses.append(value)
            if not math.isfinite(self.losses[-1]):
                raise TrainingError(
                    f"The loss turned {self.losses[-1]} in epoch {epoch + 1}: lower --learning-rate "
                    f"(it was {self.options.schedule.learning_rate:g})"
                )
            self._update_average()
            on_batch(len(batch.ratings), self.losses[-1])
            if due:
                with self.together.collected(self) if self.together else nullcontext():
                    keep()
        if self.together:
            self.together.collect(self)
        self.towers.eval()
        mean = float(np.mean(self.losses))
        self.losses = []
        return mean

    def _gradients(self, batch: Batch, is_due: Callable[[], bool]) -> tuple[float, bool]:
        """Leave the batch's gradients where the optimiser finds them; its loss, and whether to keep the step."""
        history = self._history(batch)
        if self.together:
            loss = self._loss(batch, history, self.together.parts(batch))
            loss.backward()
            return self.together.sum_gradients(self.towers, batch, loss, history, is_due=is_due())
        loss = self._loss(batch, history, Parts())
        loss.backward()
        for product in history:
            product.backward()
        return float(loss), is_due()

    def snapshot(self) -> Snapshot:
        """The averaged towers as arrays."""
        with self._averaged():
            snapshot: Snapshot = take_snapshot(self.towers, self.batches)
            return snapshot

    def averaged_weights(self) -> Weights:
        """Copies of the weights by name, their moving average where there is one."""
        return {name: weight.numpy() for name, weight in self._latest()}

    def averages(self) -> list[tuple[str, Tensor]]:
        """What is averaged, by name."""
        return list(self._average.items())

    def moving_average(self) -> Weights:
        """Copies of what is averaged, by name."""
        return {name: weight.numpy() for name, weight in self._average.items()}

    def served_weights(self) -> Weights:
        """The averaged weights, drawn back to where the towers started, by name.

        Training teaches what the start does not know, and unlearns a little of what it does: between the two lies
        a better model than either. The stars stay as they were learnt, and so does what an earlier model did not
        know.

        Source: Wortsman et al., Robust fine-tuning of zero-shot models, CVPR 2022.
        """
        return {name: self._served(name, weight).numpy() for name, weight in self._latest()}

    def _served(self, name: str, weight: Tensor) -> Tensor:
        share = 0.0 if self._kept or name.startswith(_AS_LEARNT) else self.start.share
        if not share:
            return weight
        known = self.start.known.get(name)
        shares = share if known is None else share * paddle.to_tensor(known)
        return shares * self._first[name] + (1.0 - shares) * weight

    def keep(self, weights: Weights) -> None:
        """Make these the weights of the towers, as they are served; nothing more is learnt."""
        self._kept, self._first = True, {}
        self.optimizer = self.optimizer if self.together else None  # twice the memory of the weights
        for name, weight in self.towers.named_parameters():
            weight.set_value(weights[name])
        for name, average in self._average.items():
            average.set_value(weights[name])

    def adam(self) -> Weights:
        """The optimiser's moments, by name."""
        return {name: moment.numpy() for name, moment in self.optimizer.state_dict().items()}

    def restore(self, *, average: Weights, adam: Weights, step: int, losses: list[float]) -> None:
        """Go on from a checkpoint; the towers' own weights are already in place."""
        for name, weight in self._average.items():
            weight.set_value(average[name])
        moments = {name: paddle.to_tensor(moment) for name, moment in adam.items()}
        self.optimizer.set_state_dict(moments)
        self.step, self.losses = step, losses
        if self.together:
            self.together.restart(dict(moments))

    def _loss(self, batch: Batch, history: Sequence[SparseProduct], parts: Parts) -> Tensor:
        objective = self.options.objective
        tensor = paddle.to_tensor
        rated, valued = (product.sums for product in history)
        further = tensor(batch.further) if self.data.num_further else None
        users = self.towers.users.encode(
            tensor(batch.tower_user_rows),
            tensor(batch.genders),
            tensor(batch.ages),
            tensor(batch.jobs),
            rated,
            valued,
            further,
        )  # (B, D)
        features = self._catalogue_features or self._movie_features(batch.movie_rows)
        movies = self.towers.movies(tensor(batch.tower_movie_rows), *features)  # (K, D)
        cosines = paddle.matmul(users, movies, transpose_y=True)  # (B, K)
        if objective.objective == "rating":
            return self._rating_loss(batch, self.data.rating_max * cosines, parts)
        ranking = self._ranking_loss(batch, cosines, parts)
        if self.towers.stars is None:
            return ranking
        stars = self.towers.stars(tensor(batch.user_rows), users, tensor(batch.movie_rows), movies)  # (B, K)
        asked = parts.asked * squared_error(stars, tensor(batch.targets), tensor(batch.ratings))
        return objective.rating_weight * asked + (1.0 - objective.rating_weight) * ranking

    def _history(self, batch: Batch) -> list[SparseProduct]:
        """The two sums over each user's visible ratings, each (B, history_width)."""
        tower, rows = self.towers.users, paddle.to_tensor(batch.history_rows)
        return [
            SparseProduct(batch.rated, tower.rated.embed(rows)),
            SparseProduct(batch.valued, tower.valued.embed(rows)),
        ]

    def _rating_loss(self, batch: Batch, estimates: Tensor, parts: Parts) -> Tensor:
        tensor = paddle.to_tensor
        asked = parts.asked * squared_error(estimates, tensor(batch.targets), tensor(batch.ratings))
        if self.start.rating_teacher is None:
            return asked
        taught = tensor(self.start.rating_teacher.estimates(batch))
        weight = self.options.objective.teacher_weight
        error = taught_squared_error(estimates, taught, tensor(self.start.rating_teacher.weights(batch)))
        return weight * (parts.users * error) + (1.0 - weight) * asked

    def _ranking_loss(self, batch: Batch, cosines: Tensor, parts: Parts) -> Tensor:
        objective = self.options.objective
        softmax = Softmax.over_candidates(
            cosines,
            candidates=paddle.to_tensor(batch.candidates),
            temperature=objective.temperature,
            power=objective.power,
        )
        likes = parts.positives * softmax_loss(softmax, paddle.to_tensor(batch.positives))
        if self.start.ranking_teacher is None:
            return likes
        taught = paddle.to_tensor(self.start.ranking_teacher.targets(batch, sharpness=objective.teacher_sharpness))
        weight = objective.teacher_weight
        return weight * (parts.users * soft_target_loss(softmax, taught)) + (1.0 - weight) * likes

    def _movie_features(self, movie_rows: NDArray[np.int64]) -> list[Tensor]:
        """Genres, years, word windows and their titles."""
        data = self.data
        words = title_windows(data.movie_words[movie_rows])
        arrays = (data.movie_genres[movie_rows], data.movie_years[movie_rows], *words)
        return [paddle.to_tensor(array) for array in arrays]

    def _learning_rate(self) -> float:
        """Half a cosine from the highest to zero."""
        progress = self.step / (self.epochs * len(self.batches))
        return self.options.schedule.learning_rate * 0.5 * (1.0 + math.cos(math.pi * min(progress, 1.0)))

    def _update_average(self) -> None:
        # Shorter at the beginning, so that the average does not cling to the start.
        decay = min(self.options.schedule.averaging, (1 + self.step) / (10 + self.step))
        with paddle.no_grad():
            for name, weight in self._averaged_parameters():
                self._average[name].scale_(decay)
                self._average[name].add_(weight * (1.0 - decay))

    def _averaged_parameters(self) -> list[tuple[str, Tensor]]:
        """All but large tables of which a step sees few rows: a row that stands still is its own average."""
        return [
            (name, weight)
            for name, weight in self.towers.named_parameters()
            if weight.size <= _AVERAGED_TABLE or not _is_sparse(self.towers, name)
        ]

    def _latest(self) -> Iterator[tuple[str, Tensor]]:
        """The weights by name, their moving average where there is one."""
        return ((name, self._average.get(name, weight)) for name, weight in self.towers.named_parameters())

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


def _is_sparse(towers: TwoTowers, name: str) -> bool:
    """Whether a parameter is an embedding with sparse gradients."""
    owner, _, part = name.rpartition(".")
    return part == "embedding" and getattr(towers.get_sublayer(owner), "sparse", False)
