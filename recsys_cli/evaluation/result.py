"""What ``recsys evaluate`` answers, and how it is made of measurements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys_cli.evaluation.estimates import LOWER_IS_BETTER, METRICS, Bootstrap, Estimate, estimate
from recsys_cli.evaluation.favourites_curve import FavouritesCurve
from recsys_cli.evaluation.measures import Measured
from recsys_cli.evaluation.parts import Attribute, Part, divide
from recsys_cli.evaluation.similar_movies import SimilarMeasure

MODEL = "model"
_KINDS = {"all": "All users", "known": "Known users", "cold": "Cold users", "new": "New movies"}
_REFERENCE = {
    "all": ("popular",),
    "known": ("popular",),
    "cold": ("popular_in_group", "popular"),
    "new": ("popular_genres",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One recommender in one group; None where it has no answer.

    Attributes:
        name: as programs call it; ``model`` is the one that is evaluated.
        title: as people read it.
        rmse: of its rating estimates.
        mae: of its rating estimates.
        ndcg: at 10, or the protocol's k.
        recall: at k, hits / min(k, relevant).
        coverage: share of the movies that compete that stand in anybody's list.
        diversity: mean over pairs in a list of 1 - Jaccard of their genres.
        long_tail: share of a list that is not among the 100 movies with most training ratings, or the protocol's
            ``head``; None for new movies, of which none is.
        novelty: mean over a list of -log2 of the share of the people who rated the movie in training, bits; None
            for new movies.
        lift: ``ndcg`` over that of the group's popularity baseline.
    """

    name: str
    title: str
    rmse: Estimate | None = None
    mae: Estimate | None = None
    ndcg: Estimate | None = None
    recall: Estimate | None = None
    coverage: Estimate | None = None
    diversity: Estimate | None = None
    long_tail: Estimate | None = None
    novelty: Estimate | None = None
    lift: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """The model less the best baseline, user by user.

    Attributes:
        metric: what is compared.
        baseline: name of the baseline that is best by this metric.
        estimate: model less baseline; below 0 is better for ``rmse`` and ``mae``, above 0 for the others.
    """

    metric: str
    baseline: str
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReport:
    """All recommenders on one kind of held-out ratings.

    Attributes:
        kind: ``known``, ``cold`` or ``new``; ``all`` where ratings were held out whosever they are.
        title: as people read it.
        users: users with a held-out rating, mean over the splits.
        rankers: users among them who like something of what is held out; rankings are of these.
        ratings: held-out ratings, mean over the splits.
        candidates: movies that compete in a ranking, mean over the splits.
        reference: name of the baseline that ``lift`` is measured by.
        rows: the model, then the baselines.
        differences: model less best baseline, for RMSE, MAE, NDCG and recall.
        by: the model for each value of the attributes that were asked for.
    """

    kind: str
    title: str
    users: int
    rankers: int
    ratings: int
    candidates: int
    reference: str
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...] = ()
    by: dict[str, tuple[Part, ...]] = field(default_factory=dict)

    @property
    def model(self) -> Row:
        """The model's own row."""
        return self.rows[0]

    def row(self, name: str) -> Row | None:
        """The row of a recommender by its name."""
        return next((row for row in self.rows if row.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationReport:
    """Everything that was measured.

    Attributes:
        data: folder of the data set.
        fingerprint: of the data set.
        objective: of the model.
        k: places of a ranking that count.
        seeds: of the splits; empty for a model that was given.
        protocol: what was held out, and what the numbers mean.
        notes: what was left out, and why.
        groups: known users, cold users, new movies, or all users; without those that have no ratings.
        favourites: cold users who name a few likes; None for a model that was given, too few people, or where the
            split is not by people.
        seconds: that it took.
        similar: whether cold users like movies that are like one they like; None as for ``favourites``.
    """

    data: str
    fingerprint: str
    objective: str
    k: int
    seeds: tuple[int, ...]
    protocol: tuple[str, ...]
    notes: tuple[str, ...]
    groups: tuple[GroupReport, ...]
    favourites: FavouritesCurve | None
    seconds: float
    similar: SimilarMeasure | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """All recommenders in one group, split by split.

    Attributes:
        kind: of the group.
        num_ratings: held-out ratings of each split.
        num_rankers: users with a list, of each split.
        by_name: name to one measurement a split.
        titles: name to title.
    """

    kind: str
    num_ratings: list[int] = field(default_factory=list)
    num_rankers: list[int] = field(default_factory=list)
    by_name: dict[str, list[Measured]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)


def group_report(
    measurements: Measurements,
    *,
    resamples: int,
    rng: np.random.Generator,
    by: Mapping[str, Attribute] | None = None,
) -> GroupReport:
    """Numbers with intervals from measurements.

    Args:
        measurements: at least of the model, in one split or more.
        resamples: of the users.
        rng: source of the resamples.
        by: attributes by which the people are divided.
    """
    splits = measurements.by_name[MODEL]
    everybody = np.unique(np.concatenate([measured.user_rows for measured in splits]))
    bootstrap = Bootstrap(everybody, resamples=resamples, rng=rng)
    replicates = {
        name: {metric: bootstrap.replicates(measured, metric) for metric in METRICS}
        for name, measured in measurements.by_name.items()
    }
    reference = next((name for name in _REFERENCE[measurements.kind] if name in replicates), "")
    return GroupReport(
        kind=measurements.kind,
        title=_KINDS[measurements.kind],
        users=round(np.mean([len(measured.user_rows) for measured in splits])),
        rankers=round(np.mean(measurements.num_rankers)),
        ratings=round(np.mean(measurements.num_ratings)),
        candidates=round(np.mean([measured.num_candidates for measured in splits])),
        reference=reference,
        rows=tuple(
            _row(name, measurements.titles[name], values, replicates.get(reference, {}))
            for name, values in replicates.items()
        ),
        differences=_differences(replicates),
        by=divide(splits, by or {}, resamples=resamples, rng=rng),
    )


_Values = Mapping[str, NDArray[np.float64] | None]


def _row(name: str, title: str, values: _Values, reference: _Values) -> Row:
    estimates = {
        metric: None if replicates is None else estimate(replicates) for metric, replicates in values.items()
    }
    own, theirs = values["ndcg"], reference.get("ndcg")
    lift = None
    if own is not None and theirs is not None and theirs.min() > 0:
        lift = estimate(own / theirs)
    return Row(name=name, title=title, lift=lift, **estimates)


def _differences(replicates: Mapping[str, _Values]) -> tuple[Difference, ...]:
    differences = []
    for metric in ("rmse", "mae", "ndcg", "recall"):
        own = replicates[MODEL][metric]
        others = _answers(replicates, metric)
        if own is None or not others:
            continue
        best = min if metric in LOWER_IS_BETTER else max
        baseline = best(others, key=lambda name: float(others[name][0].mean()))
        differences.append(Difference(metric, baseline, estimate(own - others[baseline])))
    return tuple(differences)


def _answers(replicates: Mapping[str, _Values], metric: str) -> dict[str, NDArray[np.float64]]:
    answers = {}
    for name, values in replicates.items():
        value = values[metric]
        if name != MODEL and value is not None:
            answers[name] = value
    return answers
