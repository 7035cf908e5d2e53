"""What README.md shows is what the commands print now, to the letter or to a stated tolerance."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from recsys_cli.config.training import TrainingOptions

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sync_readme() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sync_readme", ROOT / "scripts" / "sync_readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_outputs_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "sync_readme.py", "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("old", "new", "agrees"),
    [
        ("RMSE 0.7942 (mean 0.9886)", "RMSE 0.7980 (mean 0.9886)", True),
        ("RMSE 0.7942 (mean 0.9886)", "RMSE 0.8142 (mean 0.9886)", False),
        ("  1  283  The Matrix (1999)   2.058  4.5", "  1  283  The Matrix (1999)  2.031  4.4", True),
        ("  1  283  The Matrix (1999)  2.058  4.5", "  1  284  The Matrix (1999)  2.058  4.5", False),
        ("  1  283  The Matrix (1999)  2.058  4.5", "  1  283  The Matrix (1998)  2.058  4.5", False),
        ("42,630 ratings", "42,631 ratings", False),
        ("kept epoch 8 of 8, 3 s, 242,295 ratings/s", "kept epoch 8 of 8, 61 s, 5,295 ratings/s", True),
        ("kept epoch 8 of 8, 3 s, 242,295 ratings/s", "kept epoch 7 of 8, 3 s, 242,295 ratings/s", False),
        ("0.5 users a second", "112 users a second", True),
        ("Score 2.05", "Score 2.0500", False),
    ],
)
def test_a_wrong_number_is_seen(sync_readme: ModuleType, old: str, new: str, agrees: bool) -> None:
    assert sync_readme.agree(old, new) is agrees
    assert list(sync_readme.differences(f"a\n{old}\nb", f"a\n{new}\nb")) == (
        [] if agrees else [f"-{old}", f"+{new}"]
    )


def test_a_missing_line_is_seen(sync_readme: ModuleType) -> None:
    assert list(sync_readme.differences("a\nb", "a")) == ["-b"]


def test_every_option_is_in_the_table() -> None:
    table = TEXT.partition("<!-- options -->\n")[2].partition("<!-- end of options -->")[0]
    keys = [line.split("`")[1] for line in table.splitlines()[2:] if line.startswith("| `")]
    assert keys == list(TrainingOptions().to_dict())
