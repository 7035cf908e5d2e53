"""A model of the small data set in `layouts`: every file of a real one, with random numbers in it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.reader import read_dataset
from recsys_cli.model import movies_data
from recsys_cli.model.arrays import Audience, ModelArrays, Seen, Stars, UserTables, unit_rows
from recsys_cli.model.crowd import Crowd
from recsys_cli.model.folder import ModelFolder, ModelInfo
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary
from recsys_cli.model.writer import write_model

DIM = 6


def write_small_model(
    path: Path, data: Path, *, seed: int = 1, own_movies: bool = True, with_crowd: bool = True
) -> ModelFolder:
    """Write a model folder for the data set in `data`, with the movies of its own and a crowd, or without."""
    dataset = read_dataset(data)
    vocabulary = Vocabulary.from_dataset(dataset)
    known = dataset.demographics
    sizes = len(known.genders) + 1, len(known.ages) + 1, len(known.jobs) + 1
    num_users, num_movies = len(dataset.user_ids), len(dataset.movie_ids)
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal((*shape, DIM), dtype=np.float32)

    tables = UserTables(
        base=normal(),
        genders=normal(sizes[0]),
        ages=normal(sizes[1]),
        jobs=normal(sizes[2]),
        rated=normal(num_movies),
        valued=normal(num_movies),
        mean_rating=3.5,
        history_damping=2.0,
        activation="linear",
    )
    rows = np.meshgrid(*map(np.arange, sizes), indexing="ij")
    arrays = ModelArrays(
        user_ids=dataset.user_ids,
        user_vectors=unit_rows(normal(num_users)),
        demographic=tables.profiles(*(row.ravel() for row in rows)).reshape(*sizes, DIM),
        movie_ids=dataset.movie_ids,
        movie_vectors=unit_rows(normal(num_movies)),
        num_ratings=np.bincount(dataset.ratings.movie_rows, minlength=num_movies + 1)[1:],
        tables=tables,
        seen=Seen(indptr=np.array([0, 3, 5]), movie_ids=np.array([1, 3, 7, 7, 9])),
        audience=Audience.tally(
            dataset.user_genders,
            dataset.user_ages,
            dataset.user_jobs,
            dataset.ratings,
            shape=(*sizes[:2], num_movies),
        ),
        crowd=Crowd(unit_rows(normal(3)), normal(3)[:, 0] + np.float32(4), normal(3)[:, 0])
        if with_crowd
        else None,
        stars=Stars(3.5, normal(), normal(num_movies)[:, 0], normal(num_users)[:, 0], 1.0, 5.0),
    )
    info = ModelInfo(
        package_version="1.0.0",
        objective="hybrid",
        embedding_dim=DIM,
        rating_min=1.0,
        rating_max=5.0,
        options={"activation": "linear", "seed": seed},
        data={"format": dataset.format, "fingerprint": dataset.fingerprint},
        vocabulary_fingerprint=vocabulary.fingerprint,
        split={"holdout": 0.1},
        metrics={"rmse": 0.9},
        run={"seconds": 1.5, "data_dir": str(data)},
    )

    def save_towers(folder: Path) -> None:
        (folder / "movie_tower.json").write_text('{"program": []}')
        (folder / "movie_tower.pdiparams").write_bytes(bytes(100))

    return write_model(
        path,
        info,
        arrays,
        vocabulary_text=vocabulary.to_json(),
        save_towers=save_towers,
        movies_data=movies_data.own_movies(vocabulary) if own_movies else None,
    )


def write_small_movies_data(path: Path, folder: ModelFolder) -> None:
    """Write the `movies_data.txt` of all movies of the model."""
    known = open_vocabulary(folder)
    movies = movies_data.encode(known, movie_ids=known.movie_ids, titles=known.titles, genres=known.movie_genres)
    movies_data.write_movies_data(path, movies)
