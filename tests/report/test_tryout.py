"""The lists of the page are those of `recsys recommend`, for everybody who can be described."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Recsys

from recsys_cli import Recommender
from recsys_cli.config import ReportConfig
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import open_vocabulary
from recsys_cli.progress import Silent
from recsys_cli.report import make


@pytest.fixture(scope="module")
def data(workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the page carries for its script, made without an evaluation."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    config = ReportConfig(
        model=workspace / "recommender_system.inference.model",
        movies_data=workspace / "movies_data.txt",
        data=workspace / "data" / "sample",
        output=path,
    )
    make.run(config, Silent())
    (text,) = re.findall(r'id="page-data">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    found: dict[str, Any] = json.loads(text)
    return found


def numbers(data: dict[str, Any], name: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(data[name]), dtype=kind).reshape(-1, data["places"])


def test_every_profile_has_the_list_of_the_command(data: dict[str, Any], workspace: Path, recsys: Recsys) -> None:
    lists, scores, stars = (numbers(data, *of) for of in (("lists", "<i4"), ("scores", "<i4"), ("stars", "<i2")))
    people = open_vocabulary(ModelFolder.open(workspace / "recommender_system.inference.model")).demographics
    ages = (None, *people.ages)
    jobs = (None, *(name for _, name in people.jobs))
    with Recommender.open(
        workspace / "recommender_system.inference.model",
        movies_data=workspace / "movies_data.txt",
        milvus_uri=str(recsys.milvus),
    ) as recommender:
        place = 0
        for gender in (None, "M", "F"):
            for age in ages:
                for job in jobs:
                    wanted = recommender.recommend(gender=gender, age=age, job=job, k=10).movies
                    assert [data["ids"][movie] for movie in lists[place]] == [movie.movie_id for movie in wanted]
                    assert [f"{score / 1000:.3f}" for score in scores[place]] == [f"{m.score:.3f}" for m in wanted]
                    shown = ["" if star == -32768 else f"{star / 10:.1f}" for star in stars[place]]
                    assert shown == ["" if m.stars is None else f"{m.stars:.1f}" for m in wanted]
                    place += 1
    assert place == len(lists) == 3 * 8 * 22


def test_similar_movies_are_those_of_the_command(data: dict[str, Any], recsys: Recsys) -> None:
    similar, similarities = numbers(data, "similar", "<i2"), numbers(data, "similarities", "<i2")
    for movie_id in (1, 104, 283):
        place = data["ids"].index(movie_id)
        wanted = recsys.json("similar", f"id:{movie_id}", "-k", "10")["movies"]
        assert [data["ids"][movie] for movie in similar[place]] == [movie["movie_id"] for movie in wanted]
        assert [f"{value / 1000:.3f}" for value in similarities[place]] == [
            f"{m['similarity']:.3f}" for m in wanted
        ]
