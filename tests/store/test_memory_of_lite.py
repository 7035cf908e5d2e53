"""A large catalogue in Milvus Lite, in its process, under a hard limit of memory."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ONE_THREAD = dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MALLOC_ARENA_MAX"], "1")
TESTS = Path(__file__).parents[1]
IMPORT = f"""
import resource, sys
if int(sys.argv[3]):
    resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]) << 10,) * 2)
sys.path.insert(0, {str(TESTS)!r})
import numpy as np
from store_data import fingerprint, random_content
from recsys_cli.config import StoreConfig
from recsys_cli.store import open_store
movies = random_content(np.random.default_rng(1), int(sys.argv[2]), 100)
with open_store(StoreConfig(uri=sys.argv[1])) as store:
    store.write(movies, fingerprint(dim=100))
    (hits,) = store.search(movies.vectors[:1], 1)
print(len(movies), hits.movie_ids[0], *[line.split()[1] for line in open("/proc/self/status") if "VmPeak" in line])
"""


def import_movies(milvus: Path, movies: int, *, kilobytes: int = 0) -> tuple[list[str], str]:
    """What the child prints: movies, the best for the first one's vector, kilobytes reserved; and its stderr."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(milvus), str(movies), str(kilobytes)],
        env=os.environ | ONE_THREAD | {"PYTHONPATH": str(TESTS.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split(), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs a limit of the address space")
def test_an_import_needs_memory_by_the_movie(tmp_path: Path) -> None:
    few, _ = import_movies(tmp_path / "few.db", 100)
    assert few[:2] == ["100", "1"]
    movies = 10_000  # of movies x movies numbers, 400 MB
    many, stderr = import_movies(tmp_path / "many.db", movies, kilobytes=int(few[2]) + 10 * movies)
    assert many[:2] == [str(movies), "1"], stderr
