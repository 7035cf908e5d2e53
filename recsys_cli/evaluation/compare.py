"""``recsys compare``: two models side by side, on ratings that neither has learnt from."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.comparison import CompareConfig, Requirement
from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.errors import ArtifactError, DataError
from recsys_cli.evaluation.estimates import METRICS, Bootstrap, Estimate, estimate
from recsys_cli.evaluation.given_model import with_ratings
from recsys_cli.evaluation.lists_moved import ListsMoved, lists_moved
from recsys_cli.evaluation.measures import GroupMeasure, Measured
from recsys_cli.evaluation.protocol import Group, interactions
from recsys_cli.evaluation.served import ServedModel
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.learnt import is_trained_on
from recsys_cli.progress import Progress

_RANKED = ("ndcg", "recall")  # metrics of the first k places


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel:
    """One of the two models.

    Attributes:
        model: its folder.
        fingerprint: of the model.
        started_from: fingerprint of the model that its training started at; None where it started anew.
        num_users: users whom it knows.
        num_movies: movies that it knows.
        num_ratings: ratings that it has learnt from.
    """

    model: Path
    fingerprint: str
    started_from: str | None
    num_users: int
    num_movies: int
    num_ratings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChange:
    """One metric of both models on the same ratings, and the difference, paired by user.

    Attributes:
        metric: ``rmse``, ``mae``, ``ndcg@10``, ``recall@10``, ``coverage``, ``diversity``,
            ``long_tail`` or ``novelty``.
        old: of the earlier model.
        new: of the later one.
        change: new less old.
        share: new over old, less 1; None where a value of the old one is 0.
    """

    metric: str
    old: Estimate
    new: Estimate
    change: Estimate
    share: Estimate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A requirement and what came of it.

    Attributes:
        requirement: as it was written.
        is_met: whether the number is within the bound; its interval does not count.
        value: the number that was held against the bound, as the requirement means it.
        half_width: half of that number's 95 % interval.
        is_sure: whether the bound lies outside that interval, so that chance does not decide.
    """

    requirement: str
    is_met: bool
    value: float
    half_width: float
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonReport:
    """Two models beside each other.

    Attributes:
        old: the earlier model.
        new: the later one.
        options: old and new value of every option that differs, None where a model has no such option.
        measured_on: what the ratings were read from.
        users: users with a measured rating.
        rankers: users among them who like something of what is measured; rankings are of these.
        ratings: measured ratings.
        metrics: without those that a model has no answer for.
        lists: how far they moved; None where the models know no user in common.
        new_movies: ids that only the new model knows, ascending.
        gone_movies: ids that only the old one knows.
        requirements: in the order in which they were given.
        notes: what a reader of the numbers has to know.
        seconds: that it took.
    """

    old: ComparedModel
    new: ComparedModel
    options: Mapping[str, tuple[Any, Any]]
    measured_on: str
    users: int
    rankers: int
    ratings: int
    metrics: tuple[MetricChange, ...]
    lists: ListsMoved | None
    new_movies: tuple[int, ...]
    gone_movies: tuple[int, ...]
    requirements: tuple[Judged, ...]
    notes: tuple[str, ...]
    seconds: float


def run(config: CompareConfig, progress: Progress, *, protocol: ProtocolConfig | None = None) -> ComparisonReport:
    """Measure two models on the same ratings and compare their lists.

    Args:
        config: which models, on what.
        progress: is told how it goes.
        protocol: from which rating a movie is liked, how many places and users count; None for the defaults.

    Raises:
        ArtifactError: a model is missing or damaged, has another rating scale, or has no answer that is required.
        DataError: the data set is missing or malformed, or has no ratings that neither model has learnt from.
    """
    started, protocol = time.monotonic(), protocol or ProtocolConfig()
    old, new = ModelFolder.open(config.old), ModelFolder.open(config.new)
    _require_one_scale(old, new)
    data = config.data or Path(new.info.run["data_dir"])
    with progress.task("Comparing", total=4, unit="steps") as task:
        dataset, trained, measured = _unseen(config, data, old, new)
        group = Group(
            kind="known",
            ratings=dataset.ratings.at(measured),
            candidates=np.arange(len(dataset.movie_ids) + 1) > 0,
        )
        learnt = interactions(dataset, trained, protocol)
        measure = GroupMeasure(group, learnt, protocol, seen=learnt.rated())
        task.update(1, now=str(old.path))
        before = measure.measure(ServedModel(old, dataset), ranks=True)
        task.update(2, now=str(new.path))
        after = measure.measure(ServedModel(new, dataset), ranks=True)
        metrics = _changes(before, after, protocol)
        task.update(3, now="lists")
        lists = lists_moved(old, new, people=config.people, k=protocol.k, rng=np.random.default_rng(0))
    return ComparisonReport(
        old=_described(old),
        new=_described(new),
        options=_differing(old.info.options, new.info.options),
        measured_on=str(config.ratings or data),
        users=len(measure.user_rows),
        rankers=len(measure.rankers),
        ratings=len(measure.ratings),
        metrics=metrics,
        lists=lists,
        new_movies=tuple(np.setdiff1d(new.movie_ids, old.movie_ids).tolist()),
        gone_movies=tuple(np.setdiff1d(old.movie_ids, new.movie_ids).tolist()),
        requirements=tuple(_judge(wanted, metrics) for wanted in config.requirements),
        notes=_notes(config, new, measure),
        seconds=time.monotonic() - started,
    )


def _require_one_scale(old: ModelFolder, new: ModelFolder) -> None:
    scales = [f"{folder.info.rating_min:g} to {folder.info.rating_max:g}" for folder in (old, new)]
    if scales[0] != scales[1]:
        raise ArtifactError(
            f"'{old.path}' rates from {scales[0]}, '{new.path}' from {scales[1]}: they cannot be compared"
        )


def _unseen(
    config: CompareConfig, data: Path, old: ModelFolder, new: ModelFolder
) -> tuple[Dataset, NDArray[np.int64], NDArray[np.int64]]:
    """The data set, the indices of its ratings that a model has learnt from, and of those to measure."""
    read = partial(read_dataset, data, format=config.format, skip_bad_lines=config.skip_bad_lines)
    dataset, candidates_from = read(), 0
    for folder in (old, new):
        if not is_trained_on(folder, dataset).any():
            raise DataError(
                f"{data}: holds none of the ratings that '{folder.path}' was trained on; name its data with --data"
            )
    if config.ratings is not None:
        candidates_from = len(dataset.ratings)
        dataset = with_ratings(dataset, read(ratings_file=config.ratings))
    is_learnt = is_trained_on(old, dataset) | is_trained_on(new, dataset)
    candidates = np.arange(candidates_from, len(dataset.ratings))
    measured = candidates[~is_learnt[candidates]]
    if not len(measured):
        raise DataError(
            f"{config.ratings or data}: holds no rating that neither model has learnt from; name ratings that "
            "are new to both with --ratings FILE"
        )
    return dataset, np.flatnonzero(is_learnt), measured


def _changes(old: Measured, new: Measured, protocol: ProtocolConfig) -> tuple[MetricChange, ...]:
    bootstrap = Bootstrap(old.user_rows, resamples=protocol.resamples, rng=np.random.default_rng(0))
    changes = []
    for metric in METRICS:
        before, after = (bootstrap.replicates([measured], metric) for measured in (old, new))  # (B + 1, 1)
        if before is None or after is None:
            continue
        changes.append(
            MetricChange(
                metric=f"{metric}@{protocol.k}" if metric in _RANKED else metric,
                old=estimate(before),
                new=estimate(after),
                change=estimate(after - before),
                share=estimate(after / before - 1.0) if before.min() > 0 else None,
            )
        )
    return tuple(changes)


def _judge(wanted: Requirement, metrics: tuple[MetricChange, ...]) -> Judged:
    numbers = {
        found.metric: {"share": found.share, "change": found.change, "value": found.new}[wanted.of]
        for found in metrics
    }
    number = numbers.get(wanted.metric)
    if number is None:
        raise ArtifactError(f"--require {wanted.text!r}: one of the models has no {wanted.metric} to compare")
    return Judged(
        requirement=wanted.text,
        is_met=wanted.allows(number.value),
        value=number.value,
        half_width=number.half_width,
        is_sure=not number.low < wanted.bound < number.high,
    )


def _described(folder: ModelFolder) -> ComparedModel:
    held_out = folder.held_out
    return ComparedModel(
        model=folder.path,
        fingerprint=folder.fingerprint,
        started_from=folder.info.started_from,
        num_users=len(folder.user_ids),
        num_movies=len(folder.movie_ids),
        num_ratings=len(folder.seen.movie_ids) - (0 if held_out is None else len(held_out.movie_ids)),
    )


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*old, *(name for name in new if name not in old)]
    return {name: (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _notes(config: CompareConfig, new: ModelFolder, measure: GroupMeasure) -> tuple[str, ...]:
    notes = []
    if measure.is_sample:
        notes.append(f"Of the users {len(measure.user_rows):,} are measured, chosen at random.")
    if config.ratings is None and new.info.split["holdout"]:
        notes.append(
            "The training chose its epoch by some of these ratings, which flatters the new model a little."
        )
    return tuple(notes)
