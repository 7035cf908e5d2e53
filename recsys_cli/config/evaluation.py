"""Options of ``recsys evaluate``: what is measured, by which protocol, beside which baselines."""

from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from recsys_cli.config.fields import check_apart
from recsys_cli.config.training import TrainingOptions
from recsys_cli.errors import ConfigError

BY = ("gender", "age", "job")
SPLITS = ("people", "ratings", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConfig:
    """Which ratings are held out.

    Attributes:
        kind: ``people`` with all their ratings, ratings of the others, and movies; ``ratings``, any of them; or by
            ``time``, those from a moment on.
        test_share: share of the ratings that is held out, (0, 1), 0.1 if None; of those whose time is known. None
            for ``people``.
        until: the moment, an ISO 8601 date or date and time, in UTC unless it says otherwise; None for the one
            that leaves ``test_share``. Ratings before it are learnt from.
        recent_days: days before the moment that are recent, 1 to 36,500, 28 if None; only for ``time``.
    """

    kind: str = "people"
    test_share: float | None = None
    until: str | None = None
    recent_days: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in SPLITS:
            raise ConfigError(f"--split {self.kind!r} is not allowed; allowed: {', '.join(SPLITS)}")
        if self.kind == "people" and self.test_share is not None:
            raise ConfigError("--test-share needs --split ratings or --split time")
        for name, value in (("--until", self.until), ("--recent-days", self.recent_days)):
            if self.kind != "time" and value is not None:
                raise ConfigError(f"{name} needs --split time")
        if self.until is not None and self.test_share is not None:
            raise ConfigError("--until and --test-share exclude each other: both say where the ratings are cut")
        if not 0 < self.share < 1:
            raise ConfigError(f"--test-share {self.test_share:g} is not allowed; allowed: above 0, below 1")
        if not 1 <= self.days <= 36_500:
            raise ConfigError(f"--recent-days {self.recent_days} is not allowed; allowed: 1 to 36500")
        if self.until is not None and self.moment is None:
            raise ConfigError(
                f"--until {self.until!r} is not allowed; allowed: a date such as 2000-12-31 or '2000-12-31 18:00'"
            )

    @property
    def share(self) -> float:
        """Share of the ratings that is held out, where it is not people."""
        return 0.1 if self.test_share is None else self.test_share

    @property
    def days(self) -> int:
        """How long before the moment is recent."""
        return 28 if self.recent_days is None else self.recent_days

    @property
    def moment(self) -> int | None:
        """``until`` in seconds since 1970; None where it is not given, or no date."""
        try:
            moment = datetime.fromisoformat((self.until or "").replace("Z", "+00:00"))
        except ValueError:
            return None
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateConfig:
    """What ``recsys evaluate`` measures, and on what.

    Attributes:
        data: folder of the data set; None for $RECSYS_DATA or ``data/ml-1m``, with a model for the one that it was
            trained on.
        download: fetch MovieLens 1M where the default folder does not exist.
        model: model folder to measure; None to train one on each split.
        ratings: file of ratings to measure that model on, in the data set's layout; None for the data set's own.
        predictions: CSV file to write that model's estimates of them to.
        format: layout of the data set's files, None to tell it by them.
        skip_bad_lines: leave bad lines out instead of refusing the data set.
        split: which ratings are held out where no model is given.
        seeds: splits to measure, 1 to 100, 3 if None, 1 by time, where only the training is random; the seeds are
            1, 2, 3, ... None with a model.
        by: attributes by whose values people are shown apart, some of `BY`.
        options: of the trainings. As in ``recsys train``, a part of the training ratings tells how long to train,
            and all of them are learnt.
    """

    data: Path | None = None
    download: bool = True
    model: Path | None = None
    ratings: Path | None = None
    predictions: Path | None = None
    format: str | None = None
    skip_bad_lines: bool = False
    split: SplitConfig = field(default_factory=SplitConfig)
    seeds: int | None = None
    by: tuple[str, ...] = ()
    options: TrainingOptions = field(default_factory=TrainingOptions)

    def __post_init__(self) -> None:
        if self.seeds is not None and self.model is not None:
            raise ConfigError("--seeds and --model exclude each other: a model that is there is measured once")
        if self.split.kind != "people" and self.model is not None:
            raise ConfigError("--split and --model exclude each other: a split is what a model is trained for")
        if not 1 <= self.num_splits <= 100:
            raise ConfigError(f"--seeds {self.seeds} is not allowed; allowed: 1 to 100")
        for name in self.by:
            if name not in BY:
                raise ConfigError(f"--by {name!r} is not allowed; allowed: {', '.join(BY)}, separated by commas")
        check_apart(("--predictions", self.predictions), ("--ratings", self.ratings))
        for name in ("ratings", "predictions"):
            if self.model is None and getattr(self, name) is not None:
                raise ConfigError(
                    f"--{name} needs --model: without one, every split is measured on its own ratings"
                )

    @property
    def num_splits(self) -> int:
        """How many splits are trained and measured where no model is given."""
        if self.seeds is None:
            return 1 if self.split.kind == "time" else 3
        return self.seeds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolConfig:
    """How an evaluation divides the ratings and what it counts.

    Attributes:
        cold_users: share of the users held out whole, (0, 1).
        test_ratings: share of the other users' ratings held out, (0, 1).
        new_movies: share of the movies held out in a training of their own, (0, 1).
        like_share: share of the top of the rating scale from which a movie is liked; 0.8 is 4 of 5.
        k: places of a ranking that count.
        head: most rated movies that are no long tail.
        max_users: users of each kind that are measured, at most; a random choice where there are more.
        resamples: of the users, for the intervals.
    """

    cold_users: float = 0.1
    test_ratings: float = 0.1
    new_movies: float = 0.05
    like_share: float = 0.8
    k: int = 10
    head: int = 100
    max_users: int = 10_000
    resamples: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineConfig:
    """Options of the baselines, chosen by ``scripts/tune_baselines.py`` on validation ratings of MovieLens 1M.

    Attributes:
        user_damping: ratings at the mean that every user is taken to have given besides.
        movie_damping: the same for every movie.
        genre_penalty: of the regression from genres to the number of likes.
        taste_damping: likes in everybody's proportions of genres that a user is taken to have besides.
        ridge_penalty: of the regression from attributes to likes.
        als_factors: length of ALS's vectors.
        als_alpha: weight of a like over everything else.
        als_regularization: ridge penalty of ALS.
        als_iterations: sweeps of ALS.
        bpr_factors: length of BPR's vectors.
        bpr_learning_rate: of its gradient descent.
        bpr_regularization: penalty of its squared vectors.
        bpr_iterations: its passes over the likes.
        ease_penalty: ridge penalty of EASE.
        ease_stars_penalty: the same where it learns from the ratings' values.
        ease_max_movies: with more movies than this EASE is left out: its matrix has their number squared.
    """

    user_damping: float = 5.0
    movie_damping: float = 2.0
    genre_penalty: float = 3.0
    taste_damping: float = 10.0
    ridge_penalty: float = 100.0
    als_factors: int = 128
    als_alpha: float = 4.0
    als_regularization: float = 60.0
    als_iterations: int = 15
    bpr_factors: int = 128
    bpr_learning_rate: float = 0.005
    bpr_regularization: float = 0.03
    bpr_iterations: int = 50
    ease_penalty: float = 500.0
    ease_stars_penalty: float = 300.0
    ease_max_movies: int = 12_000
