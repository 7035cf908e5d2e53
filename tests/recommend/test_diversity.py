"""Maximal marginal relevance."""

import numpy as np
import pytest

from recsys_cli.model.arrays import unit_rows
from recsys_cli.recommend.diversity import num_candidates, varied

# Three movies in one direction and one across it; the person stands between, nearer to the three.
VECTORS = unit_rows(np.array([[1, 0.0], [1, 0.01], [1, 0.02], [0, 1]], dtype=np.float32))
SCORES = np.array([0.8, 0.79, 0.78, 0.6], dtype=np.float32)


def test_no_diversity_keeps_the_order() -> None:
    assert varied(SCORES, VECTORS, k=3, diversity=0).tolist() == [0, 1, 2]


def test_diversity_takes_the_odd_one_second() -> None:
    assert varied(SCORES, VECTORS, k=3, diversity=0.5).tolist() == [0, 3, 1]


def test_an_item_is_taken_by_its_margin_over_the_nearest_chosen_one() -> None:
    # After movie 0: margins (1 - d) * score - d * cosine. Movie 1: 0.79 (1 - d) - 1.00 d; movie 3: 0.6 (1 - d).
    # They are equal at d = 0.19 / 1.19 = 0.1597, up to the cosine's 5e-5 below 1.
    assert varied(SCORES, VECTORS, k=2, diversity=0.158).tolist() == [0, 1]
    assert varied(SCORES, VECTORS, k=2, diversity=0.161).tolist() == [0, 3]


@pytest.mark.parametrize("k", [4, 9])
def test_all_are_taken_where_there_are_no_more(k: int) -> None:
    assert sorted(varied(SCORES, VECTORS, k=k, diversity=1.0).tolist()) == [0, 1, 2, 3]


def test_more_variety_never_makes_a_list_more_alike(rng: np.random.Generator) -> None:
    vectors = unit_rows(rng.standard_normal((100, 8), dtype=np.float32))
    scores = np.sort(rng.random(100, dtype=np.float32))[::-1]
    alike = []
    for diversity in (0.0, 0.5, 1.0):
        chosen = vectors[varied(scores, vectors, k=10, diversity=diversity)]
        alike.append(float((chosen @ chosen.T).sum()))
    assert alike == sorted(alike, reverse=True)


def test_nothing_from_nothing() -> None:
    empty = np.empty(0, dtype=np.float32)
    assert varied(empty, np.empty((0, 2), dtype=np.float32), k=5, diversity=0.5).tolist() == []
    assert num_candidates(5) == 100
    assert num_candidates(100) == 500
