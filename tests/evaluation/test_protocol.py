"""The splits of an evaluation: what is trained on never meets what is measured, and the shares are as said."""

from pathlib import Path

import numpy as np
import pytest

from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.rows import Ratings
from recsys_cli.evaluation.protocol import Case, Group, model_case, ratings_case, split_cases

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(SAMPLE)


def pairs(dataset: Dataset, ratings: Ratings) -> set[int]:
    width = len(dataset.movie_ids) + 1
    return set((ratings.user_rows.astype(np.int64) * width + ratings.movie_rows).tolist())


def held_out(dataset: Dataset, group: Group) -> set[int]:
    return pairs(dataset, group.ratings)


def trained(dataset: Dataset, case: Case) -> set[int]:
    return pairs(dataset, case.data.ratings)


def test_the_groups_and_the_training_share_nothing_and_are_everything(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=1)
    known, cold = users.groups
    parts = [trained(dataset, users), held_out(dataset, known), held_out(dataset, cold)]
    everything = pairs(dataset, dataset.ratings)
    assert set.union(*parts) == everything
    assert sum(map(len, parts)) == len(everything)
    (new,) = movies.groups
    assert not trained(dataset, movies) & held_out(dataset, new)
    assert trained(dataset, movies) < trained(dataset, users)


def test_the_shares(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=1)
    known, cold = users.groups
    assert len(np.unique(cold.ratings.user_rows)) == round(0.1 * len(dataset.user_ids))
    others = len(dataset.ratings) - len(cold.ratings)
    assert len(known.ratings) == round(0.1 * others)
    assert movies.groups[0].candidates.sum() <= round(0.05 * len(dataset.movie_ids))


def test_cold_users_and_new_movies_are_unheard_of(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=2)
    cold, new = users.groups[1], movies.groups[0]
    assert not np.isin(cold.ratings.user_rows, users.data.ratings.user_rows).any()
    assert not np.isin(new.ratings.user_rows, cold.ratings.user_rows).any()
    assert not np.isin(new.ratings.movie_rows, movies.data.ratings.movie_rows).any()
    assert set(np.flatnonzero(new.candidates)) == set(new.ratings.movie_rows.tolist())


def test_a_seed_is_a_split(dataset: Dataset) -> None:
    first, again, other = (split_cases(dataset, ProtocolConfig(), seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.groups[0].ratings.user_rows, again.groups[0].ratings.user_rows)
    assert not np.array_equal(first.train, other.train)


def test_the_training_ratings_are_the_data_sets(dataset: Dataset) -> None:
    case = split_cases(dataset, ProtocolConfig(), seed=1)[0]
    np.testing.assert_array_equal(case.data.ratings.values, dataset.ratings.values[case.train])
    assert case.data.like_from == 4.0
    rows = {title: row for row, title in enumerate(dataset.titles, start=1)}
    vocabulary = sorted({name for names in dataset.movie_genres for name in names})
    row = rows["Toy Story (1995)"]
    hot = {vocabulary[genre] for genre in np.flatnonzero(case.data.genres[row])}
    assert hot == set(dataset.movie_genres[row - 1])
    assert not case.data.genres[0].any()


def test_a_share_of_all_ratings(dataset: Dataset) -> None:
    case = ratings_case(dataset, ProtocolConfig(), share=0.2, seed=3)
    (group,) = case.groups
    assert group.kind == "all"
    assert len(group.ratings) == round(0.2 * len(dataset.ratings))
    assert not trained(dataset, case) & held_out(dataset, group)
    assert trained(dataset, case) | held_out(dataset, group) == pairs(dataset, dataset.ratings)
    assert len(np.unique(group.ratings.user_rows)) > 900  # whosever they are


def test_a_given_model_sorts_ratings_by_what_it_has_seen(dataset: Dataset) -> None:
    users, movies = dataset.ratings.user_rows, dataset.ratings.movie_rows
    train = np.flatnonzero((users > 50) & (movies > 20) & (np.arange(len(users)) % 10 > 0))
    rest = np.setdiff1d(np.arange(len(users)), train)
    case = model_case(dataset, ProtocolConfig(), train=train, held_out=rest)
    kinds = {group.kind: group for group in case.groups}
    assert (kinds["cold"].ratings.user_rows <= 50).all()
    assert (kinds["known"].ratings.user_rows > 50).all()
    assert (kinds["known"].ratings.movie_rows > 20).all()
    assert (kinds["new"].ratings.movie_rows <= 20).all()
    assert np.flatnonzero(kinds["new"].candidates).tolist() == list(range(1, 21))
    assert not kinds["known"].candidates[0]
    assert sum(len(group.ratings) for group in case.groups) == len(rest)


def test_groups_without_ratings_are_left_out(dataset: Dataset) -> None:
    everything = np.arange(len(dataset.ratings))
    case = model_case(dataset, ProtocolConfig(), train=everything[5:], held_out=everything[:5])
    assert [group.kind for group in case.groups] == ["known"]
