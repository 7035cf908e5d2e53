"""The movies that an index is to hold, with vectors that are made when they are asked for."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from recsys_cli.cli import main
from recsys_cli.index.contents import load_content
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile
from recsys_cli.store.content import IndexContent

MODEL = "recommender_system.inference.model"


@pytest.fixture
def folder(workspace: Path) -> ModelFolder:
    return ModelFolder.open(workspace / MODEL)


@pytest.fixture
def content(folder: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> IndexContent:
    """Three movies of the model, one of them in other genres, and two that it has never seen."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(folder.path, tmp_path / MODEL)
    lines = (Path(__file__).parents[2] / "data/sample/movies.dat").read_text(encoding="latin-1").splitlines()[:3]
    movie_id, title, _ = lines[1].split("::")
    lines[1] = f"{movie_id}::{title}::Film-Noir"
    lines += ["9001::Zorblax Park (2031)::Drama", "9002::Quiet Night (1999)::Comedy|Horror"]
    Path("movies_origin.txt").write_text("\n".join(lines) + "\n", encoding="latin-1")
    done = CliRunner().invoke(main, ["preprocess", "-f", "movies_origin.txt"])
    assert done.exit_code == 0, done.stderr
    return load_content(ModelFolder.open(tmp_path / MODEL), MoviesFile.read(tmp_path / "movies_data.txt"))


def test_a_batch_is_a_part_of_the_whole(content: IndexContent, folder: ModelFolder) -> None:
    whole = content.vectors[:]
    assert whole.shape == (5, folder.info.embedding_dim) == content.vectors.shape
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1.0, atol=1e-5)
    for key in (slice(0, 2), slice(1, 5), np.array([4, 0]), np.array([3]), np.array([], dtype=np.int64)):
        np.testing.assert_allclose(content.vectors[key], whole[key], atol=1e-6)


def test_movies_as_the_model_knows_them_have_its_own_vectors(content: IndexContent, folder: ModelFolder) -> None:
    rows = np.searchsorted(folder.movie_ids, content.movie_ids[:3])
    same = np.abs(content.vectors[:3] - folder.movie_vectors[rows]).max(axis=1) == 0
    assert same.tolist() == [True, False, True]  # the second is in another genre now
