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


# What 2,000 people leave of an NDCG to chance, as a share of it: within it the later epoch is kept, for its RMSE.
_CHANCE = 0.01


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

    def history(self, *, again: "Fitted | None" = None) -> History:
        """What the model folder keeps of it, and of the training on all ratings after it."""
        return History(
            epochs=tuple(_finite({"loss": epoch.loss, **epoch.metrics}) for epoch in self.epochs),
            kept_epoch=self.kept.number,
            stopped_by=self.stopped_by,
            on_all_ratings=tuple(_finite({"loss": epoch.loss}) for epoch in again.epochs) if again else (),
        )


def fit(
    trainer: Trainer,
    progress: Progress,
    *,
    validate: Validate | None,
    checkpoint: Checkpoint | None,
    epochs: int | None = None,
    time_limit: float | None = None,
    title: str = "Training",
) -> Fitted:
    """Train until the epochs, the patience or the time are used up.

    Args:
        trainer: new, or as a checkpoint left it.
        progress: is told of every batch and epoch.
        validate: metrics of a snapshot; None keeps the last epoch.
        checkpoint: written after every epoch, and every five minutes in a longer one; training goes on where it
            stands.
        epochs: at most, None for as many as the trainer is to be trained.
        time_limit: seconds after which no further epoch begins; None for no limit.
        title: what a person reads of it while it lasts.

    Raises:
        TrainingError: the loss is not a number in the first epoch, so there is nothing to keep.
    """
    reached = checkpoint.restore(trainer) if checkpoint else None
    most = trainer.epochs if epochs is None else epochs
    deadline = time.monotonic() + (float("inf") if time_limit is None else time_limit)
    with progress.task(title, total=most * len(trainer.batches), unit="batches", done=trainer.step) as task:
        fitted = _fit(
            trainer,
            reached,
            progress,
            task,
            validate=validate,
            checkpoint=checkpoint,
            most=most,
            deadline=deadline,
        )
    if trainer.together:
        trainer.together.release()
    return fitted


def _fit(
    trainer: Trainer,
    reached: Reached | None,
    progress: Progress,
    task: Task,
    *,
    validate: Validate | None,
    checkpoint: Checkpoint | None,
    most: int,
    deadline: float,
) -> Fitted:
    schedule = trainer.options.schedule
    best: tuple[Epoch, Weights] | None = reached.best if reached else None
    epochs = reached.epochs if reached else ()
    done = resumed = len(epochs)
    kept_at = time.monotonic()

    def show(num_ratings: int, loss: float) -> None:
        task.update(trainer.step, epoch=f"{done + 1}/{most}", loss=f"{loss:.3f}")

    def is_due() -> bool:
        return checkpoint is not None and time.monotonic() - kept_at >= CHECKPOINT_SECONDS

    def keep() -> None:
        nonlocal kept_at
        if checkpoint:
            checkpoint.save(trainer, epochs=epochs, best=best)
        kept_at = time.monotonic()

    stopped_by = "epochs"
    while done < most:
        if best and validate and done - best[0].number >= schedule.patience:
            stopped_by = "patience"
            break
        if done and time.monotonic() >= deadline:
            stopped_by = "time limit"
            break
        try:
            loss = trainer.train_epoch(done, show, is_due=is_due, keep=keep)
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
        if best is None or _is_best(epoch, epochs, trainer.options.objective.objective):
            best = (epoch, trainer.served_weights())
        keep()
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


def _is_best(epoch: Epoch, epochs: tuple[Epoch, ...], objective: str) -> bool:
    """Whether an epoch is the best of all so far; by NDCG, the last of those that chance alone tells apart."""
    name = _chosen_by(epoch, objective)
    if name is None:
        return True
    values = [other.metrics[name] for other in epochs]
    return values[-1] <= min(values) if name == "rmse" else values[-1] >= (1.0 - _CHANCE) * max(values)
