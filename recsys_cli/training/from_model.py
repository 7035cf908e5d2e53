"""Tonight's model from yesterday's: what both know starts at the earlier model's weights, by id and not by row.

A new movie, person, word or genre starts as the earlier model serves one that it does not know: row 0. So before
the first step the towers say of everybody what the earlier model says of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.training import ScheduleConfig, TowerConfig, TrainingOptions
from recsys_cli.dataset.columns import Column, column_rows, num_rows
from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.rows import rows_of
from recsys_cli.dataset.split import Split
from recsys_cli.dataset.titles import title_year
from recsys_cli.errors import ArtifactError, ConfigError
from recsys_cli.model.arrays import Seen
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.learnt import is_trained_on
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary
from recsys_cli.towers.content_shape import ContentShape

if TYPE_CHECKING:  # paddle may not be loaded before the process is ready for it
    from recsys_cli.towers.network import TwoTowers

Ints = NDArray[np.int64]

# Unless they are given; measured by scripts/bench_from.py.
# What is held out stays unlearnt: it is what 'recsys compare' measures both models on.
CONTINUED: Mapping[str, Any] = {"epochs": None, "refit": False}
# What the earlier training chose for itself says nothing about the next.
_NOT_CARRIED_OVER = ("epochs", "patience", "holdout", "time_limit", "start_share")
# Parameters with a row for each user, movie, ...; every other one is the same whatever the data.
_TABLES = {
    "users.user.embedding": "users",
    "users.gender.embedding": "genders",
    "users.age.embedding": "ages",
    "users.job.embedding": "jobs",
    "users.further.embedding": "further",
    "users.rated.embedding": "movies",
    "users.valued.embedding": "movies",
    "movies.movie.embedding": "movies",
    "movies.content.embedding": "content",
    "movies.word.embedding": "words",
    "movies.words.embedding": "words",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Earlier:
    """A model that a training starts at.

    Attributes:
        folder: the model.
        rows: by kind (users, genders, ages, jobs, further, movies, content, words) the earlier row of each row of
            the new data set, (N + 1,) int64; 0 where the earlier model has learnt nothing of it, -1 for nothing
            at all.
        without: further columns of the new data set or of the model's that the other has not.
    """

    folder: ModelFolder
    rows: Mapping[str, Ints]
    without: tuple[str, ...] = ()

    def known(self) -> dict[str, NDArray[np.float32]]:
        """By parameter with a row for each user, movie, ...: (N + 1, 1), 0 at rows that are new to the model."""
        known = {name: self.rows[kind] > 0 for name, kind in _TABLES.items()}
        for rows in known.values():
            rows[0] = True  # unknown, as it was
        return {name: rows[:, None].astype(np.float32) for name, rows in known.items()}


def continued_options(path: Path, given: Mapping[str, Any]) -> TrainingOptions:
    """The options of a training that starts at a model: those of the model, where no others are given.

    Args:
        path: of the model.
        given: by field name.

    Raises:
        ArtifactError: the model is missing or damaged.
        ConfigError: a given value is not allowed.
    """
    folder = open_model(path, option="--from")
    known = TrainingOptions().to_dict()
    theirs = {
        name: value
        for name, value in folder.info.options.items()
        if name in known and name not in _NOT_CARRIED_OVER and value is not None
    }
    if "objective" in given and given["objective"] != theirs.get("objective"):
        shapes = dataclasses.asdict(TowerConfig())
        theirs = {
            name: theirs[name] for name in theirs if name in shapes
        }  # the rest is tuned for another objective
    try:
        TrainingOptions.from_dict(theirs)
    except ConfigError as error:
        raise ArtifactError(f"{path / 'model.json'}: {error}") from error
    return TrainingOptions.from_dict({**theirs, **CONTINUED, **given})


def open_earlier(path: Path, dataset: Dataset) -> Earlier:
    """Open a model that a training on a data set is to start at.

    Raises:
        ArtifactError: it is missing or damaged, has another rating scale, or knows none of the movies.
    """
    folder = open_model(path, option="--from")
    scales = [
        f"{low:g} to {high:g}"
        for low, high in (
            (folder.info.rating_min, folder.info.rating_max),
            (dataset.rating_min, dataset.rating_max),
        )
    ]
    if scales[0] != scales[1]:
        raise ArtifactError(f"--from {path}: rates from {scales[0]}, the data from {scales[1]}; leave --from out")
    theirs, ours = open_vocabulary(folder), Vocabulary.from_dataset(dataset)
    movies = _where(rows_of(ours.movie_ids, theirs.movie_ids), folder.num_ratings > 0)
    if not movies.any():
        raise ArtifactError(f"--from {path}: has learnt nothing of any of these movies; leave --from out")
    own, others = ours.demographics, theirs.demographics
    rows = {
        "users": _where(rows_of(ours.user_ids, theirs.user_ids), _counts(folder) > 0),
        "movies": movies,
        "words": _places(ours.words, theirs.words),
        "content": _content(ours, theirs),
        "genders": _places(own.genders, others.genders),
        "ages": _places(own.ages, others.ages),
        "jobs": _places([name for _, name in own.jobs], [name for _, name in others.jobs]),
        "further": np.array(column_rows(own.further, others.further), dtype=np.int64),
    }
    without = _kinds(own.further) ^ _kinds(others.further)
    without |= _kinds(ours.movie_columns) ^ _kinds(theirs.movie_columns)
    rows = {kind: np.concatenate([[0], found]) for kind, found in rows.items()}
    return Earlier(folder=folder, rows=rows, without=tuple(sorted({name for name, _ in without})))


def _content(ours: Vocabulary, theirs: Vocabulary) -> Ints:
    """Their column of each of our content's columns but the first; of no genre 0, of no value, pair or bump -1."""
    new, old = _shape(ours), _shape(theirs)
    genres = np.concatenate([[0], _places(ours.genres, theirs.genres)])
    values = np.array(column_rows(ours.movie_columns, theirs.movie_columns), dtype=np.int64)
    values = np.where(values < 0, -1, old.num_genres + values)
    pairs = {(int(one), int(other)): place for place, (one, other) in enumerate(old.pairs, old.num_inputs)}
    own_pairs = [pairs.get((min(pair), max(pair)), -1) for pair in genres[new.pairs].tolist()]
    years = {year: place for place, year in enumerate(old.centres.tolist(), old.num_inputs + len(old.pairs))}
    own_years = [years.get(year, -1) if new.width == old.width else -1 for year in new.centres.tolist()]
    return np.concatenate([genres[1:], values, np.array(own_pairs + own_years, dtype=np.int64)])


def _shape(vocabulary: Vocabulary) -> ContentShape:
    num_values = num_rows(vocabulary.movie_columns)
    genres = np.zeros((len(vocabulary.titles), vocabulary.num_content_rows + 1), dtype=np.float32)
    for row, names in enumerate(vocabulary.movie_genres):
        genres[row, vocabulary.genre_rows(names) or [0]] = 1.0
    years = np.array([title_year(title) for title in vocabulary.titles], dtype=np.float32)
    return ContentShape.of(genres, years, num_values=num_values)


def _kinds(columns: Sequence[Column]) -> set[tuple[str, str]]:
    return {(column.name, column.kind) for column in columns}


def hold_out_new(dataset: Dataset, earlier: ModelFolder, schedule: ScheduleConfig) -> Split:
    """Hold out a random share of the ratings that an earlier model has not learnt: what it has tells nothing."""
    new = np.flatnonzero(~is_trained_on(earlier, dataset))
    rng = np.random.default_rng([schedule.seed, 1])
    held_out = np.sort(rng.choice(new, size=round(len(new) * schedule.holdout), replace=False))
    return Split(
        train=np.setdiff1d(np.arange(len(dataset.ratings)), held_out, assume_unique=True), held_out=held_out
    )


def start_from(towers: TwoTowers, earlier: Earlier) -> list[str]:
    """Start the towers at an earlier model.

    An attribute that has another width, or is not in the earlier model, keeps its own start.

    Args:
        towers: new ones; their stars begin at the damped means of the new data.
        earlier: the model.

    Returns: what could not be carried over, for a person.

    Raises:
        ArtifactError: a file of the model is damaged, or nothing of it fits.
    """
    from recsys_cli.towers.saved_weights import saved_weights

    path = earlier.folder.path
    theirs, ours = earlier.folder.info.embedding_dim, towers.users.bias.shape[0]
    if theirs != ours:
        raise ArtifactError(
            f"--from {path}: its vectors have {theirs} numbers, with these options {ours}: nothing of it fits; "
            "leave --from or --embedding-dim out"
        )
    saved, notes = saved_weights(earlier.folder), [_known_counts(earlier)]
    carried, groups = {}, dict[str, bool]()
    for name, parameter in towers.named_parameters():
        if name.startswith("stars."):
            continue
        rows = earlier.rows.get(_TABLES.get(name, ""))
        found = saved.get(parameter.name)
        if found is not None and rows is not None:
            found = np.where(rows[:, None] < 0, 0, found[rows]) if len(found) > rows.max() else None
        fits = found is not None and list(found.shape) == list(parameter.shape)
        group = name.rpartition(".")[0]
        groups[group] = groups.get(group, True) and (fits or name == "movies.title.embedding")
        carried[name] = found
    for name, parameter in towers.named_parameters():
        if carried.get(name) is not None and groups[name.rpartition(".")[0]]:
            parameter.set_value(carried[name])
    left = [group for group, fits in groups.items() if not fits]
    if left:
        notes.append(f"--from {path}: not carried over, of another shape: {', '.join(left)}")
    if earlier.without:
        names = ", ".join(earlier.without)
        notes.append(f"--from {path}: columns of one of the two data sets alone, not carried over: {names}")
    return [*notes, *_start_stars(towers, earlier)]


def open_model(path: Path, *, option: str) -> ModelFolder:
    """Open a model that an option names.

    Raises: ArtifactError: it is missing or damaged.
    """
    if not (path / "model.json").exists():
        raise ArtifactError(
            f"{option} {path}: no model there: name what 'recsys train' wrote, or leave {option} out"
        )
    return ModelFolder.open(path)


def _known_counts(earlier: Earlier) -> str:
    counts = [
        f"{np.count_nonzero(earlier.rows[kind]):,} of {len(earlier.rows[kind]) - 1:,}"
        for kind in ("movies", "users")
    ]
    return f"starts at {earlier.folder.path}, which knows {counts[0]} movies and {counts[1]} users"


def _start_stars(towers: TwoTowers, earlier: Earlier) -> list[str]:
    head, theirs = towers.stars, earlier.folder.stars
    if head is None and theirs is None:
        return []
    if head is None or theirs is None or len(theirs.slope) != head.steepness.shape[0]:
        return [f"--from {earlier.folder.path}: the stars are not carried over"]
    offsets = []
    for kind, values, start in (
        ("movies", theirs.movie_offsets, head.movie_offsets.numpy()),
        ("users", theirs.user_offsets, head.user_offsets.numpy()[:, 0]),
    ):
        rows = earlier.rows[kind]
        offsets.append(np.where(rows > 0, values[np.maximum(rows, 1) - 1], start).astype(np.float32))
    head.start(movie_offsets=offsets[0], user_offsets=offsets[1], slope=theirs.slope)
    return []


def _places(ours: Sequence[Any], theirs: Sequence[Any]) -> Ints:
    """Row of each of ours among theirs, counted from 1, 0 where it is not there."""
    place = {value: row for row, value in enumerate(theirs, start=1)}
    return np.array([place.get(value, 0) for value in ours], dtype=np.int64)


def _where(rows: NDArray[np.integer], learnt: NDArray[np.bool_]) -> Ints:
    """The rows, 0 where the earlier model has learnt nothing of what has that row."""
    return np.where(np.concatenate([[False], learnt])[rows], rows, 0).astype(np.int64)


def _counts(folder: ModelFolder) -> Ints:
    """(U,) int64, ratings that the model has learnt from of each of its users."""

    def count(seen: Seen | None) -> Any:
        return 0 if seen is None else np.diff(seen.indptr)

    counts: Ints = count(folder.seen) - count(folder.held_out)
    return counts
