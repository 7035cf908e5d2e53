"""Known people, favourites, filters, reasons and variety, on the trained sample."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import Recsys
from tastes import taste

from recsys_cli.dataset.reader import read_dataset
from recsys_cli.model.folder import ModelFolder

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def folder(recsys: Recsys) -> ModelFolder:
    return ModelFolder.open(recsys.workspace / "recommender_system.inference.model")


def movie_ids(document: dict[str, Any]) -> list[int]:
    return [movie["movie_id"] for movie in document["movies"]]


def test_a_known_user_is_answered_by_their_own_vector(recsys: Recsys, folder: ModelFolder) -> None:
    document = recsys.json("recommend", "--user", "17", "-k", "401", "--include-seen", "--exact")
    assert document["query"]["user"] == 17
    place = int(np.searchsorted(folder.user_ids, 17))
    scores = dict(
        zip(folder.movie_ids.tolist(), 5 * folder.movie_vectors @ folder.user_vectors[place], strict=True)
    )
    for movie in document["movies"]:
        if movie["movie_id"] in scores:
            assert movie["score"] == pytest.approx(scores[movie["movie_id"]], abs=1e-4)


def test_a_known_user_is_not_recommended_what_they_rated(recsys: Recsys, folder: ModelFolder) -> None:
    seen = set(folder.seen.of(int(np.searchsorted(folder.user_ids, 17))).tolist())
    everything = movie_ids(recsys.json("recommend", "--user", "17", "-k", "401", "--include-seen"))
    new = movie_ids(recsys.json("recommend", "--user", "17", "-k", "401"))
    assert seen
    assert set(everything) - set(new) == seen
    assert len(new) == 401 - len(seen)


def test_a_known_user_brings_their_age_gender_and_job(recsys: Recsys) -> None:
    lines = (recsys.workspace / "data" / "sample" / "users.dat").read_text().splitlines()
    gender = lines[16].split("::")[1]
    result = recsys.json("recommend", "--user", "17", "-g", "F" if gender == "M" else "M")
    assert result["query"]["gender"] == gender
    assert result["query"]["notes"] == ["user 17 is in the model: age, gender and job are not used"]


def test_an_unknown_user_is_an_error_that_says_what_to_do(recsys: Recsys) -> None:
    result = recsys("recommend", "--user", "99999")
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: --user: 99999 is not in the model; describe the person with --age, --gender and --job, "
        "or with --like\n"
    )


def test_an_unknown_user_with_a_profile_is_answered_by_it_and_told_so(recsys: Recsys) -> None:
    result = recsys("recommend", "--user", "99999", "-g", "F")
    assert result.exit_code == 0
    assert result.stderr == "Note: user 99999 is not in the model: answered by the profile\n"
    assert result.stdout == recsys("recommend", "-g", "F").stdout


def test_favourites_move_the_list_and_are_left_out_of_it(recsys: Recsys) -> None:
    without = movie_ids(recsys.json("recommend", "-g", "F", "-k", "10"))
    document = recsys.json("recommend", "-g", "F", "-k", "10", "--like", "matrix, the", "--dislike", "id:1")
    assert [(movie["title"], movie["rating"]) for movie in document["query"]["rated"]] == [
        ("The Matrix (1999)", 4),
        ("All Quiet on the Western Front (1930)", 1),
    ]
    named = [movie["movie_id"] for movie in document["query"]["rated"]]
    assert not set(named) & set(movie_ids(document))
    assert movie_ids(document) != without
    kept = recsys.json("recommend", "--like", "matrix, the", "--include-seen", "-k", "401")
    assert named[0] in movie_ids(kept)


def test_a_like_brings_the_movies_near_it(recsys: Recsys, folder: ModelFolder) -> None:
    """The liked movie's neighbours stand higher than without it, on average over every movie."""
    near = movie_ids(recsys.json("similar", "The Matrix", "-k", "20"))

    def mean_place(*arguments: str) -> float:
        order = movie_ids(recsys.json("recommend", "-g", "F", "-k", "401", "--include-seen", *arguments))
        return float(np.mean([order.index(movie_id) for movie_id in near]))

    assert mean_place("--like", "The Matrix") < mean_place() < mean_place("--dislike", "The Matrix")


def test_a_part_of_a_title_is_taken_and_told(recsys: Recsys) -> None:
    result = recsys("recommend", "--like", "wizard of", "-k", "1")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.startswith("Note: 'wizard of' is taken as ")


def test_ratings_come_from_a_file(recsys: Recsys, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('Name,Year,Rating\nThe Matrix,1999,4.5\n"Nothing, Really",2001,3\nSpeed,,2\n')
    document = recsys.json("recommend", "--ratings", str(path))
    assert [(movie["title"], movie["rating"]) for movie in document["query"]["rated"]] == [
        ("The Matrix (1999)", 4.5),
        ("Speed (1994)", 2),
    ]
    assert document["query"]["notes"] == [
        f"{path}: left out 1 of 3 movies, unknown or ambiguous: Nothing, Really (2001)"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,rating\nSpeed,7\n", "mine.csv:2: rating: '7', allowed: 1 to 5"),
        ("title,rating\nSpeed,good\n", "mine.csv:2: rating: 'good', allowed: 1 to 5"),
        (
            "title,stars\nSpeed,3\n",
            "mine.csv:1: the header must name the columns 'rating' and 'movieId' or 'title'; ",
        ),
        ("title,rating\nNope,3\n", "mine.csv: holds no rating of a movie of this catalogue"),
        ("userId,movieId,rating\n1,2,3\n2,2,3\n", "mine.csv:3: a second user; give the ratings of one person"),
        ("", "mine.csv:1: the first line must name the columns"),
    ],
)
def test_a_wrong_ratings_file_is_one_line(recsys: Recsys, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    result = recsys("recommend", "--ratings", str(path))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path}/{message}")
    assert result.stderr.count("\n") == 1


def test_filters_are_obeyed_and_the_list_stays_full(recsys: Recsys) -> None:
    document = recsys.json(
        "recommend", "-g", "F", "--genre", "comedy", "--not-genre", "Romance", "--year", "1980-1999", "-k", "8"
    )
    assert len(document["movies"]) == 8
    for movie in document["movies"]:
        assert "Comedy" in movie["genres"]
        assert "Romance" not in movie["genres"]
        assert 1980 <= int(movie["title"][-5:-1]) <= 1999
    either = recsys.json("recommend", "-g", "F", "--any-genre", "War", "--any-genre", "Western")
    assert all({"War", "Western"} & set(movie["genres"]) for movie in either["movies"])


def test_an_excluded_movie_is_left_out(recsys: Recsys) -> None:
    first, second = recsys.json("recommend", "-g", "F", "-k", "2")["movies"]
    document = recsys.json("recommend", "-g", "F", "-k", "1", "--exclude", first["title"])
    assert movie_ids(document) == [second["movie_id"]]


def test_reasons_are_the_counts_of_the_training_data(recsys: Recsys) -> None:
    document = recsys.json("recommend", "-a", "25", "-g", "M", "--explain", "-k", "3")
    dataset = read_dataset(recsys.workspace / "data" / "sample")
    ratings = dataset.ratings
    for movie in document["movies"]:
        reasons = movie["reasons"]
        ours = [
            (user, value)
            for user, row, value in zip(ratings.user_rows, ratings.movie_rows, ratings.values, strict=True)
            if dataset.movie_ids[row - 1] == movie["movie_id"]
        ]
        group = [value for user, value in ours if dataset.user_genders[user] == 1 and dataset.user_ages[user] == 3]
        assert reasons["group"] == "M, 25-34"
        assert reasons["count"] == len(ours)
        assert reasons["mean"] == pytest.approx(np.mean([value for _, value in ours]))
        assert reasons["group_count"] == len(group)
        assert reasons["group_mean"] == (pytest.approx(np.mean(group)) if group else None)
        assert reasons["like"] is None


def test_reasons_name_the_nearest_like(recsys: Recsys) -> None:
    result = recsys("recommend", "--like", "The Matrix", "--like", "Toy Story", "--explain")
    assert result.exit_code == 0, result.stderr
    below = [line for line in result.stdout.splitlines() if line.startswith("     ")]
    assert len([line for line in below if "near " in line]) >= 5


def test_diversity_makes_the_list_less_alike(recsys: Recsys, folder: ModelFolder) -> None:
    def likeness(*arguments: str) -> float:
        ids = movie_ids(recsys.json("recommend", "-a", "25", "-g", "M", "-k", "10", *arguments))
        known = [np.searchsorted(folder.movie_ids, movie_id) for movie_id in ids]
        vectors = folder.movie_vectors[known]
        return float((vectors @ vectors.T).mean())

    assert likeness("--diversity", "0.5") < likeness()
    plain = recsys("recommend", "-a", "25", "-g", "M")
    assert recsys("recommend", "-a", "25", "-g", "M", "--diversity", "0").stdout == plain.stdout


def test_similar_movies_are_those_of_the_people_who_like_one(recsys: Recsys, folder: ModelFolder) -> None:
    document = recsys.json("similar", "The Matrix", "-k", "400")
    assert document["title"] == "The Matrix (1999)"
    vectors = dict(zip(folder.movie_ids.tolist(), folder.movie_vectors.astype(np.float64), strict=True))
    rated = [movie for movie, count in zip(vectors, folder.num_ratings, strict=True) if count]
    assert sorted(movie_ids(document)) == sorted(set(rated) - {document["movie_id"]})
    wanted = taste(folder.path, vectors[document["movie_id"]])
    for movie in document["movies"]:
        assert movie["similarity"] == pytest.approx(vectors[movie["movie_id"]] @ wanted, abs=1e-4)
    similarities = [movie["similarity"] for movie in document["movies"]]
    assert similarities == sorted(similarities, reverse=True)


def test_similar_movies_without_ratings_come_when_asked_for(recsys: Recsys) -> None:
    rated = {line.split("::")[1] for line in (SAMPLE / "ratings.dat").read_text().splitlines()}
    listed = {line.split("::")[0] for line in (SAMPLE / "movies_origin.txt").read_text().splitlines()}
    assert rated < listed

    def found(*arguments: str) -> set[str]:
        return set(map(str, movie_ids(recsys.json("similar", "The Matrix", "-k", "401", *arguments))))

    assert found() | {"283"} == rated
    assert found("--new") | {"283"} == listed
    result = recsys("similar", "The Matrix", "--new", "--min-ratings", "5")
    assert (result.exit_code, result.stderr) == (2, "Error: --new and --min-ratings exclude each other\n")


def test_movies_with_few_ratings_are_left_out(recsys: Recsys, folder: ModelFolder) -> None:
    often = {movie for movie, count in zip(folder.movie_ids, folder.num_ratings, strict=True) if count >= 150}
    assert 5 < len(often) < 300
    for command in (
        ["recommend", "-g", "F"],
        ["recommend", "--user", "17", "--include-seen"],
        ["similar", "Speed"],
    ):
        found = movie_ids(recsys.json(*command, "--min-ratings", "150", "-k", "401"))
        assert set(found) == often - ({240} if command[0] == "similar" else set())
    result = recsys("recommend", "-g", "F", "--min-ratings", "-1")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: --min-ratings -1 is not allowed; allowed: 0 to {2**63 - 1}\n",
    )


def test_similar_takes_the_same_filters(recsys: Recsys) -> None:
    result = recsys("similar", "The Matrix", "--genre", "War", "-k", "3")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[1].split() == ["Top", "Id", "Title", "Genres", "Similarity"]
    assert len(lines) == 5
    assert all("War" in line for line in lines[2:])


def test_similar_to_nothing_known_lists_near_titles(recsys: Recsys) -> None:
    result = recsys("similar", "The Matrx")
    assert result.exit_code == 2
    assert result.stderr == (
        "Error: MOVIE: 'The Matrx' is no movie here; near: 283 The Matrix (1999); give an id or a title\n"
    )
