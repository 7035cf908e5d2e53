"""Options of the baselines of ``recsys evaluate``, beside each other on validation ratings.

    python scripts/tune_baselines.py --data data/ml-1m ease als

Validation is within the training part of the first split of ``recsys evaluate``, divided once more by the same
protocol: the ratings that the published tables are measured on are not looked at. BPR, which stands in the tables
of the split by time alone, is judged within the past of that split, cut once more. The best by the metric in the
heading become the defaults of ``BaselineConfig``.
"""

import argparse
import dataclasses
import os
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

from recsys_cli.config.evaluation import ProtocolConfig, SplitConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.evaluation import baselines
from recsys_cli.evaluation.interactions import Interactions
from recsys_cli.evaluation.measures import GroupMeasure
from recsys_cli.evaluation.protocol import Case, split_cases
from recsys_cli.evaluation.time_split import split_by_time, time_case

_VALIDATION_SEED = 1001
_Fit = Callable[..., baselines.Baseline]


@dataclasses.dataclass(frozen=True)
class Search:
    """A baseline, what it is judged by, and the values that are tried, every one with every other."""

    fit: _Fit
    group: str
    metric: str
    options: dict[str, tuple[float, ...]]
    fixed: dict[str, Any] = dataclasses.field(default_factory=dict)
    by_time: bool = False


SEARCHES = {
    "biases": Search(
        baselines.Biases, "known", "rmse", {"user_damping": (2, 5, 10), "movie_damping": (0.5, 2, 5, 10)}
    ),
    "popular_genres": Search(baselines.popular_genres, "new", "ndcg", {"penalty": (1, 3, 10, 30)}),
    "liked_genres": Search(
        baselines.liked_genres, "new", "ndcg", {"penalty": (1, 3, 10, 30), "damping": (3, 10, 30)}
    ),
    "attribute_ridge": Search(baselines.attribute_ridge, "cold", "ndcg", {"penalty": (30, 100, 300, 1000)}),
    "als": Search(
        baselines.implicit_als,
        "known",
        "ndcg",
        {"factors": (64, 96, 128), "alpha": (2, 4, 8), "regularization": (30, 60, 100)},
        {"sweeps": 15, "seed": 1},
    ),
    "ease": Search(baselines.ease, "known", "ndcg", {"penalty": (125, 250, 500, 1000)}),
    "ease_on_ratings": Search(baselines.ease_on_ratings, "known", "ndcg", {"penalty": (500, 1000, 2000)}),
    "ease_on_stars": Search(baselines.ease_on_stars, "known", "ndcg", {"penalty": (150, 300, 600)}),
    "bpr": Search(
        baselines.implicit_bpr,
        "known",
        "ndcg",
        {
            "factors": (64, 128),
            "learning_rate": (0.002, 0.005, 0.01),
            "regularization": (0.03, 0.1),
            "sweeps": (12, 25, 50),
        },
        {"seed": 1},
        by_time=True,
    ),
}


def validation_cases(dataset: Dataset, protocol: ProtocolConfig) -> tuple[Case, ...]:
    """The protocol of the evaluation within the training part of its first split."""
    train = split_cases(dataset, protocol, seed=1)[0].train
    within = dataclasses.replace(dataset, ratings=dataset.ratings.at(train))
    return split_cases(within, protocol, seed=_VALIDATION_SEED)


def validation_by_time(dataset: Dataset, protocol: ProtocolConfig) -> Case:
    """The past of the split by time, cut once more."""
    config = SplitConfig(kind="time")
    past = split_by_time(dataset, config).past
    times = None if dataset.times is None else dataset.times[past]
    within = dataclasses.replace(dataset, ratings=dataset.ratings.at(past), times=times)
    return time_case(within, split_by_time(within, config), protocol, recent_days=config.days, seed=1)


def value(measure: GroupMeasure, fitted: baselines.Baseline, metric: str) -> float:
    """The metric over the users of a group."""
    sums = measure.measure(fitted, ranks=metric == "ndcg").sums[metric]
    mean = float(sums.numerators.sum() / sums.denominators.sum())
    return mean**0.5 if metric == "rmse" else mean


def search(name: str, cases: tuple[Case, ...], protocol: ProtocolConfig) -> None:
    """Fit and measure every combination, and print a line each."""
    asked = SEARCHES[name]
    case, group = next((case, group) for case in cases for group in case.groups if group.kind == asked.group)
    data: Interactions = case.data
    measure = GroupMeasure(group, data, protocol, seen=data.rated())
    print(f"| {name} | {asked.metric}, {asked.group} | seconds |\n|---|---|---|")
    for values in product(*asked.options.values()):
        options = dict(zip(asked.options, values, strict=True))
        started = time.monotonic()
        found = value(measure, asked.fit(data, **options, **asked.fixed), asked.metric)
        text = ", ".join(f"{option} {number:g}" for option, number in options.items())
        print(f"| {text} | {found:.4f} | {time.monotonic() - started:.1f} |", flush=True)


def main() -> None:
    """Parse and search."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("RECSYS_ML1M", "data/ml-1m")))
    parser.add_argument("baselines", nargs="*", metavar="NAME", help=f"of {', '.join(SEARCHES)}; all without any")
    arguments = parser.parse_args()
    protocol = ProtocolConfig()
    names = arguments.baselines or SEARCHES
    cases: dict[bool, tuple[Case, ...]] = {}
    if not all(SEARCHES[name].by_time for name in names):
        cases[False] = validation_cases(read_dataset(arguments.data), protocol)
    if any(SEARCHES[name].by_time for name in names):
        cases[True] = (validation_by_time(read_dataset(arguments.data, timed=True), protocol),)
    for name in names:
        search(name, cases[SEARCHES[name].by_time], protocol)


if __name__ == "__main__":
    main()
