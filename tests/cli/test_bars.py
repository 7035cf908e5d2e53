"""The bars of long work, as a terminal gets them: no number that is none, no epoch after the last."""

import re
from pathlib import Path

import pytest
from terminal import on_a_terminal

ROOT = Path(__file__).parents[2]
OPTIONS = "epochs = 2\nembedding_dim = 16\n"


@pytest.mark.parametrize("command", [["train"], ["evaluate", "--seeds", "1"]], ids=["train", "evaluate"])
def test_a_bar_counts_no_epoch_beyond_the_last_and_no_loss_that_is_none(
    tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "fast.toml").write_text(OPTIONS)
    data = ["--data", str(ROOT / "data" / "sample"), "--config", "fast.toml"]
    drawn = on_a_terminal(tmp_path, *command, *data, only="stderr", COLUMNS="200", NO_COLOR="1")
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", drawn)
    epochs = re.findall(r"epoch (\d+)/2\b", text)
    assert epochs
    assert set(epochs) <= {"1", "2"}
    assert re.findall(r"loss \d\.\d{3}", text)
    assert "nan" not in text
