"""`--novelty` of `recommend` and `similar`: less of what is popular, the same in memory and in Milvus."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from commands import Recsys

from recsys_cli.model.folder import ModelFolder

COMMANDS = {
    "profile": ["recommend", "-a", "25", "-g", "M"],
    "user": ["recommend", "--user", "17"],
    "favourites": ["recommend", "--like", "The Matrix", "--like", "Speed"],
    "similar": ["similar", "The Matrix"],
}


@pytest.mark.parametrize("asked", COMMANDS)
def test_novelty_lists_less_known_movies_in_memory_and_in_milvus(recsys: Recsys, asked: str) -> None:
    folder = ModelFolder.open(recsys.workspace / "recommender_system.inference.model")
    counts = dict(zip(folder.movie_ids.tolist(), folder.num_ratings.tolist(), strict=True))

    def known(*options: str) -> float:
        movies = recsys.json(*COMMANDS[asked], "-k", "10", "--min-ratings", "1", *options)["movies"]
        alone = recsys.json(*COMMANDS[asked], "-k", "10", "--min-ratings", "1", *options, "--exact")["movies"]
        assert [movie["movie_id"] for movie in movies] == [movie["movie_id"] for movie in alone]
        return float(np.mean([counts[movie["movie_id"]] for movie in movies]))

    assert known("--novelty", "1") < known("--novelty", "0.5") <= known()


def test_without_novelty_the_list_is_as_it_was(recsys: Recsys) -> None:
    for command in COMMANDS.values():
        assert recsys(*command, "--novelty", "0").stdout == recsys(*command).stdout


def test_novelty_is_a_share(recsys: Recsys) -> None:
    for command in COMMANDS.values():
        result = recsys(*command, "--novelty", "1.5")
        assert (result.exit_code, result.stderr) == (
            2,
            "Error: --novelty 1.5 is not allowed; allowed: 0 to 1\n",
        )


def test_everybody_and_standard_input_are_answered_alike(recsys: Recsys, tmp_path: Path) -> None:
    users, output = tmp_path / "users.csv", tmp_path / "lists.parquet"
    users.write_text("userId\n17\n18\n")
    options = ["--novelty", "0.7", "--min-ratings", "20", "-k", "5"]
    result = recsys("recommend", "--users", str(users), "-o", str(output), *options)
    assert result.exit_code == 0, result.stderr
    lists = pq.read_table(output).to_pydict()
    for user in (17, 18):
        alone = [movie["movie_id"] for movie in recsys.json("recommend", "--user", str(user), *options)["movies"]]
        theirs = zip(lists["user_id"], lists["movie_id"], strict=True)
        assert [movie for owner, movie in theirs if owner == user] == alone
    asked = recsys("recommend", "--stdin", stdin='{"user": 17, "novelty": 0.7, "min_ratings": 20}\n')
    assert asked.stdout.strip().startswith('{"query"')
    found = recsys("recommend", "--user", "17", "--novelty", "0.7", "--min-ratings", "20", "--json")
    assert [line.strip() for line in found.stdout.splitlines() if '"movie_id"' in line] == [
        f'"movie_id": {part.split(",")[0]},' for part in asked.stdout.split('"movie_id": ')[1:]
    ]
