import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from layouts import CATALOGUE, LAYOUTS, MOVIES, RATINGS, write, write_1m, write_catalogue, write_csv

from recsys_cli.dataset.demographics import MOVIELENS_1M, Demographics
from recsys_cli.dataset.layouts import FORMATS, movie_files, read_movies
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.errors import ConfigError, DataError

HINT = "--skip-bad-lines leaves such lines out"
HALVES = "a number from 0.5 to 5 in steps of 0.5"
QUOTES = "CSV with all quotes closed (unexpected end of data)"
FLAGS = "11 fields: id|title|date|video date|address|a flag for each genre"
PERSON = "5 fields: id|age|gender|job|zip code"
RATING = "4 fields: user <tab> movie <tab> rating <tab> time"
CSV_MOVIE = "3 fields: movieId,title,genres"
CSV_RATING = "4 fields: user,movie,rating,time"
GENDERS = "M, F, male, female, 0 (male), 1 (female)"


@pytest.mark.parametrize("format", LAYOUTS)
def test_every_layout_is_detected_and_gives_the_same_movies_and_ratings(tmp_path: Path, format: str) -> None:
    LAYOUTS[format](tmp_path)
    dataset = read_dataset(tmp_path)
    assert dataset.format == format
    movies = list(zip(dataset.movie_ids.tolist(), dataset.titles, dataset.movie_genres, strict=True))
    assert movies == sorted(MOVIES)
    users = dataset.user_ids[dataset.ratings.user_rows - 1].tolist()
    rated = dataset.movie_ids[dataset.ratings.movie_rows - 1].tolist()
    values = dataset.ratings.values + (0.5 if format == "ml-10m" else 0)
    assert list(zip(users, rated, values.tolist(), strict=True)) == RATINGS
    assert dataset.problems.count == 0


@pytest.mark.parametrize(
    ("format", "jobs"),
    [
        ("ml-100k", ("administrator", "programmer", "writer")),
        ("ml-1m", tuple(name for _, name in MOVIELENS_1M.jobs)),
        ("catalogue", ("programmer", "writer")),
    ],
)
def test_people_have_the_attributes_of_their_data_set(tmp_path: Path, format: str, jobs: tuple[str, ...]) -> None:
    LAYOUTS[format](tmp_path)
    dataset = read_dataset(tmp_path)
    known = dataset.demographics
    assert tuple(name for _, name in known.jobs) == jobs
    assert [known.gender_name(row) for row in dataset.user_genders[1:]] == ["F", "M"]
    assert [known.age_name(row) for row in dataset.user_ages[1:]] == ["56+", "25-34"]
    assert [known.job_name(row) for row in dataset.user_jobs[1:]] == ["programmer", "writer"]


@pytest.mark.parametrize("format", ["ml-10m", "ml-csv"])
def test_without_a_users_file_nothing_is_known_of_people(tmp_path: Path, format: str) -> None:
    LAYOUTS[format](tmp_path)
    dataset = read_dataset(tmp_path)
    assert dataset.user_ids.tolist() == [1, 2]
    assert dataset.demographics == Demographics()
    assert dataset.user_genders.tolist() == dataset.user_ages.tolist() == dataset.user_jobs.tolist() == [0, 0, 0]


def test_100k_ages_are_years_and_jobs_come_from_the_users_without_a_list(tmp_path: Path) -> None:
    LAYOUTS["ml-100k"](tmp_path)
    (tmp_path / "u.occupation").unlink()
    write(tmp_path / "u.user", ["1|7|F|writer|0", "2|33|M||0", "3|24|F|artist|0"])
    dataset = read_dataset(tmp_path)
    assert dataset.user_ages.tolist() == [0, 1, 3, 2]
    assert dataset.demographics.jobs == ((0, "artist"), (1, "writer"))
    assert dataset.user_jobs.tolist() == [0, 2, 0, 1]


@pytest.mark.parametrize(
    ("ratings", "low", "high"),
    [([1, 2, 3, 4, 5], 1, 5), ([0.5, 3.5, 4, 4.5], 0.5, 5), ([0, 7, 8, 10, 3], 0, 10), ([5], 1, 5)],
)
def test_the_scale_of_the_1m_layout_is_found(
    tmp_path: Path, ratings: list[float], low: float, high: float
) -> None:
    write(tmp_path / "movies.dat", ["0114709::Histoire de jouets, L'été (1995)::Comedy"])
    write(tmp_path / "users.dat", [f"{user}::{user * 11}" for user in range(len(ratings))])
    write(tmp_path / "ratings.dat", [f"{user}::0114709::{rating:g}::0" for user, rating in enumerate(ratings)])
    dataset = read_dataset(tmp_path)
    assert (dataset.rating_min, dataset.rating_max) == (low, high)
    assert dataset.ratings.values.tolist() == ratings
    assert dataset.titles == ("Histoire de jouets, L'été (1995)",)
    assert dataset.movie_ids.tolist() == [114709]
    assert dataset.demographics.ages == ()


def test_whole_stars_without_users_are_an_incomplete_1m(tmp_path: Path) -> None:
    write_1m(tmp_path)
    (tmp_path / "users.dat").unlink()
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == (
        f"{tmp_path / 'users.dat'}: no such file; use --format ml-10m for a data set without people"
    )
    assert read_dataset(tmp_path, format="ml-10m").format == "ml-10m"
    with (tmp_path / "ratings.dat").open("a") as file:
        file.write("1::9::2.50::0\n")
    assert read_dataset(tmp_path).format == "ml-10m"


def test_a_file_of_whole_stars_is_one_for_half_stars_too(tmp_path: Path) -> None:
    LAYOUTS["ml-10m"](tmp_path)
    file = tmp_path / "more.dat"
    write(file, ["1::3::4::0"])
    assert read_dataset(tmp_path, ratings_file=file).ratings.values.tolist() == [4]


def test_several_data_sets_in_a_folder_need_a_choice(tmp_path: Path) -> None:
    write_1m(tmp_path)
    write_csv(tmp_path)
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{tmp_path}: holds several data sets; choose one with --format: ml-1m, ml-csv"
    assert read_dataset(tmp_path, format="ml-csv").format == "ml-csv"


def test_an_unknown_format_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        read_dataset(tmp_path, format="ml-2m")
    assert str(error.value) == (
        "--format: 'ml-2m' is not allowed; allowed: ml-100k, ml-1m, ml-10m, ml-csv, catalogue"
    )


def test_a_folder_that_is_missing_or_holds_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path / "x")
    assert str(error.value) == f"{tmp_path / 'x'}: no such folder"
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == (
        f"{tmp_path}: holds no data set; known formats: ml-100k (u.data, u.item, u.user); "
        "ml-1m (movies.dat, ratings.dat, users.dat); ml-10m (movies.dat, ratings.dat); "
        "ml-csv (movies.csv, ratings.csv); catalogue (dataset.toml)"
    )


@pytest.mark.parametrize(
    ("format", "file"),
    [
        ("ml-100k", "u.data"),
        ("ml-100k", "u.item"),
        ("ml-100k", "u.user"),
        ("ml-1m", "movies.dat"),
        ("ml-1m", "ratings.dat"),
        ("ml-csv", "movies.csv"),
        ("ml-csv", "ratings.csv"),
        ("catalogue", "items.parquet"),
        ("catalogue", "ratings.parquet"),
        ("catalogue", "customers.csv"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, format: str, file: str) -> None:
    LAYOUTS[format](tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{tmp_path / file}: no such file"


@pytest.mark.parametrize(
    ("format", "file", "message"),
    [
        ("ml-100k", "u.item", ": empty file"),
        ("ml-1m", "users.dat", ": empty file"),
        ("ml-1m", "ratings.dat", ": empty file"),
        ("ml-csv", "movies.csv", ": empty file"),
        ("ml-csv", "ratings.csv", ":1: the first line must name the columns"),
    ],
)
def test_an_empty_file_is_named(tmp_path: Path, format: str, file: str, message: str) -> None:
    LAYOUTS[format](tmp_path)
    (tmp_path / file).write_bytes(b"")
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{tmp_path / file}{message}"


@pytest.mark.parametrize(
    ("format", "file", "old", "new", "message"),
    [
        (
            "ml-100k",
            "u.item",
            "|0|0|0|0|1",
            "|0|1",
            f"2: line: '7|Cité des enfants perdus, La (1995)|01-Jan-1995||http://hos...', allowed: {FLAGS}",
        ),
        ("ml-100k", "u.item", "|0|0|0|0|1", "|0|0|0|0|2", "2: genres: '0|0|0|0|0|2', allowed: 0, 1"),
        ("ml-100k", "u.user", "|25|", "|0|", "1: age: '0', allowed: whole years from 1 to 120"),
        ("ml-100k", "u.user", "writer", "rider", "1: job: 'rider', allowed: administrator, programmer, writer"),
        ("ml-100k", "u.user", "|00000", "", f"1: line: '2|25|M|writer', allowed: {PERSON}"),
        ("ml-100k", "u.data", "2\t7\t4\t", "2 7\t4\t", f"1: line: '2 7\\t4\\t881250949', allowed: {RATING}"),
        ("ml-100k", "u.data", "2\t7\t4", "2\t7\t6", "1: rating: '6', allowed: a whole number from 1 to 5"),
        ("ml-10m", "ratings.dat", "3.5", "3.7", f"1: rating: '3.7', allowed: {HALVES}"),
        ("ml-csv", "movies.csv", "Heat", '"Heat', f"5: line: '9,\"Heat,Action|Crime', allowed: {QUOTES}"),
        ("ml-csv", "movies.csv", "Heat", "He,at", f"5: line: '9,He,at,Action|Crime', allowed: {CSV_MOVIE}"),
        ("ml-csv", "ratings.csv", "2,7,4.0", "2,7,4.0,", f"2: line: '2,7,4.0,,964982703', allowed: {CSV_RATING}"),
        ("ml-csv", "ratings.csv", "2,7,4.0", '2,"7,4.0', f"2: line: '2,\"7,4.0,964982703', allowed: {QUOTES}"),
        ("ml-csv", "ratings.csv", "2,7,4.0", "2,7,1e300", f"2: rating: '3e+38', allowed: {HALVES}"),
        ("ml-csv", "ratings.csv", "2,7,4.0", "2,7,", "2: rating: '', allowed: a number"),
        ("catalogue", "customers.csv", ";m;", ";x;", f"2: gender: 'x', allowed: {GENDERS}"),
    ],
)
def test_a_bad_line_is_named_in_every_layout(
    tmp_path: Path, format: str, file: str, old: str, new: str, message: str
) -> None:
    LAYOUTS[format](tmp_path)
    path = tmp_path / file
    encoding = "latin-1" if file == "u.item" else "utf-8"
    text = path.read_text(encoding)
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode(encoding))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{path}:{message}; {HINT}"


@pytest.mark.parametrize(
    ("format", "file", "old", "new", "message"),
    [
        ("ml-csv", "movies.csv", "movieId", "id", ":1: no column 'movieId'; it has 'id', 'title', 'genres'"),
        (
            "ml-csv",
            "ratings.csv",
            "userId",
            "id",
            ":1: no column 'userId'; it has 'id', 'movieId', 'rating', 'timestamp'",
        ),
        (
            "catalogue",
            "customers.csv",
            "sex",
            "x",
            ":1: no column 'sex'; it has 'age', 'customer', 'x', 'occupation'",
        ),
    ],
)
def test_a_missing_column_is_named(
    tmp_path: Path, format: str, file: str, old: str, new: str, message: str
) -> None:
    LAYOUTS[format](tmp_path)
    path = tmp_path / file
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{path}{message}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[movies]", "[movies", ": not TOML: "),
        ("[ratings]", "[scores]", ": no table [ratings]"),
        ("[users]", "[people]", ": people: not known, allowed: [movies], [ratings], [users]"),
        ('title = "name"', "", ": [movies] title: missing"),
        ('title = "name"', "title = 3", ": [movies] title: 3, allowed: a printable text"),
        ("min = 1", "min = nan", ": [ratings] min: nan, allowed: a number"),
        ("min = 1", "min = 5", ": [ratings] max: 5, allowed: a number above min, which is 5"),
        (
            "min = 1\nmax = 5",
            "min = -10\nmax = 0",
            ": [ratings] max: 0, allowed: a number above 0; add the same to all ratings",
        ),
        (
            'user = "customer"',
            'user = "item_id"',
            ": [ratings] movie: 'item_id' is the column of user already",
        ),
        (
            'rating = "stars"',
            'rating = "customer"',
            ": [ratings] rating: 'customer' is the column of user already",
        ),
        (
            'file = "items',
            'file = "../items',
            ": [movies] file: '../items.parquet', allowed: a file in the folder of dataset.toml",
        ),
        (
            'id = "item_id"',
            'id = "item_id"\nfoo = 1',
            ": [movies] foo: not known, allowed: file, id, title, year, genres, separator, "
            "categories, numbers, text, delimiter",
        ),
        ('delimiter = ";"', 'delimiter = "::"', ": [users] delimiter: '::', allowed: one character"),
        (
            'delimiter = ";"',
            'delimiter = ";"\nages = [30, 18]',
            ": [users] ages: [30, 18], allowed: ascending whole years",
        ),
        (
            'delimiter = ";"',
            'delimiter = ";"\njobs = ["a", "A"]',
            ": [users] jobs: ['a', 'A'], allowed: a list of different names",
        ),
        ('id = "item_id"', 'id = "sku"', None),
    ],
)
def test_a_wrong_dataset_toml_is_explained(tmp_path: Path, old: str, new: str, message: str | None) -> None:
    write_catalogue(tmp_path)
    path = tmp_path / "dataset.toml"
    assert old in CATALOGUE
    path.write_text(CATALOGUE.replace(old, new, 1))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    expected = f"{path}{message}"
    if message is None:
        expected = f"{tmp_path / 'items.parquet'}:1: no column 'sku'; it has 'item_id', 'name', 'categories'"
    assert str(error.value).startswith(expected) if "TOML" in expected else str(error.value) == expected


def test_a_catalogue_may_be_csv_without_people_genres_or_a_5_star_scale(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text(
        '[movies]\nfile = "items.csv"\nid = "sku"\ntitle = "name"\ndelimiter = ";"\n'
        '[ratings]\nfile = "r.csv"\nuser = "who"\nmovie = "sku"\nrating = "score"\nmin = -1\nmax = 1\n'
    )
    write(tmp_path / "items.csv", ["name;sku", '"Milk; fresh";5', "Tea;4"])
    write(tmp_path / "r.csv", ["user,score,who,sku", '9,0.25,"1","5"', "9,-1,2,4"])
    dataset = read_dataset(tmp_path)
    assert dataset.titles == ("Tea", "Milk; fresh")
    assert dataset.user_ids.tolist() == [1, 2]
    assert dataset.ratings.values.tolist() == [0.25, -1]
    assert (dataset.rating_min, dataset.rating_max) == (-1, 1)


def test_a_catalogue_names_the_years_of_movies(tmp_path: Path) -> None:
    (tmp_path / "dataset.toml").write_text(
        '[movies]\nfile = "items.csv"\nid = "sku"\ntitle = "name"\nyear = "out"\n'
        '[ratings]\nfile = "r.csv"\nuser = "who"\nmovie = "sku"\nrating = "score"\nmin = 0\nmax = 1\n'
    )
    write(tmp_path / "r.csv", ["score,who,sku", "1,1,5"])
    items = ["sku,name,out", "1,Heat,1995", "2,Heat (1972),1973", "3,Heat,", "4,Heat,1986-12-01", "5,1984,1984"]
    write(tmp_path / "items.csv", items)
    titles = ("Heat (1995)", "Heat (1972)", "Heat", "Heat (1986)", "1984 (1984)")
    assert read_dataset(tmp_path).titles == titles
    write(tmp_path / "items.csv", [*items, "6,Heat,soon"])
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    allowed = "a year such as 1995, or a date that begins with one"
    assert str(error.value) == f"{tmp_path / 'items.csv'}:7: year: 'soon', allowed: {allowed}; {HINT}"
    columns = {"sku": [1, 2], "name": ["Heat", "Up"], "out": [1995.0, None]}
    pq.write_table(pa.table(columns), tmp_path / "new.parquet")
    assert read_movies(tmp_path / "new.parquet", tmp_path).titles == ("Heat (1995)", "Up")


def test_a_catalogue_names_its_age_groups_and_jobs(tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    toml = CATALOGUE + 'ages = [18, 40]\njobs = ["writer", "programmer", "nurse"]\n'
    (tmp_path / "dataset.toml").write_text(toml)
    dataset = read_dataset(tmp_path)
    assert dataset.demographics.ages == (18, 40)
    assert dataset.user_ages.tolist() == [0, 2, 1]
    assert dataset.demographics.jobs == ((0, "writer"), (1, "programmer"), (2, "nurse"))
    assert dataset.user_jobs.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("stars", [1.0, None, 5.0], "2: rating: '', allowed: a number"),
        ("stars", [1.0, float("nan"), 5.0], "2: rating: 'nan', allowed: a number"),
        ("stars", ["1", "two", "3"], "2: rating: 'two', allowed: a number"),
        ("item_id", [3, 4, 7], "2: movie: '4', allowed: a movie of the movies file"),
        ("customer", [1.0, 1.5, 2.0], "2: user: '1.5', allowed: a whole number from 0"),
    ],
)
def test_a_bad_row_of_parquet_is_named(tmp_path: Path, column: str, values: list[object], message: str) -> None:
    write_catalogue(tmp_path)
    columns: dict[str, list[object]] = {"customer": [1, 2, 1], "item_id": [3, 7, 7], "stars": [1, 2, 3]}
    pq.write_table(pa.table(columns | {column: values}), tmp_path / "ratings.parquet")
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{tmp_path / 'ratings.parquet'}:{message}; {HINT}"


def test_parquet_is_read_block_by_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys_cli.dataset.lines._BLOCK_ROWS", 2)
    write_catalogue(tmp_path)
    toml, path = tmp_path / "dataset.toml", tmp_path / "ratings.parquet"
    toml.write_text(toml.read_text().partition("[users]")[0])
    columns: dict[str, list[object]] = {
        "customer": [900, 2, 1, 2, 2**40],
        "item_id": [3, 7, 7, 3, 3],
        "stars": [1, 2, 3, 1, 3],
    }
    pq.write_table(pa.table(columns), path)
    dataset = read_dataset(tmp_path)
    assert dataset.user_ids.tolist() == [1, 2, 900, 2**40]
    assert dataset.ratings.user_rows.tolist() == [3, 2, 1, 2, 4]
    assert dataset.ratings.movie_rows.tolist() == [2, 3, 3, 2, 2]
    assert dataset.ratings.values.tolist() == [1, 2, 3, 1, 3]

    columns |= {"stars": [1, 2, 3, "x", 77], "item_id": [3, 7, 4, 3, 3]}
    pq.write_table(pa.table({name: [str(value) for value in column] for name, column in columns.items()}), path)
    dataset = read_dataset(tmp_path, skip_bad_lines=True)
    assert dataset.user_ids.tolist() == [2, 900]
    assert dataset.ratings.user_rows.tolist() == [2, 1]
    assert [(problem.line, problem.field) for problem in dataset.problems.first] == [
        (3, "movie"),
        (4, "rating"),
        (5, "rating"),
    ]


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    write_catalogue(tmp_path)
    path = tmp_path / "ratings.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"^{re.escape(str(path))}: cannot be read as Parquet: \S[^\n]*$"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("format", LAYOUTS)
def test_the_movie_file_is_found_and_read_by_itself(tmp_path: Path, format: str) -> None:
    LAYOUTS[format](tmp_path)
    movies = read_movies(next(path for path in movie_files(tmp_path) if path.exists()))
    assert list(zip(movies.ids.tolist(), movies.titles, movies.genres, strict=True)) == sorted(MOVIES)


def test_of_repeated_ratings_the_last_counts_and_the_others_are_counted(tmp_path: Path) -> None:
    write_1m(tmp_path)
    with (tmp_path / "ratings.dat").open("a") as file:
        file.write("1::3::2::0\n1::3::1::0\n")
    dataset = read_dataset(tmp_path)
    assert dataset.num_repeated == 2
    rating = dataset.ratings.values[(dataset.ratings.user_rows == 1) & (dataset.ratings.movie_rows == 2)]
    assert np.array_equal(rating, [1])
    assert len(dataset.ratings.values) == len(RATINGS)


def test_the_example_of_the_documentation_is_read(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (tmp_path / "dataset.toml").write_text(text.split("```toml\n")[1].split("```")[0])
    further = {"released": ["1995"], "studio": [["Acme"]], "runtime": [93.5], "plot": ["Tea is drunk."]}
    categories = {"item_id": [1], "name": ["Tea"], "categories": ["Drinks|Hot"], **further}
    pq.write_table(pa.table(categories), tmp_path / "items.parquet")
    write(tmp_path / "ratings.csv", ["customer,item_id,stars,at", "7,1,9.5,2001-01-01"])
    write(tmp_path / "customers.csv", ["customer;sex;age;occupation;plan;income", "7;female;44;nurse;gold;9"])
    dataset = read_dataset(tmp_path, timed=True)
    assert (dataset.titles, dataset.movie_genres) == (("Tea (1995)",), (("Drinks", "Hot"),))
    assert dataset.times is not None
    assert dataset.times.tolist() == [978307200]
    assert dataset.ratings.values.tolist() == [9.5]
    assert [dataset.user_genders[1], dataset.user_ages[1], dataset.user_jobs[1]] == [2, 2, 2]
    assert [column.name for column in dataset.demographics.further] == ["plan", "income"]
    assert [column.name for column in dataset.movie_columns] == ["studio", "runtime", "plot"]


def test_the_documentation_lists_every_format() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = re.search(r"^\| `--format` .*?\n\n", text, re.MULTILINE | re.DOTALL)
    assert table is not None
    assert re.findall(r"^\| `(\S+)` ", table[0], re.MULTILINE) == ["--format", *FORMATS]
