"""Epochs until the validation stops getting better; the best one is kept."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recsys_cli.errors import TrainingError
from recsys_cli.model.history import History
from recsys_cli.progress import Progress, Task
from recsys_cli.training.checkpoint import Checkpoint, Reached
from recsys_cli.training.epoch import Epoch
from recsys_cli.training.export import Snapshot
from recsys_cli.training.trainer import Trainer, Weights

CHECKPOINT_SECONDS = 300.0  # within an epoch
Validate = Callable[[Snapshot], Mapping[str, float]]

# Validation metrics that choose the epoch: the first of them that can be computed.
_CHOSEN_BY = {"rating": ("rmse",), "ranking": ("ndcg@10",), "hybrid": ("ndcg@10", "rmse")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """How training ended; the trainer holds the kept epoch's weights.

    Attributes:
        kept: the epoch whose weights were kept.
        epochs: the epochs trained, those before an interruption too.
        resumed: how many of them were trained before it.
        stopped_by: ``epochs``, ``patience``, ``time limit`` or the message of the error that ended it.
    """

    kept: Epoch
    epochs: tuple[Epoch, ...]
    resumed: int
    stopped_by: str

    @property
    def new_epochs(self) -> int:
        """Epochs that this run trained."""
        return len(self.epochs) - self.resumed

    def history(self) -> History:
        """What the model folder keeps of it."""
        return History(
            epochs=tuple(_finite({"loss": epoch.loss, **epoch.metrics}) for epoch in self.epochs),
            kept_epoch=self.kept.number,
            stopped_by=self.stopped_by,
        )


def fit(
    trainer: Trainer, progress: Progress, *, validate: Validate | None, checkpoint: Checkpoint | None
) -> Fitted:
    """Train until the epochs, the patience or the time are used up.

    Args:
        trainer: new, or as a checkpoint left it.
        progress: is told of every batch and epoch.
        validate: metrics of a snapshot; None keeps the last epoch.
        checkpoint: written after every epoch, and every five minutes in a longer one; training goes on where it
            stands.

    Raises:
        TrainingError: the loss is not a number in the first epoch, so there is nothing to keep.
    """
    reached = checkpoint.restore(trainer) if checkpoint else None
    num_steps = trainer.epochs * len(trainer.batches)
    with progress.task("Training", total=num_steps, unit="batches", done=trainer.step) as task:
        return _fit(trainer, reached, progress, task, validate=validate, checkpoint=checkpoint)


def _fit(
    trainer: Trainer,
    reached: Reached | None,
    progress: Progress,
    task: Task,
    *,
    validate: Validate | None,
    checkpoint: Checkpoint | None,
) -> Fitted:
    schedule = trainer.options.schedule
    best: tuple[Epoch, Weights] | None = reached.best if reached else None
    epochs = reached.epochs if reached else ()
    done = resumed = len(epochs)
    kept_at = time.monotonic()

    def show(num_ratings: int, loss: float) -> None:
        nonlocal kept_at
        task.update(trainer.step, epoch=f"{done + 1}/{trainer.epochs}", loss=f"{loss:.3f}")
        if checkpoint and time.monotonic() - kept_at >= CHECKPOINT_SECONDS:
            checkpoint.save(trainer, epochs=epochs, best=best)
            kept_at = time.monotonic()

    deadline = time.monotonic() + (schedule.time_limit or float("inf"))
    stopped_by = "epochs"
    while done < trainer.epochs:
        if best and validate and done - best[0].number >= schedule.patience:
            stopped_by = "patience"
            break
        if done and time.monotonic() >= deadline:
            stopped_by = "time limit"
            break
        try:
            loss = trainer.train_epoch(done, show)
        except TrainingError as error:
            if best is None:
                raise
            stopped_by = str(error)
            break
        done += 1
        epoch = Epoch(number=done, loss=loss, metrics=validate(trainer.snapshot()) if validate else {})
        epochs += (epoch,)
        if validate and done == 1:
            _say_chosen_by(epoch, trainer.options.objective.objective, progress)
        if best is None or _is_better(epoch, best[0], trainer.options.objective.objective):
            best = (epoch, trainer.served_weights())
        if checkpoint:
            checkpoint.save(trainer, epochs=epochs, best=best)
            kept_at = time.monotonic()
        metrics = {name: f"{value:.4f}" for name, value in epoch.metrics.items()}
        task.update(trainer.step, **metrics)
        words = " ".join(f"{name} {value}" for name, value in metrics.items())
        progress.detail(f"epoch {epoch.number}: loss {epoch.loss:.4f} {words}")
    if best is None:
        raise ValueError("nothing to train: the checkpoint holds no epoch and none is left")
    trainer.keep(best[1])
    return Fitted(kept=best[0], epochs=epochs, resumed=resumed, stopped_by=stopped_by)


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    """The metrics without those that there was nothing to compute from."""
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _chosen_by(epoch: Epoch, objective: str) -> str | None:
    return next((name for name in _CHOSEN_BY[objective] if name in epoch.metrics), None)


def _say_chosen_by(epoch: Epoch, objective: str, progress: Progress) -> None:
    name = _chosen_by(epoch, objective)
    if name != _CHOSEN_BY[objective][0]:
        way = "the last epoch is kept" if name is None else "the epoch is chosen by RMSE"
        progress.say(f"nothing that is held out is liked, so there is no NDCG: {way}")


def _is_better(epoch: Epoch, best: Epoch, objective: str) -> bool:
    name = _chosen_by(epoch, objective)
    if name is None:
        return True
    new, old = epoch.metrics[name], best.metrics[name]
    return new < old if name == "rmse" else new > old
