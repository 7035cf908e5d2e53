"""Options of ``recsys compare``: which two models, on what, and how good the new one must be."""

import re
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.config.fields import check_range
from recsys_cli.errors import ConfigError

LESS_IS_BETTER = ("rmse", "mae")
MORE_IS_BETTER = ("ndcg@10", "recall@10")
_METRICS = (*LESS_IS_BETTER, *MORE_IS_BETTER, "coverage", "diversity", "long_tail", "novelty")
_REQUIREMENT = re.compile(
    r"\s*(?P<metric>[a-z@0-9_]+)\s*(?P<side>>=|<=)\s*(?P<sign>[+-]?)(?P<number>\d+(?:\.\d*)?|\.\d+)\s*(?P<percent>%?)\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a new model must reach.

    Attributes:
        text: as it was written.
        metric: ``rmse``, ``mae``, ``ndcg@10``, ``recall@10``, ``coverage``, ``diversity``,
            ``long_tail`` or ``novelty``.
        at_least: whether the bound is the lowest that is allowed, rather than the highest.
        of: ``share`` (new over old, less 1), ``change`` (new less old) or ``value`` (new).
        bound: a share, or a number in the metric's unit.
    """

    text: str
    metric: str
    at_least: bool
    of: str
    bound: float

    @classmethod
    def parse(cls, text: str) -> "Requirement":
        """Read ``ndcg@10 >= -1%``, ``rmse <= +0.005`` or ``rmse <= 0.9``.

        With a percent sign the number is a change in percent of the old model's value, with a sign before it a
        change, otherwise the new model's own value.

        Raises:
            ConfigError: it is none of these, or asks for the worse.
        """
        found = _REQUIREMENT.fullmatch(text)
        if not found or found["metric"] not in _METRICS:
            raise ConfigError(
                f"--require {text!r} is not allowed; allowed: {', '.join(_METRICS)}, then >= or <=, then a change "
                "in percent (-1%), a change (+0.005) or a value (0.9)"
            )
        metric, at_least = found["metric"], found["side"] == ">="
        if metric in (LESS_IS_BETTER if at_least else MORE_IS_BETTER):
            better, side = ("less", "<=") if at_least else ("more", ">=")
            raise ConfigError(f"--require {text!r}: {better} is better for {metric}; write {side}")
        of = "share" if found["percent"] else "change" if found["sign"] else "value"
        number = float(found["sign"] + found["number"])
        if of == "value" and not number:
            raise ConfigError(f"--require {text!r}: without a sign that is the value itself; write +0 or 0%")
        return cls(
            text=text.strip(),
            metric=metric,
            at_least=at_least,
            of=of,
            bound=number / 100 if of == "share" else number,
        )

    def allows(self, value: float) -> bool:
        """Whether a share, change or value is within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareConfig:
    """Which two models are compared, and on what.

    Attributes:
        old: folder of the earlier model.
        new: folder of the later one.
        data: folder of the data set; None for the one that the new model was trained on.
        ratings: file of ratings that neither has seen, in the data set's layout; None for those of the data set
            that both held out.
        format: layout of the data set's files, None to tell it by them.
        skip_bad_lines: leave bad lines out instead of refusing the data set.
        people: whose lists are compared, at most, 1 to 1,000,000; a random choice of those whom both know.
        requirements: what the new model must reach.
    """

    old: Path
    new: Path
    data: Path | None = None
    ratings: Path | None = None
    format: str | None = None
    skip_bad_lines: bool = False
    people: int = 1000
    requirements: tuple[Requirement, ...] = ()

    def __post_init__(self) -> None:
        check_range(self, 1, 1_000_000, "people")
