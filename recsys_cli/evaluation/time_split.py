"""The order of time: what was known at a moment is learnt from, and what came after it is measured."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.evaluation import ProtocolConfig, SplitConfig
from recsys_cli.dataset.lines import UNKNOWN_TIME, date_text
from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.rows import Ratings
from recsys_cli.errors import DataError
from recsys_cli.evaluation.interactions import Ints
from recsys_cli.evaluation.protocol import Case, model_case

_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeSplit:
    """A data set cut at a moment.

    Attributes:
        moment: seconds since 1970.
        past: int64, ascending indices of the ratings before it; of several of one movie by one user the latest.
        future: int64, ascending indices of the ratings from it on, without those of a movie that the user had
            rated before; of several of one movie by one user the first.
        unknown: int64, indices of the ratings whose time is not known, which are in neither.
    """

    moment: int
    past: Ints
    future: Ints
    unknown: Ints


def split_by_time(dataset: Dataset, config: SplitConfig) -> TimeSplit:
    """Cut a data set at the moment that is named, or that leaves the share that is named.

    Args:
        dataset: with times.
        config: the moment or the share.

    Raises: DataError: no time is known, or one side would be empty.
    """
    times = _times(dataset)
    known = np.flatnonzero(times > UNKNOWN_TIME)
    if not len(known):
        raise DataError("--split time: the time of none of the ratings is known")
    moment = config.moment
    if moment is None:
        place = min(math.ceil((1 - config.share) * len(known)), len(known) - 1)
        moment = int(np.partition(times[known], place)[place])
    pairs = dataset.ratings.user_rows.astype(np.int64) * (len(dataset.movie_ids) + 1) + dataset.ratings.movie_rows
    past = _first_of_each(pairs, known[times[known] < moment][::-1], times, latest=True)
    later = known[times[known] >= moment]
    future = _first_of_each(pairs, later[~np.isin(pairs[later], pairs[past])], times)
    for side, what in ((past, "learn from before"), (future, "measure from")):
        if not len(side):
            span = f"{date_text(int(times[known].min()))} to {date_text(int(times[known].max()))}"
            raise DataError(f"--split time: nothing to {what} {date_text(moment)} UTC; the ratings are of {span}")
    return TimeSplit(moment=moment, past=past, future=future, unknown=np.flatnonzero(times <= UNKNOWN_TIME))


def time_case(
    dataset: Dataset, split: TimeSplit, protocol: ProtocolConfig, *, recent_days: int, seed: int
) -> Case:
    """What was known before the moment to learn from, and the groups by it: known users, cold users, new movies.

    Neither the training nor a baseline is told of people who came later: how many they are, and which ids they
    have, would move what is drawn at random. The catalogue and the scale are taken to be known throughout.

    Args:
        dataset: with times.
        split: of it.
        protocol: from which rating a movie is liked.
        recent_days: days before the moment that are recent.
        seed: of the training and of the baselines.
    """
    past, future = dataset.ratings.at(split.past), dataset.ratings.at(split.future)
    train = np.arange(len(past))
    whole = dataclasses.replace(dataset, ratings=past.followed_by(future), times=None)
    case = model_case(whole, protocol, train=train, held_out=len(past) + np.arange(len(future)))
    recent = _times(dataset)[split.past] >= split.moment - recent_days * _DAY
    return dataclasses.replace(
        case,
        seed=seed,
        dataset=_of_people_who_rate(whole, past),
        data=dataclasses.replace(case.data, recent=recent),
    )


def _times(dataset: Dataset) -> NDArray[np.int64]:
    if dataset.times is None:
        raise ValueError("the data set was read without times")
    return dataset.times


def _first_of_each(pairs: Ints, indices: Ints, times: Ints, *, latest: bool = False) -> Ints:
    """Of several indices of one pair the one with the earliest, or latest, time, of these the first; ascending."""
    order = indices[np.argsort(-times[indices] if latest else times[indices], kind="stable")]
    _, first = np.unique(pairs[order], return_index=True)
    return np.sort(order[first])


def _of_people_who_rate(dataset: Dataset, ratings: Ratings) -> Dataset:
    """The data set with these ratings, and without the people who gave none of them."""
    people = np.unique(ratings.user_rows)
    rows = np.zeros(len(dataset.user_ids) + 1, dtype=np.int32)
    rows[people] = np.arange(1, len(people) + 1)
    kept = np.concatenate([np.zeros(1, dtype=people.dtype), people])
    return dataclasses.replace(
        dataset,
        user_ids=dataset.user_ids[people - 1],
        user_genders=dataset.user_genders[kept],
        user_ages=dataset.user_ages[kept],
        user_jobs=dataset.user_jobs[kept],
        user_further=dataset.user_further[kept],
        ratings=Ratings(rows[ratings.user_rows], ratings.movie_rows, ratings.values),
    )
