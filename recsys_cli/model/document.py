"""``model.json``: what a model is, and which files it consists of. Needs no paddle."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from recsys_cli.errors import ArtifactError

FORMAT = "recsys-model"
FORMAT_VERSION = 1
AGAIN = "run 'recsys train' again"
_MAX_BYTES = 1 << 20
_FILE_NAME = re.compile(r"\w[\w.]*", re.ASCII)  # no separator: no file is ever read outside the folder
_NUMBER = (int, float)
_TYPES: dict[str, Any] = {"embedding_dim": int, "rating_min": _NUMBER, "rating_max": _NUMBER}
_TEXTS = ("package_version", "objective", "vocabulary_fingerprint")


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


def read_document(file: Path) -> tuple[ModelInfo, str, dict[str, Any]]:
    """Read and check ``model.json``.

    Returns: what the model is, its fingerprint, and size and sha256 of each other file by name.

    Raises:
        ArtifactError: it is missing, damaged, of another format version, or none at all.
    """
    document = _load(file)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ArtifactError(f"{file}: not the model.json of a recsys model: {AGAIN}")
    if document.get("format_version") != FORMAT_VERSION:
        found = document.get("format_version")
        raise ArtifactError(f"{file}: format version {found!r}, this version reads {FORMAT_VERSION}: {AGAIN}")
    checksum = document.pop("checksum", None)
    if checksum != sha256(canonical(document)):
        raise ArtifactError(f"{file}: checksum does not match, the file was changed or damaged: {AGAIN}")
    files, model = document.get("files"), document.get("model")
    if not (isinstance(files, dict) and all(_FILE_NAME.fullmatch(name) for name in files)):
        raise ArtifactError(f"{file}: 'files' are not those of this format: {AGAIN}")
    for entry in files.values():
        if not (
            isinstance(entry, dict) and isinstance(entry.get("size"), int) and set(entry) == {"size", "sha256"}
        ):
            raise ArtifactError(f"{file}: 'files' are not those of this format: {AGAIN}")
    info = _parse_info(file, model)
    fingerprint = model_fingerprint(files, document["model"])
    if document.get("fingerprint") != fingerprint:
        raise ArtifactError(f"{file}: fingerprint does not match, the file was changed: {AGAIN}")
    return info, fingerprint, files


def _load(file: Path) -> Any:
    try:
        if file.stat().st_size > _MAX_BYTES:
            raise ArtifactError(f"{file}: over {_MAX_BYTES} bytes, the model folder is damaged: {AGAIN}")
        return json.loads(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactError(
            f"No model at '{file.parent}': run 'recsys train' first, or name one with --model"
        ) from error
    except OSError as error:
        raise ArtifactError(f"{file}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{file}: not JSON, the model folder is damaged: {AGAIN}") from error


def _parse_info(file: Path, model: Any) -> ModelInfo:
    names = [field.name for field in fields(ModelInfo)]
    if not isinstance(model, dict) or set(model) != set(names):
        raise ArtifactError(f"{file}: fields of 'model' are not those of this format: {AGAIN}")
    for name in names:
        expected = str if name in _TEXTS else _TYPES.get(name, dict)
        if not isinstance(model[name], expected):
            raise ArtifactError(f"{file}: {name} is {str(model[name])[:40]!r}, of a wrong type: {AGAIN}")
    if not -1e6 < model["rating_min"] < model["rating_max"] < 1e6:
        raise ArtifactError(f"{file}: rating_min and rating_max are no scale: {AGAIN}")
    return ModelInfo(**model)


def model_fingerprint(files: Mapping[str, Any], model: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of what a model is; how long it took and where it was made are left out."""
    lasting = {key: value for key, value in model.items() if key != "run"}
    return sha256(canonical({"files": files, "model": lasting}))


def canonical(document: Any) -> bytes:
    """The one JSON form of a document that digests are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256."""
    return hashlib.sha256(content).hexdigest()
