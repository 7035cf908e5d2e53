"""Progress where stderr is no terminal: a line a minute."""

import pytest

from recsys_cli.cli.progress_bars import TerminalProgress


def test_a_log_gets_a_line_a_minute(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("recsys_cli.cli.progress_bars.time.monotonic", lambda: 0.0)
    with TerminalProgress().task("Training", total=12_000, unit="batches") as task:
        task.update(1_000, epoch="1/8", loss="0.500")  # after half a minute: nothing
        monkeypatch.setattr("recsys_cli.cli.progress_bars.time.monotonic", lambda: 61.0)
        task.update(2_000, loss="0.400")
        task.update(2_001, loss="0.399")
        monkeypatch.setattr("recsys_cli.cli.progress_bars.time.monotonic", lambda: 122.0)
        task.update(4_000, epoch="2/8", loss="0.300")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "Training: 2,000 of 12,000 batches, epoch 1/8, loss 0.400",
        "Training: 4,000 of 12,000 batches, epoch 2/8, loss 0.300",
    ]
