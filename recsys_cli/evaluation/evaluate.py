"""``recsys evaluate``: how good a model is on ratings it has not seen, beside what it must beat."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.evaluation import BaselineConfig, EvaluateConfig, ProtocolConfig
from recsys_cli.config.training import TrainConfig, TrainingOptions
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import Split
from recsys_cli.evaluation.baseline_list import BASELINES
from recsys_cli.evaluation.description import describe_given
from recsys_cli.evaluation.favourites_curve import curve, measure_ways
from recsys_cli.evaluation.given_model import open_given, write_predictions
from recsys_cli.evaluation.parts import attributes
from recsys_cli.evaluation.protocol import Case, Group
from recsys_cli.evaluation.result import EvaluationReport
from recsys_cli.evaluation.served import ServedModel
from recsys_cli.evaluation.similar_movies import measure_similar, similar_measure
from recsys_cli.evaluation.splits import splits_of
from recsys_cli.evaluation.study import Study
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.user_vector import user_vector
from recsys_cli.progress import Progress
from recsys_cli.training import train


def run(
    config: EvaluateConfig,
    progress: Progress,
    *,
    protocol: ProtocolConfig | None = None,
    baselines: BaselineConfig | None = None,
) -> EvaluationReport:
    """Measure the model that is named, or the models that the training parts of the splits give.

    Args:
        config: what to measure.
        progress: is told how it goes.
        protocol: how the ratings are divided; None for the defaults.
        baselines: their options; None for the defaults.

    Raises:
        ConfigError: an option does not fit the machine.
        DataError: the data set is missing or malformed, or nothing in it is left to measure.
        ArtifactError: the model is missing or damaged.
        TrainingError: the loss of a training turned NaN.
    """
    protocol, baselines = protocol or ProtocolConfig(), baselines or BaselineConfig()
    study = Study(protocol, baselines)
    if config.model is None:
        return _measure_splits(config, study, protocol, baselines, progress)
    return _measure_given(config, config.model, study, protocol, progress)


def train_on(
    dataset: Dataset, case: Case, options: TrainingOptions, *, data_dir: Path, model: Path, progress: Progress
) -> ModelFolder:
    """Train a model on the training part of a case.

    Args:
        dataset: the case's.
        case: ratings to learn from; with ``options.schedule.holdout`` some of them choose the epoch.
        options: of the training; the seed is the case's.
        data_dir: where the data set was read.
        model: folder to write.
        progress: is told how it goes.

    Raises: as :func:`run`.
    """
    schedule = dataclasses.replace(options.schedule, seed=case.seed)
    config = TrainConfig(model=model, options=dataclasses.replace(options, schedule=schedule))
    split = train.hold_out(len(case.train), schedule)
    within = Split(train=case.train[split.train], held_out=case.train[split.held_out])
    train.train_split(dataset, within, config, progress, data_dir=data_dir, started=time.monotonic())
    return ModelFolder.open(model)


def _measure_splits(
    config: EvaluateConfig, study: Study, protocol: ProtocolConfig, baselines: BaselineConfig, progress: Progress
) -> EvaluationReport:
    started = time.monotonic()
    data = train.find_data(config.data, download=config.download, progress=progress)
    dataset = read_dataset(
        data,
        format=config.format,
        skip_bad_lines=config.skip_bad_lines,
        timed=config.split.kind == "time",
    )
    train.say_bad_lines(data, dataset, progress)
    by = attributes(dataset, config.by)
    splits = splits_of(dataset, config, protocol)
    seeds = range(1, config.num_splits + 1)
    favourites, similar = [], []
    for seed in seeds:
        for case in splits.cases(seed):
            where = f"split {seed} of {config.num_splits}, {' and '.join(group.kind for group in case.groups)}"
            progress.say(f"{where}: training on {len(case.train):,} ratings")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model"
                model = train_on(case.dataset, case, config.options, data_dir=data, model=path, progress=progress)
                served = ServedModel(model, dataset)
                with _stages(progress, f"{where}: ") as stage:
                    study.add(case, served, title=_title(model), stage=stage)
                if config.split.kind == "people":
                    for cold in (group for group in case.groups if group.kind == "cold"):
                        favourites.append(_favourites(dataset, model, case, cold))
                        similar.append(measure_similar(case, cold, model, baselines, k=protocol.k))
    return EvaluationReport(
        data=str(data),
        fingerprint=dataset.without_repeats().fingerprint,
        objective=config.options.objective.objective,
        k=protocol.k,
        seeds=tuple(seeds),
        protocol=splits.description,
        notes=tuple(study.notes),
        groups=study.groups(by),
        favourites=curve(favourites) if favourites else None,
        similar=similar_measure([shares for shares in similar if shares is not None]),
        seconds=time.monotonic() - started,
    )


def _favourites(dataset: Dataset, model: ModelFolder, case: Case, cold: Group) -> dict[str, NDArray[np.float64]]:
    return measure_ways(
        dataset,
        model,
        user_rows=np.unique(cold.ratings.user_rows),
        train=case.train,
        ways={"recsys": user_vector},
        rng=np.random.default_rng([case.seed, 77]),
    )


def _measure_given(
    config: EvaluateConfig, path: Path, study: Study, protocol: ProtocolConfig, progress: Progress
) -> EvaluationReport:
    started = time.monotonic()
    given = open_given(config, path, protocol)
    by = attributes(given.dataset, config.by)
    train.say_bad_lines(given.data, given.dataset, progress)
    model = ServedModel(given.folder, given.dataset)
    with _stages(progress) as stage:
        study.add(given.case, model, title=_title(given.folder), stage=stage)
    if config.predictions is not None:
        write_predictions(config.predictions, given, model)
        progress.say(f"wrote {config.predictions}")
    return EvaluationReport(
        data=str(given.data),
        fingerprint=given.dataset.fingerprint,
        objective=given.folder.info.objective,
        k=protocol.k,
        seeds=(),
        protocol=describe_given(given.case, protocol),
        notes=(*given.notes, *study.notes),
        groups=study.groups(by),
        favourites=None,
        seconds=time.monotonic() - started,
    )


@contextmanager
def _stages(progress: Progress, where: str = "") -> Iterator[Callable[[str], None]]:
    """A function that is told which recommender is fitted and measured next."""
    with progress.task("Measuring", total=len(BASELINES) + 1, unit="recommenders") as task:
        done = count()

        def stage(name: str) -> None:
            progress.detail(f"{where}{name}")
            task.update(next(done), now=name)

        yield stage


def _title(folder: ModelFolder) -> str:
    return f"recsys, {folder.info.objective}"
