"""What was held out and what the numbers mean, in sentences."""

from __future__ import annotations

import numpy as np

from recsys_cli.config.evaluation import ProtocolConfig, SplitConfig
from recsys_cli.config.training import ScheduleConfig
from recsys_cli.dataset.lines import date_text
from recsys_cli.dataset.reader import Dataset
from recsys_cli.evaluation.protocol import Case
from recsys_cli.evaluation.time_split import TimeSplit


def describe_people(
    dataset: Dataset, protocol: ProtocolConfig, *, seeds: int, schedule: ScheduleConfig
) -> tuple[str, ...]:
    """What :func:`~recsys_cli.evaluation.protocol.split_cases` does, and how to read the numbers, in sentences."""
    return (
        f"Split, for each of {seeds} seeds: {_percent(protocol.cold_users)} of the users are held out whole (cold "
        f"users); of the other users' ratings {_percent(protocol.test_ratings)} are held out at random (known "
        f"users); the rest is trained on: {_epoch(schedule)}.",
        f"New movies: a second training without the ratings of {_percent(protocol.new_movies)} of the movies; "
        "these are ranked among themselves, for the users who are not cold.",
        f"Movies like one: for each movie that a cold user likes, the share of the {protocol.k} most like it that "
        "the user likes, too; lift: over the share of all cold users who like these.",
        *_describe_ranking(len(dataset.movie_ids), dataset.rating_max, protocol),
    )


def describe_ratings(
    dataset: Dataset, protocol: ProtocolConfig, *, share: float, seeds: int, schedule: ScheduleConfig
) -> tuple[str, ...]:
    """What :func:`~recsys_cli.evaluation.protocol.ratings_case` does, and how to read the numbers."""
    return (
        f"Split, for each of {seeds} seeds: {_percent(share)} of all ratings are held out at random, whosever "
        f"they are; the rest is trained on: {_epoch(schedule)}. This is the split of the literature on RMSE.",
        *_describe_ranking(len(dataset.movie_ids), dataset.rating_max, protocol),
    )


def describe_time(
    dataset: Dataset,
    split: TimeSplit,
    config: SplitConfig,
    protocol: ProtocolConfig,
    *,
    seeds: int,
    schedule: ScheduleConfig,
) -> tuple[str, ...]:
    """What :func:`~recsys_cli.evaluation.time_split.time_case` does, and how to read the numbers, in sentences."""
    moment = f"{date_text(split.moment)} UTC"
    times = "" if seeds == 1 else f" {seeds} trainings differ by their seed alone."
    sentences = [
        f"Split by time: the {len(split.past):,} ratings before {moment} are trained on: {_epoch(schedule)}; the "
        f"{len(split.future):,} from then on are measured, of people who had rated something by then (known "
        "users), of others (cold users), and of movies that nobody had rated (new movies, ranked among "
        f"themselves for the known users). The catalogue is taken to be known.{times}",
        f"Popular of late: likes of the {config.days} days before that moment.",
    ]
    if len(split.unknown):
        values, unknown = dataset.ratings.values, np.zeros(len(dataset.ratings), dtype=np.bool_)
        unknown[split.unknown] = True
        sentences.append(
            f"Left out: {len(split.unknown):,} of {len(values):,} ratings whose time is not known; they are "
            f"{values[unknown].mean():.2f} in the mean, the others {values[~unknown].mean():.2f}."
        )
    return (*sentences, *_describe_ranking(len(dataset.movie_ids), dataset.rating_max, protocol))


def describe_given(case: Case, protocol: ProtocolConfig) -> tuple[str, ...]:
    """What :func:`~recsys_cli.evaluation.protocol.model_case` does, and how to read the numbers, in sentences."""
    return (
        "Measured are ratings that the model was not trained on: of users whom it has ratings of (known users), "
        "of the others (cold users), and of movies that it has no ratings of (new movies, ranked among "
        "themselves).",
        *_describe_ranking(case.data.num_movies, case.data.rating_max, protocol),
    )


def _describe_ranking(num_movies: int, rating_max: float, protocol: ProtocolConfig) -> tuple[str, ...]:
    return (
        f"Relevant: a rating of {protocol.like_share * rating_max:g} or more. Where it is not said otherwise, a "
        f"user is given a ranking of all {num_movies:,} movies, without those that they rated in training.",
        "Lift: NDCG over that of Most popular (known or all users), Popular in group (cold users), Popular genres "
        "(new movies). Coverage: share of the movies that stand in anybody's list. Diversity: how much the genres "
        f"within a list differ, 0 to 1. Long tail: share of a list that is not among the {protocol.head} most "
        "rated movies. Novelty: mean over a list of -log2 of the share of people who rated the movie.",
        f"± is half of a 95 % interval: 1.96 standard errors, from {protocol.resamples:,} bootstrap resamples of "
        "the users. Differences are paired by user.",
    )


def _epoch(schedule: ScheduleConfig) -> str:
    if not schedule.holdout:
        return "every rating is learnt from"
    again = ", and a second training of as many epochs learns all of it" if schedule.refit else ""
    return f"{_percent(schedule.holdout)} of it choose the epoch{again}"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"
