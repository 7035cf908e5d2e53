"""Files as people have them: any encoding, any line end, any gap, and property tests that make them up."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import LAYOUTS, write, write_1m, write_csv

from recsys_cli.dataset import rating_columns
from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.errors import DataError
from recsys_cli.model.vocabulary import Vocabulary

CLUTTER: dict[str, Callable[[bytes], bytes]] = {
    "byte-order mark": lambda data: b"\xef\xbb\xbf" + data,
    "Windows line ends": lambda data: data.replace(b"\n", b"\r\n"),
    "old Mac line ends": lambda data: data.replace(b"\n", b"\r"),
    "blank lines": lambda data: data.replace(b"\n", b"\n\n \n"),
    "no last newline": lambda data: data.rstrip(b"\n"),
    "all of it": lambda data: b"\xef\xbb\xbf" + data.rstrip(b"\n").replace(b"\n", b"\r\n\r\n"),
}


@pytest.mark.parametrize("clutter", CLUTTER)
@pytest.mark.parametrize("format", LAYOUTS)
def test_clutter_changes_nothing(tmp_path: Path, format: str, clutter: str) -> None:
    LAYOUTS[format](tmp_path)
    clean = read_dataset(tmp_path).fingerprint
    for path in tmp_path.iterdir():
        if path.suffix not in (".parquet", ".toml"):
            path.write_bytes(CLUTTER[clutter](path.read_bytes()))
    assert read_dataset(tmp_path).fingerprint == clean


@pytest.mark.parametrize("clutter", CLUTTER)
def test_clutter_does_not_move_line_numbers(tmp_path: Path, clutter: str) -> None:
    write_1m(tmp_path)
    path = tmp_path / "ratings.dat"
    path.write_bytes(CLUTTER[clutter](path.read_bytes() + b"1::3::x::0\n"))
    line = 16 if clutter == "blank lines" else 11 if clutter == "all of it" else 6
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == (
        f"{path}:{line}: rating: 'x', allowed: a number; --skip-bad-lines leaves such lines out"
    )


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig"])
def test_accents_come_out_right_in_both_encodings(tmp_path: Path, encoding: str) -> None:
    write_1m(tmp_path)
    text = (tmp_path / "movies.dat").read_text("latin-1")
    (tmp_path / "movies.dat").write_bytes(text.encode(encoding))
    assert "Cité des enfants perdus, La (1995)" in read_dataset(tmp_path).titles


def test_a_line_in_another_encoding_than_the_rest_is_a_problem(tmp_path: Path) -> None:
    write_1m(tmp_path)
    lines = [b"3::Caf\xc3\xa9::", b"7::Cit\xe9::", b"1::\xc3\x89t\xc3\xa9::", b"9::Heat::"]
    (tmp_path / "movies.dat").write_bytes(b"\n".join(lines))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'movies.dat'}:2: text: '7::Cit\\\\xe9::', allowed: UTF-8, as in the rest of the file; "
        "--skip-bad-lines leaves such lines out"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_utf_16_is_refused(tmp_path: Path, encoding: str) -> None:
    write_1m(tmp_path)
    path = tmp_path / "movies.dat"
    path.write_bytes(path.read_text("latin-1").encode(encoding))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{path}: not a text file, or one in UTF-16; save it as UTF-8"


@pytest.mark.parametrize(
    ("line", "title", "genres"),
    [
        ("5::Mission:: Impossible (1996)::Action", "Mission:: Impossible (1996)", ("Action",)),
        ("5::A::B::C::", "A::B::C", ()),
        ("5::Tab\there  (1996)::Action|Action|", "Tab here (1996)", ("Action",)),
        ("5::No year::(no genres listed)", "No year", ()),
        ("5::1984 (1956) (1984)::Drama", "1984 (1956) (1984)", ("Drama",)),
        (" 5 :: Spaces (1990) :: War | Drama ", "Spaces (1990)", ("War", "Drama")),
        ("5::\x1b[31mRed\x07 (1990)::War", "[31mRed (1990)", ("War",)),
        ("5::::X (1990)::War", "::X (1990)", ("War",)),
        ("5::電影 (1990)::War", "電影 (1990)", ("War",)),
    ],
)
def test_odd_titles_and_genres(tmp_path: Path, line: str, title: str, genres: tuple[str, ...]) -> None:
    write(tmp_path / "movies.dat", [line])
    write(tmp_path / "users.dat", ["1::M::25::4::0"])
    write(tmp_path / "ratings.dat", ["1::5::4::0"])
    dataset = read_dataset(tmp_path)
    assert (dataset.titles, dataset.movie_genres) == ((title,), (genres,))


def test_quoted_titles_with_commas_and_quotes(tmp_path: Path) -> None:
    write(tmp_path / "movies.csv", ["movieId,title,genres", '1,"One, ""Two"" (1990)",War', '"2",Plain,'])
    write(tmp_path / "ratings.csv", ['"userId","movieId","rating"', '"1","2","3.5"'])
    dataset = read_dataset(tmp_path)
    assert dataset.titles == ('One, "Two" (1990)', "Plain")
    assert dataset.movie_genres == (("War",), ())


def test_columns_of_csv_may_come_in_any_order(tmp_path: Path) -> None:
    write(tmp_path / "movies.csv", ["genres,extra,title,movieId", "War,x,Heat,7"])
    write(tmp_path / "ratings.csv", ["timestamp,rating,movieId,userId", "0,4.5,7,1"])
    dataset = read_dataset(tmp_path)
    assert (dataset.movie_ids.tolist(), dataset.ratings.values.tolist()) == ([7], [4.5])


def test_missing_attributes_are_unknown_rows(tmp_path: Path) -> None:
    write_1m(tmp_path)
    write(tmp_path / "users.dat", ["1::::25::::0", "2::M:::: ::0", "3::F::1::0::0"])
    dataset = read_dataset(tmp_path)
    assert dataset.user_genders.tolist() == [0, 0, 1, 2]
    assert dataset.user_ages.tolist() == [0, 3, 0, 1]
    assert dataset.user_jobs.tolist() == [0, 0, 0, 1]
    assert np.bincount(dataset.ratings.user_rows, minlength=4).tolist() == [0, 3, 2, 0]


def test_one_rating_in_all(tmp_path: Path) -> None:
    write_csv(tmp_path)
    write(tmp_path / "ratings.csv", ["userId,movieId,rating", "9223372036854775807,9,5"])
    dataset = read_dataset(tmp_path)
    assert dataset.user_ids.tolist() == [2**63 - 1]
    assert dataset.ratings.movie_rows.tolist() == [4]


def test_a_million_users_with_one_rating_each(tmp_path: Path) -> None:
    write_csv(tmp_path)
    ratings = "\n".join(f"{user},{(1, 3, 7, 9)[user % 4]},4.0" for user in range(1_000_000))
    (tmp_path / "ratings.csv").write_text(f"userId,movieId,rating\n{ratings}\n")
    dataset = read_dataset(tmp_path)
    assert np.array_equal(dataset.user_ids, np.arange(1_000_000))
    assert np.array_equal(dataset.ratings.user_rows, np.arange(1, 1_000_001))
    assert np.bincount(dataset.ratings.movie_rows).tolist() == [0] + [250_000] * 4


def test_the_line_reader_agrees_with_the_fast_one(tmp_path: Path, rng: np.random.Generator) -> None:
    for format in LAYOUTS:
        folder = tmp_path / format
        folder.mkdir()
        LAYOUTS[format](folder)
        if format == "catalogue":
            continue
        fast = read_dataset(folder)
        path = next(path for path in folder.iterdir() if "ratings" in path.name or path.name == "u.data")
        path.write_bytes(path.read_bytes() + b"one bad line\n")
        slow = read_dataset(folder, skip_bad_lines=True)
        assert slow.problems.count == 1
        assert slow.fingerprint == fast.fingerprint


title_texts = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn"])).filter(
    lambda text: text and not text.startswith(":") and not text.endswith(":")
)
movie_tables = st.dictionaries(
    st.integers(0, 2**63 - 1),
    st.tuples(title_texts, st.lists(st.sampled_from(["Action", "Film-Noir", "Children's"]), unique=True)),
    min_size=1,
    max_size=8,
)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[int, tuple[str, list[str]]], list[tuple[int, int, float]]]:
    movies = draw(movie_tables)
    pairs = st.tuples(st.integers(0, 2**63 - 1), st.sampled_from(sorted(movies)))
    rated = draw(st.lists(pairs, min_size=1, max_size=20, unique=True))
    stars = st.integers(1, 10).map(lambda halves: halves / 2)
    return movies, [(user, movie, draw(stars)) for user, movie in rated]


def assert_holds(
    dataset: Dataset, movies: dict[int, tuple[str, list[str]]], ratings: list[tuple[int, int, float]]
) -> None:
    assert dataset.movie_ids.tolist() == sorted(movies)
    assert dataset.titles == tuple(movies[movie][0] for movie in sorted(movies))
    assert dataset.movie_genres == tuple(tuple(movies[movie][1]) for movie in sorted(movies))
    users = dataset.user_ids[dataset.ratings.user_rows - 1].tolist()
    rated = dataset.movie_ids[dataset.ratings.movie_rows - 1].tolist()
    assert list(zip(users, rated, dataset.ratings.values.tolist(), strict=True)) == ratings


relaxed = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@relaxed
@given(
    table=tables(), newline=st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), bom=st.booleans(), last=st.booleans()
)
def test_whatever_is_written_as_dat_is_read(
    tmp_path: Path,
    table: tuple[dict[int, tuple[str, list[str]]], list[tuple[int, int, float]]],
    newline: str,
    bom: bool,
    last: bool,
) -> None:
    movies, ratings = table

    def put(name: str, lines: list[str]) -> None:
        text = newline.join(lines) + (newline if last else "")
        (tmp_path / name).write_bytes(text.encode("utf-8-sig" if bom else "utf-8"))

    put("movies.dat", [f"{movie}::{title}::{'|'.join(names)}" for movie, (title, names) in movies.items()])
    put("ratings.dat", [f"{user}::{movie}::{value:g}::0" for user, movie, value in ratings])
    dataset = read_dataset(tmp_path, format="ml-10m")
    assert_holds(dataset, movies, ratings)
    vocabulary = Vocabulary.from_dataset(dataset)
    assert Vocabulary.from_json(vocabulary.to_json()).fingerprint == vocabulary.fingerprint
    assert 0 not in [row for title in dataset.titles for row in vocabulary.word_rows(title)]


@relaxed
@given(table=tables(), newline=st.sampled_from(["\n", "\r\n"]))
def test_whatever_is_written_as_csv_is_read(
    tmp_path: Path, table: tuple[dict[int, tuple[str, list[str]]], list[tuple[int, int, float]]], newline: str
) -> None:
    movies, ratings = table
    lines = ["movieId,title,genres"]
    for movie, (title, names) in movies.items():
        quoted = '"' + title.replace('"', '""') + '"'
        lines.append(f"{movie},{quoted},{'|'.join(names) or '(no genres listed)'}")
    (tmp_path / "movies.csv").write_bytes(newline.join(lines).encode())
    rows = [f"{user},{movie},{value},0" for user, movie, value in ratings]
    (tmp_path / "ratings.csv").write_bytes(newline.join(["userId,movieId,rating,timestamp", *rows]).encode())
    assert_holds(read_dataset(tmp_path), movies, ratings)


def test_an_open_quote_in_a_column_that_is_skipped_hides_no_lines(tmp_path: Path) -> None:
    write_csv(tmp_path)
    path = tmp_path / "ratings.csv"
    lines = path.read_text().split("\n")
    path.write_text("\n".join([*lines[:2], '2,9,4.0,"964982703', *lines[3:]]))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == (
        f"{path}:3: line: '2,9,4.0,\"964982703', allowed: CSV with all quotes closed (unexpected end of data); "
        "--skip-bad-lines leaves such lines out"
    )


@pytest.mark.parametrize("size", [1, 20, 45])
@pytest.mark.parametrize("clutter", CLUTTER)
@pytest.mark.parametrize("format", ["ml-100k", "ml-1m", "ml-csv"])
def test_blocks_of_any_size_give_the_same_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, clutter: str, size: int
) -> None:
    LAYOUTS[format](tmp_path)
    path = next(path for path in tmp_path.iterdir() if "ratings" in path.name or path.name == "u.data")
    lines = path.read_text().splitlines()
    path.write_bytes(CLUTTER[clutter]("\n".join([*lines[:3], "oops", *lines[3:], "oops", ""]).encode()))
    whole = read_dataset(tmp_path, skip_bad_lines=True)
    monkeypatch.setattr(rating_columns, "_BLOCK_BYTES", size)
    blocks = read_dataset(tmp_path, skip_bad_lines=True)
    assert blocks.fingerprint == whole.fingerprint
    assert [problem.line for problem in blocks.problems.first] == [
        problem.line for problem in whole.problems.first
    ]
    assert len(blocks.problems.first) == 2
