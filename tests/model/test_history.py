"""``history.json``: what is written is read, and nothing else is."""

import dataclasses
import json
from pathlib import Path

import pytest
from layouts import write_1m
from models import write_small_model

from recsys_cli.model.history import History

HISTORY = History(epochs=({"loss": 0.5}, {"loss": 0.25, "ndcg@10": 0.125}), kept_epoch=2, stopped_by="epochs")
TWICE = dataclasses.replace(HISTORY, on_all_ratings=({"loss": 0.375}, {"loss": 0.125}))


def test_a_history_survives() -> None:
    content = HISTORY.to_json()
    assert json.loads(content) == {
        "epochs": [{"loss": 0.5}, {"loss": 0.25, "ndcg@10": 0.125}],
        "kept_epoch": 2,
        "stopped_by": "epochs",
        "on_all_ratings": [],
    }
    assert History.from_json(content) == HISTORY
    assert History.from_json(TWICE.to_json()) == TWICE
    before_there_were_two = content.replace(b',\n "on_all_ratings": []', b"")
    assert len(before_there_were_two) < len(content)
    assert History.from_json(before_there_were_two) == HISTORY


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"epochs": []}, "the kept epoch is none of the epochs"),
        ({"epochs": [{"loss": "0.5"}, {}]}, r"Expected `float`, got `str` - at `\$.epochs\[0\]\[...\]`"),
        ({"kept_epoch": 0}, "the kept epoch is none of the epochs"),
        ({"kept_epoch": True}, r"Expected `int`, got `bool` - at `\$.kept_epoch`"),
        ({"stopped_by": None}, r"Expected `str`, got `null` - at `\$.stopped_by`"),
    ],
)
def test_anything_else_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        History.from_json(json.dumps({**json.loads(HISTORY.to_json()), **change}).encode())


def test_a_folder_without_one_still_opens(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    assert write_small_model(tmp_path / "model", tmp_path / "data").history is None
