"""Write the commands' real output and the table of options into README.md, or check that what stands there holds.

A comment ``<!-- output of: recsys ... -->`` before a fenced block names the command that fills the block. All
of them run in order in one temporary folder that holds the bundled sample. The table between ``<!-- options
-->`` and ``<!-- end of options -->`` is made from the configuration; the one between ``<!-- keys -->`` and ``<!--
end of keys -->`` from what the commands print with ``--json``; the pictures are those of ``recsys report``.
``--check`` changes nothing and exits 1 when anything is out of date. Text, counts and ids, those in the pictures
too, must agree to the letter; a number with a point, such as a score or a metric, to 2 % or one in its last digit;
seconds and rates not at all.
"""

import argparse
import dataclasses
import inspect
import os
import re
import shlex
import subprocess
import sys
import tempfile
import typing
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from recsys_cli.config import training
from recsys_cli.dataset.archive import Downloaded
from recsys_cli.dataset.check import CheckReport
from recsys_cli.dataset.releases import Release
from recsys_cli.doctor import Finding
from recsys_cli.evaluation.compare import ComparisonReport
from recsys_cli.evaluation.result import EvaluationReport
from recsys_cli.index.manage import IndexReport
from recsys_cli.index.preprocess import PreprocessSummary
from recsys_cli.recommend.answers import Recommendation, SimilarMovies
from recsys_cli.recommend.conversation import Failure
from recsys_cli.report.make import ReportSummary
from recsys_cli.training.train import TrainSummary

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURES = ROOT / "data" / "pictures"
_SHOWN = ("training-ndcg.svg", "calibration.svg", "map.svg")
# What each command prints with --json; a list of it where the command says so.
DOCUMENTS: dict[str, type] = {
    "train": TrainSummary,
    "preprocess": PreprocessSummary,
    "recommend": Recommendation,
    "recommend --stdin` (a wrong line)": Failure,
    "similar": SimilarMovies,
    "evaluate": EvaluationReport,
    "compare": ComparisonReport,
    "report": ReportSummary,
    "index": IndexReport,
    "download": Downloaded,
    "download --list` (a list)": Release,
    "check": CheckReport,
    "doctor` (a list)": Finding,
}
TOLERANCE = 0.02  # of a number with a point
_BLOCK = re.compile(
    r"(<!-- output of: (?P<command>[^\n]+) -->\n```(?:console|text)\n)(?P<output>.*?)(```\n)", re.DOTALL
)
_KEYS = re.compile(r"(<!-- keys -->\n).*?(<!-- end of keys -->\n)", re.DOTALL)
_OPTIONS = re.compile(r"(<!-- options -->\n).*?(<!-- end of options -->\n)", re.DOTALL)
_TIME = re.compile(r"\d[\d,.]*(?= (?:s|ms|seconds|\w+/s|\w+ a second)\b)")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def run(command: str, folder: Path) -> str:
    """The command line with a prompt before it, and what it prints to stdout."""
    arguments = shlex.split(command)
    if arguments[0] != "recsys":
        raise ValueError(f"README.md: {command!r} is not a recsys command")
    # One thread: a sum in another order is another last digit, and now and then another list.
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    environment = os.environ | threads | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
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


def regenerate(text: str) -> tuple[str, dict[str, str]]:
    """The README with the output of every command, and the options, as they are now; its pictures by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").symlink_to(ROOT / "data")
        text = _BLOCK.sub(lambda block: block[1] + run(block["command"], folder) + block[4], text)
        pictures = {name: (folder / "pictures" / name).read_text(encoding="utf-8") for name in _SHOWN}
    text = _KEYS.sub(lambda block: block[1] + keys_table() + block[2], text)
    return _OPTIONS.sub(lambda block: block[1] + options_table() + block[2], text), pictures


def options_table() -> str:
    """Every key of ``train --config`` as a Markdown table: default, default of ``rating``, meaning."""
    rating = training.OBJECTIVE_DEFAULTS["rating"]
    lines = ["| key | default | with `rating` | meaning |", "|---|---|---|---|"]
    for group in dataclasses.fields(training.TrainingOptions):
        config = getattr(training.TrainingOptions(), group.name)
        meanings = _attributes(type(config))
        summary = _markdown((inspect.getdoc(config) or "").splitlines()[0])
        lines.append(f"| | | | **{summary.removesuffix('.')}** |")
        for key, default in dataclasses.asdict(config).items():
            other = _toml(rating[key]) if key in rating else ""
            lines.append(f"| `{key}` | {_toml(default)} | {other} | {meanings[key]} |")
    return "\n".join(lines) + "\n"


def keys_table() -> str:
    """The keys of every JSON document as a Markdown table: a row a command, then a row a part of a document."""
    lines = ["| printed by | keys |", "|---|---|"]
    parts: dict[str, type] = {}
    for command, document in DOCUMENTS.items():
        lines.append(f"| `recsys {command}{'' if '`' in command else '`'} | {_keys(document, parts)} |")
    done: set[str] = set()
    while names := [name for name in parts if name not in done]:
        done.add(names[0])
        lines.append(f"| *{names[0]}* | {_keys(parts[names[0]], parts)} |")
    return "\n".join(lines) + "\n"


def _keys(document: type, parts: dict[str, type]) -> str:
    """The fields of a dataclass; where there are others in one, their names in brackets, and they are noted."""
    hints = typing.get_type_hints(document)
    cells = []
    for field in dataclasses.fields(document):
        within = list(_dataclasses(hints[field.name]))
        parts |= {one.__name__: one for one in within}
        cells.append(f"`{field.name}`" + "".join(f" (*{one.__name__}*)" for one in within))
    return ", ".join(cells)


def _dataclasses(hint: Any) -> Iterator[type]:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        yield hint
    for argument in typing.get_args(hint):
        yield from _dataclasses(argument)


def _toml(value: Any) -> str:
    if value is None:
        return ""
    return f'`"{value}"`' if isinstance(value, str) else f"`{str(value).lower()}`"


def _attributes(config: type) -> dict[str, str]:
    """Name and meaning of each attribute in a docstring, in Markdown."""
    found: dict[str, str] = {}
    name = ""
    for line in (inspect.getdoc(config) or "").partition("Attributes:\n")[2].splitlines():
        start = re.match(r"    (\w+): (.*)", line)
        if start:
            name, found[start[1]] = start.groups()
        elif line.strip():
            found[name] += f" {line.strip()}"
    return {name: _markdown(text) for name, text in found.items()}


def _markdown(text: str) -> str:
    def listed(match: re.Match[str]) -> str:
        return ", ".join(f"`{value}`" for value in getattr(training, match[1]))

    return re.sub(r"(?<!`)`([A-Z_]+)`(?!`)", listed, text).replace("``", "`").replace("|", "\\|")


def _words(picture: str) -> str:
    """What is written in an SVG, a line each: where its lines run is left to the eye."""
    return "\n" + "\n".join(re.findall(r">([^<>]+)<", picture))


def differences(old: str, new: str) -> Iterator[str]:
    """The lines of two READMEs that do not agree, as those of a diff."""
    for one, other in zip_longest(old.splitlines(), new.splitlines()):
        if one is None or other is None or not agree(one, other):
            yield from (f"{sign}{line}" for sign, line in (("-", one), ("+", other)) if line is not None)


def agree(old: str, new: str) -> bool:
    """Whether two lines say the same, as the module's docstring has it."""
    if old == new:
        return True
    old, new = (" ".join(_TIME.sub("#", line).split()) for line in (old, new))
    if _NUMBER.sub("#", old) != _NUMBER.sub("#", new):
        return False
    return all(map(_near, _NUMBER.findall(old), _NUMBER.findall(new)))


def _near(old: str, new: str) -> bool:
    decimals = len(old.partition(".")[2])
    if not decimals or decimals != len(new.partition(".")[2]):
        return old == new
    one, other = (float(text.replace(",", "")) for text in (old, new))
    return abs(one - other) <= max(TOLERANCE * abs(one), 1.001 * 10.0**-decimals)


def main() -> None:
    """Write or check README.md."""
    parser = argparse.ArgumentParser(description="Write the commands' real output into README.md.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 when a block is out of date")
    arguments = parser.parse_args()
    old = README.read_text(encoding="utf-8")
    new, pictures = regenerate(old)
    if not arguments.check:
        README.write_text(new, encoding="utf-8")
        PICTURES.mkdir(exist_ok=True)
        for name, picture in pictures.items():
            (PICTURES / name).write_text(picture, encoding="utf-8")
        return
    for name, picture in pictures.items():
        old += _words((PICTURES / name).read_text(encoding="utf-8"))
        new += _words(picture)
    found = list(differences(old, new))
    if found:
        sys.exit("\n".join(found) + "\nREADME.md is out of date; run scripts/sync_readme.py")


if __name__ == "__main__":
    main()
