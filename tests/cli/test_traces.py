"""What the three commands leave behind: nothing outside the folders named, and nothing is sent anywhere."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WATCH = """
import atexit, json, os, sys
_found = {"written": [], "reached": []}
_changes = {"os.rename": 1, "os.mkdir": 0, "os.remove": 0, "os.link": 1, "os.symlink": 1, "os.truncate": 0}

def _watch(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        flags = arguments[2] if isinstance(arguments[2], int) else 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            _found["written"].append(os.path.abspath(os.fsdecode(arguments[0])))
    elif event in _changes and isinstance(arguments[_changes[event]], (str, bytes, os.PathLike)):
        _found["written"].append(os.path.abspath(os.fsdecode(arguments[_changes[event]])))
    elif event in ("socket.connect", "socket.sendto", "socket.bind"):
        if not (event == "socket.bind" and arguments[1][0] in ("::1", "127.0.0.1")):  # asks whether IPv6 is there
            _found["reached"].append(repr(arguments[1]))
    elif event in ("socket.getaddrinfo", "urllib.Request"):
        _found["reached"].append(repr(arguments[0]))

sys.addaudithook(_watch)

@atexit.register
def _tell():
    found = json.dumps(_found)
    with open(os.environ["WATCHED"], "w") as file:
        file.write(found)
"""
COMMANDS = [
    ["train", "--data", str(ROOT / "data" / "sample"), "--epochs", "1", "--embedding-dim", "16"],
    ["preprocess", "-f", "movies_origin.txt"],
    ["recommend", "-a", "25", "-g", "M", "-j", "4"],
]


def tree(path: Path) -> set[str]:
    return {str(found.relative_to(path)) for found in path.rglob("*")}


def test_nothing_is_written_elsewhere_and_nothing_is_sent(tmp_path: Path) -> None:
    """HOME unset, a plain C locale, a temporary folder of its own, assertions off."""
    hook, temporary, work = tmp_path / "hook", tmp_path / "temporary", tmp_path / "work"
    for folder in (hook, temporary, work):
        folder.mkdir()
    (hook / "sitecustomize.py").write_text(WATCH)
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    environment |= {
        "PYTHONPATH": f"{hook}{os.pathsep}{ROOT}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        "LC_ALL": "C",
        "WATCHED": str(tmp_path / "watched.json"),
    }
    written, reached = set(), []
    for command in COMMANDS:
        done = subprocess.run(
            [sys.executable, "-O", "-m", "recsys_cli", *command],
            cwd=work,
            env=environment,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        found = json.loads((tmp_path / "watched.json").read_text())
        assert found["written"] or found["reached"], "the hook saw nothing"
        written |= set(found["written"])
        reached += found["reached"]
    inside = (f"{work}/", f"{temporary}/", "/dev/", "/proc/")
    outside = [path for path in written if not f"{path}/".startswith(inside)]
    assert outside == []
    assert reached == []
    assert tree(temporary) == set()
    top = {name.split("/")[0] for name in tree(work)}
    assert {"recommender_system.inference.model", "movies_data.txt"} <= top
    assert {name for name in top if not name.endswith("milvus.db")} == {
        "recommender_system.inference.model",
        "movies_data.txt",
    }
