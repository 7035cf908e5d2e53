"""The smallest data sets there are: every step works on them, with each objective."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from recsys_cli.cli import main
from recsys_cli.config.training import OBJECTIVES

# (user, movie, rating)
SOME = [(user, movie) for user in (1, 2, 3) for movie in (1, 2, 3, 4) if (user + movie) % 3]
DATA = {
    "one person": [(1, 1, 5), (1, 2, 1), (1, 3, 4)],
    "one movie": [(1, 1, 5), (2, 1, 1), (3, 1, 4)],
    "one rating": [(1, 1, 5)],
    "no likes": [(user, movie, 1 + movie % 2) for user, movie in SOME],
    "all likes": [(user, movie, 5) for user, movie in SOME],
}
TRAINING = ["--epochs", "1", "--embedding-dim", "8"]


def recsys(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, (result.stderr, result.exception)
    return result


def write(ratings: list[tuple[int, int, int]]) -> int:
    """A data set in ./data; how many movies it has."""
    users, movies = sorted({user for user, _, _ in ratings}), sorted({movie for _, movie, _ in ratings})
    data = Path("data")
    data.mkdir()
    (data / "users.dat").write_text("".join(f"{user}::{'FM'[user % 2]}::25::4::0\n" for user in users))
    (data / "movies.dat").write_text("".join(f"{movie}::Film {movie} (1990)::Drama\n" for movie in movies))
    (data / "ratings.dat").write_text("".join(f"{user}::{movie}::{r}::0\n" for user, movie, r in ratings))
    return len(movies)


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("ratings", DATA.values(), ids=DATA)
def test_train_preprocess_and_recommend_work(
    ratings: list[tuple[int, int, int]], objective: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    num_movies = write(ratings)
    recsys("train", "--data", "data", "--objective", objective, *TRAINING)
    recsys("preprocess", "-f", "movies.dat")
    listed = recsys("recommend", "-g", "F", "--exact", "--csv").stdout.splitlines()
    assert len(listed) == 1 + num_movies
    assert "nan" not in "".join(listed).casefold()


@pytest.mark.parametrize("name", ["one person", "one movie"])
def test_evaluate_works(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A share of one person or movie is nobody, or everybody: there is nothing to measure in some parts."""
    monkeypatch.chdir(tmp_path)
    write(DATA[name])
    (tmp_path / "fast.toml").write_text("epochs = 1\nembedding_dim = 8\n")
    result = recsys("evaluate", "--data", "data", "--config", "fast.toml", "--seeds", "1")
    assert "nan" not in result.stdout.casefold()
    assert "training on" in result.stderr


def test_nothing_is_left_for_a_person_who_has_rated_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write([*DATA["all likes"], *((4, movie, 1 + movie) for movie in (1, 2, 3, 4))])
    recsys("train", "--data", "data", *TRAINING)
    recsys("preprocess", "-f", "movies.dat")
    nothing = recsys("recommend", "--user", "4", "--exact", "--csv", code=1)
    assert nothing.stderr == (
        "Note: no movie fits: the person has rated all 4 that would; --include-seen keeps them\n"
    )
    assert len(nothing.stdout.splitlines()) == 1
    assert len(recsys("recommend", "--user", "4", "--exact", "--csv", "--include-seen").stdout.splitlines()) == 5
