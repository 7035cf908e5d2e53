"""``model.json``: what a model is, and which files it consists of. Needs no paddle."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.open_files import OpenFiles

DOCUMENT = "model.json"
FORMAT = "recsys-model"
FORMAT_VERSION = 3
AGAIN = "run 'recsys train' again"
_MAX_BYTES = 1 << 20
_BLOCK = 1 << 20  # bytes
_Number = TypeVar("_Number", float, NDArray[np.float32])
# No separator: no file is ever read outside the folder.
_FileName = Annotated[str, msgspec.Meta(pattern=r"(?a)^\w[\w.]*\Z")]


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``model.json`` says about another file: its size in bytes and its sha256 in hexadecimal."""

    size: int
    sha256: str


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
        metrics: validation metrics of the kept epoch, by name; None where there was nothing to compute one from.
        started_from: fingerprint of the model that the training started at; None where it started anew.
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
    metrics: Mapping[str, float | None]
    run: Mapping[str, Any]
    started_from: str | None = None

    def score(self, similarity: _Number) -> _Number:
        """What is printed of an inner product of -1..1: the top of the rating scale times it."""
        return similarity * self.rating_max


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    format_version: int
    fingerprint: str
    model: ModelInfo
    files: dict[_FileName, FileEntry]


def read_document(folder: OpenFiles) -> tuple[ModelInfo, str, dict[str, FileEntry]]:
    """Read and check ``model.json``.

    Args:
        folder: holds it, opened.

    Returns: what the model is, its fingerprint, and size and sha256 of each other file by name.

    Raises:
        ArtifactError: it is missing, damaged, of another format version, or none at all.
    """
    file = folder.path / DOCUMENT
    found = _load(folder)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise ArtifactError(f"{file}: not the model.json of a recsys model: {AGAIN}")
    if found.get("format_version") != FORMAT_VERSION:
        version = found.get("format_version")
        raise ArtifactError(f"{file}: format version {version!r}, this version reads {FORMAT_VERSION}: {AGAIN}")
    if found.pop("checksum", None) != sha256(canonical(found)):
        raise ArtifactError(f"{file}: checksum does not match, the file was changed or damaged: {AGAIN}")
    try:
        document = msgspec.convert(found, _Document)
    except msgspec.ValidationError as error:
        raise ArtifactError(f"{file}: not of this format: {error}: {AGAIN}") from error
    info = document.model
    if not -1e6 < info.rating_min < info.rating_max < 1e6:
        raise ArtifactError(f"{file}: rating_min and rating_max are no scale: {AGAIN}")
    if document.fingerprint != model_fingerprint(found["files"], found["model"]):
        raise ArtifactError(f"{file}: fingerprint does not match, the file was changed: {AGAIN}")
    return info, document.fingerprint, document.files


def _load(folder: OpenFiles) -> Any:
    file = folder.path / DOCUMENT
    try:
        if folder.size(DOCUMENT) > _MAX_BYTES:
            raise ArtifactError(f"{file}: over {_MAX_BYTES} bytes, the model folder is damaged: {AGAIN}")
        return json.loads(folder.read(DOCUMENT))
    except FileNotFoundError as error:
        raise no_model(folder.path) from error
    except OSError as error:
        raise ArtifactError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{file}: not JSON, the model folder is damaged: {AGAIN}") from error


def no_model(path: Path) -> ArtifactError:
    """The error to raise where a model folder should be and is not."""
    return ArtifactError(f"No model at '{path}': run 'recsys train' first, or name one with --model")


def model_fingerprint(files: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of what a model is; how long it took and where it was made are left out."""
    lasting = {key: value for key, value in model.items() if key != "run"}
    return sha256(canonical({"files": files, "model": lasting}))


def canonical(document: Any) -> bytes:
    """The one JSON form of a document that digests are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()
