"""A reader reads one model, whatever takes its place; and of a model only what the question needs."""

import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from layouts import write_1m
from models import write_small_model, write_small_movies_data

from recsys_cli.model.document import canonical, model_fingerprint, sha256
from recsys_cli.model.folder import ModelFolder
from recsys_cli.recommend.recommender import Recommender

SWAPS = """
import sys
from pathlib import Path
from models import write_small_model
seed = 0
print("ready", flush=True)
while True:
    seed += 1
    write_small_model(Path(sys.argv[1]), Path(sys.argv[2]), seed=1 + seed % 2)
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    return tmp_path / "data"


def test_a_folder_stays_what_it_was_when_it_is_replaced(tmp_path: Path, data: Path) -> None:
    old = write_small_model(tmp_path / "model", data, seed=1)
    expected = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    new = write_small_model(tmp_path / "model", data, seed=2)
    old.verify()
    assert old.fingerprint != new.fingerprint
    assert {name: old.read(name) for name in expected if name != "model.json"} == {
        name: content for name, content in expected.items() if name != "model.json"
    }


def test_answers_come_from_one_model_while_trainings_swap_it(tmp_path: Path, data: Path) -> None:
    """Each answer is compared with that of the two models by themselves."""
    question = {"age": 25, "gender": "F", "user": 2, "like": [1], "k": 4, "explain": True}

    def answer(model: Path) -> str:
        with Recommender.open(model, movies_data=tmp_path / "movies_data.txt", milvus_uri="exact") as one:
            return repr(one.recommend(**question))  # type: ignore[arg-type]

    folders = {seed: write_small_model(tmp_path / f"model{seed}", data, seed=seed) for seed in (1, 2)}
    write_small_movies_data(tmp_path / "movies_data.txt", folders[1])
    expected = {answer(folder.path) for folder in folders.values()}
    assert len(expected) == 2
    target = tmp_path / "model"
    write_small_model(target, data, seed=1)
    tests = Path(__file__).parents[1]
    swapping = subprocess.Popen(
        [sys.executable, "-c", SWAPS, str(target), str(data)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"},
    )
    try:
        assert swapping.stdout is not None
        swapping.stdout.readline()
        seen = {answer(target) for _ in range(300)}
        assert swapping.poll() is None
    finally:
        swapping.kill()
        swapping.communicate()
    assert seen == expected


def test_threads_read_the_same_file_at_once(tmp_path: Path, data: Path) -> None:
    folder = write_small_model(tmp_path / "model", data)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(folder.read("vocabulary.json"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {(folder.path / "vocabulary.json").read_bytes()}
    assert len(found) == 20


def test_a_closed_folder_gives_its_files_back(tmp_path: Path, data: Path) -> None:
    write_small_model(tmp_path / "model", data)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(50):
        ModelFolder.open(tmp_path / "model").verify()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_profile_opens_nobodys_vectors(tmp_path: Path, data: Path) -> None:
    """The files with everybody's vectors, ratings and counts are destroyed before the question."""
    folder = write_small_model(tmp_path / "model", data)
    write_small_movies_data(tmp_path / "movies_data.txt", folder)
    for name in ("user_vectors.npz", "seen.npz", "audience.npz"):
        (folder.path / name).write_bytes(b"")
    with Recommender.open(folder.path, movies_data=tmp_path / "movies_data.txt", milvus_uri="exact") as one:
        assert len(one.recommend(age=25, gender="F", job=7, k=4).movies) == 4


def test_a_folder_without_a_file_of_people_is_read(tmp_path: Path, data: Path) -> None:
    folder = write_small_model(tmp_path / "model", data)
    shutil.copytree(folder.path, tmp_path / "older")
    file = tmp_path / "older" / "model.json"
    document = json.loads(file.read_text())
    document["files"].pop("people.npz")
    document.pop("checksum")
    document["fingerprint"] = model_fingerprint(document["files"], document["model"])
    document["checksum"] = sha256(canonical(document))
    file.write_text(json.dumps(document))
    (tmp_path / "older" / "people.npz").unlink()
    older = ModelFolder.open(tmp_path / "older")
    older.verify()
    for name in ("demographic", "user_ids", "user_vectors"):
        np.testing.assert_array_equal(getattr(older, name), getattr(folder, name))
