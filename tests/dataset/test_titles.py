import pytest

from recsys_cli.dataset.titles import display_title, title_year


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Matrix, The (1999)", "The Matrix (1999)"),
        ("Toy Story (1995)", "Toy Story (1995)"),
        ("Avventura, L' (1960)", "L'Avventura (1960)"),
        ("Postman, The (Postino, Il) (1994)", "The Postman (Il Postino) (1994)"),
        ("Cité des enfants perdus, La (1995)", "La Cité des enfants perdus (1995)"),
        ("Good, the Bad and the Ugly, The (1966)", "The Good, the Bad and the Ugly (1966)"),
        ("Me, Myself & Irene (2000)", "Me, Myself & Irene (2000)"),
        ("Beauty, A", "A Beauty"),
        ("(1999)", "(1999)"),
    ],
)
def test_display_title_puts_the_article_first(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "year"),
    [
        ("Toy Story (1995)", 1995),
        ("1984", 0),
        ("2001 (A Space Odyssey) (1968) ", 1968),
        ("Long (2001-2003)", 2001),
        ("", 0),
    ],
)
def test_title_year_reads_the_last_parentheses(title: str, year: int) -> None:
    assert title_year(title) == year
