"""``recsys doctor``: what is installed and in place, what is wrong with it, and how to put it right."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from recsys_cli import __version__
from recsys_cli.config import MODEL_DIR, MOVIES_DATA, DoctorConfig
from recsys_cli.errors import ArtifactError, DataError, StoreError
from recsys_cli.index.contents import read_movies
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile, given_options, preprocess_command
from recsys_cli.model.vocabulary import open_vocabulary
from recsys_cli.store import open_store

_IMPORT_SECONDS = 60
_LITTLE_DISK_BYTES = 1_000_000_000
_LIBRARIES = ("paddlepaddle", "pymilvus", "milvus-lite", "numpy", "pyarrow")
_ENVIRONMENT = ("MKL_DEBUG_CPU_TYPE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is.
        status: "ok", "note" for what is merely not there yet, or "error".
        detail: what was found.
        fix: what to do about it, empty where nothing is to be done.
    """

    name: str
    status: str
    detail: str
    fix: str = ""


def run(config: DoctorConfig) -> tuple[Finding, ...]:
    """Look at everything; nothing that is wrong ends it early."""
    folder, model = _look_at_model(config.model)
    file, movies = _look_at_movies_data(config, folder)
    return (
        Finding(name="recsys", status="ok", detail=__version__),
        Finding(name="python", status="ok", detail=platform.python_version()),
        Finding(name="system", status="ok", detail=platform.platform()),
        Finding(name="processor", status="ok", detail=_processor()),
        *_look_at_environment(),
        *_look_at_libraries(),
        _look_at_paddle(),
        _look_at_disk(),
        model,
        movies,
        _look_at_index(config, folder, file),
    )


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    name = platform.processor() or platform.machine()
    if cpuinfo.exists():
        names = [
            line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line
        ]
        name = names[0] if names else name
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {usable} cores"


def _look_at_environment() -> Iterator[Finding]:
    """What the libraries read from the environment; nothing that could hold a secret."""
    for name in _ENVIRONMENT:
        if name in os.environ:
            yield Finding(name=name, status="ok", detail=os.environ[name])


def _look_at_libraries() -> Iterator[Finding]:
    try:
        needed = [Requirement(line) for line in importlib.metadata.requires("recsys") or ()]
    except importlib.metadata.PackageNotFoundError:
        yield Finding(name="installation", status="note", detail="runs from its source, not installed")
        needed = [Requirement(name) for name in _LIBRARIES]
    for requirement in needed:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _look_at_library(requirement)


def _look_at_library(requirement: Requirement) -> Finding:
    fix = f"pip install '{requirement.name}{requirement.specifier}'"
    names = (requirement.name, "paddlepaddle-gpu") if requirement.name == "paddlepaddle" else (requirement.name,)
    for name in names:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if requirement.specifier.contains(version, prereleases=True):
            return Finding(name=name, status="ok", detail=version)
        return Finding(name=name, status="error", detail=f"{version}, needs {requirement.specifier}", fix=fix)
    return Finding(name=requirement.name, status="error", detail="not installed", fix=fix)


def _look_at_paddle() -> Finding:
    """Whether paddle can be loaded, in a process of its own: a broken one may take its process along."""
    code = "import paddle; print(paddle.device.cuda.device_count())"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=_IMPORT_SECONDS
        )
    except subprocess.TimeoutExpired:
        return Finding(name="import paddle", status="error", detail=f"takes over {_IMPORT_SECONDS} s")
    if done.returncode == 0:
        return Finding(name="import paddle", status="ok", detail=f"works, GPUs: {done.stdout.split()[-1]}")
    lines = done.stderr.strip().splitlines() or [f"ends with status {done.returncode}"]
    fix = "pip install --force-reinstall paddlepaddle"
    return Finding(name="import paddle", status="error", detail=lines[-1], fix=fix)


def _look_at_disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    detail = f"{free / 1e9:.1f} GB free here"
    if free < _LITTLE_DISK_BYTES:
        return Finding(name="disk", status="error", detail=detail, fix="free at least 1 GB")
    return Finding(name="disk", status="ok", detail=detail)


def _look_at_model(path: Path) -> tuple[ModelFolder | None, Finding]:
    if not path.exists():
        return None, Finding(name="model", status="note", detail=f"{path}: not there", fix="recsys train")
    try:
        folder = ModelFolder.open(path)
        folder.verify()
        movies, users = len(folder.movie_ids), len(folder.user_ids)
    except ArtifactError as error:
        return None, Finding(name="model", status="error", detail=str(error), fix="recsys train")
    detail = (
        f"{path}: whole; {folder.info.objective}, {movies:,} movies, {users:,} users, "
        f"{folder.info.embedding_dim} dimensions, fingerprint {folder.fingerprint[:12]}"
    )
    return folder, Finding(name="model", status="ok", detail=detail)


def _look_at_movies_data(config: DoctorConfig, folder: ModelFolder | None) -> tuple[MoviesFile | None, Finding]:
    path = config.movies_data or MOVIES_DATA
    if folder is None:
        detail = (
            f"{path}: not checked without a model" if path.exists() else "those of the model, once there is one"
        )
        return None, Finding(name="movies", status="note", detail=detail)
    fix = preprocess_command(config.model, path)
    try:
        file = MoviesFile.choose(config.movies_data, folder)
        movies = read_movies(open_vocabulary(folder), file)
    except (ArtifactError, DataError) as error:
        return None, Finding(name="movies", status="error", detail=str(error), fix=fix)
    detail = f"{file.path}: {len(movies.movie_ids):,} movies of this model"
    if file.note:
        return file, Finding(name="movies", status="note", detail=f"{detail}; {path} is of another one", fix=fix)
    return file, Finding(name="movies", status="ok", detail=detail)


def _look_at_index(config: DoctorConfig, folder: ModelFolder | None, movies: MoviesFile | None) -> Finding:
    options = given_options(
        ("--model", config.model, MODEL_DIR), ("--movies-data", config.movies_data or MOVIES_DATA, MOVIES_DATA)
    )
    fix = f"recsys recommend -a 25 -g M -j 4 --import{options}"
    if config.store.is_lite and not Path(config.store.uri).exists():
        return Finding(name="index", status="note", detail=f"{config.store.uri}: not there", fix=fix)
    try:
        with open_store(config.store, create=False) as store:
            index = store.describe()
    except StoreError as error:
        return Finding(name="index", status="error", detail=str(error))
    where = f"{index.address}, {index.server_version}"
    if index.fingerprint is None:
        return Finding(name="index", status="note", detail=f"{where}: holds no index '{index.alias}'", fix=fix)
    detail = f"{where}: {index.rows:,} movies, {index.index_type}"
    if folder is not None and index.fingerprint.model != folder.fingerprint:
        return Finding(name="index", status="note", detail=f"{detail}, of another model", fix=fix)
    if folder is not None and movies is not None and index.fingerprint.movies != movies.fingerprint:
        return Finding(name="index", status="note", detail=f"{detail}, of another {movies.path.name}", fix=fix)
    return Finding(name="index", status="ok", detail=detail)
