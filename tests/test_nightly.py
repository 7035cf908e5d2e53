"""``scripts/nightly.sh`` for real: three nights, and what goes wrong in between, while a reader asks on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
SCRIPT = ROOT / "scripts" / "nightly.sh"
PEOPLE = 150

pytestmark = pytest.mark.skipif(shutil.which("flock") is None, reason="needs flock of util-linux")


class Shop:
    """A folder that nights are run in."""

    def __init__(self, folder: Path):
        self.folder = folder / "shop"
        self.folder.mkdir()
        tools = folder / "tools"
        tools.mkdir()
        _program(tools / "recsys", f'exec "{sys.executable}" -m recsys_cli "$@"')
        self.export = _program(tools / "export", f'exec cp "{folder}/export/"* "$1"')
        self._upcoming = folder / "export"
        self._environment = os.environ | {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "EXPORT": str(self.export),
            "OPTIONS": "--epochs 1 --embedding-dim 16",
            "REQUIRE": "ndcg@10 >= -90%",
        }

    def next_export(self, *, movies: int, people: int, share: float) -> None:
        """What the export gives from now on: the first movies and people, and their first ratings."""
        shutil.rmtree(self._upcoming, ignore_errors=True)
        self._upcoming.mkdir()
        known = {"movies.dat": set[str](), "users.dat": set[str]()}
        for name, most in (("movies.dat", movies), ("users.dat", people)):
            lines = (SAMPLE / name).read_text().splitlines(keepends=True)[:most]
            known[name] = {line.split("::")[0] for line in lines}
            (self._upcoming / name).write_text("".join(lines))
        kept = []
        for number, line in enumerate((SAMPLE / "ratings.dat").read_text().splitlines(keepends=True)):
            user, movie, *_ = line.split("::")
            if user in known["users.dat"] and movie in known["movies.dat"] and number % 10 < 10 * share:
                kept.append(line)
        (self._upcoming / "ratings.dat").write_text("".join(kept))

    def start(self, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [SCRIPT, self.folder],
            env=self._environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def night(self, **environment: str) -> tuple[int, str]:
        """Exit code and stderr of a night."""
        process = self.start(**environment)
        _, stderr = process.communicate(timeout=120)
        return process.returncode, stderr

    def current(self) -> str:
        return str((self.folder / "current").readlink())

    def read(self, stop: Path, answers: Path) -> "subprocess.Popen[str]":
        with answers.open("w") as stdout:  # a pipe would be full before the nights are over
            return subprocess.Popen(
                [sys.executable, ROOT / "tests" / "nightly_reader.py", self.folder, stop],
                env=self._environment,
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
            )


def _program(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return path


def _wait_for(what: str, is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_there():
        assert time.monotonic() < deadline, f"no {what}"
        time.sleep(0.01)


def test_three_nights_while_a_reader_asks_all_the_time(tmp_path: Path) -> None:
    shop, stop, answered = Shop(tmp_path), tmp_path / "stop", tmp_path / "answers"
    reader = shop.read(stop, answered)
    nights = []
    try:
        shop.next_export(movies=380, people=PEOPLE, share=0.7)
        code, said = shop.night()
        assert code == 0, said
        nights.append(shop.current())
        shop.next_export(movies=390, people=PEOPLE + 20, share=0.8)
        _goes_wrong(shop)
        assert shop.current() == nights[0]
        for people, share in ((PEOPLE + 20, 0.8), (PEOPLE + 40, 0.9)):
            shop.next_export(movies=393, people=people, share=share)
            code, said = shop.night()
            assert code == 0, said
            nights.append(shop.current())
            _wait_for("answer", lambda: Path(shop.current()).name in answered.read_text())
    finally:
        stop.touch()
        _, stderr = reader.communicate(timeout=60)
    assert (reader.returncode, stderr) == (0, "")
    answers = [json.loads(line) for line in answered.read_text().splitlines()]
    assert len(answers) > 20
    assert all(answer["is_right"] and answer["has_lists"] for answer in answers)
    asked = list(dict.fromkeys(answer["night"] for answer in answers))
    assert [f"nights/{night}" for night in asked] == nights  # each in turn, and never back
    assert sorted(path.name for path in (shop.folder / "nights").iterdir()) == asked[1:]
    models = [json.loads((shop.folder / night / "model" / "model.json").read_text()) for night in nights[1:]]
    assert models[1]["model"]["started_from"] == models[0]["fingerprint"]


def _goes_wrong(shop: Shop) -> None:
    """Nights that must change nothing: no export, a bad line, killed in training, too bad a model, two at once."""
    assert shop.night(EXPORT="false")[0] == 1
    ratings = shop.folder.parent / "export" / "ratings.dat"
    whole = ratings.read_text()
    ratings.write_text(f"{whole}1::1::nine::0\n")
    assert shop.night()[0] == 1
    ratings.write_text(whole)
    killed = shop.start()
    _wait_for("training", lambda: bool(list(shop.folder.glob("nights/*/.model.training"))))
    assert shop.night() == (75, "another night is still running\n")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    for anew in ("", "1"):
        code, stderr = shop.night(REQUIRE="ndcg@10 >= +0.9", ANEW=anew)
        assert (code, "ndcg@10 >= +0.9: does not hold" in stderr) == (3, True), stderr


def test_the_readme_shows_the_script() -> None:
    assert f"```sh\n{SCRIPT.read_text()}```\n" in (ROOT / "README.md").read_text()
