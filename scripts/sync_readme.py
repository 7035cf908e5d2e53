"""Write the commands' real output into README.md, or check that what stands there is still true.

A comment ``<!-- output of: recsys ... -->`` before a fenced block names the command that fills the block. All of
them run in order in one temporary folder that holds the bundled sample. ``--check`` changes nothing and exits 1
when a block is out of date: help must agree to the letter; in other output a line with a digit is a measured
value, of which only the place is compared.
"""

import argparse
import difflib
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
_BLOCK = re.compile(
    r"(<!-- output of: (?P<command>[^\n]+) -->\n```(?:console|text)\n)(?P<output>.*?)(```\n)", re.DOTALL
)


def run(command: str, folder: Path) -> str:
    """The command line with a prompt before it, and what it prints to stdout."""
    arguments = shlex.split(command)
    if arguments[0] != "recsys":
        raise ValueError(f"README.md: {command!r} is not a recsys command")
    environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "recsys_cli", *arguments[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"README.md: '{command}' exits {done.returncode}: {done.stderr.strip()}")
    return f"$ {command}\n" + "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())


def regenerate(text: str) -> str:
    """The README with the output of every command as it is now."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        return _BLOCK.sub(lambda block: block[1] + run(block["command"], folder) + block[4], text)


def comparable(text: str) -> str:
    """The README with the measured values of its blocks blanked."""

    def blank(block: re.Match[str]) -> str:
        if block["command"].endswith("--help"):
            return block[0]
        lines = block["output"].splitlines()[1:]
        return block[1] + "".join("#\n" if re.search(r"\d", line) else f"{line}\n" for line in lines) + block[4]

    return _BLOCK.sub(blank, text)


def main() -> None:
    """Write or check README.md."""
    parser = argparse.ArgumentParser(description="Write the commands' real output into README.md.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a block is out of date")
    arguments = parser.parse_args()
    old = README.read_text(encoding="utf-8")
    new = regenerate(old)
    if not arguments.check:
        README.write_text(new, encoding="utf-8")
        return
    if comparable(old) != comparable(new):
        diff = difflib.unified_diff(
            comparable(old).splitlines(), comparable(new).splitlines(), "README", "now", ""
        )
        sys.exit("\n".join(diff) + "\nREADME.md is out of date; run scripts/sync_readme.py")


if __name__ == "__main__":
    main()
