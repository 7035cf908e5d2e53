"""Nothing that a training holds grows with users times movies: the command under a hard limit of memory."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from recsys_cli.model.folder import ModelFolder

USERS, MOVIES, RATINGS = 200_000, 50_000, 400_000
LIMIT = 4 * 2**30  # of address space, of which paddle's libraries take one half; users x movies bits are 1.25 GB
# The main thread alone: every other one reserves address space without using it.
TRAIN = f"""
import os, resource, sys
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1", ARROW_IO_THREADS="1")
os.environ.update(MALLOC_ARENA_MAX="1")
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))
from recsys_cli.cli import main
from recsys_cli.training import validation
validation._MOST = 1000
main(sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no such limit elsewhere")
def test_memory_does_not_grow_with_users_times_movies(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data = tmp_path / "data"
    data.mkdir()
    movies = 1 + (MOVIES * rng.random(RATINGS) ** 3).astype(np.int64)
    ratings = {
        "userId": rng.integers(1, USERS + 1, RATINGS),
        "movieId": movies,
        "rating": rng.integers(1, 11, RATINGS) / 2,
        "timestamp": np.zeros(RATINGS, dtype=np.int64),
    }
    pa.csv.write_csv(pa.table(ratings), data / "ratings.csv")
    titles = [f"Film {number} (1990)" for number in range(1, MOVIES + 1)]
    genres = ["Drama", "Comedy"] * (MOVIES // 2)
    pa.csv.write_csv(
        pa.table({"movieId": np.arange(1, MOVIES + 1), "title": titles, "genres": genres}), data / "movies.csv"
    )
    (tmp_path / "small.toml").write_text(
        "embedding_dim = 8\nid_width = 4\nhistory_width = 8\nals_factors = 4\nstar_factors = 2\nepochs = 1\n"
        "batch_users = 4096\nmax_catalogue = 500\nrefit = false\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, "train", "--data", "data", "--config", "small.toml", "--model", "model"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "measured on 1,000 of the" in done.stderr
    assert len(ModelFolder.open(tmp_path / "model").movie_ids) == MOVIES
