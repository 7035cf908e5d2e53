"""A model that is there already, and the ratings that it has not seen."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray

from recsys_cli.config.evaluation import EvaluateConfig, ProtocolConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.rows import Ratings, rows_of
from recsys_cli.errors import DataError
from recsys_cli.evaluation.protocol import Case, model_case
from recsys_cli.evaluation.served import ServedModel
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.learnt import is_trained_on
from recsys_cli.replacing import replacing

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenModel:
    """A model folder and what it is measured on.

    Attributes:
        folder: the model.
        data: folder of the data set.
        dataset: its ratings and, after them, those of the file that was named.
        held_out: int64, indices of the ratings that the model is measured on.
        case: the same, in groups.
        notes: what a reader of the numbers has to know.
    """

    folder: ModelFolder
    data: Path
    dataset: Dataset
    held_out: Ints
    case: Case
    notes: tuple[str, ...]


def open_given(config: EvaluateConfig, model: Path, protocol: ProtocolConfig) -> GivenModel:
    """Open a model and find the ratings that it was trained on and those that it is to be measured on.

    Raises:
        ArtifactError: the model is missing or damaged.
        DataError: the data set is missing or malformed, or no ratings are left to measure.
    """
    folder = ModelFolder.open(model)
    data = config.data or Path(folder.info.run["data_dir"])
    read = partial(read_dataset, data, format=config.format, skip_bad_lines=config.skip_bad_lines)
    dataset = read()
    candidates = np.arange(len(dataset.ratings))
    learnt = is_trained_on(folder, dataset)
    train = candidates[learnt]
    if not len(train):
        raise DataError(
            f"{data}: holds none of the ratings that '{model}' was trained on; name its data with --data"
        )
    if config.ratings is not None:
        num_old = len(dataset.ratings)
        dataset = with_ratings(dataset, read(ratings_file=config.ratings))
        candidates = np.arange(num_old, len(dataset.ratings))
        learnt = is_trained_on(folder, dataset)
    held_out = candidates[~learnt[candidates]]
    if not len(held_out):
        raise DataError(
            f"{config.ratings or data}: the model was trained on all of its ratings; name others with --ratings, "
            "or a model of 'recsys train --no-refit', which does not learn what it holds out"
        )
    return GivenModel(
        folder=folder,
        data=data,
        dataset=dataset,
        held_out=held_out,
        case=model_case(dataset, protocol, train=train, held_out=held_out),
        notes=_notes(config, folder, dataset, num_seen=len(candidates) - len(held_out), num_train=len(train)),
    )


def write_predictions(path: Path, given: GivenModel, model: ServedModel) -> None:
    """Write user_id, movie_id, rating, score and stars of every measured rating as CSV; no stars stay empty.

    Raises:
        DataError: the file cannot be written.
    """
    dataset = given.dataset
    ratings = dataset.ratings.at(given.held_out)
    users, movies = ratings.user_rows.astype(np.int64), ratings.movie_rows.astype(np.int64)
    stars = model.stars(users, movies)
    table = pa.table(
        {
            "user_id": dataset.user_ids[users - 1],
            "movie_id": dataset.movie_ids[movies - 1],
            "rating": ratings.values,
            "score": model.pair_scores(users, movies),
            "stars": pa.nulls(len(users)) if stars is None else stars,
        }
    )
    with replacing(
        path, lambda reason: DataError(f"--predictions {path}: cannot be written ({reason})")
    ) as building:
        pyarrow.csv.write_csv(table, building, pyarrow.csv.WriteOptions(quoting_style="none"))


def with_ratings(dataset: Dataset, more: Dataset) -> Dataset:
    """The data set with more ratings of its movies behind its own, and with the users of these."""
    user_ids = np.union1d(dataset.user_ids, more.user_ids)
    own, others = rows_of(user_ids, dataset.user_ids), rows_of(user_ids, more.user_ids)
    nobody = np.zeros(1, dtype=np.int32)

    def attribute(mine: NDArray[np.int32], theirs: NDArray[np.int32]) -> NDArray[np.int32]:
        is_own = (own > 0).reshape(-1, *[1] * (mine.ndim - 1))
        return np.concatenate([mine[:1], np.where(is_own, mine[own], theirs[others])])

    new_rows, new_rows_of_more = (
        np.concatenate([nobody, rows_of(ids, user_ids)]) for ids in (dataset.user_ids, more.user_ids)
    )
    return dataclasses.replace(
        dataset,
        user_ids=user_ids,
        user_genders=attribute(dataset.user_genders, more.user_genders),
        user_ages=attribute(dataset.user_ages, more.user_ages),
        user_jobs=attribute(dataset.user_jobs, more.user_jobs),
        user_further=attribute(dataset.user_further, more.user_further),
        ratings=Ratings(
            np.concatenate([new_rows[dataset.ratings.user_rows], new_rows_of_more[more.ratings.user_rows]]),
            np.concatenate([dataset.ratings.movie_rows, more.ratings.movie_rows]),
            np.concatenate([dataset.ratings.values, more.ratings.values]),
        ),
    )


def _notes(
    config: EvaluateConfig, folder: ModelFolder, dataset: Dataset, *, num_seen: int, num_train: int
) -> tuple[str, ...]:
    notes = [f"Left out: {num_seen:,} ratings that the model was trained on."] if num_seen else []
    held_out = folder.held_out
    total = len(folder.seen.movie_ids) - (0 if held_out is None else len(held_out.movie_ids))
    if num_train < total:
        notes.append(
            f"The baselines learn from {num_train:,} of the model's {total:,} training ratings: the data set "
            "holds no more of them."
        )
    if config.ratings is None and folder.info.split["holdout"]:
        notes.append("The training chose its epoch by these ratings, which flatters the model a little.")
    return tuple(notes)
