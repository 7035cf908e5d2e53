"""``recsys train`` from a shell, on the bundled sample."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recsys_cli.cli import main
from recsys_cli.config.training import TrainingOptions
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.dataset.titles import title_year
from recsys_cli.model.folder import ModelFolder
from recsys_cli.towers.encoder import MovieEncoder

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
FAST = ("--embedding-dim", "32", "--epochs", "3")


def train(model: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["train", "--model", str(model), *arguments])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    model = tmp_path_factory.mktemp("train") / "model"
    return model, train(model, "--data", str(SAMPLE), *FAST, "--json")


def test_the_folder_is_complete_and_unit(trained: tuple[Path, Result]) -> None:
    model, result = trained
    assert result.exit_code == 0, result.output
    folder = ModelFolder.open(model)
    folder.verify()
    assert [path.name for path in model.parent.iterdir()] == ["model"]
    for vectors in (folder.movie_vectors, folder.user_vectors, folder.demographic.reshape(-1, 32)):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert folder.demographic.shape == (3, 8, 22, 32)
    assert folder.stars is not None
    assert folder.info.run["data_dir"] == str(SAMPLE)


def test_the_summary_stands_beside_its_baselines(trained: tuple[Path, Result]) -> None:
    summary = json.loads(trained[1].stdout)
    assert summary["fingerprint"] == ModelFolder.open(trained[0]).fingerprint
    assert set(summary["metrics"]) == {
        "rmse",
        "ndcg@10",
        "rmse of the mean",
        "rmse of user + movie biases",
        "ndcg@10 of most popular",
    }
    assert summary["metrics"]["rmse"] < summary["metrics"]["rmse of the mean"]
    assert (summary["epochs"], summary["kept_epoch"], summary["refit_epochs"]) == (3, 3, 3)
    assert (summary["num_ratings"], summary["held_out_ratings"]) == (47_367, 4_737)


def test_the_kept_model_has_learnt_every_rating_and_the_figures_are_of_one_that_has_not(
    trained: tuple[Path, Result], tmp_path: Path
) -> None:
    """The same towers as of a training without a holdout; metrics and estimates of one that stops before it."""
    folder = ModelFolder.open(trained[0])
    learnt_all = train(tmp_path / "all", "--data", str(SAMPLE), *FAST, "--holdout", "0")
    held_back = train(tmp_path / "part", "--data", str(SAMPLE), *FAST, "--no-refit")
    assert (learnt_all.exit_code, held_back.exit_code) == (0, 0)
    every, part = ModelFolder.open(tmp_path / "all"), ModelFolder.open(tmp_path / "part")
    for name in ("movie_vectors.npz", "user_vectors.npz", "stars.npz", "seen.npz", "movie_tower.pdiparams"):
        assert folder.read(name) == every.read(name), name
    assert folder.read("movie_vectors.npz") != part.read("movie_vectors.npz")
    assert folder.held_out is None
    assert part.held_out is not None
    assert folder.info.metrics == part.info.metrics
    assert every.info.metrics == {}
    assert folder.read("estimates.npz") == part.read("estimates.npz")
    estimates = folder.estimates
    assert estimates is not None
    error = estimates.estimated - estimates.given
    assert len(error) == 4_737
    assert np.sqrt(np.mean(error**2)) == pytest.approx(folder.info.metrics["rmse"])
    splits = [model.info.split["refit"] for model in (folder, part, every)]
    assert splits == [True, False, False]


def test_what_is_printed_says_which_training_the_figures_are_of(tmp_path: Path) -> None:
    shown = train(tmp_path / "twice", "--data", str(SAMPLE), *FAST, "--epochs", "1").stdout.splitlines()
    assert shown[1] == "without 4,737 of them, on which it is measured: kept epoch 1 of 1 (stopped by epochs)"
    assert shown[4].startswith("trained on all of them for 1 epoch, ")
    shown = train(
        tmp_path / "once", "--data", str(SAMPLE), *FAST, "--epochs", "1", "--no-refit"
    ).stdout.splitlines()
    assert shown[0] == "hybrid: 42,630 ratings of 393 movies by 1,000 users"
    assert shown[3].startswith("kept epoch 1 of 1 (stopped by epochs), ")


def test_the_epochs_are_kept_with_the_model(trained: tuple[Path, Result]) -> None:
    document = json.loads((trained[0] / "history.json").read_text(encoding="utf-8"))
    summary = json.loads(trained[1].stdout)
    assert [set(epoch) for epoch in document["epochs"]] == [{"loss", "rmse", "ndcg@10"}] * 3
    assert document["epochs"][0]["loss"] > document["epochs"][2]["loss"]
    assert (document["kept_epoch"], document["stopped_by"]) == (summary["kept_epoch"], summary["stopped_by"])
    history = ModelFolder.open(trained[0]).history
    assert history is not None
    assert list(history.epochs) == document["epochs"]


def test_the_saved_movie_tower_gives_the_folders_vectors(trained: tuple[Path, Result]) -> None:
    from recsys_cli.model.vocabulary import Vocabulary

    folder = ModelFolder.open(trained[0])
    vocabulary = Vocabulary.from_json(folder.vocabulary_text)
    words = [vocabulary.word_rows(title) for title in vocabulary.titles]
    genres = [vocabulary.genre_rows(names) for names in vocabulary.movie_genres]
    rows = np.arange(1, len(words) + 1)
    years = [title_year(title) for title in vocabulary.titles]
    encode = MovieEncoder(folder)
    np.testing.assert_allclose(encode(rows, words, genres, years), folder.movie_vectors, atol=1e-5)
    new = encode(np.zeros(2, dtype=np.int64), [[], words[0]], [[], genres[0]], [0, years[0]])
    np.testing.assert_allclose(np.linalg.norm(new, axis=1), 1.0, atol=1e-5)


def test_the_saved_user_tower_gives_the_folders_vectors(trained: tuple[Path, Result]) -> None:
    """What README.md says of other programs: profiles by attributes alone, users with their training history."""
    import paddle

    folder, dataset = ModelFolder.open(trained[0]), read_dataset(SAMPLE)
    tower = paddle.jit.load(str(folder.path / "user_tower"))
    tower.eval()
    shape = folder.demographic.shape
    people = [rows.ravel() for rows in np.indices(shape[:3])]
    nobody, nothing = np.zeros(len(people[0]), dtype=np.int64), np.zeros((len(people[0]), 1), dtype=np.float32)
    inputs = (nobody, *people, nothing, nothing, np.zeros(1, dtype=np.int64))
    found = tower(*map(paddle.to_tensor, inputs)).numpy()
    np.testing.assert_allclose(found, folder.demographic.reshape(-1, shape[3]), atol=1e-5)

    learnt, users = dataset.ratings, np.arange(1, 21)
    history = np.zeros((2, 21, len(dataset.movie_ids) + 1), dtype=np.float32)
    for user in users:
        mine = learnt.at(learnt.user_rows == user)
        weight = 1 / np.sqrt(len(mine) + folder.tables.history_damping)
        history[0, user, mine.movie_rows] = weight
        history[1, user, mine.movie_rows] = weight * (mine.values - folder.tables.mean_rating)
    attributes = (
        rows[users].astype(np.int64) for rows in (dataset.user_genders, dataset.user_ages, dataset.user_jobs)
    )
    inputs = (users, *attributes, *history[:, users], np.arange(history.shape[2]))
    found = tower(*map(paddle.to_tensor, inputs)).numpy()
    np.testing.assert_allclose(found, folder.user_vectors[:20], atol=1e-5)


def test_the_same_command_gives_the_same_model(trained: tuple[Path, Result], tmp_path: Path) -> None:
    again = train(tmp_path / "again", "--data", str(SAMPLE), *FAST, "--json")
    other = train(tmp_path / "other", "--data", str(SAMPLE), *FAST, "--json", "--seed", "2")
    prints = [json.loads(result.stdout)["fingerprint"] for result in (trained[1], again, other)]
    assert prints[0] == prints[1] != prints[2]


def test_options_come_from_a_file_and_flags_win(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text('objective = "ranking"\nepochs = 2\nembedding-dim = 8\n')
    result = train(
        tmp_path / "model", "--data", str(SAMPLE), "--config", str(tmp_path / "train.toml"), "--epochs", "1"
    )
    assert result.exit_code == 0, result.output
    folder = ModelFolder.open(tmp_path / "model")
    assert folder.info.objective == "ranking"
    assert folder.stars is None
    assert (folder.info.options["epochs"], folder.info.embedding_dim) == (1, 8)
    assert "NDCG@10" in result.stdout
    assert "RMSE" not in result.stdout


def test_without_a_holdout_everything_trains(tmp_path: Path) -> None:
    result = train(tmp_path / "model", "--data", str(SAMPLE), *FAST, "--holdout", "0", "--json")
    summary = json.loads(result.stdout)
    assert summary["metrics"] == {}
    assert summary["num_ratings"] == ModelFolder.open(tmp_path / "model").info.data["num_ratings"]
    assert summary["kept_epoch"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs 0 is not allowed; allowed: 1 to 10,000"),
        (["--temperature", "0"], "--temperature 0.0 is not allowed; allowed: 0.001 to 10"),
        (["--holdout", "1"], "--holdout 1.0 is not allowed; allowed: 0 to 0.9"),
        (
            ["--objective", "stars"],
            "Invalid value for '--objective': 'stars' is not one of 'hybrid', 'ranking', 'rating'.",
        ),
        (["--embedding-dim", "1"], "--embedding-dim 1 is not allowed; allowed: 2 to 4,096"),
    ],
)
def test_an_option_out_of_range(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = train(tmp_path / "model", "--data", str(SAMPLE), *arguments)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {message}")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learningrate = 0.1", "unknown option 'learningrate'; did you mean 'learning_rate'?"),
        ("epochs = ", "not TOML: Invalid value (at end of document)"),
    ],
)
def test_a_config_file_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "train.toml"
    file.write_text(text)
    result = train(tmp_path / "model", "--data", str(SAMPLE), "--config", str(file))
    assert (result.exit_code, result.stderr) == (2, f"Error: --config {file}: {message}\n")


def test_a_config_value_of_another_type(tmp_path: Path) -> None:
    file = tmp_path / "train.toml"
    file.write_text("epochs = 2.5")
    result = train(tmp_path / "model", "--data", str(SAMPLE), "--config", str(file))
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: --epochs 2.5 is not allowed; allowed: a whole number\n",
    )


def test_missing_data_names_the_ways_on(tmp_path: Path) -> None:
    result = train(tmp_path / "model", "--data", str(tmp_path / "none"))
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: No data at '{tmp_path / 'none'}': name a folder with --data (data/sample is a small one), or "
        "run 'recsys download ml-1m'\n",
    )


def test_no_gpu_is_said(tmp_path: Path) -> None:
    result = train(tmp_path / "model", "--data", str(SAMPLE), "--device", "gpu")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        2,
        "Error: --device gpu: paddle sees no GPU; install paddlepaddle-gpu, or use --device cpu",
    )


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("keep")
    result = train(tmp_path, "--data", str(SAMPLE))
    assert (result.exit_code, result.stderr) == (
        1,
        f"Error: '{tmp_path}' holds something other than a model: name another folder with --model\n",
    )


def test_an_objective_has_its_own_defaults_and_what_is_given_wins() -> None:
    rating = TrainingOptions.from_dict({"objective": "rating", "epochs": 3})
    assert (rating.schedule.batch_users, rating.schedule.epochs) == (128, 3)
    assert TrainingOptions.from_dict({"objective": "ranking"}).schedule == TrainingOptions().schedule
