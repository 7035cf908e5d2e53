"""Options of ``recsys train``: the towers, the objective, what is hidden, the start, the schedule."""

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recsys_cli.config.fields import check_choice, check_range, check_share, check_type, flag_of, unknown_option
from recsys_cli.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OBJECTIVES = ("hybrid", "ranking", "rating")
ACTIVATIONS = ("linear", "tanh")
POSITIVES = ("likes", "all")
DEVICES = ("auto", "cpu", "gpu")

# What an objective wants other than the defaults below, by measurement (scripts/experiments.md).
OBJECTIVE_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "rating": {
        "als_factors": 32,
        "als_iterations": 8,
        "teacher_weight": 0.7,
        "epochs": 8,
        "batch_users": 128,
        "learning_rate": 2e-3,
        "user_id_dropout": 0.1,
        "no_history": 0.1,
    }
}


# What may be left open, as an example of what it is otherwise.
LEFT_OPEN: Mapping[str, Any] = {"epochs": 8, "batch_users": 256, "start_share": 0.5, "time_limit": 60.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class TowerConfig:
    """Shape of the two towers.

    Attributes:
        embedding_dim: length of every vector that is served, 2 to 4096.
        id_width: width of the embeddings of movie ids and, at 32 a rating at most, of user ids, 1 to 4096.
        attribute_width: width of the embeddings of genders, ages and jobs, 1 to 4096.
        content_width: width of the embeddings of a movie's genres, pairs of genres and year, 1 to 4096.
        word_width: width of a word's embeddings and of the text convolution, 1 to 4096.
        history_width: width of the embeddings of rated movies, 1 to 4096.
        activation: of each tower's last layer, one of `ACTIVATIONS`.
        history_damping: ratings that a history must outweigh: it is scaled by 1 / sqrt(n + this), 0 to 10,000.
        dropout: share of the coordinates of ids and history that training drops, [0, 1).
    """

    embedding_dim: int = 256
    id_width: int = 256
    attribute_width: int = 32
    content_width: int = 96
    word_width: int = 64
    history_width: int = 256
    history_damping: float = 10.0
    activation: str = "linear"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        check_range(self, 2, 4096, "embedding_dim")
        check_range(self, 1, 4096, "id_width", "attribute_width", "content_width", "word_width", "history_width")
        check_range(self, 0, 10_000, "history_damping")
        check_choice(self, "activation", ACTIVATIONS)
        check_share(self, "dropout")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveConfig:
    """What training minimises.

    Attributes:
        objective: one of `OBJECTIVES`.
        rating_weight: share of the squared error in ``hybrid``, (0, 1); the softmax has the rest.
        temperature: cosine from which a movie's chance in the softmax grows like a power of it, 0.001 to 10.
        power: that power, 0.1 to 10.
        positives: what the softmax takes as chosen: ``likes`` or ``all`` ratings.
        teacher_weight: share of the softmax term that follows a teacher rather than the likes, [0, 1); in
            ``rating``, share of the squared error that follows one rather than the ratings.
        teacher_sharpness: exponent of the softmax teacher's predictions, 0.1 to 10.
        teacher_penalty: ridge penalty of the softmax teacher, in ratings, > 0.
        like_share: share of the scale's top from which a rating is a like, (0, 1]; 0.8 is 4 of 5.
        max_catalogue: with more movies than this the softmax is over about so many of them, drawn anew for every
            batch, or as many as a batch has ratings where these are fewer, and has no teacher, at
            least 1.
    """

    objective: str = "hybrid"
    rating_weight: float = 0.3
    temperature: float = 0.01
    power: float = 2.0
    positives: str = "likes"
    like_share: float = 0.8
    teacher_weight: float = 0.8
    teacher_sharpness: float = 1.5
    teacher_penalty: float = 300.0
    max_catalogue: int = 4_000

    def __post_init__(self) -> None:
        check_choice(self, "objective", OBJECTIVES)
        check_choice(self, "positives", POSITIVES)
        check_range(self, 0.001, 10, "temperature")
        check_range(self, 0.1, 10, "power")
        check_range(self, 0.1, 10, "teacher_sharpness")
        check_range(self, 1e-3, 1e9, "teacher_penalty")
        check_share(self, "teacher_weight")
        check_range(self, 1, 10**9, "max_catalogue")
        for name in ("rating_weight", "like_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ConfigError(f"{flag_of(name)} {getattr(self, name)} is not allowed; allowed: (0, 1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskingConfig:
    """What training hides at random, so that whoever shows less of it is served honestly. All in [0, 1).

    Attributes:
        user_id_dropout: share of users that are unknown in a batch.
        attribute_dropout: share of genders, of ages and of jobs that are unknown.
        no_history: share of users without any visible rating.
        short_history: share of users with 1 to 10 visible ratings.
        movie_id_dropout: share of movies that are known by title, year and genres alone.
    """

    user_id_dropout: float = 0.3
    attribute_dropout: float = 0.1
    no_history: float = 0.2
    short_history: float = 0.1
    movie_id_dropout: float = 0.05

    def __post_init__(self) -> None:
        check_share(self, *(field.name for field in dataclasses.fields(self)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmStartConfig:
    """What the towers start from: EASE, or ALS in ``rating``.

    Attributes:
        warm_start: whether the towers start from it.
        als_factors: length of its vectors, 1 to 1024; no more than the towers hold.
        als_iterations: sweeps of ALS, 1 to 1000.
        star_factors: coordinates of ``hybrid`` that start at what the ratings say beyond the likes, 0 to 1024; no
            more than the towers and the history have left.
        start_share: share of the start in the weights that are kept, [0, 1); None for 0, and 0.75 with more movies
            than ``max_catalogue``. With ``--from`` of the earlier model, 0.7 and 0.9.
    """

    warm_start: bool = True
    als_factors: int = 200
    als_iterations: int = 10
    star_factors: int = 48
    start_share: float | None = None

    def __post_init__(self) -> None:
        check_range(self, 1, 1024, "als_factors")
        check_range(self, 1, 1000, "als_iterations")
        check_range(self, 0, 1024, "star_factors")
        if self.start_share is not None:
            check_share(self, "start_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleConfig:
    """How long and how fast.

    Attributes:
        epochs: passes over the users, at most, 1 to 10,000; None for 10, and with more than a million ratings,
            or 100,000 users, fewer; with ``--from`` for 3 at most, and with more than three million 1.
        patience: epochs without a better validation before training stops, 1 to 10,000.
        batch_users: users of a batch, 1 to 100,000; None for 256, or for one in 700 where that is more.
        learning_rate: of Adam at its highest, (0, 1]; it falls to zero along a cosine.
        averaging: decay of the moving average of the weights that is kept, per step, [0, 1).
        holdout: share of the ratings held out for validation, [0, 0.9], 150,000 of them at most; 0 trains on all
            for exactly ``epochs``.
        refit: whether the kept model learns all ratings, in a second training of as many epochs as were best;
            with more than three million, where little is held out, one training is enough.
        seed: of everything that is random, 0 to 2^31 - 1.
        time_limit: seconds after which no further epoch begins, half of them for the first of two trainings; None
            for no limit.
    """

    epochs: int | None = None
    patience: int = 3
    batch_users: int | None = None
    learning_rate: float = 1e-3
    averaging: float = 0.98
    holdout: float = 0.1
    refit: bool = True
    seed: int = 1
    time_limit: float | None = None

    def __post_init__(self) -> None:
        check_range(self, 1, 10_000, "epochs", "patience")
        check_range(self, 1, 100_000, "batch_users")
        check_range(self, 1e-9, 1, "learning_rate")
        check_share(self, "averaging")
        check_range(self, 0, 0.9, "holdout")
        check_range(self, 0, 2**31 - 1, "seed")
        check_range(self, 1e-3, 1e9, "time_limit")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """Everything that decides what a training makes of its data."""

    towers: TowerConfig = field(default_factory=TowerConfig)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    masking: MaskingConfig = field(default_factory=MaskingConfig)
    warm_start: WarmStartConfig = field(default_factory=WarmStartConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)

    @classmethod
    def from_dict(cls, options: Mapping[str, Any]) -> "TrainingOptions":
        """Sort flat options into their groups.

        Args:
            options: by field name; what is not named keeps the objective's default.

        Raises:
            ConfigError: a value is of another type or out of range, or there is no such option.
        """
        left = {**OBJECTIVE_DEFAULTS.get(str(options.get("objective")), {}), **options}
        groups = {}
        for group in dataclasses.fields(cls):
            config = getattr(cls(), group.name)
            named = {key: left.pop(key) for key in dataclasses.asdict(config) if key in left}
            for key, value in named.items():
                default = getattr(config, key)
                if value is not None or default is not None:
                    check_type(key, value, LEFT_OPEN.get(key, default))
            groups[group.name] = dataclasses.replace(config, **named)
        if left:
            raise ConfigError(unknown_option(next(iter(left)), cls().to_dict()))
        return cls(**groups)

    def to_dict(self) -> dict[str, Any]:
        """All options, flat, by field name."""
        return {key: value for group in dataclasses.asdict(self).values() for key, value in group.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """One run of ``recsys train``.

    Attributes:
        data: folder of the data set; None for $RECSYS_DATA or ``data/ml-1m``.
        model: folder to write.
        earlier: folder of a model to start at; None to start anew.
        beside: folder of a model to be compared with: only ratings that it has not learnt are held out, as with
            ``earlier``; not both.
        format: layout of the data set's files, None to tell it by them.
        skip_bad_lines: leave bad lines out instead of refusing the data set.
        download: fetch MovieLens 1M where the default folder does not exist.
        device: ``auto``, ``cpu`` or ``gpu``.
        resume: go on from the checkpoint of an interrupted run.
        verbose: say what was set up.
        workers: processes that train together on this machine, 1 to 1,024.
        options: what decides the result.
    """

    data: Path | None = None
    model: Path = Path("recommender_system.inference.model")
    earlier: Path | None = None
    beside: Path | None = None
    format: str | None = None
    skip_bad_lines: bool = False
    download: bool = True
    device: str = "auto"
    resume: bool = False
    verbose: bool = False
    workers: int = 1
    options: TrainingOptions = field(default_factory=TrainingOptions)

    def __post_init__(self) -> None:
        check_choice(self, "device", DEVICES)
        if self.earlier is not None and self.beside is not None:
            raise ConfigError("--beside: --from is compared with its own model; leave one of them out")
        check_range(self, 1, 1024, "workers")


def read_options(file: Path) -> dict[str, Any]:
    """Options from a TOML file: the fields of `TrainingOptions`, flat.

    Raises:
        ConfigError: the file is missing, is not TOML, or names an unknown option.
    """
    try:
        options = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--config {file}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"--config {file}: not TOML: {error}") from error
    options = {key.replace("-", "_"): value for key, value in options.items()}
    known = TrainingOptions().to_dict()
    for key in options:
        if key not in known:
            raise ConfigError(f"--config {file}: {unknown_option(key, known)}")
    return options
