"""Two models side by side have an index each."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from commands import Recsys

from recsys_cli import Recommender
from recsys_cli.cli import main
from recsys_cli.config import StoreConfig, default_collection, default_uri

MODEL = "recommender_system.inference.model"


@pytest.mark.parametrize(
    ("model", "uri", "collection"),
    [
        (MODEL, "milvus.db", "recsys"),
        (f"deep/{MODEL}/", "deep/milvus.db", "recsys"),
        ("tonight", "tonight.milvus.db", "recsys_tonight"),
        ("deep/v1.2", "deep/v1.2.milvus.db", "recsys_v1_2_0e4f5bce"),
    ],
)
def test_the_names_are_those_of_the_model(model: str, uri: str, collection: str) -> None:
    assert default_uri(Path(model)) == uri
    assert default_collection(Path(model)) == collection
    assert StoreConfig(uri=uri, collection=collection).uri == uri


def test_names_that_differ_in_odd_characters_stay_apart() -> None:
    names = [default_collection(Path(name)) for name in ("a-b", "a_b", "a.b", "ä-b", "x" * 200, "x" * 201)]
    assert len(set(names)) == len(names)
    assert names[1] == "recsys_a_b"
    assert max(map(len, names)) <= 200


def test_a_model_that_is_the_current_folder_has_its_index_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    assert default_uri(Path()) == str(tmp_path / "mine.milvus.db")
    assert default_collection(Path()) == "recsys_mine"


def test_the_one_is_not_imported_over_the_other(recsys: Recsys, tmp_path: Path) -> None:
    for name in (MODEL, "tonight"):
        shutil.copytree(recsys.workspace / MODEL, tmp_path / name)
    movies_data = str(recsys.workspace / "movies_data.txt")
    asked = ["recommend", "-g", "F", "--movies-data", movies_data]
    for model, says in ((MODEL, "Importing"), ("tonight", "Importing"), (MODEL, ""), ("tonight", "")):
        result = CliRunner().invoke(main, [*asked, "--model", str(tmp_path / model)])
        assert result.exit_code == 0, result.stderr
        assert ("Importing" in result.stderr) == bool(says)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [MODEL, "tonight", "milvus.db", "tonight.milvus.db"]
    )
    with Recommender.open(tmp_path / "tonight", movies_data=movies_data) as tonight:
        assert tonight.stale_reason() is None
    both = ["recommend", "-g", "F", "--movies-data", movies_data, "--milvus-uri", str(tmp_path / "both.db")]
    for model, says in ((MODEL, "Importing"), ("tonight", "Importing"), (MODEL, ""), ("tonight", "")):
        result = CliRunner().invoke(main, [*both, "--model", str(tmp_path / model)])
        assert result.exit_code == 0, result.stderr
        assert ("Importing" in result.stderr) == bool(says)
