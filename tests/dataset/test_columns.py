"""Further columns of a catalogue: what they are cut into, how they are asked for, and what is wrong with them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from shop import (
    CUSTOMER_COLUMNS,
    DATASET_TOML,
    ITEM_COLUMNS,
    NUM_CUSTOMERS,
    customer_fields,
    item_fields,
    write_shop,
)

from recsys_cli.cli import main
from recsys_cli.dataset.columns import CATEGORY, NUMBER, Column, asked_rows, column_rows, named_values
from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.layouts import read_movies
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.dataset.users_file import read_users_file
from recsys_cli.errors import ArtifactError, ConfigError, DataError
from recsys_cli.model.vocabulary import Vocabulary

PLAN = Column("plan", CATEGORY, values=("Basic", "Family", "Gold"))
INCOME = Column("income", NUMBER, edges=(10.0, 20.0, 35.5, 80.0))


def test_categories_that_few_have_are_unknown() -> None:
    column = Column.of("plan", CATEGORY, ["b", "B", "b", "a", "a", "a", "rare", "rare", ""], in_a_range=5)
    assert column.values in (("a", "b"), ("B", "a"))
    assert [column.row(text) for text in ("A", " b ", "rare", "")].count(0) == 2


@pytest.mark.parametrize(
    ("numbers", "edges"),
    [
        ([], ()),
        ([3, 3], (3, 3)),
        ([1, 2, 2, 5], (1, 1.5, 3.5, 5)),
        (range(12), (0, 5.5, 11)),  # 12 // 5 ranges
        ([0] * 200 + list(range(1, 41)), (0, 16.1, 40)),  # most quantiles are 0, the end
    ],
)
def test_numbers_are_cut_into_ranges(numbers: list[int], edges: tuple[float, ...]) -> None:
    column = Column.of("income", NUMBER, [*map(str, numbers), "", "no number", "1e999"], in_a_range=5)
    assert column.edges == pytest.approx(edges)
    assert [column.row(str(number)) for number in numbers] == [
        max(1, sum(number >= edge for edge in column.edges[:-1])) for number in numbers
    ]


def test_every_number_has_a_range_and_the_ends_take_what_lies_beyond() -> None:
    assert [INCOME.row(text) for text in ("-5", "10", "19.9", "20", "35.5", "80", "1e9")] == [1, 1, 1, 2, 3, 3, 3]
    assert [INCOME.row(text) for text in ("", "x", "nan", "inf", "1e400")] == [0, 0, 0, 0, 0]


def test_what_is_asked_has_rows_counted_through_all_columns() -> None:
    rows = asked_rows((PLAN, INCOME), [("Income", "36"), ("plan", "family")])
    assert rows == (2, 3 + 3)
    assert named_values((PLAN, INCOME), rows) == {"plan": "Family", "income": "35.5 to 80"}
    assert asked_rows((PLAN, INCOME), []) == (0, 0)


@pytest.mark.parametrize(
    ("columns", "asked", "message"),
    [
        ((), ("plan", "x"), "this data set knows no further attributes of people; leave it out"),
        ((PLAN, INCOME), ("pln", "x"), "'pln' is not an attribute; near: plan; allowed: plan, income"),
        ((PLAN,), ("plan", "famly"), "plan: 'famly' is not allowed; near: Family; allowed: Basic, Family, Gold"),
        ((INCOME,), ("income", "much"), "income: 'much' is not allowed; allowed: a number; the data has 10 to 80"),
        ((INCOME,), ("income", "nan"), "income: 'nan' is not allowed; allowed: a number; the data has 10 to 80"),
    ],
)
def test_what_is_asked_wrongly_is_explained(
    columns: tuple[Column, ...], asked: tuple[str, str], message: str
) -> None:
    with pytest.raises(ConfigError) as error:
        asked_rows(columns, [asked])
    assert str(error.value) == f"--attribute: {message}"


def test_an_attribute_said_twice_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^--attribute: plan is there twice$"):
        asked_rows((PLAN,), [("plan", "gold"), ("Plan", "basic")])


def test_rows_of_another_data_set_are_found_by_name_and_range() -> None:
    incomes, plans = (
        Column("income", NUMBER, edges=(0.0, 25.0, 100.0)),
        Column("plan", CATEGORY, ("Gold", "basic")),
    )
    ours = (PLAN, INCOME, Column("city", CATEGORY, values=("Rome",)))
    assert column_rows(ours, (incomes, plans)) == [4, -1, 3, 1, 2, 2, -1]


def test_a_catalogue_gives_people_rows_of_further_columns(tmp_path: Path) -> None:
    write_shop(tmp_path)
    dataset = read_dataset(tmp_path)
    plan, income = dataset.demographics.further
    assert (plan.name, plan.values, income.name) == ("plan", ("Basic", "Family"), "income")
    given = [customer_fields(customer) for customer in range(NUM_CUSTOMERS)]
    rows = dataset.user_further[1:].tolist()
    for (said_plan, said_income), (plan_row, income_row) in zip(given, rows, strict=True):
        assert plan_row == {"": 0, "Odd": 0, "Basic": 1, "Family": 2}[said_plan]
        if not said_income:
            assert income_row == 0
        else:
            low, high = income.edges[income_row - 3 : income_row - 1]
            assert low <= float(said_income) <= high
    vocabulary = Vocabulary.from_dataset(dataset)
    again = Vocabulary.from_json(vocabulary.to_json())
    assert again.demographics == vocabulary.demographics
    assert again.fingerprint == vocabulary.fingerprint


def test_a_catalogue_gives_movies_rows_of_further_columns(tmp_path: Path) -> None:
    write_shop(tmp_path)
    dataset = read_dataset(tmp_path)
    studio, runtime, plot = dataset.movie_columns
    assert (studio.name, studio.values) == ("studio", ("Acme", "Bolt", "Core"))
    assert (plot.name, plot.values) == ("plot", ("about", "fire", "gold", "is", "it", "snow"))
    for item, rows in zip(dataset.movie_ids.tolist(), dataset.movie_values, strict=True):
        said_studio, said_runtime, said_plot = item_fields(item)
        expected = {studio.values.index(name) + 1 for name in said_studio.split("|") if name in studio.values}
        expected |= (
            {3 + 1 + sum(float(said_runtime) >= edge for edge in runtime.edges[1:-1])} if said_runtime else set()
        )
        words = said_plot.casefold().rstrip(".").split()
        expected |= {3 + runtime.size + plot.values.index(word) + 1 for word in words}
        assert rows == tuple(sorted(expected))
    vocabulary = Vocabulary.from_dataset(dataset)
    again = Vocabulary.from_json(vocabulary.to_json())
    assert (again.movie_columns, again.movie_values) == (dataset.movie_columns, dataset.movie_values)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("movie_values", [], "movie_values must be those of each movie in movie_columns"),
        ("movie_values", [[99]] * 52, "movie_values must be ascending rows from 1 to 15"),
        ("movie_values", [[2, 1]] * 52, "movie_values must be ascending rows from 1 to 15"),
        ("movie_columns", [{"name": "x", "kind": "odd"}], "'x' must be of the kind category, number, text"),
        (
            "movie_columns",
            [{"name": "x", "kind": "number", "edges": [2, 1]}],
            "the edges of 'x' must be ascending",
        ),
        (
            "movie_columns",
            [{"name": "x", "kind": "text", "values": ["b", "a"]}],
            "the categories of 'x' must be asc",
        ),
    ],
)
def test_damaged_columns_of_a_vocabulary_are_named(tmp_path: Path, key: str, value: object, message: str) -> None:
    write_shop(tmp_path)
    fields = json.loads(Vocabulary.from_dataset(read_dataset(tmp_path)).to_json())
    with pytest.raises(ArtifactError, match=re.escape(message)):
        Vocabulary.from_json(json.dumps(fields | {key: value}))


def test_another_movie_file_is_read_by_the_columns_that_it_has(tmp_path: Path) -> None:
    write_shop(tmp_path / "data")
    path = tmp_path / "new.csv"
    path.write_text("runtime,name,item\n90,Thing,900\n,Other,901\n")
    movies = read_movies(path, tmp_path / "data")
    assert (movies.titles, movies.columns) == (("Thing", "Other"), (("runtime", "number"),))
    assert movies.values == ((("90",),), ((),))
    path.write_text("runtime,name,item\nlong,Thing,900\n")
    with pytest.raises(DataError) as error:
        read_movies(path, tmp_path / "data")
    assert str(error.value) == f"{path}:2: runtime: 'long', allowed: a number"


def test_without_further_columns_nothing_of_them_is_written(tmp_path: Path) -> None:
    write_shop(tmp_path, DATASET_TOML.replace(CUSTOMER_COLUMNS, "").replace(ITEM_COLUMNS, ""))
    dataset = read_dataset(tmp_path)
    assert dataset.user_further.shape == (NUM_CUSTOMERS + 1, 0)
    text = Vocabulary.from_dataset(dataset).to_json()
    assert not any(key in text for key in ("further", "movie_columns", "movie_values"))
    other = read_dataset(_shop(tmp_path / "other", DATASET_TOML))
    assert dataset.fingerprint != other.fingerprint


def _shop(folder: Path, toml: str) -> Path:
    write_shop(folder, toml)
    return folder


def test_check_tells_of_further_columns(tmp_path: Path) -> None:
    write_shop(tmp_path)
    result = CliRunner().invoke(main, ["check", str(tmp_path)])
    assert result.exit_code == 0, result.output
    told = " ".join(result.output.split())
    assert "plan: 2 categories; income: numbers from 20 to 92" in told
    given = [customer_fields(customer) for customer in range(NUM_CUSTOMERS)]
    assert f"plan of users {sum(plan in ('', 'Odd') for plan, _ in given)}" in told.replace(":", "")
    assert "studio: 3 categories; runtime: numbers from 60 to 156; plot: 6 words" in told
    assert "runtime of movies 1" in told.replace(":", "")
    assert f"income of users {sum(not income for _, income in given)}" in told.replace(":", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"plan"', '"plan", "plan"', "[users] 'plan': stands there twice among the further columns"),
        ('["income"]', '["Plan"]', "[users] 'plan': stands there twice among the further columns"),
        ('"plan"', '"Age"', "[users] 'age': is the name of something else; rename the column, or give it as that"),
        ('["plan"]', '"plan"', "[users] categories: 'plan', allowed: a list of names of columns, without \"=\""),
        ('["plan"]', "[1]", '[users] categories: [1], allowed: a list of names of columns, without "="'),
        ('["plan"]', '["a=b"]', "[users] categories: ['a=b'], allowed: a list of names of columns, without \"=\""),
    ],
)
def test_wrong_names_of_further_columns_are_explained(tmp_path: Path, old: str, new: str, message: str) -> None:
    write_shop(tmp_path, DATASET_TOML.replace(old, new))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value) == f"{tmp_path / 'dataset.toml'}: {message}"


def test_a_column_that_is_not_there_and_a_text_among_numbers_are_named(tmp_path: Path) -> None:
    write_shop(tmp_path, DATASET_TOML.replace('"plan"', '"city"'))
    with pytest.raises(DataError, match=r"customers\.csv:1: no column 'city'; it has 'customer', "):
        read_dataset(tmp_path)
    write_shop(tmp_path)
    path = tmp_path / "customers.csv"
    lines = path.read_text().splitlines()
    lines[5] = "4,Basic,plenty"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError) as error:
        read_dataset(tmp_path)
    assert str(error.value).startswith(f"{path}:6: income: 'plenty', allowed: a number")


def test_a_users_file_says_further_attributes_in_any_order(tmp_path: Path) -> None:
    people = Demographics(further=(PLAN, INCOME))
    path = tmp_path / "people.csv"
    path.write_text("Income,id,PLAN,shoes\n36,5,gold,1\n,6,Silver,2\n12,7,,3\n")
    users = read_users_file(path, people)
    assert users.further.tolist() == [[3, 6], [0, 0], [0, 4]]
    assert users.unlisted == 1
    path.write_text("id\n5\n")
    assert read_users_file(path, people).further.tolist() == [[0, 0]]
    path.write_text("id,income\n5,much\n")
    with pytest.raises(DataError) as error:
        read_users_file(path, people)
    assert str(error.value) == f"{path}:2: income: 'much', allowed: a number"


@pytest.mark.parametrize("seed", range(3))
def test_rows_are_within_their_columns_whatever_the_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for scale in (1e-300, 1e-3, 1.0, 1e300):
        numbers = np.concatenate([rng.standard_normal(60), rng.integers(0, 3, 40)]) * scale
        column = Column.of("x", NUMBER, map(repr, numbers.tolist()), in_a_range=5)
        rows = [column.row(repr(number)) for number in numbers.tolist()]
        assert set(rows) <= set(range(1, column.size + 1))
        assert column.row(repr(float(numbers.max()))) == column.size
