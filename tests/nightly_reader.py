"""A reader of ``scripts/nightly.sh``, in a process of its own: asks all the time, and checks every answer.

    python nightly_reader.py SHOP STOP

It follows the link ``current`` as the README says, asks the index of that night, and compares the answer with the
inner products of that night's files. Ends when the file STOP exists; prints a line of JSON an answer.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recsys_cli import Recommender
from recsys_cli.index.movie_index import Imports

K = 5
AGE, GENDER, JOB = 25, "M", 4


def answers(shop: Path, stop: Path) -> Iterator[dict[str, object]]:
    """Asks; opens the model anew whenever the link has moved."""
    recommender, opened, expected = None, None, dict[int, float]()
    while not stop.exists():
        night = (shop / "current").resolve()
        if night.name == "current":  # not yet there
            time.sleep(0.05)
            continue
        if recommender is None or night != opened:
            if recommender is not None:
                recommender.close()
            recommender, opened = Recommender.open(night / "model", imports=Imports(allowed=False)), night
            expected = exact(night / "model")
        answer = recommender.recommend(age=AGE, gender=GENDER, job=JOB, k=K)
        found = {movie.movie_id: movie.score for movie in answer.movies}
        same = list(found) == list(expected)
        near = np.allclose(list(found.values()), list(expected.values()), atol=1e-3)
        yield {"night": night.name, "is_right": bool(same and near), "has_lists": whole(night)}
        time.sleep(0.05)


def exact(model: Path) -> dict[int, float]:
    """The list, by the files of the model alone: ids and scores, best first."""
    vocabulary = json.loads((model / "vocabulary.json").read_text())["demographics"]
    with np.load(model / "people.npz") as people, np.load(model / "movie_vectors.npz") as movies:
        group = max(place for place, first in enumerate(vocabulary["ages"]) if first <= AGE) + 1
        job = [number for number, _ in vocabulary["jobs"]].index(JOB) + 1
        vector = people["demographic"][vocabulary["genders"].index(GENDER) + 1, group, job]
        scores = 5 * movies["vectors"] @ vector
        best = np.argsort(-scores)[:K]
        return dict(zip(movies["movie_ids"][best].tolist(), scores[best].tolist(), strict=True))


def whole(night: Path) -> bool:
    """Whether the lists of that night are there for all of its people."""
    people = {line.split("::")[0] for line in (night / "data" / "users.dat").read_text().splitlines()}
    lines = (night / "lists.csv").read_text().splitlines()[1:]
    return {line.split(",")[0] for line in lines} == people and len(lines) == 20 * len(people)


if __name__ == "__main__":
    for line in answers(Path(sys.argv[1]), Path(sys.argv[2])):
        print(json.dumps(line), flush=True)
