"""The split that was asked for: its cases, seed by seed, and the words for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys_cli.config.evaluation import EvaluateConfig, ProtocolConfig
from recsys_cli.dataset.reader import Dataset
from recsys_cli.evaluation.description import describe_people, describe_ratings, describe_time
from recsys_cli.evaluation.protocol import Case, ratings_case, split_cases
from recsys_cli.evaluation.time_split import split_by_time, time_case


@dataclass(frozen=True, slots=True)
class Splits:
    """What is trained on and held out.

    Attributes:
        cases: of a seed, one training each.
        description: in sentences.
    """

    cases: Callable[[int], tuple[Case, ...]]
    description: tuple[str, ...]


def splits_of(dataset: Dataset, config: EvaluateConfig, protocol: ProtocolConfig) -> Splits:
    """The splits of a data set.

    Args:
        dataset: with times where the split is by time.
        config: which split, and by how many seeds.
        protocol: shares of the split by people, and from which rating a movie is liked.

    Raises: DataError: no ratings lie on one side of a split by time.
    """
    split, seeds, schedule = config.split, config.num_splits, config.options.schedule
    if split.kind == "time":
        cut = split_by_time(dataset, split)
        return Splits(
            lambda seed: (time_case(dataset, cut, protocol, recent_days=split.days, seed=seed),),
            describe_time(dataset, cut, split, protocol, seeds=seeds, schedule=schedule),
        )
    if split.kind == "ratings":
        return Splits(
            lambda seed: (ratings_case(dataset, protocol, share=split.share, seed=seed),),
            describe_ratings(dataset, protocol, share=split.share, seeds=seeds, schedule=schedule),
        )
    return Splits(
        lambda seed: split_cases(dataset, protocol, seed=seed),
        describe_people(dataset, protocol, seeds=seeds, schedule=schedule),
    )
