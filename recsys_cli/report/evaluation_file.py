"""The document of ``recsys evaluate --json``: what the page shows of it."""

from __future__ import annotations

from pathlib import Path

import msgspec

from recsys_cli.errors import DataError


class Interval(msgspec.Struct, frozen=True):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.high - self.low) / 2


class Method(msgspec.Struct, frozen=True):
    """One recommender in one group; None where it has no answer or nobody measured it."""

    name: str
    title: str
    rmse: Interval | None = None
    ndcg: Interval | None = None
    recall: Interval | None = None
    coverage: Interval | None = None
    diversity: Interval | None = None
    lift: Interval | None = None
    novelty: Interval | None = None
    long_tail: Interval | None = None


class Gap(msgspec.Struct, frozen=True):
    """The model less the best baseline, user by user."""

    metric: str
    baseline: str
    estimate: Interval


class Part(msgspec.Struct, frozen=True):
    """The model on the people of one gender, age group or job."""

    value: str
    users: int
    rmse: Interval | None = None
    ndcg: Interval | None = None


class MeasuredGroup(msgspec.Struct, frozen=True):
    """All recommenders on one kind of held-out ratings; ``by`` holds parts of it by attribute."""

    kind: str
    title: str
    users: int
    ratings: int
    rows: tuple[Method, ...]
    differences: tuple[Gap, ...] = ()
    by: dict[str, tuple[Part, ...]] = {}

    @property
    def model(self) -> Method:
        """The model's own row."""
        return self.rows[0]

    def method(self, name: str) -> Method | None:
        """The row of a recommender by its name."""
        return next((row for row in self.rows if row.name == name), None)


class Curve(msgspec.Struct, frozen=True):
    """NDCG by the number of favourites shown."""

    users: int
    shown: tuple[int, ...]
    ndcg: tuple[float, ...]
    popular: tuple[float, ...]


class Evaluation(msgspec.Struct, frozen=True):
    """What ``recsys evaluate`` measured."""

    data: str
    fingerprint: str
    objective: str
    k: int
    seeds: tuple[int, ...]
    protocol: tuple[str, ...]
    notes: tuple[str, ...]
    groups: tuple[MeasuredGroup, ...]
    favourites: Curve | None
    seconds: float


def parse_evaluation(document: bytes, *, source: str) -> Evaluation:
    """Take from the JSON of ``recsys evaluate`` what the page shows; more keys than these are allowed.

    Args:
        document: the JSON.
        source: where it comes from, for the error.

    Raises: DataError: it is not such a document.
    """
    try:
        evaluation = msgspec.json.decode(document, type=Evaluation)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(
            f"{source}: not what 'recsys evaluate --json' prints: {error}; write it with 'recsys evaluate --json'"
        ) from error
    if any(not group.rows for group in evaluation.groups):
        raise DataError(f"{source}: not what 'recsys evaluate --json' prints: a group without rows")
    return evaluation


def read_evaluation(path: Path) -> Evaluation:
    """Read a file of ``recsys evaluate --json``; errors as :func:`parse_evaluation`."""
    try:
        return parse_evaluation(path.read_bytes(), source=str(path))
    except OSError as error:
        raise DataError(f"--evaluation {path}: cannot be read ({error.strerror})") from error
