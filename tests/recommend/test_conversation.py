"""`recsys recommend --stdin`: one question a line, one answer a line."""

import json
from typing import Any

import pytest
from commands import Recsys


def ask(recsys: Recsys, *questions: object, options: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    lines = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in questions]
    result = recsys("recommend", "--stdin", *options, stdin=b"\n".join(lines) + b"\n")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_each_line_is_answered_as_a_question_of_its_own(recsys: Recsys) -> None:
    answers = ask(
        recsys,
        {"age": 25, "gender": "M", "job": 4},
        {"user": 17, "genre": "Comedy", "year": 1994, "k": 2},
        {"like": ["The Matrix", 1], "dislike": "Speed", "k": 3, "explain": True},
        {"ratings": {"The Matrix": 4.5}, "diversity": 0.5, "k": 3},
        {"gender": None, "age": 30, "exclude": [1], "include_seen": True},
    )
    assert answers == [
        recsys.json("recommend", "-a", "25", "-g", "M", "-j", "4"),
        recsys.json("recommend", "--user", "17", "--genre", "Comedy", "--year", "1994", "-k", "2"),
        recsys.json(
            "recommend", "--like", "The Matrix", "--like", "id:1", "--dislike", "Speed", "-k", "3", "--explain"
        ),
        answers[3],
        recsys.json("recommend", "-a", "30", "--exclude", "id:1", "--include-seen"),
    ]
    assert answers[3]["query"]["rated"] == [{"movie_id": 283, "title": "The Matrix (1999)", "rating": 4.5}]


def test_options_hold_where_a_line_does_not_say_otherwise(recsys: Recsys) -> None:
    first, second = ask(recsys, {"gender": "F"}, {"gender": "F", "k": 1}, options=("-k", "3", "--genre", "War"))
    assert [len(one["movies"]) for one in (first, second)] == [3, 1]
    assert all("War" in movie["genres"] for movie in first["movies"] + second["movies"])


def test_similar_asks_for_movies_like_one(recsys: Recsys) -> None:
    lines = ({"similar": "The Matrix"}, {"similar": 1, "k": 3, "genre": "Comedy"}, {"similar": "Matrx, The"})
    first, second, failure = ask(recsys, *lines)
    assert first == recsys.json("similar", "The Matrix")
    assert len(first["movies"]) == 10
    assert second == recsys.json("similar", "id:1", "-k", "3", "--genre", "Comedy")
    (third, fourth) = ask(recsys, {"similar": "Speed", "new": True}, {"similar": "Speed", "min_ratings": 200})
    assert third == recsys.json("similar", "Speed", "--new")
    assert fourth == recsys.json("similar", "Speed", "--min-ratings", "200")
    assert failure["error"].startswith("similar: 'Matrx, The' is no movie here; near: 283 The Matrix (1999)")
    (given,) = ask(recsys, {"similar": "The Matrix"}, options=("-k", "5", "--year", "1990-"))
    assert given == recsys.json("similar", "The Matrix", "-k", "5", "--year", "1990-")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"x", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b"\xff", "not JSON: "),
        (b"[1]", 'not a JSON object, such as {"age": 25, "gender": "M", "job": 4}'),
        (b"[" * 100_000, "not JSON: "),
        (
            {"agee": 3},
            "'agee' is not a field; near: age; allowed: age, gender, job, user, attributes, like, ",
        ),
        (
            {"similer": 3},
            "'similer' is not a field; near: similar; allowed: age, gender, job, user, attributes, like, ",
        ),
        ({"similar": 1, "age": 3}, "'age' is not a field; allowed: similar, genre, any_genre, not_genre, year, "),
        ({"similar": 1, "new": 1}, "new: 1 is not true or false"),
        ({"gender": "F", "min_ratings": 1.5}, "min_ratings: 1.5 is not a whole number"),
        ({"gender": "F", "min_ratings": -2}, "--min-ratings -2 is not allowed; allowed: 0 to "),
        ({"similar": [1]}, "similar: [1] is not a text or a whole number"),
        ({"similar": None}, "similar: name the movie, by id or title"),
        ({"similar": 1, "k": 0}, "-k 0 is not allowed; allowed: 1 or more"),
        ({"age": "25"}, 'age: "25" is not a whole number'),
        ({"age": True}, "age: true is not a whole number"),
        ({"age": 25.5}, "age: 25.5 is not a whole number"),
        ({"like": [1.5]}, "like: 1.5 is not a text or a whole number"),
        ({"like": "Speeed"}, "--like: 'Speeed' is no movie here; near: 240 Speed (1994); give an id or a title"),
        ({"ratings": [5]}, 'ratings: not an object of movies and their ratings, such as {"Toy Story": 5}'),
        ({"ratings": {"Speed": 9}}, "ratings: the rating 9 of 'Speed' is not in 1 to 5"),
        ({"k": 0}, "-k 0 is not allowed; allowed: 1 or more"),
        ({"user": 10**20}, "--user 100000000000000000000 is not allowed; allowed: 0 to 9223372036854775807"),
        ({"user": -1}, "--user -1 is not allowed; allowed: 0 to 9223372036854775807"),
        ({"like": [10**20]}, "--like: no movie has the id 100000000000000000000"),
        (b'{"diversity": NaN}', "--diversity nan is not allowed; allowed: 0 to 1"),
        (b'{"ratings": {"Speed": Infinity}}', "ratings: the rating inf of 'Speed' is not in 1 to 5"),
        ({"user": 99999}, "--user: 99999 is not in the model; "),
        ({"genre": "Comdy"}, "--genre: 'Comdy' is not a genre of these movies; near: Comedy; allowed: "),
    ],
)
def test_a_bad_line_is_answered_by_an_error_and_the_next_one_served(
    recsys: Recsys, line: object, error: str
) -> None:
    failure, answer = ask(recsys, line, {"gender": "F"})
    assert failure["error"].startswith(error)
    assert "\n" not in failure["error"]
    assert failure["line"] == 1
    assert answer == recsys.json("recommend", "-g", "F")


def test_blank_lines_are_passed_over_and_counted(recsys: Recsys) -> None:
    (failure,) = ask(recsys, b"", b"  ", b"x")
    assert failure["line"] == 3
