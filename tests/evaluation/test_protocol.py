"""The splits of an evaluation: what is trained on never meets what is measured, and the shares are as said."""

from pathlib import Path

import numpy as np
import pytest

from recsys_cli.config.evaluation import ProtocolConfig
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.evaluation.protocol import Case, Group, model_case, split_cases

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return read_dataset(SAMPLE)


def pairs(dataset: Dataset, users: np.ndarray, movies: np.ndarray) -> set[int]:
    return set((users.astype(np.int64) * len(dataset.movie_ids) + movies).tolist())


def held_out(dataset: Dataset, group: Group) -> set[int]:
    return pairs(dataset, group.users, group.movies)


def trained(dataset: Dataset, case: Case) -> set[int]:
    return pairs(dataset, case.data.users, case.data.movies)


def test_the_groups_and_the_training_share_nothing_and_are_everything(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=1)
    known, cold = users.groups
    parts = [trained(dataset, users), held_out(dataset, known), held_out(dataset, cold)]
    everything = pairs(dataset, dataset.rating_users, dataset.rating_movies)
    assert set.union(*parts) == everything
    assert sum(map(len, parts)) == len(everything)
    (new,) = movies.groups
    assert not trained(dataset, movies) & held_out(dataset, new)
    assert trained(dataset, movies) < trained(dataset, users)


def test_the_shares(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=1)
    known, cold = users.groups
    assert len(np.unique(cold.users)) == round(0.1 * len(dataset.user_ids))
    others = len(dataset.rating_values) - len(cold.ratings)
    assert len(known.ratings) == round(0.1 * others)
    assert movies.groups[0].candidates.sum() <= round(0.05 * len(dataset.movie_ids))


def test_cold_users_and_new_movies_are_unheard_of(dataset: Dataset) -> None:
    users, movies = split_cases(dataset, ProtocolConfig(), seed=2)
    cold, new = users.groups[1], movies.groups[0]
    assert not np.isin(cold.users, users.data.users).any()
    assert not np.isin(new.users, cold.users).any()
    assert not np.isin(new.movies, movies.data.movies).any()
    assert set(np.flatnonzero(new.candidates)) == set(new.movies.tolist())


def test_a_seed_is_a_split(dataset: Dataset) -> None:
    first, again, other = (split_cases(dataset, ProtocolConfig(), seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.train, again.train)
    np.testing.assert_array_equal(first.groups[0].users, again.groups[0].users)
    assert not np.array_equal(first.train, other.train)


def test_the_training_ratings_are_the_data_sets(dataset: Dataset) -> None:
    case = split_cases(dataset, ProtocolConfig(), seed=1)[0]
    np.testing.assert_array_equal(case.data.ratings, dataset.rating_values[case.train])
    assert case.data.like_from == 4.0
    titles = dict(zip(dataset.titles, range(len(dataset.titles)), strict=True))
    vocabulary = sorted({name for names in dataset.movie_genres for name in names})
    movie = titles["Toy Story (1995)"]
    hot = {vocabulary[genre] for genre in np.flatnonzero(case.data.genres[movie])}
    assert hot == set(dataset.movie_genres[movie])


def test_a_given_model_sorts_ratings_by_what_it_has_seen(dataset: Dataset) -> None:
    users, movies = dataset.rating_users, dataset.rating_movies
    train = np.flatnonzero((users >= 50) & (movies >= 20) & (np.arange(len(users)) % 10 > 0))
    rest = np.setdiff1d(np.arange(len(users)), train)
    case = model_case(dataset, ProtocolConfig(), train=train, held_out=rest)
    kinds = {group.kind: group for group in case.groups}
    assert (kinds["cold"].users < 50).all()
    assert (kinds["known"].users >= 50).all()
    assert (kinds["known"].movies >= 20).all()
    assert (kinds["new"].movies < 20).all()
    assert np.flatnonzero(kinds["new"].candidates).tolist() == list(range(20))
    assert sum(len(group.ratings) for group in case.groups) == len(rest)


def test_groups_without_ratings_are_left_out(dataset: Dataset) -> None:
    everything = np.arange(len(dataset.rating_values))
    case = model_case(dataset, ProtocolConfig(), train=everything[5:], held_out=everything[:5])
    assert [group.kind for group in case.groups] == ["known"]
