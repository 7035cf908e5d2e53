"""A model that takes the place of another one while questions come: no request fails, no answer is torn."""

import json
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from layouts import write_1m
from milvus_server import Server as Milvus
from models import write_small_model, write_small_movies_data
from serving import Reply, Server, serving

MODEL = "recommender_system.inference.model"
QUESTION = {"gender": "F", "age": 30, "like": [1], "k": 3}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    model = write_small_model(tmp_path / MODEL, tmp_path / "data")
    write_small_movies_data(tmp_path / "movies_data.txt", model)
    return tmp_path


def put(folder: Path, seed: int) -> str:
    """Train another model in its place; returns its fingerprint."""
    return write_small_model(folder / MODEL, folder / "data", seed=seed).fingerprint


def printed(folder: Path) -> bytes:
    """What the command prints of the model that stands there now."""
    words = ["-g", "F", "-a", "30", "--like", "id:1", "-k", "3", "--json", "--exact"]
    options = ["--model", str(folder / MODEL), "--movies-data", str(folder / "movies_data.txt")]
    arguments = [sys.executable, "-m", "recsys_cli", "recommend", *words, *options]
    return subprocess.run(arguments, check=True, capture_output=True).stdout


def wait_for(server: Server, model: str) -> None:
    until = time.monotonic() + 30
    while server.get("/health").json["model"] != model:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("store", "requests", "swaps"),
    [("memory", 1000, 3), ("lite", 1000, 3), pytest.param("server", 400, 2, marks=pytest.mark.slow)],
)
def test_many_requests_across_swaps(
    folder: Path, store: str, requests: int, swaps: int, request: pytest.FixtureRequest
) -> None:
    options, token = ["--milvus-uri", str(folder / "served.db")] if store == "lite" else [], ""
    if store == "server":
        milvus: Milvus = request.getfixturevalue("milvus_server")
        options, token = ["--milvus-uri", f"https://{milvus.host_and_port}"], milvus.token
        options += ["--milvus-ca", str(milvus.ca_path), "--collection", "served"]
    first = json.loads((folder / MODEL / "model.json").read_text())
    expected = {json.loads(answer)["model"]: answer for answer in [printed(folder)]}
    replies: list[Reply] = []
    is_over = threading.Event()
    with serving(folder, *options, milvus_token=token) as server:

        def ask(share: int) -> None:
            for _ in range(share):
                replies.append(server.post("/recommend", QUESTION))
            while not is_over.is_set():
                replies.append(server.post("/recommend", QUESTION))

        threads = [threading.Thread(target=ask, args=(requests // 4,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for seed in range(2, 2 + swaps):
            model = put(folder, seed)
            answer = printed(folder)
            expected[model] = answer
            wait_for(server, model)
        is_over.set()
        for thread in threads:
            thread.join()
    assert first["format_version"]
    assert len(replies) >= requests
    assert {reply.status for reply in replies} == {200}
    lists = {json.dumps(json.loads(answer)["movies"]) for answer in expected.values()}
    assert len(expected) == len(lists) == 1 + swaps  # a list of one under the name of another is seen
    models = [reply.json["model"] for reply in replies]
    assert set(models) == set(expected)
    for reply, model in zip(replies, models, strict=True):
        if store == "memory":
            assert reply.content == expected[model]
        else:  # Milvus adds in another order, to the last digit
            told, wanted = reply.json["movies"], json.loads(expected[model])["movies"]
            assert [movie["movie_id"] for movie in told] == [movie["movie_id"] for movie in wanted]


def test_what_cannot_be_opened_changes_nothing_and_is_tried_again(folder: Path) -> None:
    with serving(folder) as server:
        before = server.post("/recommend", QUESTION)
        spare = shutil.copytree(folder / MODEL, folder / "spare")
        shutil.rmtree(folder / MODEL)
        until = time.monotonic() + 20
        while server.get("/health").json["status"] != "behind":
            assert time.monotonic() < until
            time.sleep(0.05)
        assert server.post("/recommend", QUESTION).content == before.content
        assert f"{folder / MODEL}" in server.get("/health").json["problem"]
        write_small_model(spare, folder / "data", seed=5)
        spare.rename(folder / MODEL)
        wait_for(server, json.loads(printed(folder))["model"])
        assert server.get("/health").json["problem"] is None
        assert server.post("/recommend", QUESTION).content == printed(folder)
