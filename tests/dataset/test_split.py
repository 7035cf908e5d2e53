import numpy as np
import pytest

from recsys_cli.dataset.split import Split, hold_out_movies, hold_out_ratings, hold_out_users

USERS = np.array([1, 1, 1, 2, 2, 3, 4, 4], dtype=np.int32)


def assert_partition(split: Split, count: int) -> None:
    assert np.array_equal(np.sort(np.concatenate([split.train, split.held_out])), np.arange(count))
    assert np.array_equal(split.train, np.sort(split.train))


def test_a_share_of_the_ratings_is_held_out(rng: np.random.Generator) -> None:
    split = hold_out_ratings(1000, share=0.1, rng=rng)
    assert_partition(split, 1000)
    assert len(split.held_out) == 100


@pytest.mark.parametrize("hold_out", [hold_out_users, hold_out_movies])
def test_whole_users_or_movies_are_held_out(hold_out: object, rng: np.random.Generator) -> None:
    split = hold_out(USERS, 4, share=0.5, rng=rng)  # type: ignore[operator]
    assert_partition(split, len(USERS))
    held_out = set(USERS[split.held_out].tolist())
    assert len(held_out) == 2
    assert held_out.isdisjoint(USERS[split.train].tolist())


def test_share_zero_holds_out_nothing(rng: np.random.Generator) -> None:
    assert len(hold_out_ratings(10, share=0, rng=rng).held_out) == 0


def test_the_same_seed_gives_the_same_split() -> None:
    first, second = (hold_out_ratings(50, share=0.3, rng=np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.held_out, second.held_out)


def test_a_share_of_one_is_a_wrong_call(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\), got 1"):
        hold_out_ratings(10, share=1, rng=rng)
