"""``recsys train --from``: what is carried over by id, what is new, and what is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recsys_cli.cli import main
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.dataset.split import Split
from recsys_cli.dataset.titles import title_year
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.training.amount import epochs_for, epochs_from_model
from recsys_cli.training.data import training_data
from recsys_cli.training.from_model import continued_options, open_earlier

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
NEW_MOVIE, NEW_USER = 100, 500  # in the middle of the ids: every row behind them moves by one
NAMES = ("movies.dat", "users.dat", "ratings.dat")


def recsys(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Yesterday's data, which lack a movie, a person and every tenth rating; tonight's; yesterday's model."""
    folder = tmp_path_factory.mktemp("nights")
    (folder / "yesterday").mkdir()
    (folder / "tonight").symlink_to(SAMPLE)
    for name in NAMES:
        lines = (SAMPLE / name).read_text().splitlines(keepends=True)
        kept = []
        for number, line in enumerate(lines):
            ids = [int(field) if field.isdigit() else -1 for field in line.split("::")[:2]]
            movie, user = (
                (ids[0], -1) if name == "movies.dat" else (ids[1] if name == "ratings.dat" else -1, ids[0])
            )
            if movie != NEW_MOVIE and user != NEW_USER and (name != "ratings.dat" or number % 10):
                kept.append(line)
        (folder / "yesterday" / name).write_text("".join(kept))
    options = ("--embedding-dim", "24", "--epochs", "2", "--holdout", "0")
    done = recsys("train", "--data", folder / "yesterday", "--model", folder / "old.model", *options)
    assert done.exit_code == 0, done.output
    return folder


def document(model: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((model / "model.json").read_text())
    return found


def contents(model: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in model.iterdir() if path.name != "model.json"}


def test_before_the_first_step_everybody_is_served_as_by_the_earlier_model(nights: Path) -> None:
    from recsys_cli.towers.encoder import MovieEncoder
    from recsys_cli.training.trainer import Trainer

    dataset, folder = read_dataset(nights / "tonight"), ModelFolder.open(nights / "old.model")
    # Yesterday's ratings alone, so that every history is what it was.
    theirs = set(zip(*_pairs(folder), strict=True))
    ours = zip(
        dataset.user_ids[dataset.ratings.user_rows - 1].tolist(),
        dataset.movie_ids[dataset.ratings.movie_rows - 1].tolist(),
        strict=True,
    )
    train = np.flatnonzero([pair in theirs for pair in ours])
    vocabulary = Vocabulary.from_dataset(dataset)
    earlier = open_earlier(nights / "old.model", dataset)
    data = training_data(dataset, vocabulary, Split(train=train, held_out=train[:0]), earlier)
    snapshot = Trainer(data, continued_options(nights / "old.model", {})).snapshot()

    old_movies = np.flatnonzero(np.isin(dataset.movie_ids, folder.movie_ids)) + 1
    np.testing.assert_allclose(snapshot.movie_vectors[old_movies], folder.movie_vectors, atol=1e-5)
    old_users = np.flatnonzero(np.isin(dataset.user_ids, folder.user_ids)) + 1
    np.testing.assert_allclose(snapshot.user_vectors(old_users), folder.user_vectors, atol=1e-5)
    assert snapshot.stars is not None
    assert folder.stars is not None
    np.testing.assert_allclose(snapshot.stars.movie_offsets[old_movies], folder.stars.movie_offsets, atol=1e-5)
    np.testing.assert_allclose(snapshot.stars.slope, folder.stars.slope, atol=1e-4)

    row = int(np.searchsorted(dataset.movie_ids, NEW_MOVIE))
    old_vocabulary = Vocabulary.from_json(folder.vocabulary_text)
    as_served = MovieEncoder(folder)(
        np.array([0]),
        [old_vocabulary.word_rows(dataset.titles[row])],
        [old_vocabulary.genre_rows(dataset.movie_genres[row])],
        [title_year(dataset.titles[row])],
    )
    np.testing.assert_allclose(snapshot.movie_vectors[row + 1], as_served[0], atol=1e-5)
    place = int(np.searchsorted(dataset.user_ids, NEW_USER)) + 1
    profile = (dataset.user_genders[place], dataset.user_ages[place], dataset.user_jobs[place])
    np.testing.assert_allclose(snapshot.user_vectors(np.array([place]))[0], folder.demographic[profile], atol=1e-5)


def _pairs(folder: ModelFolder) -> tuple[list[int], list[int]]:
    return np.repeat(folder.user_ids, np.diff(folder.seen.indptr)).tolist(), folder.seen.movie_ids.tolist()


@pytest.mark.parametrize(("largest", "share"), [(4_000, 0.7), (100, 0.9)])
def test_more_is_kept_of_a_large_catalogue(nights: Path, largest: int, share: float) -> None:
    from recsys_cli.training.trainer import Trainer

    dataset = read_dataset(nights / "tonight")
    split = Split(train=np.arange(len(dataset.ratings)), held_out=np.arange(0))
    earlier = open_earlier(nights / "old.model", dataset)
    data = training_data(dataset, Vocabulary.from_dataset(dataset), split, earlier)
    trainer = Trainer(data, continued_options(nights / "old.model", {"max_catalogue": largest}))
    start = trainer.served_weights()["movies.bias"]
    trainer.train_epoch(0, lambda ratings, loss: None)
    learnt = trainer.averaged_weights()["movies.bias"]
    assert np.abs(learnt - start).max() > 1e-3
    kept = share * start + (1 - share) * learnt
    np.testing.assert_allclose(trainer.served_weights()["movies.bias"], kept, atol=1e-6)


def test_the_model_says_what_it_came_from_and_comes_out_the_same_again(nights: Path, tmp_path: Path) -> None:
    arguments = ("train", "--data", nights / "tonight", "--from", nights / "old.model")
    for name in ("one", "two"):
        done = recsys(*arguments, "--model", tmp_path / name)
        assert done.exit_code == 0, done.output
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    old, new = document(nights / "old.model"), document(tmp_path / "one")
    assert new["fingerprint"] == document(tmp_path / "two")["fingerprint"]
    assert (old["model"]["started_from"], new["model"]["started_from"]) == (None, old["fingerprint"])
    assert new["model"]["options"]["embedding_dim"] == 24  # as in the earlier model
    other = recsys(*arguments, "--model", tmp_path / "other", "--seed", "7")
    assert other.exit_code == 0, other.output
    assert contents(tmp_path / "one") != contents(tmp_path / "other")


@pytest.mark.parametrize("option", ["--from", "--beside"])
def test_only_what_the_earlier_model_has_not_learnt_is_held_out(nights: Path, tmp_path: Path, option: str) -> None:
    model = tmp_path / "model"
    arguments = ("--data", nights / "tonight", option, nights / "old.model", "--model", model, "--epochs", "1")
    done = recsys("train", *arguments)
    assert done.exit_code == 0, done.output
    started_from = document(model)["model"]["started_from"]
    assert started_from == (document(nights / "old.model")["fingerprint"] if option == "--from" else None)
    new, old = ModelFolder.open(model), ModelFolder.open(nights / "old.model")
    assert new.held_out is not None
    held_out = set(
        zip(
            np.repeat(new.user_ids, np.diff(new.held_out.indptr)).tolist(),
            new.held_out.movie_ids.tolist(),
            strict=True,
        )
    )
    learnt, everything = (set(zip(*_pairs(folder), strict=True)) for folder in (old, new))
    assert len(held_out) == round(0.1 * len(everything - learnt)) > 300
    assert not held_out & learnt
    # So that both can be measured on it.
    compared = recsys("compare", nights / "old.model", model, "--json")
    assert compared.exit_code == 0, compared.output
    assert json.loads(compared.stdout)["ratings"] == len(held_out)


def test_an_interrupted_training_goes_on_from_the_same_model_only(nights: Path, tmp_path: Path) -> None:
    model, other = tmp_path / "model", tmp_path / "other.model"
    arguments = ("train", "--data", nights / "tonight", "--model", model, "--epochs", "2")
    done = recsys(*arguments, "--from", nights / "old.model")
    assert done.exit_code == 0, done.output
    whole = contents(model)
    again = recsys(*arguments, "--from", nights / "old.model", "--time-limit", "0.001")
    assert again.exit_code == 0, again.output
    shutil.copytree(nights / "old.model", other)
    assert contents(model) != whole  # it stopped after one epoch
    assert recsys(*arguments, "--from", other).exit_code == 0  # a copy is the same model
    assert contents(model) == whole


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--objective", "ranking"], "--from {old}: the stars are not carried over"),
        (
            ["--config", "narrow.toml"],
            "--from {old}: not carried over, of another shape: users.user, movies.movie",
        ),
    ],
)
def test_what_fits_is_used_and_the_rest_is_said(
    nights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("narrow.toml").write_text("id_width = 16\nembedding_dim = 24\n")
    old = nights / "old.model"
    arguments = ("--data", nights / "tonight", "--from", old, "--model", "model")
    done = recsys("train", *arguments, *options)
    assert done.exit_code == 0, done.output
    lines = done.stderr.splitlines()
    assert says.format(old=old) in lines
    assert f"starts at {old}, which knows 392 of 393 movies and 999 of 1,000 users" in lines


def test_a_model_that_cannot_be_started_at(nights: Path, tmp_path: Path) -> None:
    old, model = nights / "old.model", tmp_path / "model"
    damaged, elsewhere, wide = tmp_path / "damaged.model", tmp_path / "elsewhere", tmp_path / "wide"
    shutil.copytree(old, damaged)
    (damaged / "user_tower.pdiparams").write_bytes((old / "user_tower.pdiparams").read_bytes()[:-9])
    for folder, movies, rating in ((elsewhere, 10_000, 5), (wide, 0, 10)):
        folder.mkdir()
        lines = [f"{movie + movies}::Film {movie} (1990)::Drama\n" for movie in (1, 2, 3)]
        (folder / "movies.dat").write_text("".join(lines))
        (folder / "users.dat").write_text("1::F::25::4::0\n")
        (folder / "ratings.dat").write_text("".join(f"1::{movie + movies}::{rating}::0\n" for movie in (1, 2, 3)))
    for data, earlier, options, message in (
        (
            SAMPLE,
            "nowhere",
            [],
            "--from nowhere: no model there: name what 'recsys train' wrote, or leave --from out",
        ),
        (SAMPLE, SAMPLE, [], f"--from {SAMPLE}: no model there: "),
        (SAMPLE, damaged, [], f"{damaged / 'user_tower.pdiparams'}: "),
        (elsewhere, old, [], f"--from {old}: has learnt nothing of any of these movies; leave --from out"),
        (wide, old, [], f"--from {old}: rates from 1 to 5, the data from 0 to 10; leave --from out"),
        (
            SAMPLE,
            old,
            ["--embedding-dim", "8"],
            f"--from {old}: its vectors have 24 numbers, with these options 8: nothing of it fits; ",
        ),
    ):
        result = recsys("train", "--data", data, "--from", earlier, "--model", model, *options)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.splitlines()[-1].startswith(f"Error: {message}")
        assert "Traceback" not in result.stderr
        assert not model.exists()


def test_a_model_is_compared_with_one_other(nights: Path, tmp_path: Path) -> None:
    for options, code, message in (
        (
            ["--from", nights / "old.model", "--beside", nights / "old.model"],
            2,
            "--beside: --from is compared with its own model; leave one of them out",
        ),
        (
            ["--beside", "nowhere"],
            1,
            "--beside nowhere: no model there: name what 'recsys train' wrote, or leave --beside out",
        ),
    ):
        result = recsys("train", "--data", nights / "tonight", "--model", tmp_path / "model", *options)
        assert (result.exit_code, result.stdout) == (code, "")
        assert result.stderr.splitlines()[-1] == f"Error: {message}"
        assert not (tmp_path / "model").exists()


def test_options_are_those_of_the_earlier_model_where_none_are_given(nights: Path) -> None:
    old = nights / "old.model"
    anew, continued = TrainingOptions().to_dict(), continued_options(old, {}).to_dict()
    assert continued["embedding_dim"] == 24
    assert continued["epochs"] is None
    assert epochs_from_model(50_000, 500) < epochs_for(50_000, 500)
    assert continued["holdout"] == anew["holdout"]
    assert continued_options(old, {"embedding_dim": 32, "epochs": 5}).to_dict()["epochs"] == 5
    rating = TrainingOptions.from_dict({"objective": "rating"}).to_dict()
    assert continued_options(old, {"objective": "rating"}).to_dict()["teacher_weight"] == rating["teacher_weight"]
