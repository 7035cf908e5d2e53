"""Valid data sets, damaged at random: each is read whole, or refused in lines that say where and why."""

import re
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from layouts import LAYOUTS
from shop import write_shop

from recsys_cli.dataset.reader import Dataset, read_dataset
from recsys_cli.errors import DataError
from recsys_cli.model.vocabulary import Vocabulary

TOKENS = [
    b"", b" ", b"-1", b"+1", b"0", b"9", b"3.7", b"1e5", b"1e400", b"nan", b"inf", b"0x1F", b"1_000",
    b"9223372036854775807", b"99999999999999999999", "٣".encode(), "é".encode(), b"\xe9", b"\xff\xfe", b"\0",
    b"::", b":", b"|", b",", b'"', b'""', b"\t", b"\n", b"\r", b"\r\n", b"\n\n", b"\xc2\x85", b"\x0c",
    b"\x1b[0m", b"\\", b"'", b";", b"\xef\xbb\xbf", b"x" * 70,
]  # fmt: skip
SEPARATORS = re.compile(rb"(::|[\t|,;\n])")
RATINGS_FILES = ("ratings.dat", "ratings.csv", "u.data")
MOVIE_FILES = ("movies.dat", "movies.csv", "u.item")
DATA_SETS = LAYOUTS | {"further columns": partial(write_shop, num_customers=8, num_items=4)}
USER_FILES = ("users.dat", "customers.csv", "u.user")


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    kind = rng.integers(8)
    begin, end = np.sort(rng.integers(0, len(data) + 1, size=2)).tolist()
    token = TOKENS[rng.integers(len(TOKENS))]
    lines = data.splitlines(keepends=True)
    line, other = rng.integers(len(lines), size=2).tolist()
    if kind == 0:
        return data[:begin] + bytes([rng.integers(256)]) + data[begin + 1 :]
    if kind == 1:
        return data[:begin] + data[min(end, begin + 12) :]
    if kind == 2:
        return data[:begin] + token + data[begin:]
    if kind == 3:
        return data[:begin]
    if kind == 4:
        return b"".join([*lines[:line], *lines[line + 1 :]])
    if kind == 5:
        return b"".join([*lines[:line], lines[other], *lines[line:]])
    if kind == 6:
        lines[line], lines[other] = lines[other], lines[line]
        return b"".join(lines)
    parts = SEPARATORS.split(data)
    parts[rng.integers(len(parts))] = token
    return b"".join(parts)


def num_lines(path: Path) -> int:
    """Lines that are not blank, a header aside."""
    lines = [line for line in re.split(rb"\r\n|\r|\n", path.read_bytes()) if line.strip()]
    return len(lines) - (path.suffix == ".csv")


def assert_nothing_is_lost(dataset: Dataset, folder: Path) -> None:
    for path in folder.iterdir():
        bad = len({problem.line for problem in dataset.problems.first if problem.path == path})
        if path.name in RATINGS_FILES:
            assert len(dataset.ratings.values) + dataset.num_repeated + bad == num_lines(path)
        if path.name in MOVIE_FILES:
            assert len(dataset.movie_ids) + bad == num_lines(path)
        if path.name in USER_FILES:
            assert len(dataset.user_ids) + bad == num_lines(path)
    assert (dataset.ratings.values >= dataset.rating_min).all()
    assert (dataset.ratings.values <= dataset.rating_max).all()
    vocabulary = Vocabulary.from_dataset(dataset)
    assert Vocabulary.from_json(vocabulary.to_json()).fingerprint == vocabulary.fingerprint


def assert_clear(error: DataError, folder: Path) -> None:
    first, *others = str(error).split("\n")
    assert first.startswith(str(folder))
    for line in (first, *others):
        assert line.isprintable(), line
        assert line.startswith((f"{folder}/", f"{folder}: ", "... and ", "--skip-bad-lines ")), line


@pytest.mark.parametrize("mutations", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("format", DATA_SETS)
def test_a_damaged_data_set_is_read_whole_or_refused_clearly(tmp_path: Path, format: str, mutations: int) -> None:
    outcomes = {"read": 0, "refused": 0}
    for seed in range(mutations):
        rng = np.random.default_rng(seed)
        folder = tmp_path / f"{seed}"
        folder.mkdir()
        DATA_SETS[format](folder)
        path = sorted(folder.iterdir())[rng.integers(len(list(folder.iterdir())))]
        path.write_bytes(mutate(path.read_bytes(), rng))
        try:
            assert_nothing_is_lost(read_dataset(folder), folder)
            outcomes["read"] += 1
        except DataError as error:
            assert_clear(error, folder)
            outcomes["refused"] += 1
        try:
            assert_nothing_is_lost(read_dataset(folder, skip_bad_lines=True), folder)
        except DataError as error:
            assert_clear(error, folder)
    assert min(outcomes.values()) > mutations / 20, outcomes
