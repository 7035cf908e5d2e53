"""What README.md shows is what the commands print now."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_outputs_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "sync_readme.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def section(name: str) -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]


def test_the_rooms_are_those_of_the_package_and_say_what_they_are_for() -> None:
    shown = dict(re.findall(r"^(\w+(?:/|\.py)) +(.+)$", section("How the code is laid out"), re.MULTILINE))
    package = ROOT / "recsys_cli"
    rooms = {f"{path.parent.name}/": path for path in package.glob("*/__init__.py")}
    rooms |= {path.name: path for path in package.glob("*.py") if not path.name.startswith("__")}
    docs = {name: ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) for name, path in rooms.items()}
    assert shown == {name: (doc or "").splitlines()[0] for name, doc in docs.items()}


def test_every_file_that_the_readme_names_is_there() -> None:
    text = section("How the code is laid out") + section("Working on it")
    named = set(re.findall(r"(?:[\w.]+/)+\w+\.py", text)) - {"cli/NAME.py"}
    assert len(named) >= 15
    assert [name for name in named if not ((ROOT / name).exists() or (ROOT / "recsys_cli" / name).exists())] == []
