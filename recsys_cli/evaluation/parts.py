"""Who is served how well: the model's numbers for each gender, age group and job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.reader import Dataset
from recsys_cli.errors import DataError
from recsys_cli.evaluation.estimates import Bootstrap, Estimate, estimate
from recsys_cli.evaluation.measures import Measured

_LEAST = 5  # people: of fewer neither a mean nor its interval says anything


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The model on the people of one gender, age group or job; None for a number that is of fewer than 5 people.

    Attributes:
        value: the gender, the years or the job; ``unknown`` where nobody knows.
        users: people with a held-out rating, mean over the splits.
        rmse: of their ratings.
        ndcg: of their lists.
    """

    value: str
    users: int
    rmse: Estimate | None = None
    ndcg: Estimate | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """What divides people.

    Attributes:
        rows: (U + 1,) int, the value of each user row, 0 unknown.
        names: of the values by row, ``unknown`` first.
    """

    rows: NDArray[np.integer]
    names: tuple[str, ...]


def attributes(dataset: Dataset, by: Sequence[str]) -> dict[str, Attribute]:
    """The attributes of a data set's people by name.

    Raises: DataError: the data set knows nothing of one of them.
    """
    columns = {"gender": dataset.user_genders, "age": dataset.user_ages, "job": dataset.user_jobs}
    for name in by:
        if not columns[name].any():
            raise DataError(f"--by {name}: nobody's {name} is known in this data set; leave it out")
    return {name: Attribute(columns[name], _names(dataset.demographics, name)) for name in by}


def _names(known: Demographics, attribute: str) -> tuple[str, ...]:
    values = {
        "gender": known.genders,
        "age": [known.age_name(row) for row in range(1, len(known.ages) + 1)],
        "job": [name for _, name in known.jobs],
    }
    return ("unknown", *values[attribute])


def divide(
    splits: Sequence[Measured], by: Mapping[str, Attribute], *, resamples: int, rng: np.random.Generator
) -> dict[str, tuple[Part, ...]]:
    """The parts of the people of each attribute, in the order of its values, the unknown last.

    Args:
        splits: measurements of the model on one kind of held-out ratings.
        by: attributes by name.
        resamples: of the users of a part.
        rng: source of the resamples.
    """
    parts: dict[str, tuple[Part, ...]] = {}
    for name, attribute in by.items():
        rows = (*range(1, len(attribute.names)), 0)
        chosen = ((row, [split.of(attribute.rows[split.user_rows] == row) for split in splits]) for row in rows)
        parts[name] = tuple(
            _part(attribute.names[row], found, resamples=resamples, rng=rng)
            for row, found in chosen
            if any(len(each.user_rows) for each in found)
        )
    return parts


def _part(value: str, splits: Sequence[Measured], *, resamples: int, rng: np.random.Generator) -> Part:
    def number(metric: str) -> Estimate | None:
        counted = [split.of(split.sums[metric].denominators > 0) for split in splits if metric in split.sums]
        people = np.unique(np.concatenate([np.empty(0, np.int64), *(split.user_rows for split in counted)]))
        if len(people) < _LEAST:
            return None
        bootstrap = Bootstrap(people, resamples=resamples, rng=rng)
        replicates = bootstrap.replicates([split for split in counted if len(split.user_rows)], metric)
        return None if replicates is None else estimate(replicates)

    users = round(np.mean([len(split.user_rows) for split in splits]))
    return Part(value=value, users=users, rmse=number("rmse"), ndcg=number("ndcg"))
