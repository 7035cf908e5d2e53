"""The bars of long work, as a terminal gets them: no number that is none, no epoch after the last."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OPTIONS = "epochs = 2\nembedding_dim = 16\n"


@pytest.mark.parametrize("command", [["train"], ["evaluate", "--seeds", "1"]], ids=["train", "evaluate"])
def test_a_bar_counts_no_epoch_beyond_the_last_and_no_loss_that_is_none(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "fast.toml").write_text(OPTIONS)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "recsys_cli",
            *command,
            "--data",
            ROOT / "data" / "sample",
            "--config",
            "fast.toml",
        ],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "TERM": "xterm", "NO_COLOR": "1"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    drawn = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
    assert process.wait() == 0
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", drawn.decode())
    epochs = re.findall(r"epoch (\d+)/2\b", text)
    assert epochs
    assert set(epochs) <= {"1", "2"}
    assert re.findall(r"loss \d\.\d{3}", text)
    assert "nan" not in text
