"""Training on the two-block set, whose right answer is known."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recorded import Recorded
from two_blocks import NUM_MOVIES, two_blocks

from recsys_cli.config.training import TrainingOptions
from recsys_cli.errors import ArtifactError, TrainingError
from recsys_cli.model.arrays import UserTables
from recsys_cli.progress import Silent
from recsys_cli.training.batches import Batches
from recsys_cli.training.checkpoint import Checkpoint
from recsys_cli.training.data import TrainingData
from recsys_cli.training.export import Snapshot, model_arrays
from recsys_cli.training.fit import fit
from recsys_cli.training.trainer import Trainer

SMALL = {
    "embedding_dim": 16,
    "id_width": 12,
    "attribute_width": 6,
    "word_width": 4,
    "history_width": 8,
    "als_factors": 8,
    "teacher_penalty": 20.0,
    "temperature": 0.05,
    "start_share": 0.4,
    "batch_users": 40,
    "epochs": 12,
    "learning_rate": 0.02,
    "averaging": 0.5,
}


def train(data: TrainingData, **options: object) -> Trainer:
    trainer = Trainer(data, TrainingOptions.from_dict({**SMALL, **options}))
    fit(trainer, Silent(), validate=None, checkpoint=None)
    return trainer


def profile(tables: UserTables, gender: int) -> np.ndarray:
    zero = np.array([0])
    vector: np.ndarray = tables.profiles(np.array([gender]), zero, zero)[0]
    return vector


@pytest.fixture(scope="module")
def hybrid() -> Snapshot:
    return train(two_blocks()).snapshot()


@pytest.mark.parametrize("objective", ["hybrid", "ranking", "rating"])
@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_it_learns_who_likes_what(objective: str, activation: str) -> None:
    snapshot = train(two_blocks(), objective=objective, activation=activation).snapshot()
    for gender, block in ((1, slice(1, NUM_MOVIES // 2 + 1)), (2, slice(NUM_MOVIES // 2 + 1, None))):
        scores = snapshot.movie_vectors @ profile(snapshot.tables, gender)
        own = np.zeros(NUM_MOVIES + 1, dtype=bool)
        own[block] = True
        assert scores[1:][own[1:]].min() > scores[1:][~own[1:]].max()


@pytest.mark.parametrize("objective", ["hybrid", "ranking"])
def test_it_learns_from_a_sample_of_a_catalogue_that_is_too_large_for_the_full_softmax(objective: str) -> None:
    alone = {"warm_start": False, "teacher_weight": 0.0}
    trainer = train(two_blocks(), objective=objective, max_catalogue=10, learning_rate=0.005, **alone)
    drawn = [len(batch.movie_rows) for batch in trainer.batches.epoch(1)]
    assert 2 < np.mean(drawn) < 18
    snapshot = trainer.snapshot()
    for gender, own in ((1, slice(0, NUM_MOVIES // 2)), (2, slice(NUM_MOVIES // 2, None))):
        scores = (snapshot.movie_vectors @ profile(snapshot.tables, gender))[1:]
        others = np.delete(scores, np.arange(NUM_MOVIES)[own])
        assert scores[own].min() > others.max()


def test_one_favourite_decides_without_a_profile(hybrid: Snapshot) -> None:
    for movie in (3, NUM_MOVIES - 3):
        user = hybrid.tables.with_history(0, 0, 0, np.array([movie]), np.array([5.0], dtype=np.float32))
        scores = (hybrid.movie_vectors @ user)[1:]
        first, second = scores[: NUM_MOVIES // 2].mean(), scores[NUM_MOVIES // 2 :].mean()
        assert (first > second) == (movie <= NUM_MOVIES // 2)


def test_stars_are_near_the_ratings(hybrid: Snapshot) -> None:
    held_out = two_blocks().validation
    assert hybrid.stars is not None
    users = hybrid.user_vectors(held_out.user_rows.astype(np.int64))
    offsets = hybrid.stars.movie_offsets[held_out.movie_rows]
    stars = [
        hybrid.stars.estimate(user, hybrid.movie_vectors[[movie]], offset[None], own)[0]
        for user, movie, offset, own in zip(
            users, held_out.movie_rows, offsets, hybrid.stars.user_offsets[held_out.user_rows], strict=True
        )
    ]
    assert np.sqrt(np.mean((np.array(stars) - held_out.values) ** 2)) < 1.0  # 2.0 is the ratings' own spread


def test_user_vectors_are_the_user_tower(hybrid: Snapshot) -> None:
    trainer = train(two_blocks())
    snapshot, data = trainer.snapshot(), trainer.data
    trainer.keep(trainer.averaged_weights())
    trainer.towers.eval()
    import paddle

    users = np.arange(1, 11)
    rated, valued = (matrix.toarray() for matrix in trainer.batches.history(users))
    attributes = (data.user_genders[users], data.user_ages[users], data.user_jobs[users])
    inputs = [users, *(rows.astype(np.int64) for rows in attributes), rated, valued, np.arange(NUM_MOVIES + 1)]
    tower = trainer.towers.users(*map(paddle.to_tensor, inputs)).numpy()
    np.testing.assert_allclose(snapshot.user_vectors(users), tower, atol=1e-5)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, second = train(two_blocks()), train(two_blocks())
    other = train(two_blocks(), seed=2)
    for name, weight in first.averaged_weights().items():
        assert weight.tobytes() == second.averaged_weights()[name].tobytes(), name
    assert first.snapshot().movie_vectors.tobytes() != other.snapshot().movie_vectors.tobytes()


def test_an_interrupted_training_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    options = TrainingOptions.from_dict({**SMALL, "epochs": 4, "dropout": 0.1})
    whole = Trainer(two_blocks(), options)
    whole_fitted = fit(whole, Silent(), validate=None, checkpoint=None)

    class Interrupting(Silent):
        def detail(self, text: str) -> None:
            if text.startswith("epoch 2:"):
                raise KeyboardInterrupt

    checkpoint = Checkpoint(tmp_path / "model.checkpoint", belongs_to="this")
    with pytest.raises(KeyboardInterrupt):
        fit(Trainer(two_blocks(), options), Interrupting(), validate=None, checkpoint=checkpoint)
    resumed, progress = Trainer(two_blocks(), options), Recorded()
    fitted = fit(resumed, progress, validate=None, checkpoint=checkpoint)
    assert [line.split(":")[0] for line in progress.details] == ["epoch 3", "epoch 4"]
    assert [epoch.number for epoch in fitted.epochs] == [1, 2, 3, 4]
    assert fitted.epochs == whole_fitted.epochs
    for name, weight in whole.averaged_weights().items():
        assert weight.tobytes() == resumed.averaged_weights()[name].tobytes(), name
    assert [path.name for path in tmp_path.iterdir()] == ["model.checkpoint"]


def test_a_training_that_is_cut_off_within_an_epoch_goes_on_to_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys_cli.training.fit.CHECKPOINT_SECONDS", 0.0)
    options = TrainingOptions.from_dict({**SMALL, "epochs": 2, "dropout": 0.1, "max_catalogue": 20})
    whole = Trainer(two_blocks(), options)
    whole_fitted = fit(whole, Silent(), validate=None, checkpoint=None)

    class CutOff(Checkpoint):
        after = 0

        def save(self, trainer: Trainer, **named: Any) -> None:
            super().save(trainer, **named)
            if trainer.step == self.after and trainer.losses:
                raise KeyboardInterrupt

    checkpoint = CutOff(tmp_path / "model.checkpoint", belongs_to="this")
    assert checkpoint.reached() == ""
    for after, reached in ((2, "2 batches"), (4, "1 epoch and 1 batch"), (6, "1 epoch and 3 batches")):
        checkpoint.after = after
        with pytest.raises(KeyboardInterrupt):
            fit(Trainer(two_blocks(), options), Silent(), validate=None, checkpoint=checkpoint)
        assert checkpoint.reached() == reached
    resumed = Trainer(two_blocks(), options)
    assert fit(resumed, Silent(), validate=None, checkpoint=checkpoint).epochs == whole_fitted.epochs
    for name, weight in whole.averaged_weights().items():
        assert weight.tobytes() == resumed.averaged_weights()[name].tobytes(), name


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.checkpoint"
    options = TrainingOptions.from_dict({**SMALL, "epochs": 1})
    fit(Trainer(two_blocks(), options), Silent(), validate=None, checkpoint=Checkpoint(path, belongs_to="a"))
    with pytest.raises(ArtifactError) as error:
        Checkpoint(path, belongs_to="b").restore(Trainer(two_blocks(), options))
    assert str(error.value) == (
        f"{path}: of a training with other data or options; repeat that command with --resume, or leave "
        "--resume out to start anew"
    )
    file = path / "adam.safetensors"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(ArtifactError) as error:
        Checkpoint(path, belongs_to="a").restore(Trainer(two_blocks(), options))
    assert str(error.value) == f"{path}: damaged: delete it, or leave --resume out to start anew"


def test_a_loss_that_is_no_number_names_the_epoch() -> None:
    data = two_blocks()
    data.training.values[0] = np.nan
    with pytest.raises(TrainingError) as error:
        train(data, objective="rating", warm_start=False, teacher_weight=0.0)
    assert str(error.value) == "The loss turned nan in epoch 1: lower --learning-rate (it was 0.02)"


def test_the_best_epoch_so_far_survives_a_loss_that_is_no_number() -> None:
    trainer = Trainer(two_blocks(), TrainingOptions.from_dict(SMALL))

    class Poisoning(Silent):
        def detail(self, text: str) -> None:
            if text.startswith("epoch 2:"):
                trainer.towers.users.bias.set_value(trainer.towers.users.bias * float("nan"))

    fitted = fit(trainer, Poisoning(), validate=None, checkpoint=None)
    assert (len(fitted.epochs), fitted.kept.number) == (2, 2)
    assert fitted.stopped_by == "The loss turned nan in epoch 3: lower --learning-rate (it was 0.02)"
    assert np.isfinite(trainer.snapshot().movie_vectors).all()


def test_of_epochs_that_chance_alone_tells_apart_the_last_is_kept() -> None:
    trainer = Trainer(two_blocks(), TrainingOptions.from_dict({**SMALL, "epochs": 4, "patience": 3}))
    values = iter([0.3, 0.2985, 0.2955, 0.296])  # a hundredth below the best is 0.297
    fitted = fit(trainer, Silent(), validate=lambda snapshot: {"ndcg@10": next(values)}, checkpoint=None)
    assert (len(fitted.epochs), fitted.kept.number) == (4, 2)


def test_patience_keeps_the_best_epoch() -> None:
    trainer = Trainer(two_blocks(), TrainingOptions.from_dict({**SMALL, "objective": "rating", "patience": 2}))
    kept: dict[int, np.ndarray] = {}
    rmses = iter([1.0, 0.8, 0.9, 0.85, 0.7])

    def validate(snapshot: Snapshot) -> dict[str, float]:
        kept[len(kept) + 1] = snapshot.movie_vectors
        return {"rmse": next(rmses)}

    fitted = fit(trainer, Silent(), validate=validate, checkpoint=None)
    assert (len(fitted.epochs), fitted.kept.number, fitted.stopped_by) == (4, 2, "patience")
    np.testing.assert_array_equal(trainer.snapshot().movie_vectors, kept[2])


def test_a_time_limit_ends_after_the_epoch() -> None:
    trainer = Trainer(two_blocks(), TrainingOptions.from_dict(SMALL))
    fitted = fit(trainer, Silent(), validate=None, checkpoint=None, time_limit=0.001)
    assert (len(fitted.epochs), fitted.stopped_by) == (1, "time limit")


def test_held_out_ratings_leave_no_trace() -> None:
    """Whatever the held-out ratings are, even absent, the model is the same to the byte."""
    data = two_blocks()
    none = data.validation.at(np.zeros(0, dtype=np.int64))
    first, second = train(data), train(dataclasses.replace(data, validation=none))
    for name, weight in first.averaged_weights().items():
        assert weight.tobytes() == second.averaged_weights()[name].tobytes(), name


def test_nobody_sees_what_they_are_asked() -> None:
    options = TrainingOptions()
    batches = Batches(two_blocks(), options.objective, options.masking, batch_users=50, history_damping=0.0)
    total = 0
    for batch in batches.epoch(1):
        rated = np.zeros(batch.candidates.shape)
        rated[:, np.searchsorted(batch.movie_rows, batch.history_rows)] = batch.rated.toarray()
        visible = rated.reshape(-1) > 0
        assert not visible[batch.targets].any()
        assert not visible[batch.positives].any()
        assert set(batch.positives) <= set(batch.targets)
        np.testing.assert_array_equal(batch.candidates.reshape(-1) == 0, visible)
        counts = visible.reshape(rated.shape).sum(axis=1)
        lengths = (rated**2).sum(axis=1)
        np.testing.assert_allclose(lengths, counts > 0, atol=1e-5)
        total += visible.sum() + len(batch.targets)
    assert total == len(batches.data.training)


def test_a_movie_without_training_ratings_is_known_by_genre(hybrid: Snapshot) -> None:
    data = two_blocks()
    unseen = (1, NUM_MOVIES)
    training = data.training.at(~np.isin(data.training.movie_rows, unseen))
    snapshot = train(dataclasses.replace(data, training=training), movie_id_dropout=0.2).snapshot()
    for gender in (1, 2):
        first, last = (snapshot.movie_vectors @ profile(snapshot.tables, gender))[list(unseen)]
        assert (first > last) == (gender == 1)


def test_the_folder_holds_what_the_snapshot_says(hybrid: Snapshot) -> None:
    data = hybrid.batches.data
    user_ids, movie_ids = np.arange(1, data.num_users + 1) * 10, np.arange(1, NUM_MOVIES + 1) * 100
    arrays = model_arrays(hybrid, user_ids=user_ids, movie_ids=movie_ids)
    assert arrays.demographic.shape == (3, 4, 5, 16)
    np.testing.assert_allclose(arrays.demographic[2, 0, 0], profile(hybrid.tables, 2), atol=1e-6)
    mine = data.training.user_rows == 7
    kept_back = np.sort(data.validation.movie_rows[data.validation.user_rows == 7]) * 100
    assert arrays.held_out is not None
    np.testing.assert_array_equal(arrays.held_out.of(6), kept_back)
    rated = np.union1d(data.training.movie_rows[mine] * 100, kept_back)
    np.testing.assert_array_equal(arrays.seen.of(6), rated)
    history = arrays.tables.with_history(
        int(data.user_genders[7]),
        int(data.user_ages[7]),
        int(data.user_jobs[7]),
        data.training.movie_rows[mine] - 1,
        data.training.values[mine],
    )
    ours = arrays.user_vectors[6] @ history
    assert 0.5 < ours < 1.0  # the same but for the user id
    assert arrays.num_ratings.sum() == len(data.training)


@pytest.mark.parametrize(("max_catalogue", "given", "kept"), [(40, 0.3, 0.3), (40, None, 0.0), (20, None, 0.75)])
def test_what_is_served_lies_between_the_start_and_what_was_learnt(
    max_catalogue: int, given: float | None, kept: float
) -> None:
    trainer = train(two_blocks(), start_share=given, max_catalogue=max_catalogue)
    options = TrainingOptions.from_dict({**SMALL, "max_catalogue": max_catalogue})
    first = Trainer(two_blocks(), options).averaged_weights()
    learnt, served = trainer.averaged_weights(), trainer.served_weights()
    # fit() keeps what is served: both are the same afterwards.
    for name, weight in served.items():
        np.testing.assert_array_equal(weight, learnt[name], err_msg=name)
    alone = train(two_blocks(), start_share=0.0, max_catalogue=max_catalogue).averaged_weights()
    for name, weight in served.items():
        share = 0.0 if name.startswith("stars") else kept
        np.testing.assert_allclose(
            weight, share * first[name] + (1 - share) * alone[name], atol=1e-6, err_msg=name
        )
