"""A training by several processes: each learns from its own users, and all make the same steps of what they share.

A batch is the same as one process's, and so is a step, but for rounding: each process adds up the gradients of its
own users of the batch, and the gradients are summed over the processes before the optimiser moves. What belongs to
a user, the id's embedding and the star head's offset, stays with the process that has the user; the leading
process, which has a place for everybody, collects it for checkpoints, validation and the model.
"""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import paddle
from paddle import Tensor

from recsys_cli.config.training import TrainingOptions
from recsys_cli.errors import TrainingError
from recsys_cli.processes.gradients import GradientSum
from recsys_cli.processes.group import Group
from recsys_cli.progress import Progress
from recsys_cli.solvers.ease import Ease
from recsys_cli.towers.network import TwoTowers
from recsys_cli.towers.sparse_product import SparseProduct
from recsys_cli.training.batches import Batch, Batches
from recsys_cli.training.data import Share, Totals, TrainingData, users_of
from recsys_cli.training.start import Started, start_towers
from recsys_cli.training.teacher import RankingTeacher, RatingTeacher

# Parameters with a row for each user, row 0 for nobody.
_BY_USER = ("users.user.embedding", "stars.user_offsets")
# Those of which a step on a part of the catalogue sees the rows of its columns, and of the histories, alone.
_BY_COLUMN = ("movies.movie.embedding", "movies.word.embedding")
_BY_HISTORY = ("rated", "valued")


class Trained(Protocol):
    """What of a :class:`~recsys_cli.training.trainer.Trainer` is the same in every process, or its users'."""

    towers: TwoTowers
    optimizer: paddle.optimizer.Optimizer
    epochs: int
    step: int
    losses: list[float]

    def averages(self) -> list[tuple[str, Tensor]]:
        """What is averaged, by name."""

    def train_epoch(self, epoch: int, on_batch: Callable[[int, float], None]) -> float:
        """Train on every user once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What of a batch's losses, which are means, this process's users make up; each in [0, 1].

    Attributes:
        users: of the users.
        asked: of the ratings that are asked.
        positives: of the likes among them.
    """

    users: float = 1.0
    asked: float = 1.0
    positives: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Epoch:
    """What the leading process says before an epoch.

    Attributes:
        number: counted from 0.
        epochs: that are to be trained.
        step: steps done.
        losses: of the batches of the epoch that are done.
        moments: shapes of the optimiser's by name, whether by user; None where everybody has them already.
    """

    number: int
    epochs: int
    step: int
    losses: list[float]
    moments: dict[str, tuple[list[int], bool]] | None


class Together:
    """One process's part in a trainer of which every process has one."""

    def __init__(self, group: Group):
        self._group = group
        self._users = [np.zeros(0, dtype=np.int64)] * group.size  # rows of each process's, in the leading one
        self._moments: dict[str, Tensor] = {}  # that the leading process hands out before the first step
        self._is_handed_out = False

    @property
    def leads(self) -> bool:
        """Whether this is the leading process."""
        return self._group.leads

    def share(self, data: TrainingData) -> Share:
        """The users that this process learns from; the leading one's data are everybody's."""
        totals: Totals = self._group.tell(Totals.of(data) if self.leads else None)
        num_users = len(totals.by_user) - 1
        self._users = [users_of(rank, self._group.size, num_users) for rank in range(self._group.size)]
        rows, own = np.zeros(num_users + 1, dtype=np.int64), self._users[self._group.rank]
        rows[own] = own if self.leads else np.arange(1, len(own) + 1)
        return Share(rows, totals)

    def start(self, towers: TwoTowers, batches: Batches, options: TrainingOptions, progress: Progress) -> Started:
        """Start as one process does, in the leading one; the others are told of its teachers."""
        if self.leads:
            started = start_towers(towers, batches, options, progress)
            self._group.tell(_lesson(started))
            return started
        lesson = self._group.tell()
        if isinstance(lesson, Ease):
            return Started(ranking_teacher=RankingTeacher(lesson, batches.grades()))
        if lesson is not None:
            users, movies = lesson
            own = np.concatenate([[0], self._users[self._group.rank]])
            return Started(rating_teacher=RatingTeacher(users[own], movies, batches))
        return Started()

    def restart(self, moments: dict[str, Tensor]) -> None:
        """The leading trainer has other weights, and moments of the optimiser: all get them before a step."""
        self._moments, self._is_handed_out = moments, False

    def begin(self, trainer: Trained, epoch: int) -> None:
        """Have the other processes train the epoch that the leading one is about to train."""
        moments = None if self._is_handed_out else self._shapes(trainer)
        self._group.tell(
            _Epoch(
                number=epoch,
                epochs=trainer.epochs,
                step=trainer.step,
                losses=trainer.losses,
                moments=moments,
            )
        )
        if moments is not None:
            self._hand_out(trainer, moments)
        self._moments, self._is_handed_out = {}, True

    def follow(self, trainer: Trained) -> None:
        """Train the epochs that the leading process trains, until it needs this trainer no more."""
        while (epoch := self._group.tell()) is not None:
            if epoch.moments is not None:
                self._hand_out(trainer, epoch.moments)
            trainer.epochs, trainer.step, trainer.losses = epoch.epochs, epoch.step, epoch.losses
            with suppress(TrainingError):  # the leading process says so, and what comes of it
                trainer.train_epoch(epoch.number, lambda ratings, loss: None)

    def release(self) -> None:
        """Tell the other processes that the leading one needs this trainer no more."""
        self._group.tell(None)

    def parts(self, batch: Batch) -> Parts:
        """What of the batch's losses is this process's."""
        own = np.array(
            [np.count_nonzero(batch.user_rows), len(batch.targets), len(batch.positives)], dtype=np.int64
        )
        total = paddle.to_tensor(own)
        self._group.sum(total)
        users, asked, positives = (own / np.maximum(total.numpy(), 1)).tolist()
        return Parts(users=users, asked=asked, positives=positives)

    def sum_gradients(
        self, towers: TwoTowers, batch: Batch, loss: Tensor, history: list[SparseProduct], *, is_due: bool
    ) -> tuple[float, bool]:
        """Sum the loss and every gradient over the processes, but for rows of users that this process alone has.

        Args:
            towers: after ``loss.backward()``.
            batch: this process's part of it.
            loss: of that part.
            history: sums of the users' histories, whose tables have no gradient yet.
            is_due: whether the leading process wants what all have learnt of their users.

        Returns: the batch's loss, and what the leading process wants.
        """
        sums, said = GradientSum(self._group), dict.fromkeys(("loss", "due"), 0.0)
        sums.number(float(loss), partial(said.__setitem__, "loss"))
        sums.number(float(is_due and self.leads), partial(said.__setitem__, "due"))
        tables = [getattr(towers.users, name).embedding for name in _BY_HISTORY]
        is_sparse = towers.users.rated.sparse
        if is_sparse:
            sums.other_rows(tables, batch.history_rows, [product.gradient() for product in history])
        else:
            for product in history:
                product.backward()
        for name, parameter in towers.named_parameters():
            if name in _BY_USER:
                sums.own_rows(parameter)
            elif name in _BY_COLUMN and is_sparse:
                sums.same_rows(parameter)
            elif not (is_sparse and any(parameter is table for table in tables)):
                sums.dense(parameter)
        sums.sum()
        return said["loss"], said["due"] > 0

    @contextmanager
    def collected(self, trainer: Trained) -> Iterator[None]:
        """Within the block, which the others wait for, the leading process has what all have learnt."""
        self.collect(trainer)
        yield
        self._group.meet()

    def collect(self, trainer: Trained) -> None:
        """Give the leading process what the others have learnt of their users."""
        for tensor in _by_user(trainer):
            whole = tensor.numpy() if self.leads else None
            for rank in self._group.others:
                is_own = rank == self._group.rank
                learnt = tensor[1:] if is_own else paddle.zeros([len(self._users[rank]), *tensor.shape[1:]])
                self._group.hand_out(learnt, rank=rank)
                if whole is not None:
                    whole[self._users[rank]] = learnt.numpy()
            if whole is not None:
                tensor.set_value(whole)

    def _hand_out(self, trainer: Trained, moments: dict[str, tuple[list[int], bool]]) -> None:
        """Give the others the leading process's weights, averages and moments, of the users their own."""
        for name, tensor in (*trainer.towers.named_parameters(), *trainer.averages()):
            given = self._given(tensor, list(tensor.shape), by_user=name in _BY_USER)
            if not self.leads:
                tensor.set_value(given)
        given_moments = {
            name: self._given(self._moments.get(name), shape, by_user=by_user)
            for name, (shape, by_user) in moments.items()
        }
        if given_moments and not self.leads:
            trainer.optimizer.set_state_dict(given_moments)

    def _shapes(self, trainer: Trained) -> dict[str, tuple[list[int], bool]]:
        """Of the moments that are to be handed out, and whether they are by user."""
        by_user = _moments_by_user(trainer)
        return {name: (list(moment.shape), name.startswith(by_user)) for name, moment in self._moments.items()}

    def _given(self, tensor: Tensor | None, shape: list[int], *, by_user: bool) -> Tensor:
        """What the leading process has where this one has ``tensor``, of the users its own."""
        if self.leads:
            self._group.hand_out(tensor)
            return tensor
        if by_user:
            shape = [sum(map(len, self._users)) + 1, *shape[1:]]
        given = paddle.zeros(shape)
        self._group.hand_out(given)
        own = np.concatenate([[0], self._users[self._group.rank]])
        return given[paddle.to_tensor(own)] if by_user else given


def _lesson(started: Started) -> Any:
    """What another process needs to teach its own users."""
    if started.ranking_teacher is not None:
        return dataclasses.replace(started.ranking_teacher.ease, gram=np.zeros((0, 0), dtype=np.float32))
    if started.rating_teacher is not None:
        return started.rating_teacher.users, started.rating_teacher.movies
    return None


def _moments_by_user(trainer: Trained) -> tuple[str, ...]:
    """What the names of a user's moments in the optimiser begin with."""
    return tuple(
        f"{parameter.name}_moment" for name, parameter in trainer.towers.named_parameters() if name in _BY_USER
    )


def _by_user(trainer: Trained) -> list[Tensor]:
    """Everything with a row for each user, in the same order in every process."""
    by_user = _moments_by_user(trainer)
    weights = (*trainer.towers.named_parameters(), *trainer.averages())
    moments = sorted(trainer.optimizer.state_dict().items())
    return [tensor for name, tensor in weights if name in _BY_USER] + [
        moment for name, moment in moments if name.startswith(by_user)
    ]
