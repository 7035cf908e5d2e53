"""Movies by what a person calls them."""

import pytest

from recsys_cli.dataset.title_search import FoundMovie, TitleIndex
from recsys_cli.errors import ConfigError

TITLES = {
    1: "Toy Story (1995)",
    2: "Toy Story 2 (1999)",
    7: "Matrix, The (1999)",
    8: "Hamlet (1948)",
    9: "Hamlet (1996)",
    10: "Misérables, Les (1995)",
    12: "Seven (a.k.a. Se7en) (1995)",
    13: "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
    14: "Star Wars: Episode V - The Empire Strikes Back (1980)",
    15: "Schindler's List (1993)",
    16: "7 (1997)",
    17: "Apollo 13 (1995)",
    18: "Pride & Prejudice",
    19: "千と千尋の神隠し (2001)",
    20: "Blade Runner 2049 (2017)",
    21: "2001: A Space Odyssey (1968)",
    22: "Godfather, The (1972)",
    23: "Godfather: Part II, The (1974)",
    24: "Star Wars: Episode IV - A New Hope (1977)",
    25: "8 1/2 (1963)",
    26: "Alien\u00b3 (1992)",
    27: "Spider-Man (2002)",
    28: "X (2022)",
    29: "Malcolm X (1992)",
    2001: "Lethal Weapon 2 (1989)",
}


@pytest.fixture(scope="module")
def titles() -> TitleIndex:
    return TitleIndex(list(TITLES), list(TITLES.values()))


@pytest.mark.parametrize(
    ("wanted", "movie_id"),
    [
        (1, 1),
        ("18", 18),
        ("id:7", 7),
        ("ID: 7", 7),
        ("Toy Story", 1),
        ("  toy   STORY (1995) ", 1),
        ("toy story 1995", 1),
        ("Matrix, The", 7),
        ("the matrix (1999)", 7),
        ("Matrix", 7),
        ("Hamlet (1996)", 9),
        ("les miserables", 10),
        ("Se7en", 12),
        ("seven (a.k.a. Se7en) (1995)", 12),
        ("La Cité des enfants perdus", 13),
        ("cite des enfants perdus, la", 13),
        ("Schindlers List", 15),
        ("pride and prejudice", 18),
        ("千と千尋の神隠し", 19),
        ("godfather 2", 23),
        ("the godfather ii", 23),
        ("Godfather Part Two", 23),
        ("godfather, the", 22),
        ("8\u00bd", 25),
        ("8 1/2", 25),
        ("alien 3", 26),
        ("alien\u00b3", 26),
        ("spiderman", 27),
        ("lethal weapon ii", 2001),
        ("lethal weapon \u2161", 2001),
        ("x", 28),
        ("id:2001", 2001),
        ("mise\u0301rables, les", 10),
        ("ｓｅ７ｅｎ", 12),
    ],
)
def test_a_movie_is_found_by_id_and_by_title(titles: TitleIndex, wanted: str | int, movie_id: int) -> None:
    found = titles.find(wanted, option="--like")
    assert (found.movie_id, found.is_guess) == (movie_id, False)


def test_the_title_is_given_as_people_write_it(titles: TitleIndex) -> None:
    assert titles.find("matrix", option="--like") == FoundMovie(7, "The Matrix (1999)")


def test_a_part_of_one_title_alone_is_a_guess(titles: TitleIndex) -> None:
    assert titles.find("Empire Strikes Back", option="--like") == FoundMovie(
        14, "Star Wars: Episode V - The Empire Strikes Back (1980)", is_guess=True
    )


@pytest.mark.parametrize(
    ("wanted", "movie_id"),
    [
        ("Runner 2049", 20),
        ("les mis", 10),
        ("star wars 4", 24),
        ("Star Wars IV", 24),
        ("odyssey 2001", 21),
        ("space odyssey (1968)", 21),
        ("episode v", 14),
    ],
)
def test_words_of_one_title_alone_are_a_guess(titles: TitleIndex, wanted: str, movie_id: int) -> None:
    found = titles.find(wanted, option="--like")
    assert (found.movie_id, found.is_guess) == (movie_id, True)


def test_an_id_that_is_also_a_part_of_a_title_is_a_guess(titles: TitleIndex) -> None:
    assert titles.find("13", option="--like").movie_id == 13
    assert titles.find("13", option="--like").is_guess
    assert not titles.find("id:13", option="--like").is_guess


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("hamlet", "--like: 'hamlet' is ambiguous; candidates: 8 Hamlet (1948), 9 Hamlet (1996)"),
        (
            "7",
            "--like: '7' is ambiguous; candidates: 7 The Matrix (1999), 16 7 (1997); 'id:7' is that id",
        ),
        (
            "2001",
            "--like: '2001' is ambiguous; candidates: 21 2001: A Space Odyssey (1968), "
            "2001 Lethal Weapon 2 (1989); 'id:2001' is that id",
        ),
        ("9" * 5000, f"--like: '{'9' * 5000}' is no movie here; give an id or a title"),
        ("toy", "--like: 'toy' is ambiguous; candidates: 1 Toy Story (1995), 2 Toy Story 2 (1999)"),
        (
            "Toy Stroy",
            "--like: 'Toy Stroy' is no movie here; near: 1 Toy Story (1995), 2 Toy Story 2 (1999); "
            "give an id or a title",
        ),
        (
            "Toy Story (1996)",
            "--like: 'Toy Story (1996)' is no movie here; near: 1 Toy Story (1995), 2 Toy Story 2 (1999); "
            "give an id or a title",
        ),
        (
            "empire strikes bak",
            "--like: 'empire strikes bak' is no movie here; near: "
            "14 Star Wars: Episode V - The Empire Strikes Back (1980); give an id or a title",
        ),
        ("zzzzqqq", "--like: 'zzzzqqq' is no movie here; give an id or a title"),
        ("", "--like: '' is no movie here; give an id or a title"),
        ("?!", "--like: '?!' is no movie here; give an id or a title"),
        ("999", "--like: '999' is no movie here; give an id or a title"),
        (999, "--like: no movie has the id 999"),
        ("id:x", "--like: no movie has the id x"),
    ],
)
def test_what_cannot_be_told_is_refused(titles: TitleIndex, wanted: str | int, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        titles.find(wanted, option="--like")
    assert str(error.value) == message


def test_a_long_list_of_candidates_is_cut() -> None:
    titles = TitleIndex(range(1, 8), [f"Part {number} (1990)" for number in range(1, 8)])
    with pytest.raises(ConfigError, match=r"5 Part 5 \(1990\) and 2 more$"):
        titles.find("part", option="--like")
