"""What a table shows: all of it where stdout is no terminal, every number and id on any terminal."""

import re
from pathlib import Path

import pytest
from commands import Recsys
from terminal import on_a_terminal

ROOT = Path(__file__).parents[2]
MOVIES = ROOT / "data" / "sample" / "movies_origin.txt"
TITLES = {int(line.split("::")[0]): line.split("::")[1] for line in MOVIES.read_text().splitlines()}
GENRES = {int(line.split("::")[0]): line.split("::")[2].split("|") for line in MOVIES.read_text().splitlines()}


def natural(title: str) -> str:
    return re.sub(r"^(.+), (The|A|An) \(", r"\2 \1 (", title)


@pytest.fixture
def folder(recsys: Recsys, tmp_path: Path) -> Path:
    for name in ("recommender_system.inference.model", "movies_data.txt"):
        (tmp_path / name).symlink_to(recsys.workspace / name)
    return tmp_path


def lines_of(folder: Path, columns: int, *arguments: str) -> list[str]:
    """Lines that a command prints on a terminal of so many columns."""
    printed = on_a_terminal(folder, *arguments, only="stdout", COLUMNS=str(columns), NO_COLOR="1")
    return re.sub(r"\x1b\[\d*m", "", printed).splitlines()


def test_a_piped_table_holds_every_title_and_genre_whole(recsys: Recsys) -> None:
    lines = recsys("recommend", "-g", "F", "-k", "401").stdout.splitlines()[2:]
    assert len(lines) == len(TITLES)
    for line in lines:
        movie_id = int(line.split()[1])
        assert f"  {natural(TITLES[movie_id])}  " in line
        assert f"  {', '.join(GENRES[movie_id])}  " in line
    assert max(map(len, lines)) > 80


def test_piped_reasons_are_one_line_each(recsys: Recsys) -> None:
    lines = recsys("recommend", "--like", "1", "-a", "25", "-g", "M", "-k", "9", "--explain").stdout.splitlines()
    assert len(lines) == 2 + 2 * 9
    assert max(map(len, lines)) > 80


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_no_number_and_no_id_is_cut_on_a_terminal(folder: Path, columns: int) -> None:
    document = lines_of(folder, columns, "recommend", "--exact", "-a", "25", "-g", "M", "-k", "30", "--csv")
    rows = [line.split(",") for line in document[1:]]
    lines = lines_of(folder, columns, "recommend", "--exact", "-a", "25", "-g", "M", "-k", "30")
    assert lines[0] == "25-34, M"
    assert lines[1].split()[:2] == ["Top", "Id"]
    assert lines[1].split()[-2:] == ["Score", "Stars"]
    assert "…" not in lines[1]
    for line, row in zip(lines[2:], rows, strict=True):
        assert line.split()[:2] == [row[0], row[1]]
        score, stars = line.split()[-2:]
        assert float(score) == pytest.approx(float(row[-2]), abs=6e-4)
        assert float(stars) == pytest.approx(float(row[-1]), abs=0.06)
    if columns >= 60:
        assert max(map(len, lines)) <= columns
    assert any("…" in line for line in lines) or columns >= 80


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["-a", "25", "-g", "M", "-j", "4"], "25-34, M, college/grad student"),
        (["-j", "writer"], "writer"),
        (["--user", "17"], "user 17: 45-49, M, artist"),
        (
            ["-g", "F", "--like", "The Matrix", "--dislike", "Speed"],
            "F; rated 4: The Matrix (1999); rated 1: Speed (1994)",
        ),
        ([], "nobody in particular"),
    ],
)
def test_the_line_above_a_table_says_who_was_understood(recsys: Recsys, arguments: list[str], line: str) -> None:
    lines = recsys("recommend", *arguments).stdout.splitlines()
    assert lines[0] == line
    assert lines[1].split() == ["Top", "Id", "Title", "Genres", "Score", "Stars"]


def test_the_line_above_similar_movies_says_which_was_understood(recsys: Recsys) -> None:
    assert recsys("similar", "matrix").stdout.splitlines()[0] == "like The Matrix (1999)"
