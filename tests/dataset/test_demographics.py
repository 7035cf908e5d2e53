from collections.abc import Callable

import pytest

from recsys_cli.dataset.demographics import MOVIELENS_1M, Demographics
from recsys_cli.errors import ConfigError

ALL_JOBS = (
    "0 other, 1 academic/educator, 2 artist, 3 clerical/admin, 4 college/grad student, 5 customer service, "
    "6 doctor/health care, 7 executive/managerial, 8 farmer, 9 homemaker, 10 K-12 student, 11 lawyer, "
    "12 programmer, 13 retired, 14 sales/marketing, 15 scientist, 16 self-employed, 17 technician/engineer, "
    "18 tradesman/craftsman, 19 unemployed, 20 writer"
)


@pytest.mark.parametrize(
    ("age", "row"), [(1, 1), (17, 1), (18, 2), (24, 2), (25, 3), (34, 3), (49, 5), (50, 6), (56, 7), (120, 7)]
)
def test_age_row_is_the_last_group_that_has_begun(age: int, row: int) -> None:
    assert MOVIELENS_1M.age_row(age) == row


def test_age_below_the_first_group_belongs_to_it() -> None:
    assert Demographics(ages=(18, 30)).age_row(5) == 1


def test_age_names_span_the_groups() -> None:
    names = [MOVIELENS_1M.age_name(row) for row in range(8)]
    assert names == ["unknown", "under 18", "18-24", "25-34", "35-44", "45-49", "50-55", "56+"]


@pytest.mark.parametrize("age", [0, -3, 121, 200])
def test_age_out_of_range_names_the_range(age: int) -> None:
    with pytest.raises(ConfigError) as error:
        MOVIELENS_1M.age_row(age)
    assert str(error.value) == f"--age: {age} is not allowed; allowed: whole years from 1 to 120"


@pytest.mark.parametrize(
    ("text", "name"),
    [("M", "M"), ("m", "M"), ("Male", "M"), ("0", "M"), ("f", "F"), (" FEMALE ", "F"), ("1", "F")],
)
def test_gender_row_takes_letters_words_and_the_numbers_of_the_original(text: str, name: str) -> None:
    assert MOVIELENS_1M.gender_name(MOVIELENS_1M.gender_row(text)) == name


def test_unknown_gender_lists_what_is_allowed() -> None:
    with pytest.raises(ConfigError) as error:
        MOVIELENS_1M.gender_row("2")
    assert str(error.value) == "--gender: '2' is not allowed; allowed: M, F, male, female, 0 (male), 1 (female)"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0", "other"),
        ("20", "writer"),
        ("programmer", "programmer"),
        ("College/Grad Student", "college/grad student"),
        ("PROG", "programmer"),
        ("tech", "technician/engineer"),
        ("k-12", "K-12 student"),
    ],
)
def test_job_row_takes_a_number_a_name_or_the_beginning_of_one(text: str, name: str) -> None:
    assert MOVIELENS_1M.job_name(MOVIELENS_1M.job_row(text)) == name


def test_a_whole_name_wins_over_a_longer_one() -> None:
    jobs = Demographics(jobs=((3, "sales"), (7, "sales manager")))
    assert jobs.job_row("sales") == 1
    assert jobs.job_row("7") == 2


def test_a_name_that_is_a_number_wins_over_the_number() -> None:
    jobs = Demographics(jobs=((0, "1"), (1, "2"), (2, "3"), (7, "x")))
    assert [jobs.job_row(text) for text in ("1", "2", "3", "0", "7", "+7", " 07 ")] == [1, 2, 3, 1, 4, 4, 4]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("--5", f"--job: '--5' is not a job; allowed: {ALL_JOBS}"),
        ("9" * 5000, f"--job: {'9' * 5000} is not a job; allowed: {ALL_JOBS}"),
        ("21", f"--job: 21 is not a job; allowed: {ALL_JOBS}"),
        ("-1", f"--job: -1 is not a job; allowed: {ALL_JOBS}"),
        ("s", "--job: 's' is ambiguous; candidates: 14 sales/marketing, 15 scientist, 16 self-employed"),
        ("progamer", f"--job: 'progamer' is not a job; near: 12 programmer; allowed: {ALL_JOBS}"),
        ("astronaut", f"--job: 'astronaut' is not a job; allowed: {ALL_JOBS}"),
        ("", f"--job: '' is not a job; allowed: {ALL_JOBS}"),
    ],
)
def test_a_wrong_job_lists_what_is_allowed(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        MOVIELENS_1M.job_row(text)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("age", lambda: Demographics().age_row(25)),
        ("gender", lambda: Demographics().gender_row("M")),
        ("job", lambda: Demographics().job_row("4")),
    ],
)
def test_a_data_set_without_demographics_says_so(name: str, call: Callable[[], int]) -> None:
    with pytest.raises(ConfigError) as error:
        call()
    assert str(error.value) == f"--{name}: this data set knows no {name}s; leave --{name} out"
