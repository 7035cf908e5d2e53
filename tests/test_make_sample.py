"""The bundled sample: its bytes, its ranges, and that the planted tastes are in it."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.dataset.split import hold_out_ratings
from recsys_cli.metrics import ndcg, top_k

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "data" / "sample"
NAMES = ("movies.dat", "movies_origin.txt", "ratings.dat", "users.dat")


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return read_dataset(SAMPLE)


@pytest.fixture(scope="module")
def shifts(sample: Dataset, make_sample: ModuleType) -> NDArray[np.float64]:
    """(U, M) stars: what the group of each person plants in each film."""
    people = zip(sample.user_genders[1:] - 1, sample.user_ages[1:] - 1, sample.user_jobs[1:] - 1, strict=True)
    movies = make_sample.rated_movies()
    return np.array(
        [
            make_sample.group_shifts(
                movies,
                gender=sample.demographics.genders[gender],
                age=sample.demographics.ages[age],
                job=sample.demographics.jobs[job][0],
            )
            for gender, age, job in people
        ]
    )


def test_the_files_are_what_the_script_writes(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "sample"
    script = ROOT / "scripts" / "make_sample.py"
    result = subprocess.run(
        [sys.executable, script, "--output", folder], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert sorted(path.name for path in folder.iterdir()) == list(NAMES)
    assert sorted(path.name for path in SAMPLE.iterdir()) == list(NAMES)
    for name in NAMES:
        assert (folder / name).read_bytes() == (SAMPLE / name).read_bytes(), f"run scripts/make_sample.py: {name}"


def test_it_is_small_and_ascii() -> None:
    content = b"".join((SAMPLE / name).read_bytes() for name in NAMES)
    assert len(content) < 1_200_000
    assert content.isascii()


def test_movies(sample: Dataset, make_sample: ModuleType) -> None:
    lines = (SAMPLE / "movies.dat").read_text().splitlines()
    ids = [int(line.split("::")[0]) for line in lines]
    years = [int(title[-5:-1]) for title in sample.titles]
    assert 350 <= len(lines) <= 400
    assert ids == sorted(set(ids))
    assert max(ids) > len(ids)  # there are gaps: an id is not a row
    assert (min(years), max(years)) == (1930, 2023)
    assert years == sorted(years)
    assert len(set(sample.titles)) == len(sample.titles)
    assert {genre for genres in sample.movie_genres for genre in genres} == set(make_sample.GENRES)
    assert all(list(genres) == sorted(set(genres)) for genres in sample.movie_genres)
    assert "Matrix, The (1999)" in sample.titles
    assert "Star Is Born, A (2018)" in sample.titles
    assert not [title for title in sample.titles if title.startswith(("The ", "A ", "An "))]


def test_movies_origin_adds_films_that_nobody_rated(make_sample: ModuleType) -> None:
    rated = (SAMPLE / "movies.dat").read_text().splitlines()
    listed = (SAMPLE / "movies_origin.txt").read_text().splitlines()
    assert [line for line in listed if line in rated] == rated
    assert [line.split("::")[1] for line in listed if line not in rated] == list(make_sample.UNRATED)
    assert [int(line.split("::")[0]) for line in listed] == list(range(1, len(listed) + 1))


def test_people(sample: Dataset) -> None:
    assert sample.user_ids.tolist() == list(range(1, 1001))
    assert np.bincount(sample.user_genders, minlength=3)[1:].min() >= 400
    assert np.bincount(sample.user_ages)[1:].min() >= 80
    assert len(np.bincount(sample.user_ages)) == 8
    assert np.bincount(sample.user_jobs)[1:].min() >= 20
    assert len(np.bincount(sample.user_jobs)) == 22
    assert {line.split("::")[4] for line in (SAMPLE / "users.dat").read_text().splitlines()} == {"00000"}


def test_ratings(sample: Dataset) -> None:
    ratings = sample.ratings
    pairs = ratings.user_rows.astype(np.int64) * (len(sample.movie_ids) + 1) + ratings.movie_rows
    stars = np.bincount(ratings.values.astype(np.int64), minlength=6) / len(pairs)
    per_movie = np.sort(np.bincount(ratings.movie_rows, minlength=len(sample.movie_ids) + 1)[1:])
    assert 45_000 <= len(pairs) <= 55_000
    assert len(np.unique(pairs)) == len(pairs)
    assert (np.diff(ratings.user_rows) >= 0).all()
    assert stars[0] == 0
    assert (stars[1:] > 0.01).all()
    assert ratings.values.mean() == pytest.approx(3.6, abs=0.1)
    assert np.bincount(ratings.user_rows)[1:].min() == 20
    assert per_movie[0] >= 20
    assert per_movie[-40:].sum() > 0.25 * len(pairs)  # a tenth of the films has well over a tenth of the ratings


def test_timestamps_rise_with_each_persons_ratings() -> None:
    rows = np.loadtxt((SAMPLE / "ratings.dat").read_text().replace("::", " ").splitlines(), dtype=np.int64)
    users, times = rows[:, 0], rows[:, 3]
    assert (np.diff(times)[np.diff(users) == 0] > 0).all()
    assert np.datetime64(int(times.min()), "s") >= np.datetime64("2024-01-01")
    assert np.datetime64(int(times.max()), "s") < np.datetime64("2026-01-01")


@pytest.mark.parametrize(
    ("attribute", "least", "mean"),
    [("user_genders", 0.9, 0.9), ("user_ages", 0.8, 0.9), ("user_jobs", 0.3, 0.75)],  # a job has some 40 people
)
def test_each_groups_ratings_follow_its_planted_tastes(
    sample: Dataset,
    make_sample: ModuleType,
    shifts: NDArray[np.float64],
    attribute: str,
    least: float,
    mean: float,
) -> None:
    weights = make_sample.genre_weights(make_sample.rated_movies())[sample.ratings.movie_rows - 1]  # (R, 18)
    groups = getattr(sample, attribute)[sample.ratings.user_rows]
    given = _beyond_movie_mean(sample, sample.ratings.values)
    planted = _beyond_movie_mean(sample, shifts[sample.ratings.user_rows - 1, sample.ratings.movie_rows - 1])
    agreement = {}
    for group in np.unique(groups).tolist():
        own = weights * (groups == group)[:, None]
        agreement[group] = spearmanr(given @ own / own.sum(axis=0), planted @ own / own.sum(axis=0)).statistic
    assert min(agreement.values()) > least, agreement
    assert np.mean(list(agreement.values())) > mean, agreement


def test_popularity_in_the_group_beats_popularity(sample: Dataset, rng: np.random.Generator) -> None:
    split = hold_out_ratings(len(sample.ratings), share=0.2, rng=rng)
    shape = (len(sample.user_ids), len(sample.movie_ids))
    seen, relevant = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for marked, chosen in ((seen, split.train), (relevant, split.held_out)):
        ratings = sample.ratings.at(chosen)
        marked[ratings.user_rows - 1, ratings.movie_rows - 1] = True
    groups = (3 * sample.user_ages + sample.user_genders)[1:]
    in_group = np.zeros((groups.max() + 1, shape[1]))
    np.add.at(in_group, groups, seen)

    def mean_ndcg(scores: NDArray[np.float64]) -> float:
        return float(np.nanmean(ndcg(top_k(np.where(seen, -np.inf, scores), 10), relevant)))

    assert mean_ndcg(in_group[groups]) > 1.1 * mean_ndcg(np.broadcast_to(in_group.sum(axis=0), shape))


def test_two_different_people_have_different_planted_favourites(make_sample: ModuleType) -> None:
    movies = make_sample.rated_movies()
    student = make_sample.group_shifts(movies, gender="M", age=25, job=4)
    teacher = make_sample.group_shifts(movies, gender="F", age=56, job=1)
    for one, other in ((student, teacher), (teacher, student)):
        favourites = np.argsort(-one)[:20]
        assert one[favourites].mean() - other[favourites].mean() > 1.0  # stars


def _beyond_movie_mean(sample: Dataset, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(R,) how far each value is above the mean of its movie."""
    rows = sample.ratings.movie_rows
    means = np.bincount(rows, weights=values)[1:] / np.bincount(rows)[1:]
    return np.asarray(values - means[rows - 1], dtype=np.float64)
