"""One file or folder in place of another: whole or not at all, and nothing left beside it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from recsys_cli.errors import DataError
from recsys_cli.replacing import _exchange, replacing

KILLED = """
import os, signal, sys
from pathlib import Path
from recsys_cli.errors import DataError
from recsys_cli.replacing import replacing
with replacing(Path(sys.argv[1]), DataError, folder=sys.argv[2] == "folder") as building:
    print(building.name, flush=True)
    if sys.argv[3] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdin.read()
    (building / "a" if building.is_dir() else building).write_text("theirs")
"""


def write(path: Path, text: str, *, folder: bool = False) -> None:
    with replacing(path, DataError, folder=folder) as building:
        (building / "a" if folder else building).write_text(text)


def read(path: Path) -> str:
    return (path / "a" if path.is_dir() else path).read_text()


def start(path: Path, kind: str, how: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), kind, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )


@pytest.mark.parametrize("folder", [False, True])
def test_the_new_takes_the_place_of_the_old(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "target"
    for text in ("one", "two"):
        write(target, text, folder=folder)
        assert read(target) == text
        assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("folder", [False, True])
def test_what_fails_leaves_the_old_and_nothing_beside_it(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "target"
    write(target, "old", folder=folder)
    with pytest.raises(UnicodeEncodeError):
        write(target, "half\ud800", folder=folder)
    assert read(target) == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_next_run_removes_what_a_killed_one_left_but_not_what_a_running_one_writes(
    tmp_path: Path, kind: str
) -> None:
    target = tmp_path / "target"
    with start(target, kind, "killed") as killed:
        assert killed.stdout is not None
        left = killed.stdout.read().strip()
    with start(target, kind, "runs") as running:
        assert running.stdout is not None
        assert running.stdin is not None
        theirs = running.stdout.readline().strip()
        assert sorted(path.name for path in tmp_path.iterdir()) == [theirs]  # it removed the other's
        assert left != theirs
        write(target, "mine", folder=kind == "folder")
        assert read(target) == "mine"
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted([theirs, "target"])
        running.stdin.close()
    assert running.returncode == 0
    assert read(target) == "theirs"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("folder", [False, True])
def test_ten_at_once_end_with_one_of_them(tmp_path: Path, folder: bool) -> None:
    target = tmp_path / "target"
    errors: list[Exception] = []

    def write_often(number: int) -> None:
        try:
            for _ in range(10):
                write(target, str(number), folder=folder)
        except DataError as error:
            errors.append(error)

    threads = [threading.Thread(target=write_often, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert read(target) in set("0123456789")
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("folder", [False, True])
def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path, folder: bool) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to("elsewhere/target")
    for text in ("one", "two"):
        write(tmp_path / "link", text, folder=folder)
        assert read(tmp_path / "elsewhere" / "target") == text
    assert (tmp_path / "link").is_symlink()
    assert sorted(path.name for path in tmp_path.rglob("*")) == sorted(
        ["elsewhere", "link", "target", *(["a"] if folder else [])]
    )


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    write(pipe, "through")
    reader.join(timeout=10)
    assert received == ["through"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_device_stays_a_device() -> None:
    write(Path("/dev/null"), "gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize(
    ("name", "reason"),
    [("folder", "Is a directory"), ("absent/target", "No such file or directory"), ("file/x", "Not a directory")],
)
def test_the_error_is_the_callers(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(DataError) as caught:
        write(tmp_path / name, "text")
    assert str(caught.value) == reason
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_a_name_that_only_looks_like_a_leftover_stays(tmp_path: Path) -> None:
    names = [".target.mine.partial", ".targets.partial", ".other.0123abcd.partial"]
    for name in [*names, ".target.partial", ".target.0123abcd.partial", ".target.0123abcd.old.partial"]:
        (tmp_path / name).touch()
    write(tmp_path / "target", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "target"])


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_names_are_exchanged_in_one_step(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    assert _exchange(tmp_path / "first", tmp_path / "second")
    assert (tmp_path / "first" / "file").read_text() == "second"
    assert (tmp_path / "second" / "file").read_text() == "first"
    assert not _exchange(tmp_path / "first", tmp_path / "absent")
