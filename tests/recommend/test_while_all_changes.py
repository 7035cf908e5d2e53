"""Questions again and again while the model is trained anew and its index imported and dropped: real commands."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner
from milvus_server import Server

from recsys_cli import Recommender
from recsys_cli.cli import main
from recsys_cli.model.folder import ModelFolder

ROOT = Path(__file__).parents[2]
PEOPLE = [(25, "M", 4), (56, "F", 1), (18, "F", 12), (35, "M", 7)]
# What a command may say instead of an answer: that what it reads has just been replaced.
UNLUCKY = re.compile(
    r"Error: (?:\S+: )?(?:"
    r"the index was replaced by that of another model or movies file during the search: run the command again"
    r"|there is no index named '\w+' yet; 'recsys recommend --import' makes it"
    r"|another import of '\w+' finished first and its index is in use; nothing of this one is left"
    r"|another import changes the index '\w+' at the same time; run the command again when it has ended"
    r"|was replaced while it was being read: run the command again)\n"
)


class Changing:
    """A model and an index that commands change meanwhile."""

    def __init__(self, folder: Path, store: list[str], token: str) -> None:
        self._folder, self._options = folder, ["--model", str(folder / "model"), *store]
        self._environment = {"RECSYS_MILVUS_TOKEN": token}
        self._threads: list[Thread] = []
        self.trained: dict[str, Path] = {}  # each model that there was, by its fingerprint
        self.failed: list[str] = []
        self.done: Counter[str] = Counter()
        self.asked = 0

    def train(self, seed: int) -> None:
        """Put another model in the place of the last."""
        data, model = ROOT / "data" / "sample", self._folder / "model"
        options = ["--embedding-dim", "16", "--epochs", "1", "--seed", str(seed), "--model", str(model)]
        self._run("train", "--data", str(data), *options)
        kept = self._folder / f"kept{seed}"
        shutil.copytree(model, kept)
        self.trained[ModelFolder.open(kept).fingerprint] = kept

    def preprocess(self) -> None:
        """Write the movies, which are the same for every model here."""
        movies, output = ROOT / "data" / "sample" / "movies_origin.txt", self._folder / "movies_data.txt"
        self._run("preprocess", "-f", str(movies), "-o", str(output), "--model", str(self._folder / "model"))
        self._options += ["--movies-data", str(output)]

    def import_anew(self) -> None:
        """Import whatever is there."""
        self._run("recommend", "-g", "F", "--import", *self._options)

    def drop(self) -> None:
        """Drop the index."""
        self._run("index", "--drop", *self._options)

    def meanwhile(self, *deeds: Callable[[], None], pace: int) -> None:
        """Begin to do these one after another, each once so many more questions were asked."""

        def work() -> None:
            for place, deed in enumerate(deeds):
                while self.asked < place * pace:
                    time.sleep(0.01)
                deed()

        self._threads.append(Thread(target=work))
        self._threads[-1].start()

    @property
    def is_going_on(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def ask(self, person: tuple[int, str, int]) -> dict[str, Any] | None:
        """The answer as it is printed; None where the command was unlucky."""
        self.asked += 1
        age, gender, job = person
        arguments = ["recommend", "-a", str(age), "-g", gender, "-j", str(job), "--json", *self._options]
        result = CliRunner().invoke(main, arguments, env=self._environment)
        if result.exit_code == 0:
            answer: dict[str, Any] = json.loads(result.stdout)
            return answer
        lines = result.stderr.splitlines(keepends=True)
        assert (result.exit_code, result.stdout) == (1, ""), result.exception
        assert UNLUCKY.fullmatch(lines[-1]), result.stderr
        return None

    def _run(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "recsys_cli", *arguments],
            env=os.environ | {"PYTHONPATH": str(ROOT)} | self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        self.done[arguments[0]] += 1
        last = done.stderr.splitlines(keepends=True)[-1:]
        if done.returncode and not (done.returncode == 1 and UNLUCKY.fullmatch("".join(last))):
            self.failed.append(f"{arguments[0]}: {done.returncode} {done.stderr}")


@pytest.mark.parametrize(
    ("place", "questions", "times"),
    [
        ("lite", 20, 1),
        pytest.param("server", 20, 1, marks=pytest.mark.slow),
    ],
)
def test_every_answer_is_that_of_one_model(
    place: str, questions: int, times: int, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    store, token = ["--milvus-uri", str(tmp_path / "milvus.db"), "--timeout", "60"], ""
    if place == "server":
        server: Server = request.getfixturevalue("milvus_server")
        store, token = ["--milvus-uri", f"https://{server.host_and_port}"], server.token
        store += ["--milvus-ca", str(server.ca_path), "--collection", "changing"]
    changing = Changing(tmp_path, store, token)
    changing.train(0)
    changing.preprocess()
    pace = questions // 8
    changing.meanwhile(*(partial(changing.train, seed) for seed in range(1, times + 1)), pace=pace)
    changes = [changing.import_anew, changing.drop] * max(1, times - 1)
    changing.meanwhile(*changes, changing.import_anew, pace=pace)
    answers: list[tuple[tuple[int, str, int], dict[str, Any]]] = []
    unlucky = 0
    while changing.is_going_on or len(answers) < questions:
        person = PEOPLE[changing.asked % len(PEOPLE)]
        answer = changing.ask(person)
        unlucky += answer is None
        answers += [(person, answer)] if answer is not None else []
        time.sleep(0.02)  # a program that comes back at once leaves no room for others
    assert changing.failed == []
    assert changing.done == {
        "train": times + 1,
        "preprocess": 1,
        "recommend": max(2, times),
        "index": max(1, times - 1),
    }
    assert len(changing.trained) == times + 1
    assert unlucky <= len(answers) / 10
    assert {answer["model"] for _, answer in answers} <= set(changing.trained)
    expected = {}
    for fingerprint, model in changing.trained.items():
        with Recommender.open(model, movies_data=tmp_path / "movies_data.txt", milvus_uri="exact") as exact:
            for age, gender, job in PEOPLE:
                movies = exact.recommend(age=age, gender=gender, job=job).movies
                expected[fingerprint, (age, gender, job)] = [(one.movie_id, one.score) for one in movies]
    for person, answer in answers:
        right = expected[answer["model"], person]
        assert [movie["movie_id"] for movie in answer["movies"]] == [movie_id for movie_id, _ in right]
        scores = [movie["score"] for movie in answer["movies"]]
        assert scores == pytest.approx([score for _, score in right], abs=1e-4)
