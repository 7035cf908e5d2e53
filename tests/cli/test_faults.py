"""Kills, full disks and folders that cannot be written: what stands under a final name is always whole."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from layouts import write_1m
from models import write_small_model

from recsys_cli.model.folder import ModelFolder

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    return tmp_path


@pytest.mark.parametrize(
    ("action", "before", "min_moments"), [("model", "old", 20), ("preprocess", "old", 3), ("unpack", "absent", 10)]
)
def test_killed_at_any_moment_the_old_stands_or_the_new(
    folder: Path, action: str, before: str, min_moments: int
) -> None:
    done = run(ROOT / "tests" / "kill_moments.py", action, folder)
    assert done.stderr == ""
    result = json.loads(done.stdout)
    assert len(result["after_kill"]) >= min_moments
    assert set(result["after_kill"]) <= {before, "new"}
    assert result["after_kill"][0] == before
    assert set(result["after_run"]) == {"new"}
    assert result["leftovers"] == []


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from recsys_cli.cli import main
main(sys.argv[2:], prog_name="recsys")
"""


def test_preprocess_on_a_full_disk_keeps_the_old_file(folder: Path) -> None:
    write_small_model(folder / "model", folder / "data")
    (folder / "movies_data.txt").write_text("old")
    done = run("-c", LIMITED, "100", "preprocess", "-f", "data/movies.dat", "--model", "model", cwd=folder)
    assert done.stderr == (
        "Error: movies_data.txt: cannot be written (File too large); choose another file with -o\n"
    )
    assert done.returncode == 1
    assert (folder / "movies_data.txt").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["data", "model", "movies_data.txt"]


def test_a_model_on_a_full_disk_keeps_the_old_one(folder: Path) -> None:
    old = write_small_model(folder / "model", folder / "data")
    code = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        f"sys.path.insert(0, {str(ROOT / 'tests')!r})\n"
        "from models import write_small_model\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))\n"
        "write_small_model(Path('model'), Path('data'), seed=2)\n"
    )
    done = run("-c", code, cwd=folder)
    assert done.stderr.splitlines()[-1] == (
        "recsys_cli.errors.ArtifactError: Cannot write the model to 'model': File too large"
    )
    assert type(old).open(folder / "model").fingerprint == old.fingerprint
    assert sorted(path.name for path in folder.iterdir()) == ["data", "model"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write to")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["preprocess", "-f", "data/movies.dat", "--model", "model", "-o", "/proc/x.txt"],
            "/proc/x.txt: cannot be written (No such file or directory); choose another file with -o",
        ),
        (
            ["download", "ml-1m", "--from-file", "data/movies.dat", "--data-dir", "/proc/x"],
            "/proc/x/ml-1m: cannot be written: No such file or directory",
        ),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, arguments: list[str], message: str) -> None:
    write_small_model(folder / "model", folder / "data")
    done = run("-m", "recsys_cli", *arguments, cwd=folder)
    assert done.stderr == f"Error: {message}\n"
    assert done.returncode == 1


@pytest.mark.slow
def test_a_training_killed_at_20_random_moments_leaves_a_whole_model(
    folder: Path, rng: np.random.Generator
) -> None:
    arguments = ["train", "--data", str(ROOT / "data" / "sample"), "--embedding-dim", "16", "--epochs", "1"]
    started = time.monotonic()
    assert run("-m", "recsys_cli", *arguments, cwd=folder).returncode == 0
    seconds = time.monotonic() - started
    kills = 0
    for seed, moment in enumerate(rng.uniform(0.1, 1.0, size=20) * seconds):
        process = subprocess.Popen(
            [sys.executable, "-m", "recsys_cli", *arguments, "--seed", str(seed + 100)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        try:
            process.wait(timeout=moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        ModelFolder.open(folder / "recommender_system.inference.model").verify()
    assert kills >= 10
    assert run("-m", "recsys_cli", *arguments, cwd=folder).returncode == 0
    assert sorted(path.name for path in folder.iterdir()) == ["data", "recommender_system.inference.model"]
