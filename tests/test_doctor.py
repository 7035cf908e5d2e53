import csv
import io
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from documents import assert_promised
from layouts import write_1m
from models import write_small_model, write_small_movies_data
from packaging.requirements import Requirement

from recsys_cli.cli import main
from recsys_cli.doctor import _look_at_library
from recsys_cli.recommend.recommender import Recommender


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder to look at, and a paddle that loads at once."""
    (tmp_path / "here").mkdir()
    (tmp_path / "quick").mkdir()
    (tmp_path / "quick" / "paddle.py").write_text(
        "class device:\n    class cuda:\n        device_count = staticmethod(lambda: 3)\n"
    )
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "quick"))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """The folder looked at, with a model, its movies and its index."""
    (tmp_path / "data").mkdir()
    write_1m(tmp_path / "data")
    folder = write_small_model(Path("recommender_system.inference.model"), tmp_path / "data")
    write_small_movies_data(Path("movies_data.txt"), folder)
    with Recommender.open() as recommender:
        recommender.recommend(age=25)
    return Path.cwd()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def findings(*arguments: str) -> dict[str, dict[str, Any]]:
    return {finding["name"]: finding for finding in json.loads(run(*arguments, "--json").stdout)}


def test_with_nothing_there_it_names_the_next_steps() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "- model         recommender_system.inference.model: not there\n"
        "                recsys train\n"
        "- movies        those of the model, once there is one\n"
        "- index         milvus.db: not there\n"
        "                recsys recommend -a 25 -g M -j 4 --import\n"
    )
    assert re.search(r"^  python        3\.\d+\.\d+\S*$", result.stdout, re.MULTILINE)
    assert "  import paddle works, GPUs: 3\n" in result.stdout
    assert re.search(r"^  disk          \d+\.\d GB free here$", result.stdout, re.MULTILINE)


def test_with_everything_in_place_all_is_well(whole: Path) -> None:
    found = findings()
    assert_promised(list(found.values()), "recsys doctor (a list)")
    rows = csv.DictReader(io.StringIO(run("--csv").stdout))
    assert {row["name"]: row["detail"] for row in rows if row["name"] == "movies"} == {
        "movies": found["movies"]["detail"]
    }
    assert {found[name]["status"] for name in ("model", "movies", "index")} == {"ok"}
    assert re.fullmatch(
        r"recommender_system\.inference\.model: whole; hybrid, 4 movies, 2 users, 6 dimensions, "
        r"fingerprint [0-9a-f]{12}",
        found["model"]["detail"],
    )
    assert found["movies"]["detail"] == "movies_data.txt: 4 movies of this model"
    assert re.fullmatch(r"milvus\.db, \S+: 4 movies, flat", found["index"]["detail"])


def test_a_damaged_model_is_an_error_with_its_fix(whole: Path) -> None:
    file = whole / "recommender_system.inference.model" / "seen.npz"
    file.write_bytes(file.read_bytes()[:-1])
    result = run()
    assert result.exit_code == 1
    assert re.search(
        r"^! model         recommender_system\.inference\.model/seen\.npz: \d+ bytes instead of \d+, damaged: .*\n"
        r"                recsys train\n"
        r"- movies        movies_data\.txt: not checked without a model\n",
        result.stdout,
        re.MULTILINE,
    )


def test_movies_and_index_of_another_model_are_found(whole: Path, tmp_path: Path) -> None:
    with (tmp_path / "data" / "movies.dat").open("a") as file:
        file.write("11::Alien (1979)::Horror\n")
    write_small_model(Path("recommender_system.inference.model"), tmp_path / "data", seed=2)
    found = findings()
    assert found["movies"]["status"] == "note"
    own = "recommender_system.inference.model/movies_data.txt: 5 movies of this model"
    assert found["movies"]["detail"] == f"{own}; movies_data.txt is of another one"
    assert found["movies"]["fix"] == "recsys preprocess -f movies_origin.txt"
    assert found["index"]["status"] == "note"
    assert found["index"]["detail"].endswith(", of another model")


def test_the_movies_of_the_model_will_do(whole: Path) -> None:
    (whole / "movies_data.txt").unlink()
    found = findings()
    assert {found[name]["status"] for name in ("model", "movies", "index")} == {"ok"}
    assert (
        found["movies"]["detail"] == "recommender_system.inference.model/movies_data.txt: 4 movies of this model"
    )


def test_an_index_of_other_movies_is_found(whole: Path) -> None:
    file = whole / "movies_data.txt"
    file.write_text("".join(file.read_text().splitlines(keepends=True)[:-1]))
    found = findings()
    assert found["movies"]["status"] == "ok"
    assert found["index"]["detail"].endswith(", of another movies_data.txt")


def test_an_index_that_cannot_be_reached_is_an_error() -> None:
    result = run("--milvus-uri", "http://localhost:9")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].startswith("! index         http://localhost:9: nothing answers")


def test_it_shows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECSYS_MILVUS_TOKEN", "root:hunter2")
    monkeypatch.setenv("RECSYS_MILVUS_URI", "http://joe:hunter3@localhost:9")
    for arguments in ((), ("--json",)):
        output = run(*arguments).output
        assert "localhost:9" in output
        assert "hunter" not in output
        assert "joe" not in output


def test_a_paddle_that_cannot_be_loaded_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "quick" / "paddle.py").write_text("raise ImportError('libgomp.so.1: no such file')\n")
    found = findings()["import paddle"]
    assert found["detail"] == "ImportError: libgomp.so.1: no such file"
    assert found["status"] == "error"
    assert found["fix"] == "pip install --force-reinstall paddlepaddle"


def test_the_real_paddle_can_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert findings()["import paddle"]["status"] == "ok"


def test_a_library_that_is_missing_or_too_old_is_an_error() -> None:
    old = _look_at_library(Requirement("numpy>=99"))
    assert (old.status, old.fix) == ("error", "pip install 'numpy>=99'")
    assert old.detail.endswith(", needs >=99")
    missing = _look_at_library(Requirement("no-such-library>=1"))
    assert (missing.status, missing.detail) == ("error", "not installed")
    assert missing.fix == "pip install 'no-such-library>=1'"


def test_the_processor_and_its_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MKL_DEBUG_CPU_TYPE", "5")
    found = findings()
    assert found["MKL_DEBUG_CPU_TYPE"]["detail"] == "5"
    assert found["processor"]["detail"].endswith(f"{len(os.sched_getaffinity(0))} cores")
