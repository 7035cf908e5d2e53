"""``recsys train``: a data set becomes a model folder."""

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recsys_cli import __version__
from recsys_cli.config.training import ScheduleConfig, TrainConfig
from recsys_cli.dataset.archive import ensure
from recsys_cli.dataset.columns import num_rows
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import Split, hold_out_ratings
from recsys_cli.errors import DataError
from recsys_cli.model.folder import ModelFolder, ModelInfo
from recsys_cli.model.movies_data import own_movies
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.model.writer import check_replaceable, write_model
from recsys_cli.progress import Progress
from recsys_cli.towers.runtime import prepare_process
from recsys_cli.training.amount import held_out_share
from recsys_cli.training.data import training_data
from recsys_cli.training.from_model import Earlier, hold_out_new, open_earlier, open_model
from recsys_cli.training.reserve import reserved

if TYPE_CHECKING:  # paddle may not be loaded before the process is ready for it
    from recsys_cli.processes.group import Group
    from recsys_cli.training.learn import Learnt

DEFAULT_DATA = Path("data/ml-1m")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSummary:
    """How a training went.

    Attributes:
        model: folder that was written.
        fingerprint: of the model.
        objective: what was minimised.
        num_users: users with a training rating.
        num_movies: movies with a training rating.
        num_ratings: training ratings.
        held_out_ratings: those that the epoch was chosen by and that the metrics are of.
        epochs: epochs of the first training, which did not learn these.
        kept_epoch: the best of them.
        stopped_by: ``epochs``, ``patience``, ``time limit``, or the error that ended training early.
        refit_epochs: epochs of the second training, on all ratings, whose weights are kept; 0 where there was none
            and the first one's are.
        metrics: of the first training on the held-out ratings, beside the baselines'; empty without a holdout,
            None for what cannot be computed.
        seconds: wall time of the command.
        ratings_per_second: ratings of the epochs of this run, over the seconds that they took.
    """

    model: Path
    fingerprint: str
    objective: str
    num_users: int
    num_movies: int
    num_ratings: int
    held_out_ratings: int
    epochs: int
    kept_epoch: int
    stopped_by: str
    refit_epochs: int
    metrics: Mapping[str, float | None]
    seconds: float
    ratings_per_second: float


def run(config: TrainConfig, progress: Progress, *, group: "Group | None" = None) -> TrainSummary:
    """Train a model on a data set and write its folder; with a group, as the leading process of it.

    Raises:
        ConfigError: an option does not fit the machine.
        DataError: the data set is missing or malformed.
        ArtifactError: the model or the checkpoint cannot be written, or the checkpoint is of another training.
        TrainingError: the loss turned NaN before anything could be kept.
    """
    started = time.monotonic()
    check_replaceable(config.model)
    with reserved(config.model):
        return _run(config, progress, started=started, group=group)


def _run(config: TrainConfig, progress: Progress, *, started: float, group: "Group | None") -> TrainSummary:
    data_dir = find_data(config.data, download=config.download, progress=progress)
    if group:
        group.tell(None)  # the others may read, too
    dataset = _read_data(data_dir, config, progress)
    progress.detail(f"data: {len(dataset.ratings):,} ratings, read in {time.monotonic() - started:.1f} s")
    return train_split(dataset, None, config, progress, data_dir=data_dir, started=started, group=group)


def train_split(
    dataset: Dataset,
    split: Split | None,
    config: TrainConfig,
    progress: Progress,
    *,
    data_dir: Path,
    started: float,
    group: "Group | None" = None,
) -> TrainSummary:
    """Train a model on some ratings of a data set and write its folder.

    Args:
        dataset: its users and movies all get a place in the model; ratings outside the split are not looked at.
        split: ratings to learn from, and ratings to choose the epoch by; None to hold out what the options say.
        config: where to write, and how to train.
        progress: is told how it goes.
        data_dir: where the data set was read, for ``model.json``; ``config.data`` is not looked at.
        started: time.monotonic() when the command began.
        group: of processes that this one leads; None alone.

    Raises: as :func:`run`.
    """
    earlier = earlier_of(dataset, config)
    known = known_of(earlier, config)
    if group:
        group.agree(facts(dataset, config, known))
    split = split or split_of(dataset, config, known)
    _prepare(config, progress)
    # Paddle is imported from here on: the process is ready for it.
    from recsys_cli.training.export import model_arrays, save_towers
    from recsys_cli.training.learn import learn, remove_checkpoints

    vocabulary = Vocabulary.from_dataset(dataset)
    progress.detail(f"ready to train after {time.monotonic() - started:.1f} s")
    learnt = learn(
        partial(training_data, dataset, vocabulary, earlier=earlier),
        split,
        config,
        progress,
        identity=_identity(dataset, config, known),
        group=group,
    )
    run = _run_of(data_dir, started, learnt.ratings_per_second)
    with progress.task("Writing"):
        arrays = model_arrays(learnt.trainer.snapshot(), user_ids=dataset.user_ids, movie_ids=dataset.movie_ids)
        folder = write_model(
            config.model,
            _info(config, dataset, vocabulary, learnt, split, run=run),
            replace(arrays, estimates=learnt.estimates),
            vocabulary_text=vocabulary.to_json(),
            save_towers=save_towers(learnt.trainer.towers),
            history=learnt.history(),
            movies_data=own_movies(vocabulary),
        )
    remove_checkpoints(config.model)
    run = _run_of(data_dir, started, learnt.ratings_per_second)
    return _summary(config, learnt, split, fingerprint=folder.fingerprint, run=run)


def _run_of(data_dir: Path, started: float, rate: float) -> dict[str, Any]:
    seconds = time.monotonic() - started
    return {"data_dir": str(data_dir.absolute()), "seconds": seconds, "ratings_per_second": rate}


def _summary(
    config: TrainConfig, learnt: "Learnt", split: Split, *, fingerprint: str, run: Mapping[str, Any]
) -> TrainSummary:
    training = learnt.data.training
    return TrainSummary(
        model=config.model,
        fingerprint=fingerprint,
        objective=config.options.objective.objective,
        num_users=len(learnt.trainer.batches.user_rows),
        num_movies=len(learnt.trainer.batches.catalogue),
        num_ratings=len(training),
        held_out_ratings=len(split.held_out),
        epochs=len(learnt.fitted.epochs),
        kept_epoch=learnt.fitted.kept.number,
        stopped_by=learnt.fitted.stopped_by,
        refit_epochs=len(learnt.again.epochs) if learnt.again else 0,
        metrics=learnt.metrics,
        seconds=run["seconds"],
        ratings_per_second=run["ratings_per_second"],
    )


def _prepare(config: TrainConfig, progress: Progress) -> None:
    for line in prepare_process(device=config.device):
        progress.detail(line)


def earlier_of(dataset: Dataset, config: TrainConfig) -> Earlier | None:
    """The model to start at; None to start anew."""
    return None if config.earlier is None else open_earlier(config.earlier, dataset)


def known_of(earlier: Earlier | None, config: TrainConfig) -> ModelFolder | None:
    """The model that the new one is measured beside, on what is new to it: the one to start at, or of --beside."""
    beside = None if config.beside is None else open_model(config.beside, option="--beside")
    return earlier.folder if earlier else beside


def split_of(dataset: Dataset, config: TrainConfig, known: ModelFolder | None) -> Split:
    """The ratings to learn from, and those to choose the epoch by, as the options say."""
    schedule = config.options.schedule
    return hold_out_new(dataset, known, schedule) if known else hold_out(len(dataset.ratings), schedule)


def facts(dataset: Dataset, config: TrainConfig, known: ModelFolder | None) -> dict[str, str]:
    """What must be the same in all processes of a training, by what a person calls it."""
    options = {f"the option {name}": repr(value) for name, value in config.options.to_dict().items()}
    return {
        "the version of recsys-cli": __version__,
        "the data set": f"{len(dataset.ratings):,} ratings, SHA-256 {dataset.fingerprint[:12]}",
        "the model of --from or --beside": known.fingerprint[:12] if known else "none",
        **options,
    }


def hold_out(num_ratings: int, schedule: ScheduleConfig) -> Split:
    """The ratings to learn from and those to choose the epoch by."""
    share = held_out_share(num_ratings, schedule)
    return hold_out_ratings(num_ratings, share=share, rng=np.random.default_rng([schedule.seed, 1]))


def _info(
    config: TrainConfig,
    dataset: Dataset,
    vocabulary: Vocabulary,
    learnt: "Learnt",
    split: Split,
    *,
    run: Mapping[str, Any],
) -> ModelInfo:
    options = config.options
    return ModelInfo(
        package_version=__version__,
        objective=options.objective.objective,
        embedding_dim=options.towers.embedding_dim,
        rating_min=dataset.rating_min,
        rating_max=dataset.rating_max,
        options=options.to_dict(),
        data=_describe(dataset, vocabulary),
        vocabulary_fingerprint=vocabulary.fingerprint,
        split={
            "holdout": options.schedule.holdout,
            "held_out_ratings": len(split.held_out),
            "refit": learnt.again is not None,
        },
        metrics=learnt.metrics,
        started_from=learnt.data.earlier.folder.fingerprint if learnt.data.earlier else None,
        run=run,
    )


def find_data(named: Path | None, *, download: bool, progress: Progress) -> Path:
    """The data's folder: the one that is named, that of $RECSYS_DATA, or the default one.

    Args:
        named: by the person, or None.
        download: whether the default one is fetched where it does not exist.
        progress: is told how that goes.

    Raises:
        DataError: there is no such folder, or the download failed.
    """
    path = named or Path(os.environ.get("RECSYS_DATA") or DEFAULT_DATA)
    if path == DEFAULT_DATA and download:
        ensure(path, progress=progress)
    if not path.is_dir():
        raise DataError(
            f"No data at '{path}': name a folder with --data (data/sample is a small one), or run "
            "'recsys download ml-1m'"
        )
    return path


def _read_data(path: Path, config: TrainConfig, progress: Progress) -> Dataset:
    """The data set; says what it is and what was left out of it."""
    with progress.task("Reading"):
        dataset = read_dataset(path, format=config.format, skip_bad_lines=config.skip_bad_lines)
    progress.say(
        f"{path}: layout {dataset.format}, {len(dataset.movie_ids):,} movies, {len(dataset.user_ids):,} users, "
        f"{len(dataset.ratings):,} ratings from {dataset.rating_min:g} to {dataset.rating_max:g}"
    )
    say_bad_lines(path, dataset, progress)
    if dataset.num_repeated:
        progress.say(f"ratings left out because the same user rates the movie again: {dataset.num_repeated:,}")
    return dataset


def say_bad_lines(path: Path, dataset: Dataset, progress: Progress) -> None:
    """Say how many bad lines were left out of the data set in a folder."""
    if dataset.problems.count:
        progress.say(f"bad lines left out: {dataset.problems.count:,}; 'recsys check {path}' lists them")


def _describe(dataset: Dataset, vocabulary: Vocabulary) -> dict[str, Any]:
    return {
        "format": dataset.format,
        "fingerprint": dataset.fingerprint,
        "num_users": len(dataset.user_ids),
        "num_movies": len(dataset.movie_ids),
        "num_ratings": len(dataset.ratings),
        "num_genres": len(vocabulary.genres),
        **({"num_values": num_rows(vocabulary.movie_columns)} if vocabulary.movie_columns else {}),
    }


def _identity(dataset: Dataset, config: TrainConfig, known: ModelFolder | None) -> str:
    """Fingerprint of everything that decides the result; how long it may take does not."""
    options = {key: value for key, value in config.options.to_dict().items() if key != "time_limit"}
    parts = [dataset.fingerprint, options, config.earlier is None, known and known.fingerprint]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
