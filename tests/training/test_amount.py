"""How much is held out and whether it is learnt in a second training, how many passes, batches and numbers."""

import pytest

from recsys_cli.config.training import ScheduleConfig
from recsys_cli.training.amount import (
    batch_users_for,
    epochs_for,
    epochs_from_model,
    held_out_share,
    learns_twice,
    user_id_width,
)
from recsys_cli.training.train import hold_out


@pytest.mark.parametrize(
    ("num_ratings", "held_out"), [(1_000, 100), (1_000_209, 100_021), (25_000_000, 150_000), (0, 0)]
)
def test_a_tenth_is_held_out_and_no_more_than_150_000(num_ratings: int, held_out: int) -> None:
    assert round(held_out_share(num_ratings, ScheduleConfig()) * num_ratings) == held_out


def test_the_held_out_ratings_of_large_data_are_few() -> None:
    split = hold_out(4_000_000, ScheduleConfig())
    assert (len(split.train), len(split.held_out)) == (3_850_000, 150_000)


def test_all_is_learnt_in_a_second_training_where_that_pays() -> None:
    assert learns_twice(1_000_209, 100_021, ScheduleConfig())
    assert not learns_twice(1_000_209, 100_021, ScheduleConfig(refit=False))
    assert not learns_twice(1_000_209, 0, ScheduleConfig(holdout=0.0))
    assert not learns_twice(25_000_000, 150_000, ScheduleConfig())


@pytest.mark.parametrize(("num_ratings", "epochs"), [(50_000, 3), (1_000_209, 3), (5_000_000, 1), (25_000_000, 1)])
def test_passes_from_an_earlier_model(num_ratings: int, epochs: int) -> None:
    assert epochs_from_model(num_ratings, 6_000) == epochs


@pytest.mark.parametrize(
    ("num_ratings", "num_users", "epochs", "batches", "width"),
    [
        (100_000, 16_500, 10, 65, 256),
        (1_000_000, 6_040, 9, 24, 256),
        (1_000_000, 1_000_000, 1, 700, 32),
        (25_000_000, 162_000, 2, 633, 256),
        (100_000_000, 480_000, 1, 700, 256),
    ],
)
def test_many_people_take_neither_more_batches_nor_more_numbers_than_they_tell(
    num_ratings: int, num_users: int, epochs: int, batches: int, width: int
) -> None:
    assert epochs_for(num_ratings, num_users) == epochs
    batch_users = batch_users_for(num_users, ScheduleConfig())
    assert -(-num_users // batch_users) == pytest.approx(batches, abs=1)
    assert user_id_width(num_ratings, num_users, 256) == width
    assert user_id_width(num_ratings, num_users, 16) == 16


def test_what_is_given_is_not_chosen_by_the_amount() -> None:
    assert batch_users_for(1_000_000, ScheduleConfig(batch_users=50)) == 50
