"""``recsys train`` stopped, killed, resumed, and run twice at once: real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from recorded import Recorded

from recsys_cli.cli import main
from recsys_cli.config.training import TrainConfig, TrainingOptions
from recsys_cli.errors import ArtifactError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.training import train
from recsys_cli.training.reserve import reserved

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
OPTIONS = ("--embedding-dim", "16", "--epochs", "6", "--batch-users", "32")


def start(model: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recsys_cli", "train", "--data", str(SAMPLE), "--model", str(model)]
    return subprocess.Popen(
        [*command, *OPTIONS, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run(model: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["train", "--data", str(SAMPLE), "--model", str(model), *OPTIONS, *arguments])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """The model of a training that nobody disturbs."""
    model = tmp_path_factory.mktemp("whole") / "model"
    process = start(model)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    return ModelFolder.open(model)


def test_a_killed_training_resumes_to_the_same_bytes(whole: ModelFolder, tmp_path: Path) -> None:
    model, checkpoint = tmp_path / "new" / "model", tmp_path / "new" / "model.checkpoint"
    process = start(model)
    wait_until(checkpoint.exists, process)
    process.kill()
    process.communicate()
    assert not model.exists()
    done = start(model, "--resume", "--json")
    summary, errors = done.communicate()
    assert done.returncode == 0, errors
    assert "--resume" not in errors
    assert json.loads(summary)["epochs"] == 6
    assert [path.name for path in model.parent.iterdir()] == ["model"]
    assert ModelFolder.open(model).fingerprint == whole.fingerprint


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_the_training_on_all_ratings_resumes_to_the_same_bytes(
    whole: ModelFolder, tmp_path: Path, stop: signal.Signals
) -> None:
    model, checkpoint = tmp_path / "model", tmp_path / "model.checkpoint.all"
    process = start(model)
    wait_until(checkpoint.exists, process)
    process.send_signal(stop)
    _, errors = process.communicate()
    if stop == signal.SIGINT:
        counts = ("1 epoch", *(f"{count} epochs" for count in range(2, 5)))
        ending = "on all ratings: the same command with --resume goes on after them"
        kept = [f"kept 6 epochs, then {count} {ending}" for count in counts]
        assert errors.splitlines()[-2] in kept
    done = start(model, "--resume", "--json", "-v")
    printed, errors = done.communicate()
    assert done.returncode == 0, errors
    summary = json.loads(printed)
    assert summary["epochs"] == 6
    assert summary["refit_epochs"] == summary["kept_epoch"] > 2
    trained = [line for line in errors.splitlines() if line.startswith("epoch ")]
    assert 0 < len(trained) < summary["kept_epoch"]  # none of the first training, which was over
    assert summary["fingerprint"] == whole.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_half_of_the_time_is_for_the_first_training(tmp_path: Path) -> None:
    result = run(tmp_path / "model", "--time-limit", "0.002", "--json")
    summary = json.loads(result.stdout)
    assert (summary["epochs"], summary["refit_epochs"], summary["stopped_by"]) == (1, 1, "time limit")


def test_an_interrupted_training_says_how_to_go_on_and_a_plain_one_what_it_throws_away(tmp_path: Path) -> None:
    model, checkpoint = tmp_path / "model", tmp_path / "model.checkpoint"
    process = start(model)
    wait_until(checkpoint.exists, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    said, last = errors.splitlines()[-2:]
    kept = said.removeprefix("kept ").removesuffix(": the same command with --resume goes on after them")
    assert kept in {"1 epoch", *(f"{count} epochs" for count in range(2, 6))}
    assert (last, process.returncode) == ("Interrupted.", 130)
    again = run(model)
    assert again.exit_code == 0
    assert again.stderr.splitlines()[1:] == [
        f"threw away {kept} of an interrupted training; --resume would have gone on after them"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_nothing_to_resume_is_said(tmp_path: Path) -> None:
    result = run(tmp_path / "model", "--resume", "--epochs", "1")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[1:] == [
        f"--resume: there is no '{tmp_path / 'model.checkpoint'}' to go on from; training begins anew"
    ]


def test_a_second_training_of_the_same_model_is_refused_and_disturbs_nothing(
    whole: ModelFolder, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    process = start(model)
    wait_until((tmp_path / "model.checkpoint").exists, process)
    process.send_signal(signal.SIGSTOP)
    second = run(model)
    assert (second.exit_code, second.stderr) == (
        1,
        f"Error: Process {process.pid} is training '{model}': wait for it, or name another folder with --model\n",
    )
    process.send_signal(signal.SIGCONT)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert ModelFolder.open(model).fingerprint == whole.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_the_name_is_free_again_after_the_block_and_after_a_killed_process(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (tmp_path / ".model.training").write_text("123456")
    for _ in range(2):
        with reserved(model):
            with (
                pytest.raises(ArtifactError, match=f"^Process {os.getpid()} is training '{model}': "),
                reserved(model),
            ):
                pass
            assert (tmp_path / ".model.training").exists()
        assert list(tmp_path.iterdir()) == []


def test_a_resumed_training_counts_its_own_epochs_and_its_bar_begins_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(Recorded):
        def detail(self, text: str) -> None:
            super().detail(text)
            if text.startswith("epoch 4:"):
                raise KeyboardInterrupt

    begun: list[int] = []

    class Counting(Recorded):
        def task(self, title: str, *, done: int = 0, **options: object):  # type: ignore[no-untyped-def]
            if title == "Training":
                begun.append(done)
            return super().task(title, done=done, **options)  # type: ignore[arg-type]

    options = TrainingOptions.from_dict({"embedding_dim": 16, "epochs": 5, "batch_users": 100, "refit": False})
    config = TrainConfig(data=SAMPLE, model=tmp_path / "model", options=options)
    with pytest.raises(KeyboardInterrupt):
        train.run(config, Stopping())
    rates = []
    from recsys_cli.training.fit import Fitted, fit

    def slow(*arguments: object, **named: object) -> Fitted:
        started = time.monotonic()
        fitted = fit(*arguments, **named)  # type: ignore[arg-type]
        rates.append(1 / (time.monotonic() - started))
        return fitted

    monkeypatch.setattr("recsys_cli.training.learn.fit", slow)
    progress = Counting()
    summary = train.run(TrainConfig(data=SAMPLE, model=config.model, options=options, resume=True), progress)
    assert begun == [40]  # batches of four epochs
    assert summary.epochs == 5
    assert summary.ratings_per_second == pytest.approx(summary.num_ratings * rates[0], rel=0.05)
    (updates,) = (updates for title, updates in progress.tasks if title == "Training")
    assert {facts["epoch"] for _, facts in updates if "epoch" in facts} == {"5/5"}
    assert np.all(np.diff([done for done, _ in updates]) >= 0)
