"""Trained towers to plain arrays: one table an attribute, one unit vector a movie and a user."""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle.static import InputSpec

from recsys_cli.dataset.rows import Ratings
from recsys_cli.model.arrays import Audience, Floats, ModelArrays, Seen, Stars, UserTables, unit_rows
from recsys_cli.model.crowd import Crowd
from recsys_cli.towers.network import TwoTowers
from recsys_cli.towers.runtime import paddle_away_from_home
from recsys_cli.towers.title_windows import title_windows
from recsys_cli.training.batches import Batches
from recsys_cli.training.content_start import ContentInputs
from recsys_cli.training.data import ByUser

Ints = NDArray[np.int64]
_BLOCK = 8_192  # users whose vectors are made at a time
_PROGRAM = 1 << 18  # bytes, more than a tower's program takes and what paddle writes on the way to it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """The towers as arrays, in rows (row 0 unknown).

    Attributes:
        tables: the user tower; ``rated`` and ``valued`` are aligned with movie rows here.
        user_table: (U + 1, D) float32, what each user id contributes beyond the unknown one.
        movie_vectors: (M + 1, D) float32, unit rows.
        stars: the star head, aligned with rows here, or None.
        batches: the training data.
    """

    tables: UserTables
    user_table: Floats
    movie_vectors: Floats
    stars: Stars | None
    batches: Batches

    def user_vectors(self, user_rows: Ints) -> Floats:
        """Vectors of users as they are served: id, attributes and whole training history.

        Args:
            user_rows: (N,) int64.

        Returns: (N, D) float32, unit rows.
        """
        blocks = np.split(user_rows, range(_BLOCK, len(user_rows), _BLOCK))
        return np.concatenate([self._user_vectors(block) for block in blocks])

    def _user_vectors(self, user_rows: Ints) -> Floats:
        data, tables = self.batches.data, self.tables
        rated, valued = self.batches.history(user_rows)
        total = (
            tables.base
            + self.user_table[user_rows]
            + tables.genders[data.user_genders[user_rows]]
            + tables.ages[data.user_ages[user_rows]]
            + tables.jobs[data.user_jobs[user_rows]]
            + rated @ tables.rated
            + valued @ tables.valued
        )  # (N, D)
        if tables.further is not None:
            total = total + tables.further[data.user_further[user_rows]].sum(axis=1)
        return unit_rows(np.tanh(total) if tables.activation == "tanh" else total)


def take_snapshot(towers: TwoTowers, batches: Batches) -> Snapshot:
    """Fold the towers, which must be in evaluation mode, into arrays."""
    with paddle.no_grad():
        return _take_snapshot(towers, batches)


def _take_snapshot(towers: TwoTowers, batches: Batches) -> Snapshot:
    data, users = batches.data, towers.users
    windows, titles = title_windows(data.movie_words)
    inputs = (batches.movie_id_rows(), data.movie_genres, data.movie_years, windows, titles)
    user_table = users.user.table().numpy()
    nobody = np.setdiff1d(np.arange(len(user_table)), batches.user_rows)  # nothing is known of them
    user_table[nobody] = user_table[0]
    further = users.further.table().numpy() if data.num_further else None
    # What it contributes that nothing is known of a column is everybody's, so that leaving it out says the same.
    nothing = np.float32(0) if further is None else data.user_further.shape[1] * further[0]
    stars = towers.stars
    return Snapshot(
        tables=UserTables(
            base=users.bias.numpy() + user_table[0] + nothing,
            genders=users.gender.table().numpy(),
            ages=users.age.table().numpy(),
            jobs=users.job.table().numpy(),
            rated=users.rated.table().numpy(),
            valued=users.valued.table().numpy(),
            mean_rating=batches.mean,
            history_damping=batches.history_damping,
            activation=users.activation,
            further=None if further is None else further - further[0],
        ),
        user_table=user_table - user_table[0],
        movie_vectors=towers.movies(*map(paddle.to_tensor, inputs)).numpy(),
        stars=None
        if stars is None
        else Stars(
            mean=batches.mean,
            slope=stars.slope().numpy(),
            movie_offsets=_movie_offsets(towers, batches),
            user_offsets=stars.user_offsets.numpy()[:, 0],
            rating_min=data.rating_min,
            rating_max=data.rating_max,
        ),
        batches=batches,
    )


def _movie_offsets(towers: TwoTowers, batches: Batches) -> Floats:
    """(M + 1,) float32 star offsets; for movies without ratings half of what their content lets one expect.

    The vectors, which come of the content, too, say the other half (scripts/experiments.md).
    """
    if towers.stars is None:
        raise ValueError("no star head")
    offsets: Floats = towers.stars.movie_offsets.numpy()
    unrated = np.setdiff1d(np.arange(1, len(offsets)), batches.catalogue)
    if len(unrated):
        inputs = ContentInputs.of(batches.data, towers.movies.features)
        counts = batches.data.training.movie_counts(batches.data.num_movies)[batches.catalogue]
        weights = np.sqrt(counts).astype(np.float32)
        fitted = inputs.fit(offsets[:, None], movies=batches.catalogue, weights=weights)
        offsets[unrated] = 0.5 * inputs.predict(fitted)[unrated, 0]
    return offsets


def model_arrays(snapshot: Snapshot, *, user_ids: Ints, movie_ids: Ints) -> ModelArrays:
    """The arrays of a model folder: rows become ids, row 0 goes where it has no id."""
    data, tables = snapshot.batches.data, snapshot.tables
    sizes = (len(tables.genders), len(tables.ages), len(tables.jobs))
    everybody = [rows.ravel() for rows in np.indices(sizes)]
    served = UserTables(
        base=tables.base,
        genders=tables.genders,
        ages=tables.ages,
        jobs=tables.jobs,
        rated=tables.rated[1:],
        valued=tables.valued[1:],
        mean_rating=tables.mean_rating,
        history_damping=tables.history_damping,
        activation=tables.activation,
        further=tables.further,
    )
    stars = snapshot.stars
    user_vectors = snapshot.user_vectors(np.arange(1, len(user_ids) + 1))
    by_user = snapshot.batches.by_user.counts()[1:]
    num_ratings = data.training.movie_counts(data.num_movies)[1:]

    def seen(ratings: Ratings) -> Seen:
        grouped = ByUser.group(ratings, data.num_users)
        return Seen(indptr=grouped.indptr[1:], movie_ids=movie_ids[grouped.movie_rows - 1])

    return ModelArrays(
        user_ids=user_ids,
        user_vectors=user_vectors,
        demographic=served.profiles(*everybody).reshape(*sizes, -1),
        movie_ids=movie_ids,
        movie_vectors=snapshot.movie_vectors[1:],
        num_ratings=num_ratings,
        tables=served,
        seen=seen(data.training.followed_by(data.validation)),
        held_out=seen(data.validation) if len(data.validation) else None,
        crowd=Crowd.choose(user_vectors, by_user, snapshot.movie_vectors[1:][num_ratings > 0]),
        audience=Audience.tally(
            data.user_genders,
            data.user_ages,
            data.user_jobs,
            data.training,
            shape=(*sizes[:2], data.num_movies),
            user_further=data.user_further,
        ),
        stars=None
        if stars is None
        else Stars(
            mean=stars.mean,
            slope=stars.slope,
            movie_offsets=stars.movie_offsets[1:],
            user_offsets=stars.user_offsets[1:],
            rating_min=stars.rating_min,
            rating_max=stars.rating_max,
        ),
    )


def save_towers(towers: TwoTowers) -> Callable[[Path], None]:
    """A function that writes both towers as inference programs into a folder."""

    def rows(name: str) -> InputSpec:
        return InputSpec([None], "int64", name)

    def matrix(name: str, columns: int | None) -> InputSpec:
        return InputSpec([None, columns], "float32", name)

    movie_inputs = [
        rows("movies"),
        matrix("genres", towers.movies.features.num_inputs),
        InputSpec([None], "float32", "years"),
        InputSpec([None, 3], "int64", "windows"),
        rows("titles"),
    ]
    user_inputs = [rows("users"), rows("genders"), rows("ages"), rows("jobs")]
    user_inputs += [matrix("rated", None), matrix("valued", None), rows("history")]
    if hasattr(towers.users, "further"):
        user_inputs.append(InputSpec([None, None], "int64", "further"))

    def save(folder: Path) -> None:
        towers.eval()
        home = folder / "home"  # on the disk of the model, which has room or is found full; /tmp may not have any
        home.mkdir()
        _require_room(folder, [towers.movies, towers.users])
        with paddle_away_from_home(home):
            paddle.jit.save(towers.movies, str(folder / "movie_tower"), input_spec=movie_inputs)
            paddle.jit.save(towers.users, str(folder / "user_tower"), input_spec=user_inputs)
        shutil.rmtree(home)
        for name, tower in (("movie_tower", towers.movies), ("user_tower", towers.users)):
            if (folder / f"{name}.pdiparams").stat().st_size < _num_bytes(tower):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return save


def _require_room(folder: Path, towers: list[paddle.nn.Layer]) -> None:
    """See that the disk takes what is to be written: paddle says nothing where it does not, and leaves a part.

    Raises: OSError: it is full, or a limit is reached.
    """
    rooms = [folder / f"room{number}" for number in range(len(towers))]
    for room, tower in zip(rooms, towers, strict=True):
        with room.open("wb") as file:
            size = _num_bytes(tower) + _PROGRAM
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.write(bytes(size))
    for room in rooms:
        room.unlink()


def _num_bytes(tower: paddle.nn.Layer) -> int:
    """Of the weights of a tower."""
    return sum(weight.numel().item() * weight.element_size() for weight in tower.parameters())
