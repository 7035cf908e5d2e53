"""Fixtures shared by all tests."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from commands import Recsys

pytest_plugins = ["milvus_server"]


@pytest.fixture
def rng() -> np.random.Generator:
    """Seeded source of randomness."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def ml1m() -> Path:
    """Folder of the real MovieLens 1M, $RECSYS_ML1M."""
    path = Path(os.environ.get("RECSYS_ML1M", "absent"))
    if not (path / "ratings.dat").exists():
        pytest.skip("MovieLens 1M is not here: set RECSYS_ML1M to its folder")
    return path


@pytest.fixture(scope="session")
def make_sample() -> ModuleType:
    """Import scripts/make_sample.py, which knows what is planted in data/sample."""
    path = Path(__file__).parents[1] / "scripts" / "make_sample.py"
    spec = importlib.util.spec_from_file_location("make_sample", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where `recsys train` and `recsys preprocess` ran on the sample; read it, do not change it."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "data").symlink_to(ROOT / "data")
    return train_and_preprocess(folder, Path("data/sample"))


@pytest.fixture(scope="session")
def ml1m_workspace(tmp_path_factory: pytest.TempPathFactory, ml1m: Path) -> Path:
    """The same on MovieLens 1M, shorter: two epochs, and what is held out is not learnt in the end."""
    folder = tmp_path_factory.mktemp("ml1m_workspace")
    return train_and_preprocess(folder, ml1m.resolve(), "--no-refit", "--epochs", "2")


def train_and_preprocess(folder: Path, data: Path, *options: str) -> Path:
    """Run the first two commands in a folder, as a person would."""
    for arguments in (["train", "--data", str(data), *options], ["preprocess", "-f", "movies_origin.txt"]):
        done = subprocess.run(
            [sys.executable, "-m", "recsys_cli", *arguments],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def recsys(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Recsys:
    """Commands on the trained sample, with an index that is ready."""
    ready = Recsys(workspace, tmp_path_factory.mktemp("lite") / "milvus.db")
    result = ready("recommend", "-g", "F")
    assert result.exit_code == 0, result.stderr
    return ready
