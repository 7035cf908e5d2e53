"""Standard output that is full, closed or no UTF-8: one line or silence, for every command."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Recsys

ROOT = Path(__file__).parents[2]
# One of every way in which a command writes.
COMMANDS = {
    "help": ["--help"],
    "version": ["--version"],
    "help of a command": ["train", "--help"],
    "table": ["recommend", "--exact"],
    "json": ["recommend", "--exact", "--json"],
    "csv": ["similar", "1", "--exact", "--csv"],
    "check": ["check", "data/sample"],
    "list": ["download", "--list"],
}
SHORT = {name: COMMANDS[name] for name in ("help", "table")}


@pytest.fixture
def folder(recsys: Recsys, tmp_path: Path) -> Path:
    for name in ("recommender_system.inference.model", "movies_data.txt", "data"):
        (tmp_path / name).symlink_to(recsys.workspace / name)
    return tmp_path


def start(
    arguments: list[str],
    folder: Path,
    *,
    redirected: str = "",
    stdout: int = subprocess.PIPE,
    locale: dict[str, str] | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """A command in a process of its own, its streams redirected by a shell."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirected}', "-", sys.executable, "-m", "recsys_cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | (locale or {}),
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_is_one_line(folder: Path, arguments: list[str]) -> None:
    done = start(arguments, folder, redirected="> /dev/full")
    lines = [line for line in done.stderr.splitlines() if not line.startswith(b"Note: ")]
    assert lines == [b"Error: standard output cannot be written: No space left on device"]
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", SHORT.values(), ids=SHORT)
def test_a_closed_output_is_one_line(folder: Path, arguments: list[str]) -> None:
    done = start(arguments, folder, redirected=">&-")
    lines = [line for line in done.stderr.splitlines() if not line.startswith(b"Note: ")]
    assert lines == [b"Error: standard output cannot be written: Bad file descriptor"]
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", SHORT.values(), ids=SHORT)
def test_a_pipe_that_nobody_reads_is_silence(folder: Path, arguments: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        done = start(arguments, folder, stdout=write)
    finally:
        os.close(write)
    note = b"Note: nothing is known of the person: these movies are for nobody in particular\n"
    assert done.stderr in (b"", note)
    assert done.returncode == 141


@pytest.mark.parametrize("redirected", ["2> /dev/full", "2>&-"])
def test_what_nobody_hears_on_stderr_stops_nothing(folder: Path, redirected: str) -> None:
    done = start(["recommend", "--exact"], folder, redirected=redirected)
    assert done.returncode == 0
    assert done.stdout.count(b"\n") == 7


def test_a_closed_stdin_is_one_line(folder: Path) -> None:
    done = start(["recommend", "--exact", "--stdin"], folder, redirected="<&-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"Error: --stdin: standard input is closed\n"


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"LC_ALL": "C"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
    ids=["plain C", "C", "latin-1"],
)
def test_what_is_piped_is_utf8_in_every_locale(folder: Path, locale: dict[str, str]) -> None:
    data = folder / "unsaid"
    data.mkdir()
    (data / "movies.csv").write_text("movieId,title,genres\n1,Am\u00e9lie \u5343 (2001),Drama\n", encoding="utf-8")
    (data / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,1,4.0,0\n")
    done = start(["check", "unsaid"], folder, locale=locale)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "Am\u00e9lie \u5343 (2001)".encode() in done.stdout
