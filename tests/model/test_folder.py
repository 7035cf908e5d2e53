"""The model folder: round trip, damage, and the swap."""

import dataclasses
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.dataset.rows import Ratings
from recsys_cli.errors import ArtifactError
from recsys_cli.model.arrays import Audience, ModelArrays, Seen, Stars, UserTables, unit_rows
from recsys_cli.model.folder import ModelFolder, ModelInfo
from recsys_cli.model.writer import check_replaceable, write_model

AGAIN = "run 'recsys train' again"
INFO = ModelInfo(
    package_version="1.0.0",
    objective="hybrid",
    embedding_dim=4,
    rating_min=1.0,
    rating_max=5.0,
    options={"activation": "linear", "seed": 7},
    data={"format": "MovieLens 1M", "fingerprint": "d" * 64},
    vocabulary_fingerprint="v" * 64,
    split={"holdout": 0.1},
    metrics={"rmse": 0.9},
    run={"seconds": 1.5},
)


def make_arrays(rng: np.random.Generator) -> ModelArrays:
    def normal(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape, dtype=np.float32)

    tables = UserTables(
        base=normal(4),
        genders=normal(3, 4),
        ages=normal(3, 4),
        jobs=normal(4, 4),
        rated=normal(5, 4),
        valued=normal(5, 4),
        mean_rating=3.5,
        history_damping=2.0,
        activation="linear",
    )
    g, a, j = np.meshgrid(np.arange(3), np.arange(3), np.arange(4), indexing="ij")
    return ModelArrays(
        user_ids=np.array([3, 8]),
        user_vectors=unit_rows(normal(2, 4)),
        demographic=tables.profiles(g.ravel(), a.ravel(), j.ravel()).reshape(3, 3, 4, 4),
        movie_ids=np.array([1, 2, 5, 7, 9]),
        movie_vectors=unit_rows(normal(5, 4)),
        num_ratings=np.array([1, 2, 0, 0, 0]),
        tables=tables,
        seen=Seen(indptr=np.array([0, 1, 3]), movie_ids=np.array([2, 1, 2])),
        audience=Audience.tally(
            np.array([0, 1, 2]),
            np.array([0, 2, 0]),
            np.array([0, 3, 1]),
            Ratings(
                np.array([1, 2, 2], dtype=np.int32),
                np.array([2, 1, 2], dtype=np.int32),
                np.array([4, 5, 2], dtype=np.float32),
            ),
            shape=(3, 3, 5),
        ),
        stars=Stars(3.5, normal(4), normal(5), normal(2), 1.0, 5.0),
    )


@pytest.fixture
def arrays(rng: np.random.Generator) -> ModelArrays:
    return make_arrays(rng)


def write(path: Path, arrays: ModelArrays, info: ModelInfo = INFO) -> ModelFolder:
    def save_towers(folder: Path) -> None:
        (folder / "movie_tower.json").write_text("program")

    return write_model(path, info, arrays, vocabulary_text='{"words": []}', save_towers=save_towers)


def test_what_is_written_is_read(tmp_path: Path, arrays: ModelArrays) -> None:
    folder = ModelFolder.open(write(tmp_path / "model", arrays).path)
    assert folder.info == INFO
    assert folder.vocabulary_text == '{"words": []}'
    for name in ("user_ids", "user_vectors", "demographic", "movie_ids", "movie_vectors", "num_ratings"):
        np.testing.assert_array_equal(getattr(folder, name), getattr(arrays, name))
    for name in (
        "base",
        "genders",
        "ages",
        "jobs",
        "rated",
        "valued",
        "mean_rating",
        "history_damping",
        "activation",
    ):
        np.testing.assert_array_equal(getattr(folder.tables, name), getattr(arrays.tables, name))
    assert folder.stars is not None
    assert arrays.stars is not None
    for name in ("mean", "slope", "movie_offsets", "user_offsets", "rating_min", "rating_max"):
        np.testing.assert_array_equal(getattr(folder.stars, name), getattr(arrays.stars, name))
    assert folder.seen.of(0).tolist() == [2]
    assert folder.seen.of(1).tolist() == [1, 2]
    assert folder.held_out is None  # as in a folder of before there was such a file
    held_out = Seen(indptr=np.array([0, 0, 1]), movie_ids=np.array([2]))
    again = write(tmp_path / "model", dataclasses.replace(arrays, held_out=held_out)).held_out
    assert again is not None
    assert (again.of(0).tolist(), again.of(1).tolist()) == ([], [2])
    folder.verify()
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_the_audience_of_a_movie_is_counted_by_group(tmp_path: Path, arrays: ModelArrays) -> None:
    """User 3 (gender 1, age 2) gave movie 2 four stars, user 8 (gender 2) movie 2 two and movie 1 five."""
    audience = ModelFolder.open(write(tmp_path / "model", arrays).path).audience
    assert audience.of_group(0, 0, 1) == (2, 3.0)
    assert audience.of_group(1, 0, 1) == (1, 4.0)
    assert audience.of_group(1, 2, 1) == (1, 4.0)
    assert audience.of_group(2, 0, 0) == (1, 5.0)
    assert audience.of_group(1, 1, 1) == (0, None)
    assert audience.user_jobs.tolist() == [3, 1]


def test_without_a_star_head_there_are_no_stars(tmp_path: Path, arrays: ModelArrays) -> None:
    folder = write(tmp_path / "model", replace(arrays, stars=None))
    assert folder.stars is None
    assert not (tmp_path / "model" / "stars.npz").exists()


def test_the_fingerprint_is_of_the_content_and_not_of_the_time(tmp_path: Path, arrays: ModelArrays) -> None:
    first = write(tmp_path / "a", arrays)
    slower = write(tmp_path / "b", arrays, replace(INFO, run={"seconds": 9.0}))
    other_seed = write(tmp_path / "c", arrays, replace(INFO, options={"activation": "linear", "seed": 8}))
    other_vectors = write(tmp_path / "d", replace(arrays, movie_vectors=-arrays.movie_vectors))
    assert first.fingerprint == slower.fingerprint
    assert len({first.fingerprint, other_seed.fingerprint, other_vectors.fingerprint}) == 3


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("people.npz", lambda folder: folder.demographic),
        ("user_vectors.npz", lambda folder: folder.user_vectors),
        ("movie_vectors.npz", lambda folder: folder.movie_vectors),
        ("user_tables.npz", lambda folder: folder.tables),
        ("stars.npz", lambda folder: folder.stars),
        ("seen.npz", lambda folder: folder.seen),
        ("vocabulary.json", lambda folder: folder.vocabulary_text),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, arrays: ModelArrays, name: str, read: object) -> None:
    assert callable(read)
    file = write(tmp_path / "model", arrays).path / name
    content = file.read_bytes()
    file.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(ArtifactError) as error:
        read(ModelFolder.open(tmp_path / "model"))
    assert str(error.value) == f"{file}: sha256 does not match, the file was changed or damaged: {AGAIN}"
    file.write_bytes(content[:-1])
    with pytest.raises(ArtifactError) as error:
        read(ModelFolder.open(tmp_path / "model"))
    assert str(error.value) == f"{file}: {len(content) - 1} bytes instead of {len(content)}, damaged: {AGAIN}"
    file.unlink()
    with pytest.raises(ArtifactError) as error:
        read(ModelFolder.open(tmp_path / "model"))
    assert str(error.value) == f"{file}: missing, the model folder is incomplete: {AGAIN}"


def test_a_changed_model_json_is_refused(tmp_path: Path, arrays: ModelArrays) -> None:
    file = write(tmp_path / "model", arrays).path / "model.json"
    file.write_text(file.read_text().replace('"hybrid"', '"rating"'))
    with pytest.raises(ArtifactError) as error:
        ModelFolder.open(tmp_path / "model")
    assert str(error.value) == f"{file}: checksum does not match, the file was changed or damaged: {AGAIN}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", f"not JSON, the model folder is damaged: {AGAIN}"),
        ("[]", f"not the model.json of a recsys model: {AGAIN}"),
        ('{"format": "other"}', f"not the model.json of a recsys model: {AGAIN}"),
        (
            '{"format": "recsys-model", "format_version": 1}',
            f"format version 1, this version reads 3: {AGAIN}",
        ),
    ],
)
def test_a_model_json_that_is_none_is_refused(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ArtifactError) as error:
        ModelFolder.open(tmp_path)
    assert str(error.value) == f"{tmp_path / 'model.json'}: {message}"


def test_no_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError) as error:
        ModelFolder.open(tmp_path / "none")
    assert (
        str(error.value)
        == f"No model at '{tmp_path / 'none'}': run 'recsys train' first, or name one with --model"
    )


def test_an_interrupted_write_leaves_the_earlier_model(tmp_path: Path, arrays: ModelArrays) -> None:
    before = write(tmp_path / "model", arrays)

    def interrupted(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_model(tmp_path / "model", INFO, arrays, vocabulary_text="{}", save_towers=interrupted)
    after = ModelFolder.open(tmp_path / "model")
    after.verify()
    assert after.fingerprint == before.fingerprint
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_a_new_model_replaces_the_earlier_one(tmp_path: Path, arrays: ModelArrays) -> None:
    before = write(tmp_path / "model", arrays)
    after = write(tmp_path / "model", replace(arrays, stars=None))
    assert after.fingerprint != before.fingerprint
    assert not (tmp_path / "model" / "stars.npz").exists()
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_something_else_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(ArtifactError) as error:
        check_replaceable(tmp_path / "notes")
    assert str(error.value) == (
        f"'{tmp_path / 'notes'}' holds something other than a model: name another folder with --model"
    )
    with pytest.raises(ArtifactError) as error:
        check_replaceable(tmp_path / "notes" / "mine.txt")
    assert str(error.value) == f"'{tmp_path / 'notes' / 'mine.txt'}' is a file: name another folder with --model"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="a superuser may write anywhere")
def test_an_unwritable_place_is_said_before_the_work(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ArtifactError, match="no permission to write in"):
            check_replaceable(tmp_path / "deep" / "model")
    finally:
        tmp_path.chmod(0o700)


def test_a_parent_that_is_a_file_is_said_before_the_work(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(ArtifactError) as error:
        check_replaceable(file / "model")
    assert str(error.value) == (
        f"Cannot write the model to '{file / 'model'}': no permission to write in '{file}'"
    )


def test_a_profile_is_a_person_without_history(arrays: ModelArrays) -> None:
    one = arrays.tables.with_history(1, 2, 3, np.array([], dtype=np.int64), np.array([], dtype=np.float32))
    np.testing.assert_allclose(one, arrays.demographic[1, 2, 3], atol=1e-6)


def test_history_is_summed_and_scaled_by_hand(arrays: ModelArrays) -> None:
    tables = arrays.tables
    total = tables.base + tables.genders[0] + tables.ages[1] + tables.jobs[0]
    history = tables.rated[4] + 1.5 * tables.valued[4] + tables.rated[0] - 2.5 * tables.valued[0]
    total = total + history / (2 + 2.0) ** 0.5
    ours = tables.with_history(0, 1, 0, np.array([4, 0]), np.array([5, 1], dtype=np.float32))
    np.testing.assert_allclose(ours, total / np.linalg.norm(total), atol=1e-6)


def test_stars_by_hand_and_within_the_scale() -> None:
    slope = np.array([2.0, 0.5], dtype=np.float32)
    stars = Stars(3.0, slope, np.zeros(2, np.float32), np.zeros(1, np.float32), 1.0, 5.0)
    user = np.array([0.6, 0.8], dtype=np.float32)
    movies = np.array([[1, 0], [0, -1]], dtype=np.float32)
    offsets = np.array([0.25, -1.5], dtype=np.float32)
    ours = stars.estimate(user, movies, offsets, user_offset=0.1)
    np.testing.assert_allclose(ours, [3 + 0.25 + 0.1 + 1.2, 3 - 1.5 + 0.1 - 0.4], atol=1e-6)
    assert stars.estimate(user, movies, offsets + 9, user_offset=0.1).tolist() == [5.0, 5.0]


def test_reading_a_model_needs_no_paddle(tmp_path: Path, arrays: ModelArrays) -> None:
    path = write(tmp_path / "model", arrays).path
    code = (
        "import sys; from pathlib import Path; from recsys_cli.model.folder import ModelFolder;"
        "m = ModelFolder.open(Path(sys.argv[1])); m.tables; m.seen; m.stars; m.demographic;"
        "print('paddle' in sys.modules, 'pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_model_json_lists_every_file(tmp_path: Path, arrays: ModelArrays) -> None:
    path = write(tmp_path / "model", arrays).path
    listed = json.loads((path / "model.json").read_text())["files"]
    assert sorted(listed) == sorted(file.name for file in path.iterdir() if file.name != "model.json")


@pytest.mark.parametrize("can_exchange", [True, False])
def test_the_swap_leaves_the_new_model_and_nothing_else(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, can_exchange: bool
) -> None:
    if not can_exchange:
        monkeypatch.setattr("recsys_cli.replacing._exchange", lambda first, second: False)
    write(tmp_path / "model", make_arrays(rng))
    newer = write(tmp_path / "model", make_arrays(rng))
    assert ModelFolder.open(tmp_path / "model").fingerprint == newer.fingerprint
    assert list(tmp_path.iterdir()) == [tmp_path / "model"]


def test_a_score_is_the_similarity_on_the_rating_scale() -> None:
    assert INFO.score(-0.5) == -2.5
    scores = INFO.score(np.array([1, 0.25, 0], dtype=np.float32))
    assert scores.dtype == np.float32
    assert scores.tolist() == [5.0, 1.25, 0.0]
