"""The examples of `recommend --help` and `similar --help`, and the README's Python, run as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Recsys

from recsys_cli.cli.recommend import command as recommend
from recsys_cli.cli.similar import command as similar

ROOT = Path(__file__).parents[2]
EXAMPLES = [
    line.strip()
    for command in (recommend, similar)
    for line in str(command.epilog).splitlines()
    if line.startswith("  ")
]


@pytest.fixture
def folder(recsys: Recsys, tmp_path: Path) -> Path:
    """A folder of its own with the model, the movies and the data."""
    for name in ("recommender_system.inference.model", "movies_data.txt", "data"):
        (tmp_path / name).symlink_to(recsys.workspace / name)
    return tmp_path


def run(command: list[str] | str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_examples_of_the_help_run(folder: Path) -> None:
    assert len(EXAMPLES) >= 11
    for example in EXAMPLES:
        done = run(re.sub(r"\brecsys (?=recommend|similar)", f"{sys.executable} -m recsys_cli ", example), folder)
        assert done.returncode == 0, f"{example}: {done.stderr}"
        assert "error" not in done.stdout, example


def test_the_python_of_the_readme_runs(folder: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    answers, tower = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = run([sys.executable, "-c", answers], folder)
    assert done.returncode == 0, done.stderr
    assert re.match(r"1 .+ \(\d{4}\) \d\.\d+\n2 .+\n3 .+\n\[.+\]\n$", done.stdout)
    done = run([sys.executable, "-c", f"{tower}print(vector.shape)"], folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "paddle.Size([1, 256])\n"
