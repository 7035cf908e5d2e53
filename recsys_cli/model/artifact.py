"""The model folder: complete or absent, every file checked as it is read. Needs no paddle.

Invariants: ``model.json`` names every other file with its size and sha256 and carries a checksum of itself;
the fingerprint covers those digests and what the model is, never how long it took or where it was made.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.serving import Floats, Ints, Seen, Stars, UserTables

FORMAT = "recsys-model"
FORMAT_VERSION = 1
_AGAIN = "run 'recsys train' again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What ``model.json`` says about the model.

    Attributes:
        package_version: version of this package that wrote the folder.
        objective: ``rating``, ``ranking`` or ``hybrid``.
        embedding_dim: D, length of every vector.
        rating_min: lowest rating of the scale.
        rating_max: highest rating of the scale.
        options: every option of the training, by its config name.
        data: format, fingerprint and counts of the data set.
        vocabulary_fingerprint: fingerprint of ``vocabulary.json``'s content, as the data layer computes it.
        split: what was held out for validation.
        metrics: validation metrics of the kept epoch, by name.
        run: seconds, ratings per second, the data's folder; not part of the fingerprint.
    """

    package_version: str
    objective: str
    embedding_dim: int
    rating_min: float
    rating_max: float
    options: Mapping[str, Any]
    data: Mapping[str, Any]
    vocabulary_fingerprint: str
    split: Mapping[str, Any]
    metrics: Mapping[str, float]
    run: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelArrays:
    """The arrays of a model folder; shapes as in :class:`ModelFolder`."""

    user_ids: Ints
    user_vectors: Floats
    demographic: Floats
    movie_ids: Ints
    movie_vectors: Floats
    num_ratings: Ints
    tables: UserTables
    seen: Seen
    stars: Stars | None


class ModelFolder:
    """A trained model on disk. Each property reads its file on first use and checks it.

    Raises from every property: ArtifactError: a file is missing, damaged or has the wrong shape; it is named.
    """

    def __init__(self, path: Path, document: Mapping[str, Any]):
        self.path = path
        self.info = _parse_info(path / "model.json", document["model"])
        self.fingerprint: str = document["fingerprint"]
        self._files: Mapping[str, Any] = document["files"]

    @classmethod
    def open(cls, path: Path) -> "ModelFolder":
        """Read and check ``model.json``; the other files are read when they are asked for.

        Raises:
            ArtifactError: no model at ``path``, one of another format version, or a damaged ``model.json``.
        """
        file = path / "model.json"
        try:
            document = json.loads(file.read_bytes())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ArtifactError(
                f"No model at '{path}': run 'recsys train' first, or name one with --model"
            ) from error
        except OSError as error:
            raise ArtifactError(f"{file}: {error.strerror}") from error
        except ValueError as error:
            raise ArtifactError(f"{file}: not JSON, the model folder is damaged: {_AGAIN}") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ArtifactError(f"{file}: not the model.json of a recsys model: {_AGAIN}")
        if document.get("format_version") != FORMAT_VERSION:
            found = document.get("format_version")
            raise ArtifactError(f"{file}: format version {found}, this version reads {FORMAT_VERSION}: {_AGAIN}")
        checksum = document.pop("checksum", None)
        if checksum != sha256(canonical(document)):
            raise ArtifactError(f"{file}: checksum does not match, the file was changed or damaged: {_AGAIN}")
        return cls(path, document)

    def read(self, name: str) -> bytes:
        """Bytes of one file of the folder, checked against its size and sha256.

        Raises:
            ArtifactError: the file is missing or is not the one that was written.
        """
        file = self.path / name
        if name not in self._files:
            raise ArtifactError(f"{file}: not part of this model: {_AGAIN}")
        try:
            content = file.read_bytes()
        except FileNotFoundError as error:
            raise ArtifactError(f"{file}: missing, the model folder is incomplete: {_AGAIN}") from error
        except OSError as error:
            raise ArtifactError(f"{file}: {error.strerror}") from error
        expected = self._files[name]
        if len(content) != expected["size"]:
            raise ArtifactError(f"{file}: {len(content)} bytes instead of {expected['size']}, damaged: {_AGAIN}")
        if sha256(content) != expected["sha256"]:
            raise ArtifactError(f"{file}: sha256 does not match, the file was changed or damaged: {_AGAIN}")
        return content

    def verify(self) -> None:
        """Check every file now.

        Raises:
            ArtifactError: as :meth:`read`.
        """
        for name in self._files:
            self.read(name)

    @cached_property
    def vocabulary_text(self) -> str:
        """Text of ``vocabulary.json``."""
        return self.read("vocabulary.json").decode()

    @cached_property
    def _users(self) -> dict[str, NDArray[Any]]:
        return self._arrays("user_vectors.npz", demographic=4, user_ids=1, vectors=2)

    @cached_property
    def _movies(self) -> dict[str, NDArray[Any]]:
        return self._arrays("movie_vectors.npz", movie_ids=1, vectors=2, num_ratings=1)

    @property
    def demographic(self) -> Floats:
        """(G + 1, A + 1, J + 1, D) float32, unit vector of every (gender, age, job), row 0 unknown."""
        return self._users["demographic"]

    @property
    def user_ids(self) -> Ints:
        """(U,) int64, ascending."""
        return self._users["user_ids"]

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
        names = {"base": 1, "genders": 2, "ages": 2, "jobs": 2, "rated": 2, "valued": 2, "mean_rating": 0}
        arrays = self._arrays("user_tables.npz", **names)
        arrays["mean_rating"] = arrays["mean_rating"].item()
        return UserTables(**arrays, activation=self.info.options["activation"])

    @cached_property
    def seen(self) -> Seen:
        """The training interactions, which a known person is not recommended again."""
        return Seen(**self._arrays("seen.npz", indptr=1, movie_ids=1))

    @cached_property
    def stars(self) -> Stars | None:
        """The star head, or None where the objective trains none."""
        if "stars.npz" not in self._files:
            return None
        arrays = self._arrays("stars.npz", mean=0, slope=1, movie_offsets=1, user_offsets=1)
        arrays["mean"] = arrays["mean"].item()
        return Stars(**arrays, rating_min=self.info.rating_min, rating_max=self.info.rating_max)

    def _arrays(self, name: str, **dimensions: int) -> dict[str, Any]:
        """Arrays of one ``.npz`` by name, their number of dimensions checked."""
        problem = f"{self.path / name}: not the arrays of this format: {_AGAIN}"
        try:
            with np.load(io.BytesIO(self.read(name)), allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
        except (ValueError, zipfile.BadZipFile) as error:
            raise ArtifactError(problem) from error
        if {key: array.ndim for key, array in arrays.items()} != dimensions:
            raise ArtifactError(problem)
        return arrays


def _parse_info(file: Path, model: Any) -> ModelInfo:
    names = {field.name for field in fields(ModelInfo)}
    if not isinstance(model, dict) or set(model) != names:
        raise ArtifactError(f"{file}: fields of 'model' are not those of this format: {_AGAIN}")
    return ModelInfo(**model)


def canonical(document: Any) -> bytes:
    """The one JSON form of a document that digests are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()
