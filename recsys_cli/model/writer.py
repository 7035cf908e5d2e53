"""Writes the model folder, ``model.json`` last: complete or absent. Needs no paddle."""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.config import MOVIES_DATA
from recsys_cli.errors import ArtifactError
from recsys_cli.model.arrays import ModelArrays
from recsys_cli.model.document import (
    FORMAT,
    FORMAT_VERSION,
    ModelInfo,
    canonical,
    file_sha256,
    model_fingerprint,
    sha256,
)
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.history import History
from recsys_cli.replacing import replacing


def write_model(
    path: Path,
    info: ModelInfo,
    arrays: ModelArrays,
    *,
    vocabulary_text: str,
    save_towers: Callable[[Path], None],
    history: History | None = None,
    movies_data: bytes | None = None,
) -> ModelFolder:
    """Write a model folder beside its name and swap it in; whatever stood there stays until then.

    Args:
        path: the folder's final name; an earlier model there is replaced.
        info: what ``model.json`` says.
        arrays: what the ``.npz`` files hold.
        vocabulary_text: content of ``vocabulary.json``.
        save_towers: writes the tower programs into the folder it is given.
        history: of the training; None leaves ``history.json`` out.
        movies_data: ``movies_data.txt`` of the training data's movies; None leaves it out.

    Returns: the folder, opened.

    Raises:
        ArtifactError: ``path`` is something other than a model, or cannot be written.
    """
    check_replaceable(path)
    with replacing(path, partial(_cannot_write, path), folder=True) as building:
        (building / "vocabulary.json").write_text(vocabulary_text, encoding="utf-8", newline="")
        _write_arrays(building, arrays)
        if history is not None:
            (building / "history.json").write_bytes(history.to_json())
        if movies_data is not None:
            (building / MOVIES_DATA.name).write_bytes(movies_data)
        save_towers(building)
        _write_document(building, info)
    return ModelFolder.open(path)


def check_replaceable(path: Path) -> None:
    """Refuse to write a model over something that is not one, before any work is done.

    Raises:
        ArtifactError: ``path`` is a file, or a folder with other content, or its place cannot be written to.
    """
    if path.exists() and not path.is_dir():
        raise ArtifactError(f"'{path}' is a file: name another folder with --model")
    if path.is_dir() and any(path.iterdir()) and not (path / "model.json").exists():
        raise ArtifactError(f"'{path}' holds something other than a model: name another folder with --model")
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise _cannot_write(path, f"no permission to write in '{nearest}'")


def _cannot_write(path: Path, reason: str) -> ArtifactError:
    return ArtifactError(f"Cannot write the model to '{path}': {reason}")


def _write_arrays(folder: Path, arrays: ModelArrays) -> None:
    np.savez(folder / "people.npz", demographic=arrays.demographic, user_ids=arrays.user_ids)
    np.savez(
        folder / "user_vectors.npz",
        demographic=arrays.demographic,
        user_ids=arrays.user_ids,
        vectors=arrays.user_vectors,
    )
    np.savez(
        folder / "movie_vectors.npz",
        movie_ids=arrays.movie_ids,
        vectors=arrays.movie_vectors,
        num_ratings=arrays.num_ratings,
    )
    tables = _fields(arrays.tables)
    del tables["activation"], tables["further"]
    np.savez(folder / "user_tables.npz", **tables)
    np.savez(folder / "seen.npz", **_fields(arrays.seen))
    if arrays.held_out is not None:
        np.savez(folder / "held_out.npz", **_fields(arrays.held_out))
    if arrays.estimates is not None:
        np.savez(folder / "estimates.npz", **_fields(arrays.estimates))
    audience = _fields(arrays.audience)
    user_further = audience.pop("user_further")
    np.savez(folder / "audience.npz", **audience)
    if arrays.tables.further is not None:
        np.savez(folder / "further.npz", table=arrays.tables.further, user_rows=user_further)
    if arrays.crowd is not None:
        np.savez(folder / "crowd.npz", **_fields(arrays.crowd))
    if arrays.stars is not None:
        stars = _fields(arrays.stars)
        np.savez(folder / "stars.npz", **{name: stars[name] for name in stars if not name.startswith("rating_")})


def _write_document(folder: Path, info: ModelInfo) -> None:
    files = {}
    for file in sorted(folder.iterdir()):
        files[file.name] = {"size": file.stat().st_size, "sha256": file_sha256(file)}
    model = asdict(info)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "fingerprint": model_fingerprint(files, model),
        "model": model,
        "files": files,
    }
    document["checksum"] = sha256(canonical(document))
    (folder / "model.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8", newline="")


def _fields(instance: Any) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in fields(instance)}
