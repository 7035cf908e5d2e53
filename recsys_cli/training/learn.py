"""The two trainings of a model: the first tells by what is held out how long to train, the second learns all."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.config.training import TrainConfig
from recsys_cli.dataset.split import Split
from recsys_cli.model.arrays import Estimates
from recsys_cli.model.history import History
from recsys_cli.processes.group import Group
from recsys_cli.progress import Progress
from recsys_cli.training.amount import learns_twice
from recsys_cli.training.checkpoint import Checkpoint
from recsys_cli.training.data import TrainingData
from recsys_cli.training.fit import Fitted, fit
from recsys_cli.training.together import Together
from recsys_cli.training.trainer import Trainer
from recsys_cli.training.validation import Validation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learnt:
    """What was learnt, and how good it was on what was held out.

    Attributes:
        trainer: holds the weights that are kept.
        fitted: how the first training went; the only one where nothing was held out or all is not learnt again.
        again: how the training on all ratings went, or None.
        metrics: of the first training on what it did not learn from, beside the baselines'; empty without a
            holdout, None for what cannot be computed.
        estimates: of the first training for what it did not learn from; None where there are none.
        ratings_per_second: ratings of the epochs of this run, over the seconds that they took.
    """

    trainer: Trainer
    fitted: Fitted
    again: Fitted | None
    metrics: Mapping[str, float | None]
    estimates: Estimates | None
    ratings_per_second: float

    @property
    def data(self) -> TrainingData:
        """What the kept weights learnt from."""
        return self.trainer.data

    def history(self) -> History:
        """What the model folder keeps of both trainings."""
        return self.fitted.history(again=self.again)


@dataclass(frozen=True, slots=True, eq=False)
class _First:
    """The first training's result without its towers, which the second one needs the memory of."""

    fitted: Fitted
    metrics: Mapping[str, float | None]
    estimates: Estimates | None
    trainer: Trainer | None
    seconds: float
    num_ratings: int
    epochs: int


def learn(
    data_of: Callable[[Split], TrainingData],
    split: Split,
    config: TrainConfig,
    progress: Progress,
    *,
    identity: str,
    group: Group | None = None,
) -> Learnt:
    """Train, and where something was held out, train again on everything for as many epochs as were best.

    Args:
        data_of: makes the training data of a split.
        split: ratings to learn from, and ratings to choose the epoch by.
        config: where to write, and how to train.
        progress: is told how it goes.
        identity: fingerprint of everything that decides the result.
        group: of processes that this one leads; None alone.

    Raises:
        ArtifactError: a checkpoint cannot be written, or is of another training.
        TrainingError: the loss turned NaN before anything could be kept.
    """
    checkpoints = _checkpoints(config.model, identity)
    _take_up(checkpoints, config, progress)
    with _saying_how_to_go_on(checkpoints, progress):
        num_held_out = len(split.held_out)
        twice = learns_twice(len(split.train) + num_held_out, num_held_out, config.options.schedule)
        first = _learn_first(
            _prepared(data_of, split, progress), checkpoints, config, progress, twice=twice, group=group
        )
        if first.trainer is not None:
            trainer, again, seconds = first.trainer, None, first.seconds
        else:
            trainer = _trainer(_prepared(data_of, split.joined(), progress), config, progress, group, on_all=True)
            trainer.epochs = first.epochs
            started = time.monotonic()
            again = fit(
                trainer,
                progress,
                validate=None,
                checkpoint=checkpoints[1],
                epochs=first.fitted.kept.number,
                title="Training on all ratings",
            )
            seconds = first.seconds + time.monotonic() - started
    if group:
        group.tell(None)  # the others are done
    new_ratings = first.fitted.new_epochs * first.num_ratings
    new_ratings += again.new_epochs * len(trainer.data.training) if again else 0
    return Learnt(
        trainer=trainer,
        fitted=first.fitted,
        again=again,
        metrics=first.metrics,
        estimates=first.estimates,
        ratings_per_second=new_ratings / seconds,
    )


def remove_checkpoints(model: Path) -> None:
    """Delete what a training of this model has left to go on with."""
    for checkpoint in reversed(_checkpoints(model, "")):  # the first without the second is a training of its own
        checkpoint.remove()


def _learn_first(
    data: TrainingData,
    checkpoints: tuple[Checkpoint, Checkpoint],
    config: TrainConfig,
    progress: Progress,
    *,
    twice: bool,
    group: Group | None,
) -> _First:
    trainer = _trainer(data, config, progress, group, on_all=False)
    for note in trainer.start.notes:
        progress.say(note)
    validation = _validation(data, config, progress)
    limit = config.options.schedule.time_limit
    if limit is not None and twice:
        limit = 0.0 if checkpoints[1].path.exists() else limit / 2  # the second training takes as long at most
    started = time.monotonic()
    fitted = fit(
        trainer,
        progress,
        validate=validation.sample if validation else None,
        checkpoint=checkpoints[0],
        time_limit=limit,
    )
    seconds = time.monotonic() - started
    metrics, estimates = _measured(trainer, validation, progress)
    return _First(
        fitted=fitted,
        metrics=metrics,
        estimates=estimates,
        trainer=None if twice else trainer,
        seconds=seconds,
        num_ratings=len(data.training),
        epochs=trainer.epochs,
    )


def _trainer(
    data: TrainingData, config: TrainConfig, progress: Progress, group: Group | None, *, on_all: bool
) -> Trainer:
    """A new trainer; the other processes make theirs at the same time."""
    if group is None:
        return Trainer(data, config.options, progress)
    group.tell(on_all)
    return Trainer(data, config.options, progress, Together(group))


def _prepared(data_of: Callable[[Split], TrainingData], split: Split, progress: Progress) -> TrainingData:
    with progress.task("Preparing"):
        return data_of(split)


def _measured(
    trainer: Trainer, validation: Validation | None, progress: Progress
) -> tuple[Mapping[str, float | None], Estimates | None]:
    """Metrics and estimates of the kept weights; none where nothing is held out."""
    if validation is None:
        return {}, None
    with progress.task("Validating"):
        snapshot = trainer.snapshot()
        return validation.whole(snapshot), validation.estimates(snapshot)


def _validation(data: TrainingData, config: TrainConfig, progress: Progress) -> Validation | None:
    """What measures the epochs; says so where the numbers will be those of a sample."""
    if not len(data.validation):
        return None
    with progress.task("Preparing the validation"):
        validation = Validation(data, config.options.objective)
    if validation.num_measured < validation.num_users:
        progress.say(
            f"RMSE and NDCG are measured on {validation.num_measured:,} of the {validation.num_users:,} people "
            "with held-out ratings, drawn at random"
        )
    return validation


def _checkpoints(model: Path, identity: str) -> tuple[Checkpoint, Checkpoint]:
    """Those of the first training and of the one on all ratings."""
    return (
        Checkpoint(model.with_name(f"{model.name}.checkpoint"), belongs_to=identity),
        Checkpoint(model.with_name(f"{model.name}.checkpoint.all"), belongs_to=identity),
    )


def _take_up(checkpoints: tuple[Checkpoint, Checkpoint], config: TrainConfig, progress: Progress) -> None:
    """Say that there is nothing to resume, or what is thrown away."""
    if config.resume:
        if not checkpoints[0].path.exists():
            progress.say(f"--resume: there is no '{checkpoints[0].path}' to go on from; training begins anew")
            checkpoints[1].remove()
    elif checkpoints[0].path.exists():
        progress.say(
            f"threw away {_done(checkpoints)} of an interrupted training; --resume would have gone on after them"
        )
        remove_checkpoints(config.model)


@contextmanager
def _saying_how_to_go_on(checkpoints: tuple[Checkpoint, Checkpoint], progress: Progress) -> Iterator[None]:
    """Where a person stops the block: what is kept, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if checkpoints[0].reached():
            progress.say(f"kept {_done(checkpoints)}: the same command with --resume goes on after them")
        raise


def _done(checkpoints: tuple[Checkpoint, Checkpoint]) -> str:
    first, second = (checkpoint.reached() for checkpoint in checkpoints)
    return f"{first or '0 epochs'}, then {second} on all ratings" if second else first or "0 epochs"
