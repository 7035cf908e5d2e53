import itertools
from pathlib import Path

import numpy as np
import pytest

from recsys_cli.errors import ArtifactError, DataError
from recsys_cli.model.movies_data import (
    EncodedMovies,
    MoviesFile,
    preprocess_command,
    read_movies_data,
    write_movies_data,
)

HEADER = "# recsys movies_data 1 vocabulary=abc"
AGAIN = "run 'recsys preprocess -f movies_origin.txt -o {path}' again"


@pytest.fixture
def movies() -> EncodedMovies:
    return EncodedMovies(
        vocabulary="abc",
        movie_ids=np.array([3, 7], dtype=np.int64),
        word_rows=((1, 0, 2), ()),
        genre_rows=((1, 0), ()),
        titles=("Face::Off \u2028 (1997)", "Cité, La"),
        genres=(("Action", "New"), ()),
    )


def _read(path: Path) -> EncodedMovies:
    return read_movies_data(MoviesFile.read(path), vocabulary="abc", num_words=2, num_genres=1)


def test_what_is_written_is_read(tmp_path: Path, movies: EncodedMovies) -> None:
    path = tmp_path / "movies_data.txt"
    write_movies_data(path, movies)
    read = _read(path)
    assert read.movie_ids.tolist() == [3, 7]
    for field in ("vocabulary", "word_rows", "genre_rows", "titles", "genres"):
        assert getattr(read, field) == getattr(movies, field)
    assert path.read_text(encoding="utf-8").startswith(HEADER + "\n3::1 0 2::1|0::Face::Off")
    assert [entry.name for entry in tmp_path.iterdir()] == ["movies_data.txt"]


HOSTILE = ("a|b", "c::d", ":", "::", "\\", "\\|", "|", "e\\", "\\\\:|", "f:", ":g", "\\:", "Sci-Fi")


@pytest.mark.parametrize("title", ["Heat (1995)", "Heat:", "::", ":", "a\\::b"])
def test_genres_with_separators_in_them_come_back(tmp_path: Path, movies: EncodedMovies, title: str) -> None:
    pairs = tuple(itertools.permutations(HOSTILE, 2))
    many = EncodedMovies(
        vocabulary="abc",
        movie_ids=np.arange(len(pairs)),
        word_rows=((),) * len(pairs),
        genre_rows=((),) * len(pairs),
        titles=(title,) * len(pairs),
        genres=pairs,
    )
    write_movies_data(tmp_path / "movies_data.txt", many)
    read = _read(tmp_path / "movies_data.txt")
    assert read.genres == pairs
    assert set(read.titles) == {title}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"{{path}}:1: the line '# recsys movies_data 1 vocabulary=...' is missing; {AGAIN}"),
        (
            "1::2::1::T::G\n",
            f"{{path}}:1: the line '# recsys movies_data 1 vocabulary=...' is missing; {AGAIN}",
        ),
        (
            "# recsys movies_data 1 vocabulary=other\n1::::::T::\n",
            f"{{path}}: was made for another model's vocabulary; {AGAIN}",
        ),
        (HEADER + "\n", f"{{path}}: holds no movies; {AGAIN}"),
        (
            HEADER + "\n1::::::T::\n1::::::U::\n",
            f"{{path}}:3: movie ids must ascend without repeats, got 1; {AGAIN}",
        ),
        (
            HEADER + "\n1::2::T\n",
            f"{{path}}:2: expected 'MovieID::word ids::genre ids::title::genre names', got '1::2::T'; {AGAIN}",
        ),
        (HEADER + "\n1::3::1::T::G\n", f"{{path}}:2: word id 3 is not in 0..2; {AGAIN}"),
        (
            HEADER + "\n1::1::-1::T::G\n",
            f"{{path}}:2: genre id -1 is not in 0..1; {AGAIN}",
        ),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "movies_data.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArtifactError) as caught:
        _read(path)
    assert str(caught.value) == message.format(path=path)


def test_a_missing_file_names_the_command(tmp_path: Path) -> None:
    path = tmp_path / "movies_data.txt"
    with pytest.raises(ArtifactError) as caught:
        _read(path)
    assert str(caught.value) == f"{path}: not found; run 'recsys preprocess -f movies_origin.txt -o {path}' first"


def test_the_command_to_run_again_is_the_one_that_was_run() -> None:
    default = Path("recommender_system.inference.model"), Path("movies_data.txt")
    assert preprocess_command(*default) == "recsys preprocess -f movies_origin.txt"
    assert preprocess_command(Path("my model"), Path("b/movies.txt")) == (
        "recsys preprocess -f movies_origin.txt --model 'my model' -o b/movies.txt"
    )


def test_an_unwritable_folder_leaves_nothing(tmp_path: Path, movies: EncodedMovies) -> None:
    path = tmp_path / "absent" / "movies_data.txt"
    with pytest.raises(DataError) as caught:
        write_movies_data(path, movies)
    assert (
        str(caught.value) == f"{path}: cannot be written (No such file or directory); choose another file with -o"
    )
    assert list(tmp_path.iterdir()) == []
