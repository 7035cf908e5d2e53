"""A file of people, in the terms of a model."""

from pathlib import Path

import pytest

from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.users_file import read_users_file

PEOPLE = Demographics(genders=("M", "F"), ages=(1, 18, 25), jobs=((0, "1"), (1, "2"), (2, "3"), (3, "Nurse")))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.csv", "userId,job\n5,1\n6,2\n7,3\n8,nurse\n9,0\n"),
        ("users.dat", "5::::::1::\n6::::::2::\n7::::::3::\n8::::::NURSE::\n9::::::0::\n"),
    ],
)
def test_a_job_is_what_the_option_takes_it_for(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    users = read_users_file(tmp_path / name, PEOPLE)
    assert users.jobs.tolist() == [PEOPLE.job_row(job) for job in ("1", "2", "3", "nurse", "0")] == [1, 2, 3, 4, 1]
