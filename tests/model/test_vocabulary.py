import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys_cli.dataset.reader import read_dataset
from recsys_cli.dataset.titles import title_words
from recsys_cli.errors import ArtifactError
from recsys_cli.model.vocabulary import Vocabulary


@pytest.fixture
def vocabulary(tmp_path: Path) -> Vocabulary:
    (tmp_path / "movies.dat").write_bytes("7::Heat (1995)::Action|Crime\n2::Cité, La (1995)::\n".encode("latin-1"))
    (tmp_path / "users.dat").write_text("5::M::25::4::00000\n3::F::56::20::11111\n")
    (tmp_path / "ratings.dat").write_text("5::7::4::0\n3::2::5::0\n")
    return Vocabulary.from_dataset(read_dataset(tmp_path))


def test_rows_count_from_one_in_sorted_order_and_zero_is_unknown(vocabulary: Vocabulary) -> None:
    assert vocabulary.movie_rows(np.array([7, 2, 3, 99])).tolist() == [2, 1, 0, 0]
    assert vocabulary.user_rows(np.array([3, 5, 4])).tolist() == [1, 2, 0]
    assert vocabulary.words == ("1995", "cité", "heat", "la")
    assert vocabulary.word_rows("La HEAT, (2001)") == [4, 3, 0]
    assert vocabulary.genre_rows(["Crime", "War", "Action"]) == [2, 0, 1]


def test_title_words_are_the_same_for_composed_and_decomposed_accents() -> None:
    assert title_words("Cite\u0301 (1995)") == title_words("Cité (1995)") == ["cité", "1995"]


def test_json_round_trip_keeps_everything(vocabulary: Vocabulary) -> None:
    again = Vocabulary.from_json(vocabulary.to_json())
    assert again.to_json() == vocabulary.to_json()
    assert again.fingerprint == vocabulary.fingerprint
    assert again.movie_ids.tolist() == [2, 7]
    assert again.demographics == vocabulary.demographics


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("movie_ids", [7, 2], "movie_ids must be ascending"),
        ("movie_ids", [2, -7], "Expected `int` >= 0 - at `$.movie_ids[1]`"),
        ("movie_ids", [2, 2**63], "Expected `int` <= 9223372036854775807 - at `$.movie_ids[1]`"),
        ("movie_ids", [2], "movie_ids, titles and movie_genres must have one length"),
        ("user_ids", [True, 5], "Expected `int`, got `bool` - at `$.user_ids[0]`"),
        ("titles", ["Heat", None], "Expected `str`, got `null` - at `$.titles[1]`"),
        ("titles", ["Heat", "\x1b[31m"], "titles must be printable texts"),
        ("movie_genres", [["Crime"], "War"], "Expected `array`, got `str` - at `$.movie_genres[1]`"),
        ("words", ["b", "a"], "words must be ascending"),
        ("genres", [1], "Expected `str`, got `int` - at `$.genres[0]`"),
        ("extra", 1, "Object contains unknown field `extra`"),
        ("demographics", {}, "Object missing required field `genders` - at `$.demographics`"),
        (
            "demographics",
            {"genders": ["F"], "ages": [], "jobs": []},
            "demographics.genders must be empty or M, F",
        ),
        (
            "demographics",
            {"genders": [], "ages": [1], "jobs": [[0]]},
            "Expected `array` of length 2 - at `$.demographics.jobs[0]`",
        ),
    ],
)
def test_a_damaged_vocabulary_is_refused(vocabulary: Vocabulary, field: str, value: Any, rule: str) -> None:
    fields = json.loads(vocabulary.to_json())
    fields[field] = value
    with pytest.raises(ArtifactError) as error:
        Vocabulary.from_json(json.dumps(fields))
    assert str(error.value) == f"vocabulary.json: damaged: {rule}; run 'recsys train' again"


def test_a_vocabulary_that_is_not_json_is_refused() -> None:
    with pytest.raises(
        ArtifactError, match=r"^vocabulary.json: damaged: Input data was truncated; run 'recsys train' again$"
    ):
        Vocabulary.from_json("{")
