"""The model folder: what its files hold, their shapes checked. Needs no paddle."""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.arrays import Audience, Estimates, Floats, Ints, Seen, Stars, UserTables
from recsys_cli.model.checked_files import CheckedFiles
from recsys_cli.model.crowd import Crowd
from recsys_cli.model.document import AGAIN, ModelInfo
from recsys_cli.model.history import History
from recsys_cli.model.npz import is_ascending, read_npz

__all__ = ["ModelFolder", "ModelInfo"]


class ModelFolder(CheckedFiles):
    """A trained model on disk. Each property reads its file on first use and checks it.

    Raises from every property: ArtifactError: a file is missing, damaged or has the wrong shape; it is named.
    """

    @cached_property
    def vocabulary_text(self) -> str:
        """Text of ``vocabulary.json``."""
        try:
            return self.read("vocabulary.json").decode()
        except UnicodeDecodeError as error:
            raise ArtifactError(f"{self.path / 'vocabulary.json'}: not UTF-8: {AGAIN}") from error

    @cached_property
    def _people(self) -> dict[str, NDArray[Any]]:
        """Who is known and the profiles' vectors, without anybody's own vector.

        Not every folder of this format has a file of their own for them.
        """
        if "people.npz" not in self._files:
            return self._users
        arrays = self._arrays("people.npz", demographic=4, user_ids=1)
        self._check_people("people.npz", arrays)
        return arrays

    @cached_property
    def _users(self) -> dict[str, NDArray[Any]]:
        name = "user_vectors.npz"
        arrays = self._arrays(name, demographic=4, user_ids=1, vectors=2)
        self._check_people(name, arrays)
        ids, vectors = arrays["user_ids"], arrays["vectors"]
        self._require(name, vectors.shape == (len(ids), self.info.embedding_dim), "a vector for each user")
        if "people.npz" in self._files:
            self._require(name, np.array_equal(ids, self.user_ids), "the user_ids of people.npz")
        return arrays

    def _check_people(self, name: str, arrays: dict[str, NDArray[Any]]) -> None:
        dim = self.info.embedding_dim
        self._require(name, arrays["demographic"].shape[3] == dim, f"vectors of {dim} numbers")
        self._require(name, is_ascending(arrays["user_ids"]), "ascending user_ids")

    @cached_property
    def _movies(self) -> dict[str, NDArray[Any]]:
        name, dim = "movie_vectors.npz", self.info.embedding_dim
        arrays = self._arrays(name, movie_ids=1, vectors=2, num_ratings=1)
        ids, vectors, counts = arrays["movie_ids"], arrays["vectors"], arrays["num_ratings"]
        self._require(name, vectors.shape == (len(ids), dim), "a vector for each movie")
        self._require(name, len(counts) == len(ids) and (counts >= 0).all(), "a count for each movie")
        self._require(name, is_ascending(ids), "ascending movie_ids")
        return arrays

    @property
    def demographic(self) -> Floats:
        """(G + 1, A + 1, J + 1, D) float32, unit vector of every (gender, age, job), row 0 unknown."""
        return self._people["demographic"]

    @property
    def user_ids(self) -> Ints:
        """(U,) int64, ascending."""
        return self._people["user_ids"]

    @property
    def user_vectors(self) -> Floats:
        """(U, D) float32, unit rows in the order of ``user_ids``; from id, attributes and history."""
        return self._users["vectors"]

    @property
    def movie_ids(self) -> Ints:
        """(M,) int64, ascending."""
        return self._movies["movie_ids"]

    @property
    def movie_vectors(self) -> Floats:
        """(M, D) float32, unit rows in the order of ``movie_ids``."""
        return self._movies["vectors"]

    @property
    def num_ratings(self) -> Ints:
        """(M,) int64, training ratings of each movie."""
        return self._movies["num_ratings"]

    @cached_property
    def tables(self) -> UserTables:
        """The user tower as tables: profiles and favourites become vectors without paddle."""
        matrices = dict.fromkeys(("genders", "ages", "jobs", "rated", "valued"), 2)
        names = {"base": 1, **matrices, "mean_rating": 0, "history_damping": 0}
        name, dim = "user_tables.npz", self.info.embedding_dim
        arrays = self._arrays(name, **names)
        rows = [len(arrays[key]) for key in ("genders", "ages", "jobs")]
        self._require(name, tuple(rows) == self.demographic.shape[:3], "the rows of the demographic vectors")
        for key in ("rated", "valued"):
            self._require(name, len(arrays[key]) == len(self.movie_ids), "a row for each movie")
        for key in ("base", "genders", "ages", "jobs", "rated", "valued"):
            self._require(name, arrays[key].shape[-1] == dim, f"rows of {dim} numbers")
        for key in ("mean_rating", "history_damping"):
            arrays[key] = arrays[key].item()
        self._require(name, arrays["history_damping"] >= 0, "a history_damping of at least 0")
        activation = self.info.options.get("activation")
        if activation not in ("linear", "tanh"):
            raise ArtifactError(f"{self.path / 'model.json'}: activation is {activation!r}: {AGAIN}")
        return UserTables(**arrays, activation=activation, further=self._further.get("table"))

    @cached_property
    def _further(self) -> dict[str, NDArray[Any]]:
        """What the further columns of people contribute, and everybody's rows; empty where there are none."""
        if "further.npz" not in self._files:
            return {}
        arrays = self._arrays("further.npz", table=2, user_rows=2)
        table, rows = arrays["table"], arrays["user_rows"]
        whole = table.shape[1] == self.info.embedding_dim and len(rows) == len(self.user_ids)
        within = not table[:1].any() and ((rows >= 0) & (rows < len(table))).all()
        self._require("further.npz", bool(whole and within), "vectors, the first of zeros, and rows of each user")
        return arrays

    @property
    def further_shape(self) -> tuple[int, int]:
        """Highest row of the further columns of people, and their number; 0 and 0 where there are none."""
        return (len(self._further["table"]) - 1, self._further["user_rows"].shape[1]) if self._further else (0, 0)

    @cached_property
    def seen(self) -> Seen:
        """Everything that the known people have rated, trained on or not: it is not recommended to them again."""
        return self._by_user("seen.npz")

    @cached_property
    def held_out(self) -> Seen | None:
        """What of ``seen`` was not trained on; None where all of it was.

        A folder that has no such file was written without a holdout, or by a version that kept nothing but the
        training ratings in ``seen.npz``: either way all of ``seen`` was trained on.
        """
        return self._by_user("held_out.npz") if "held_out.npz" in self._files else None

    @cached_property
    def estimates(self) -> Estimates | None:
        """What was held out to choose the epoch by, as the first training estimates it; None without any."""
        name = "estimates.npz"
        if name not in self._files:
            return None
        arrays = self._arrays(name, given=1, estimated=1, num_ratings=1)
        self._require(name, len({len(values) for values in arrays.values()}) == 1, "arrays of one length")
        return Estimates(**arrays)

    def _by_user(self, name: str) -> Seen:
        arrays = self._arrays(name, indptr=1, movie_ids=1)
        indptr, movie_ids = arrays["indptr"], arrays["movie_ids"]
        self._require(name, len(indptr) == len(self.user_ids) + 1, "a place for each user")
        whole = indptr[0] == 0 and indptr[-1] == len(movie_ids) and (np.diff(indptr) >= 0).all()
        self._require(name, bool(whole), "places that cover all interactions")
        return Seen(**arrays)

    @cached_property
    def audience(self) -> Audience:
        """Who rated what in training."""
        dimensions = {"user_genders": 1, "user_ages": 1, "user_jobs": 1, "counts": 3, "sums": 3}
        name, arrays = "audience.npz", self._arrays("audience.npz", **dimensions)
        shape = (*self.demographic.shape[:2], len(self.movie_ids))
        for key in ("counts", "sums"):
            self._require(name, arrays[key].shape == shape, "a number for each gender, age group and movie")
        for key, limit in zip(("user_genders", "user_ages", "user_jobs"), self.demographic.shape, strict=False):
            self._require(name, len(arrays[key]) == len(self.user_ids), "a row for each user")
            within = (arrays[key] >= 0) & (arrays[key] < limit)
            self._require(name, bool(within.all()), f"rows below {limit}")
        further = self._further.get("user_rows", np.empty((len(self.user_ids), 0), dtype=np.int64))
        return Audience(**arrays, user_further=further)

    @cached_property
    def crowd(self) -> Crowd | None:
        """People whose likes somebody's favourites may be, or None, as where cosines mean stars."""
        if not self.has("crowd.npz") or self.info.objective == "rating":
            return None
        arrays = self._arrays("crowd.npz", vectors=2, prior=1, log_sums=1)
        shape = (len(arrays["prior"]), self.info.embedding_dim)
        whole = shape[0] > 0 and arrays["vectors"].shape == shape and len(arrays["log_sums"]) == shape[0]
        self._require("crowd.npz", whole, "a vector and two numbers for each person")
        return Crowd(**arrays)

    @cached_property
    def stars(self) -> Stars | None:
        """The star head, or None where the objective trains none."""
        if "stars.npz" not in self._files:
            return None
        arrays = self._arrays("stars.npz", mean=0, slope=1, movie_offsets=1, user_offsets=1)
        sizes = [len(arrays[key]) for key in ("slope", "movie_offsets", "user_offsets")]
        expected = [self.info.embedding_dim, len(self.movie_ids), len(self.user_ids)]
        self._require("stars.npz", sizes == expected, "a number for each dimension, movie and user")
        arrays["mean"] = arrays["mean"].item()
        return Stars(**arrays, rating_min=self.info.rating_min, rating_max=self.info.rating_max)

    @cached_property
    def history(self) -> History | None:
        """The epochs of the training, or None in a folder that was written without them."""
        if "history.json" not in self._files:
            return None
        try:
            return History.from_json(self.read("history.json"))
        except ValueError as error:
            raise ArtifactError(f"{self.path / 'history.json'}: not of this format: {error}: {AGAIN}") from error

    def _arrays(self, name: str, **dimensions: int) -> dict[str, Any]:
        """Arrays of one ``.npz`` by name, their number of dimensions checked."""
        content = self.read(name)
        try:
            return dict(read_npz(content, dimensions))
        except ValueError as error:
            raise ArtifactError(f"{self.path / name}: not the arrays of this format: {error}: {AGAIN}") from error

    def _require(self, name: str, condition: bool, rule: str) -> None:
        if not condition:
            raise ArtifactError(f"{self.path / name}: not the arrays of this format: must hold {rule}: {AGAIN}")
