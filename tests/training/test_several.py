"""``recsys train`` in several real processes on the sample."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from recsys_cli.cli import main
from recsys_cli.model.folder import ModelFolder

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
OPTIONS = ("--embedding-dim", "16", "--batch-users", "128", "--no-refit")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # sums of floats depend on who shares them
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="paddle's processes speak on Linux alone")


def start(model: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "recsys_cli", "train", "--data", str(SAMPLE), "--model", str(model)]
    return subprocess.Popen(
        [*command, *OPTIONS, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT), **ONE_THREAD, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def trained(model: Path, *arguments: str) -> ModelFolder:
    process = start(model, *arguments)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    # The leading process talks as one process does, and the others say nothing.
    assert [line for line in errors.splitlines() if not line.startswith(str(SAMPLE))] == []
    return ModelFolder.open(model)


def loss(model: ModelFolder) -> float:
    assert model.history is not None
    return model.history.epochs[-1]["loss"]


def workers(process: subprocess.Popen[str]) -> list[int]:
    """The processes that train, in their order."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [pid for pid in map(int, found) if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "options",
    [
        "max_catalogue = 100",
        pytest.param("", marks=pytest.mark.slow),
        pytest.param("objective = 'rating'", marks=pytest.mark.slow),
    ],
)
def test_two_processes_learn_what_one_does(tmp_path: Path, options: str) -> None:
    config = tmp_path / "train.toml"
    config.write_text(options)
    one = trained(tmp_path / "one", "--config", str(config), "--epochs", "1")
    two = trained(tmp_path / "two", "--config", str(config), "--epochs", "1", "--workers", "2")
    assert loss(two) == pytest.approx(loss(one), rel=1e-3)
    np.testing.assert_allclose(two.movie_vectors, one.movie_vectors, atol=1e-3)
    np.testing.assert_allclose(two.user_vectors, one.user_vectors, atol=1e-3)
    assert two.info.options == one.info.options


@pytest.mark.slow
def test_the_same_number_of_processes_gives_the_same_bytes(tmp_path: Path) -> None:
    arguments = ("--config", str(tmp_path / "train.toml"), "--epochs", "1", "--workers", "2")
    (tmp_path / "train.toml").write_text("max_catalogue = 100\nrefit = true")
    models = [trained(tmp_path / name, *arguments) for name in ("first", "second")]
    assert models[0].fingerprint == models[1].fingerprint


def test_a_killed_process_ends_all_and_others_go_on(tmp_path: Path) -> None:
    model, checkpoint = tmp_path / "new" / "model", tmp_path / "new" / "model.checkpoint"
    process = start(model, "--epochs", "12", "--patience", "12", "--workers", "2")
    wait_for(checkpoint, process)
    pids = workers(process)
    assert len(pids) == 2
    os.kill(pids[1], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.splitlines()[-1].startswith(
        "Error: process 1 was ended by SIGKILL, so the others are ended, too;"
    )
    assert "Traceback" not in errors
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert [path.name for path in model.parent.iterdir()] == ["model.checkpoint"]

    again = start(model, "--epochs", "12", "--patience", "12", "--workers", "3", "--resume", "--verbose")
    _, errors = again.communicate()
    assert again.returncode == 0, errors
    assert "epoch 12: " in errors
    assert "epoch 1: " not in errors
    assert [path.name for path in model.parent.iterdir()] == ["model"]


def test_processes_that_were_not_told_the_same_do_not_train(tmp_path: Path) -> None:
    """As paddle's launcher starts them, on two machines."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoints = [f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"]
    processes = [
        start(
            tmp_path / "model",
            "--learning-rate",
            rate,
            PADDLE_TRAINER_ID=str(rank),
            PADDLE_TRAINERS_NUM="2",
            PADDLE_TRAINER_ENDPOINTS=",".join(endpoints),
            PADDLE_CURRENT_ENDPOINT=endpoints[rank],
            PADDLE_DISTRI_BACKEND="gloo",
        )
        for rank, rate in enumerate(("0.001", "0.002"))
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert errors.splitlines()[-1] == (
            "Error: the processes differ in the option learning_rate: 0.001 in process 0, 0.002 in process 1; "
            "give all of them the same command, data and versions"
        )
        assert process.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_workers_are_for_one_machine(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["train", "--workers", "2", "--model", str(tmp_path / "model")], env={"PADDLE_TRAINERS_NUM": "2"}
    )
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --workers starts processes of its own: leave it out under paddle.distributed.launch\n",
    )


@pytest.fixture
def two_machines() -> Iterator[dict[str, str]]:
    """Two network namespaces and their devices, joined by a cable: 10.77.0.1 and 10.77.0.2."""
    number = os.getpid() % 10**6
    machines = {f"recsys{number}{end}": f"rs{number}{end}" for end in "ab"}
    names, devices = list(machines), list(machines.values())
    commands = [f"ip netns add {name}" for name in names]
    commands += [f"ip link add {devices[0]} netns {names[0]} type veth peer name {devices[1]} netns {names[1]}"]
    for place, (name, device) in enumerate(machines.items(), start=1):
        commands += [f"ip -n {name} addr add 10.77.0.{place}/24 dev {device}"]
        commands += [f"ip -n {name} link set {up} up" for up in ("lo", device)]
    if shutil.which("ip") is None:
        pytest.skip("no 'ip' to make network namespaces with")
    try:
        for command in commands:
            if subprocess.run(command.split(), capture_output=True).returncode:
                pytest.skip("network namespaces cannot be made here")
        yield machines
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)


@pytest.mark.slow
def test_two_machines_train_under_the_launcher(two_machines: dict[str, str], tmp_path: Path) -> None:
    launcher = [sys.executable, "-m", "paddle.distributed.launch", "--nnodes", "2", "--nproc_per_node", "1"]
    started = []
    for rank, (name, device) in enumerate(two_machines.items()):
        here = ("--rank", str(rank), "--host", f"10.77.0.{rank + 1}", "--log_dir", str(tmp_path / f"log{rank}"))
        recsys = (str(Path(sys.executable).with_name("recsys")), "train", "--data", str(SAMPLE), "--epochs", "1")
        command = ["ip", "netns", "exec", name, *launcher, "--master", "10.77.0.1:8123", *here]
        started.append(
            subprocess.Popen(
                [*command, *recsys, "--model", str(tmp_path / "model"), *OPTIONS],
                env={**os.environ, "PYTHONPATH": str(ROOT), **ONE_THREAD, "GLOO_SOCKET_IFNAME": device},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
    try:
        codes = [process.wait(timeout=100) for process in started]
    finally:
        for process in started:
            process.terminate()
    said = [(tmp_path / f"log{rank}" / "workerlog.0").read_text() for rank in range(2)]
    assert codes == [0, 0], said
    assert f"wrote {tmp_path / 'model'}" in said[0]
    assert said[1] == ""
    ours = trained(tmp_path / "here", "--epochs", "1", "--workers", "2")
    assert ModelFolder.open(tmp_path / "model").fingerprint == ours.fingerprint
