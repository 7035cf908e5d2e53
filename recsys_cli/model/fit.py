"""Epochs until the validation stops getting better; the best one is kept."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from recsys_cli.errors import TrainingError
from recsys_cli.model.checkpoint import Checkpoint
from recsys_cli.model.export import Snapshot
from recsys_cli.model.trainer import Trainer, Weights

Metrics = Mapping[str, float]
Validate = Callable[[Snapshot], Metrics]

# Validation metric that chooses the epoch, and whether more of it is better.
_CHOSEN_BY = {"rating": ("rmse", False), "ranking": ("ndcg@10", True), "hybrid": ("ndcg@10", True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One finished epoch.

    Attributes:
        number: counted from 1.
        loss: mean training loss.
        metrics: validation metrics by name; empty without validation.
    """

    number: int
    loss: float
    metrics: Metrics


class Listener(Protocol):
    """Is told how training goes on."""

    def on_batch(self, num_ratings: int, loss: float) -> None:
        """A batch was trained on."""

    def on_epoch(self, epoch: Epoch) -> None:
        """An epoch was finished and validated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """How training ended; the trainer holds the kept epoch's weights.

    Attributes:
        kept: the epoch whose weights were kept.
        epochs: epochs trained.
        stopped_by: ``epochs``, ``patience``, ``time limit`` or the message of the error that ended it.
    """

    kept: Epoch
    epochs: int
    stopped_by: str


def fit(
    trainer: Trainer, listener: Listener, *, validate: Validate | None, checkpoint: Checkpoint | None
) -> Fitted:
    """Train until the epochs, the patience or the time are used up.

    Args:
        trainer: new, or as a checkpoint left it.
        listener: is told of every batch and epoch.
        validate: metrics of a snapshot; None keeps the last epoch.
        checkpoint: written after every epoch; training goes on after the epochs it already holds.

    Raises:
        TrainingError: the loss is not a number in the first epoch, so there is nothing to keep.
    """
    schedule = trainer.options.schedule
    progress = checkpoint.restore(trainer) if checkpoint else None
    best: tuple[Epoch, Weights] | None = progress.best if progress else None
    done = progress.epochs if progress else 0
    deadline = time.monotonic() + (schedule.time_limit or float("inf"))
    stopped_by = "epochs"
    while done < schedule.epochs:
        if best and validate and done - best[0].number >= schedule.patience:
            stopped_by = "patience"
            break
        if done and time.monotonic() >= deadline:
            stopped_by = "time limit"
            break
        try:
            loss = trainer.train_epoch(done, listener.on_batch)
        except TrainingError as error:
            if best is None:
                raise
            stopped_by = str(error)
            break
        done += 1
        epoch = Epoch(number=done, loss=loss, metrics=validate(trainer.snapshot()) if validate else {})
        if best is None or _is_better(epoch, best[0], trainer.options.objective.objective):
            best = (epoch, trainer.averaged_weights())
        if checkpoint:
            checkpoint.save(trainer, epochs=done, best=best)
        listener.on_epoch(epoch)
    if best is None:
        raise ValueError("nothing to train: the checkpoint holds no epoch and none is left")
    trainer.keep(best[1])
    return Fitted(kept=best[0], epochs=done, stopped_by=stopped_by)


def _is_better(epoch: Epoch, best: Epoch, objective: str) -> bool:
    name, more_is_better = _CHOSEN_BY[objective]
    if name not in epoch.metrics:
        return True
    new, old = epoch.metrics[name], best.metrics[name]
    return new > old if more_is_better else new < old
