"""Few open files, little memory, no temporary folder; pipes and devices where a file is wanted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from layouts import write_1m
from models import write_small_model, write_small_movies_data

ROOT = Path(__file__).parents[2]
TRAIN = ["train", "--data", "data", "--epochs", "1", "--embedding-dim", "8", "--model", "other"]
RECOMMEND = ["recommend", "--exact", "-g", "F", "--model", "model"]
MILVUS = ["recommend", "-g", "F", "--model", "model"]
OUT_OF_MEMORY = (
    "Error: out of memory: close other programs, raise the limit ('ulimit -v' shows it), or use less data\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    write_small_movies_data(tmp_path / "movies_data.txt", write_small_model(tmp_path / "model", tmp_path / "data"))
    return tmp_path


def run(folder: Path, arguments: list[str], *, before: str = ":", **environment: str) -> tuple[int, str, str]:
    """Exit code and both streams of a command, after a line of shell."""
    done = subprocess.run(
        ["sh", "-c", f'{before}; exec "$@"', "-", sys.executable, "-m", "recsys_cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [TRAIN, MILVUS], ids=["train", "recommend"])
def test_64_open_files_and_no_temporary_folder_are_enough(folder: Path, arguments: list[str]) -> None:
    code, stdout, stderr = run(folder, arguments, before="ulimit -n 64", TMPDIR="/nonexistent")
    assert code == 0, stderr
    assert stdout


@pytest.mark.parametrize("option", ["size=16k", "size=16k,ro"], ids=["full", "read-only"])
def test_a_temporary_folder_without_room_is_enough(folder: Path, option: str) -> None:
    if subprocess.run(["sh", "-c", "unshare -rm true"], capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system of its own")
    (folder / "temporary").mkdir()
    before = f"mount -t tmpfs -o {option} tmpfs temporary; head -c 12288 /dev/zero >temporary/fill 2>&-"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'{before}; exec "$@"', "-", sys.executable, "-m", "recsys_cli", *TRAIN],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder / "temporary")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "home" not in [path.name for path in (folder / "other").iterdir()]


# Sets a limit of the size of files at the first event of Python's of a name whose path ends so.
LIMITED_FROM = """
import resource, sys
event, ending, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
def watch(name, arguments):
    if name == event and str(arguments[0]).endswith(ending):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
sys.addaudithook(watch)
from recsys_cli.cli import main
main(sys.argv[4:], prog_name="recsys")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the size of files")
@pytest.mark.parametrize(
    ("event", "ending", "reason"),
    [("os.mkdir", "/home", "File too large"), ("os.remove", "/room1", "No space left on device")],
    ids=["before", "meanwhile"],
)
def test_no_room_for_the_files_that_paddle_writes(folder: Path, event: str, ending: str, reason: str) -> None:
    """Paddle goes on without a word: what it left would stand in model.json as the whole tower."""
    before = {path.name: path.read_bytes() for path in (folder / "model").iterdir()}
    options = [*TRAIN[:-1], "model", "--no-refit"]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED_FROM, event, ending, "20000", *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[1:] == [f"Error: Cannot write the model to 'model': {reason}"]
    assert {path.name: path.read_bytes() for path in (folder / "model").iterdir()} == before
    left = {"data", "model", "model.checkpoint", "movies_data.txt"}  # --resume goes on after the last epoch
    assert {path.name for path in folder.iterdir()} == left


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
@pytest.mark.parametrize(
    ("arguments", "kilobytes"), [(RECOMMEND, 2_000_000), (MILVUS, 8_000_000)], ids=["memory", "Milvus Lite"]
)
def test_a_generous_limit_of_memory_is_enough(folder: Path, arguments: list[str], kilobytes: int) -> None:
    code, stdout, stderr = run(folder, arguments, before=f"ulimit -v {kilobytes}")
    assert code == 0, stderr
    assert "Top" in stdout


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
@pytest.mark.parametrize("kilobytes", [200_000])
def test_too_little_memory_is_one_line(folder: Path, kilobytes: int) -> None:
    """Not even pyarrow can be loaded; a little more, and native code may abort by itself."""
    code, stdout, stderr = run(folder, TRAIN, before=f"ulimit -v {kilobytes}")
    assert (code, stdout) == (1, "")
    assert stderr.endswith(OUT_OF_MEMORY)
    assert "Traceback" not in stderr
    assert not (folder / "other").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["preprocess", "--model", "model", "-o", "new.txt", "-f"],
        [*RECOMMEND, "--ratings"],
        ["recommend", "--exact", "--model", "model", "-o", "lists.jsonl", "--users"],
    ],
    ids=["preprocess", "ratings", "users"],
)
@pytest.mark.parametrize("given", ["pipe", "./pipe.csv", "/dev/null", "/dev/zero"])
def test_a_pipe_or_device_for_a_file_is_one_line(folder: Path, arguments: list[str], given: str) -> None:
    """Nobody writes to the pipe, and /dev/zero has no end: opening or reading them would never come back."""
    os.mkfifo(folder / "pipe")
    os.mkfifo(folder / "pipe.csv")
    before = sorted(path.name for path in folder.iterdir())
    code, stdout, stderr = run(folder, [*arguments, given])
    assert (code, stdout) == (1, "")
    assert stderr == f"Error: {Path(given)}: not a regular file; write what it gives into a file first\n"
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize("options", [["-o", "lists.jsonl", "--users", "data/users.dat"], []], ids=["users", "one"])
def test_movies_data_is_a_file(folder: Path, options: list[str]) -> None:
    os.mkfifo(folder / "pipe")
    code, stdout, stderr = run(folder, ["recommend", "--model", "model", *options, "--movies-data", "pipe"])
    assert (code, stdout) == (1, "")
    assert stderr == "Error: pipe: not a regular file; write what it gives into a file first\n"


@pytest.mark.parametrize("file", ["data/ratings.dat", "/dev/null"])
def test_a_data_set_is_a_folder(folder: Path, file: str) -> None:
    code, stdout, stderr = run(folder, ["train", "--data", file])
    assert (code, stdout) == (1, "")
    assert stderr == (
        f"Error: No data at '{file}': name a folder with --data (data/sample is a small one), "
        "or run 'recsys download ml-1m'\n"
    )
