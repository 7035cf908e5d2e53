"""Writes the model folder beside its name and swaps it in: complete or absent. Needs no paddle."""

import ctypes
import json
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.errors import ArtifactError
from recsys_cli.model.document import FORMAT, FORMAT_VERSION, ModelInfo, canonical, model_fingerprint, sha256
from recsys_cli.model.folder import ModelArrays, ModelFolder


def write_model(
    path: Path,
    info: ModelInfo,
    arrays: ModelArrays,
    *,
    vocabulary_text: str,
    save_towers: Callable[[Path], None],
) -> ModelFolder:
    """Write a model folder beside its name and swap it in; whatever stood there stays until then.

    Args:
        path: the folder's final name; an earlier model there is replaced.
        info: what ``model.json`` says.
        arrays: what the ``.npz`` files hold.
        vocabulary_text: content of ``vocabulary.json``.
        save_towers: writes the tower programs into the folder it is given.

    Returns: the folder, opened.

    Raises:
        ArtifactError: ``path`` is something other than a model, or cannot be written.
    """
    check_replaceable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        building = path.with_name(f".{path.name}.partial")  # always this name: what a killed run left goes first
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir()
        try:
            (building / "vocabulary.json").write_text(vocabulary_text, encoding="utf-8", newline="")
            _write_arrays(building, arrays)
            save_towers(building)
            _write_document(building, info)
            _swap(building, path)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise ArtifactError(f"Cannot write the model to '{path}': {error.strerror or error}") from error
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
        raise ArtifactError(f"Cannot write the model to '{path}': no permission to write in '{nearest}'")


def _write_arrays(folder: Path, arrays: ModelArrays) -> None:
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
    tables = {name: value for name, value in _fields(arrays.tables).items() if name != "activation"}
    np.savez(folder / "user_tables.npz", **tables)
    np.savez(folder / "seen.npz", indptr=arrays.seen.indptr, movie_ids=arrays.seen.movie_ids)
    np.savez(folder / "audience.npz", **_fields(arrays.audience))
    if arrays.stars is not None:
        stars = _fields(arrays.stars)
        np.savez(folder / "stars.npz", **{name: stars[name] for name in stars if not name.startswith("rating_")})


def _write_document(folder: Path, info: ModelInfo) -> None:
    files = {}
    for file in sorted(folder.iterdir()):
        content = file.read_bytes()
        files[file.name] = {"size": len(content), "sha256": sha256(content)}
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


def _swap(building: Path, path: Path) -> None:
    """Put ``building`` under the final name; an earlier model then stands under ``building``'s."""
    if not path.exists():
        building.rename(path)
    elif not _exchange(building, path):
        # Not every system can exchange two names: for an instant there is no model under the final one.
        aside = building.with_name(f"{building.name}.old")
        path.rename(aside)
        with ExitStack() as back:
            back.callback(aside.rename, path)
            building.rename(path)
            back.pop_all()
        aside.rename(building)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step by Linux's renameat2; False where that cannot be done."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return renameat2 is not None and renameat2(here, os.fsencode(first), here, os.fsencode(second), exchange) == 0


def _fields(instance: Any) -> dict[str, Any]:
    return {field.name: getattr(instance, field.name) for field in fields(instance)}
