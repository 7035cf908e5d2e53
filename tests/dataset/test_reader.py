from pathlib import Path

import numpy as np
import pytest

from recsys_cli.dataset.reader import read_dataset
from recsys_cli.errors import DataError

HINT = "--skip-bad-lines leaves such lines out"
MOVIES = b"1::Toy Story (1995)::Animation|Comedy\n3::Heat (1995)::Action\n2::Jumanji (1995)::Adventure\n"
USERS = b"1::F::1::10::48067\n2::M::56::16::70072\n"
RATINGS = b"2::1::5::978300760\n1::3::3::978302109\n1::1::1::978301968\n2::3::4::0\n1::2::4::0\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "movies.dat").write_bytes(MOVIES)
    (tmp_path / "users.dat").write_bytes(USERS)
    (tmp_path / "ratings.dat").write_bytes(RATINGS)
    return tmp_path


def test_reads_movies_users_and_ratings(folder: Path) -> None:
    dataset = read_dataset(folder)
    assert dataset.movie_ids.tolist() == [1, 2, 3]
    assert dataset.titles == ("Toy Story (1995)", "Jumanji (1995)", "Heat (1995)")
    assert dataset.movie_genres == (("Animation", "Comedy"), ("Adventure",), ("Action",))
    assert dataset.user_ids.tolist() == [1, 2]
    assert dataset.user_genders.tolist() == [0, 2, 1]
    assert dataset.user_ages.tolist() == [0, 1, 7]
    assert dataset.user_jobs.tolist() == [0, 11, 17]
    assert dataset.ratings.user_rows.tolist() == [2, 1, 1, 2, 1]
    assert dataset.ratings.movie_rows.tolist() == [1, 3, 1, 3, 2]
    assert dataset.ratings.values.tolist() == [5, 3, 1, 4, 4]
    assert (dataset.rating_min, dataset.rating_max) == (1, 5)


def test_reads_a_title_with_accents_from_latin_1_and_from_utf_8(folder: Path) -> None:
    title = "Cité des enfants perdus, La (1995)"
    for encoding in ("latin-1", "utf-8", "utf-8-sig"):
        (folder / "movies.dat").write_bytes(f"1::{title}::\n2::Jumanji::\n3::Heat::\n".encode(encoding))
        assert read_dataset(folder).titles == (title, "Jumanji", "Heat")


def test_the_fingerprint_is_that_of_the_content(folder: Path) -> None:
    before = read_dataset(folder).fingerprint
    for path in folder.iterdir():
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert read_dataset(folder).fingerprint == before
    (folder / "ratings.dat").write_bytes(RATINGS.replace(b"::5::", b"::4::"))
    assert read_dataset(folder).fingerprint != before


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "movies.dat",
            b"3::Heat (1995)::",
            b"3:Heat:",
            "2: line: '3:Heat:Action', allowed: 3 fields: id::title::genres",
        ),
        ("movies.dat", b"3::Heat", b"x::Heat", "2: movie id: 'x', allowed: a whole number from 0"),
        ("movies.dat", b"3::Heat", b"1::Heat", "2: movie id: '1', allowed: an id that is not listed above it"),
        ("movies.dat", b"Heat (1995)", b" ", "2: title: '', allowed: a title"),
        (
            "users.dat",
            b"::70072",
            b"",
            "2: line: '2::M::56::16', allowed: 5 fields: id::gender::age::job::zip code",
        ),
        ("users.dat", b"2::M", b"1::M", "2: user id: '1', allowed: an id that is not listed above it"),
        ("users.dat", b"::M::", b"::X::", "2: gender: 'X', allowed: M, F"),
        ("users.dat", b"::56::", b"::57::", "2: age: '57', allowed: 1, 18, 25, 35, 45, 50, 56"),
        ("users.dat", b"::16::", b"::21::", "2: job: '21', allowed: " + ", ".join(map(str, range(21)))),
        (
            "ratings.dat",
            b"1::3::3::978302109",
            b"1::3::3",
            "2: line: '1::3::3', allowed: 4 fields: user::movie::rating::time",
        ),
        ("ratings.dat", b"1::3::3", b"1::3::three", "2: rating: 'three', allowed: a number"),
        ("ratings.dat", b"1::3::3", b"1::3::nan", "2: rating: 'nan', allowed: a number"),
        ("ratings.dat", b"1::3::3", b"1::3::9", "2: rating: '9', allowed: a whole number from 1 to 5"),
        ("ratings.dat", b"1::3::3", b"1::3::-1", "2: rating: '-1', allowed: a whole number from 1 to 5"),
        ("ratings.dat", b"1::3::3", b"1::0x3::3", "2: movie: '0x3', allowed: a whole number from 0"),
        ("ratings.dat", b"1::3::3", b"1::4::3", "2: movie: '4', allowed: a movie of the movies file"),
        ("ratings.dat", b"1::3::3", b"7::3::3", "2: user: '7', allowed: a user of the users file"),
    ],
)
def test_a_bad_line_is_named_with_its_field_and_what_is_allowed(
    folder: Path, file: str, old: bytes, new: bytes, message: str
) -> None:
    path = folder / file
    path.write_bytes(path.read_bytes().replace(old, new))
    with pytest.raises(DataError) as error:
        read_dataset(folder)
    assert str(error.value) == f"{path}:{message}; {HINT}"


@pytest.mark.slow
def test_reads_the_real_movielens_1m(ml1m: Path) -> None:
    dataset = read_dataset(ml1m)
    assert (len(dataset.movie_ids), len(dataset.user_ids), len(dataset.ratings.values)) == (3883, 6040, 1_000_209)
    assert dataset.ratings.values.mean(dtype=np.float64) == pytest.approx(3.5816, abs=5e-5)
    assert len(np.unique(dataset.ratings.movie_rows)) == 3706
    assert dataset.num_repeated == dataset.problems.count == 0
    assert "City of Lost Children, The (1995)" in dataset.titles
    assert any("é" in title for title in dataset.titles)


def test_the_first_20_bad_lines_are_listed_and_the_rest_counted(folder: Path) -> None:
    path = folder / "ratings.dat"
    path.write_bytes(RATINGS + b"1::1::x::0\n" * 1500)
    with pytest.raises(DataError) as error:
        read_dataset(folder)
    lines = str(error.value).split("\n")
    assert lines[:20] == [f"{path}:{line}: rating: 'x', allowed: a number" for line in range(6, 26)]
    assert lines[20:] == ["... and 1,480 more", HINT]


def test_bad_lines_are_left_out_on_request(folder: Path) -> None:
    (folder / "movies.dat").write_bytes(MOVIES + b"oops\n")
    (folder / "users.dat").write_bytes(USERS + b"3::M::26::1::0\n")
    (folder / "ratings.dat").write_bytes(RATINGS + b"1::1\n3::1::4::0\n1::1::7::0\n")
    dataset = read_dataset(folder, skip_bad_lines=True)
    assert len(dataset.ratings.values) == 5
    assert dataset.user_ids.tolist() == [1, 2]
    assert list(map(str, dataset.problems.first)) == [
        f"{folder / 'movies.dat'}:4: line: 'oops', allowed: 3 fields: id::title::genres",
        f"{folder / 'users.dat'}:3: age: '26', allowed: 1, 18, 25, 35, 45, 50, 56",
        f"{folder / 'ratings.dat'}:6: line: '1::1', allowed: 4 fields: user::movie::rating::time",
        f"{folder / 'ratings.dat'}:7: user: '3', allowed: a user of the users file",
        f"{folder / 'ratings.dat'}:8: rating: '7', allowed: a whole number from 1 to 5",
    ]


def test_when_every_line_is_bad_nothing_is_left_to_read(folder: Path) -> None:
    (folder / "ratings.dat").write_bytes(b"1::1::9::0\n")
    (folder / "movies.dat").write_bytes(b"oops\n")
    with pytest.raises(DataError) as error:
        read_dataset(folder, skip_bad_lines=True)
    assert str(error.value) == f"{folder}: holds no movies"


def test_the_fingerprint_of_a_data_set_stays() -> None:
    """Model folders and checkpoints that exist compare with it."""
    sample = read_dataset(Path(__file__).parents[2] / "data" / "sample")
    assert sample.fingerprint == "58f4b480293f238328458eb0a1d6e3910524b7674d24adc82ba0229cb8a150c3"
