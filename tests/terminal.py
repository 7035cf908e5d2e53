"""What `recsys` writes on a terminal."""

import os
import pty
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def on_a_terminal(folder: Path, *arguments: str, only: str = "both", **environment: str) -> str:
    """Run a command in a folder with both streams on one terminal, or one of them; it must succeed.

    Args:
        folder: where it runs.
        arguments: of `recsys`.
        only: which streams go there: ``both``, ``stdout`` or ``stderr``; the other one is thrown away.
        environment: besides that of the tests, which says nothing of colours.

    Returns: what was drawn, with its control sequences.
    """
    ours, theirs = pty.openpty()
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "recsys_cli", *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(ROOT), "TERM": "xterm-256color"} | environment,
        stdout=subprocess.DEVNULL if only == "stderr" else theirs,
        stderr=subprocess.DEVNULL if only == "stdout" else theirs,
    )
    os.close(theirs)
    drawn = _everything(ours)
    assert process.wait() == 0, drawn
    return drawn


def _everything(terminal: int) -> str:
    drawn = b""
    try:
        while chunk := os.read(terminal, 1 << 16):
            drawn += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(terminal)
    return drawn.decode()
