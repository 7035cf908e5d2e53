"""Rows of ids, by a table and by a search."""

import numpy as np
import pytest

from recsys_cli.dataset.rows import Ratings, rows_of


@pytest.mark.parametrize("highest", [30, 2**63 - 1])
@pytest.mark.parametrize("lowest", [0, 1])
def test_the_row_of_an_id_is_its_place_from_1_and_unknown_is_0(
    lowest: int, highest: int, rng: np.random.Generator
) -> None:
    known = np.array([lowest, 5, 7, highest])
    asked = np.array([*rng.permutation(40), highest, -1, 5, 2**63 - 1])
    expected = [known.tolist().index(number) + 1 if number in known.tolist() else 0 for number in asked.tolist()]
    rows = rows_of(asked, known)
    assert rows.tolist() == expected
    assert rows.dtype == np.int32


def test_nothing_known_and_nothing_asked() -> None:
    assert rows_of(np.array([1, 2]), np.zeros(0, dtype=np.int64)).tolist() == [0, 0]
    assert rows_of(np.zeros(0, dtype=np.int64), np.array([1])).tolist() == []


def test_ratings_at_positions_and_where_a_mask_is_true() -> None:
    ratings = Ratings(
        np.array([1, 2, 3], dtype=np.int32), np.array([3, 2, 1], dtype=np.int32), np.ones(3, np.float32)
    )
    assert len(ratings) == 3
    for chosen in (np.array([0, 2]), np.array([True, False, True])):
        assert ratings.at(chosen).user_rows.tolist() == [1, 3]
        assert ratings.at(chosen).movie_rows.tolist() == [3, 1]
