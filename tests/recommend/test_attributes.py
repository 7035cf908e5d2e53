"""A planted catalogue, trained: what its further columns say is learnt, kept, asked for and served."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from documents import assert_promised
from numpy.typing import NDArray
from shop import (
    CUSTOMER_COLUMNS,
    DATASET_TOML,
    ITEM_COLUMNS,
    NUM_ITEMS,
    NUM_NEW,
    NUM_TASTES,
    customer_fields,
    taste_of_customer,
    taste_of_item,
    write_shop,
)

from recsys_cli.cli import main
from recsys_cli.config.question import Person, Question
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.errors import ArtifactError, ConfigError
from recsys_cli.evaluation.served import ServedModel
from recsys_cli.index.contents import load_content
from recsys_cli.model.arrays import Audience, ModelArrays
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import MoviesFile
from recsys_cli.model.vocabulary import open_vocabulary
from recsys_cli.model.writer import write_model
from recsys_cli.recommend.conversation import question
from recsys_cli.recommend.person import understand
from recsys_cli.recommend.recommender import Recommender

TRAINING = ("--embedding-dim", "16", "--epochs", "6", "--holdout", "0")
TOP = 10  # as many items meet each taste
# What a person of each taste would say of themselves.
SAID: list[dict[str, str | float]] = [
    {"plan": plan, "income": income} for plan in ("basic", "family") for income in (25, 85)
]


def recsys(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)], input=stdin)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop")
    write_shop(folder / "data")
    done = recsys("train", "--data", folder / "data", "--model", folder / "shop.model", *TRAINING)
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="module")
def recommender(shop: Path) -> Recommender:
    return Recommender.open(shop / "shop.model", milvus_uri="exact")


def ask(shop: Path, *arguments: str, stdin: str | None = None) -> Result:
    return recsys("recommend", "--model", shop / "shop.model", "--exact", *arguments, stdin=stdin)


def share_of_taste(movie_ids: Sequence[int], taste: int) -> float:
    return float(np.mean([taste_of_item(item) == taste for item in movie_ids]))


def test_lists_by_attributes_meet_the_taste_that_lists_without_cannot_know(recommender: Recommender) -> None:
    def shares(*names: str) -> list[float]:
        found = []
        for taste, said in enumerate(SAID):
            movies = recommender.recommend(attributes={name: said[name] for name in names}, k=TOP).movies
            found.append(share_of_taste([movie.movie_id for movie in movies], taste))
        return found

    with_attributes, without, by_half = shares("plan", "income"), shares(), shares("plan")
    assert np.mean(without) == pytest.approx(1 / NUM_TASTES)
    assert all(np.array(with_attributes) > np.array(without))
    assert min(with_attributes) > 1 / NUM_TASTES
    assert np.mean(with_attributes) > np.mean(by_half) > np.mean(without)


def test_the_folder_keeps_what_everybody_is(shop: Path) -> None:
    folder = ModelFolder.open(shop / "shop.model")
    assert folder.tables.further is not None
    assert not folder.tables.further[0].any()
    rows = folder.audience.user_further
    for customer, (plan, income) in zip(folder.user_ids.tolist(), rows.tolist(), strict=True):
        said_plan, said_income = customer_fields(customer)
        assert plan == {"": 0, "Odd": 0, "Basic": 1, "Family": 2}[said_plan]
        assert (income == 0) is (not said_income)


def test_columns_that_are_not_those_of_the_vocabulary_are_refused(shop: Path, tmp_path: Path) -> None:
    folder = ModelFolder.open(shop / "shop.model")
    people, table = folder.audience, folder.tables.further
    assert table is not None
    nobody = replace(people, user_further=np.zeros_like(people.user_further))

    def written(audience: Audience, rows: int) -> ModelFolder:
        arrays = ModelArrays(
            user_ids=folder.user_ids,
            user_vectors=folder.user_vectors,
            demographic=folder.demographic,
            movie_ids=folder.movie_ids,
            movie_vectors=folder.movie_vectors,
            num_ratings=folder.num_ratings,
            tables=replace(folder.tables, further=table[:rows]),
            seen=folder.seen,
            audience=audience,
            stars=folder.stars,
        )
        text, path = folder.vocabulary_text, tmp_path / "other.model"
        return write_model(path, folder.info, arrays, vocabulary_text=text, save_towers=lambda path: None)

    assert open_vocabulary(written(nobody, len(table))).demographics.further
    with pytest.raises(ArtifactError, match="is not the vocabulary of this model's vectors"):
        open_vocabulary(written(nobody, len(table) - 1))
    with pytest.raises(ArtifactError, match=r"further\.npz: .* must hold .* rows of each user"):
        _ = written(people, 2).audience


def test_the_same_is_answered_however_it_is_asked(shop: Path, recommender: Recommender) -> None:
    asked = json.loads(ask(shop, "--attribute", "plan=Family", "--attribute", "income=85", "--json").stdout)
    assert_promised(asked, "recsys recommend")
    assert asked["query"]["attributes"]["plan"] == "Family"
    line = ask(shop, "--stdin", stdin='{"attributes": {"PLAN": "family", "income": 85}}\n').stdout
    assert json.loads(line) == asked
    movies = recommender.recommend(attributes={"plan": "family", "income": 85}).movies
    assert [movie.movie_id for movie in movies] == [movie["movie_id"] for movie in asked["movies"]]
    people = shop / "people.csv"
    people.write_text("id,income,plan\n900,85,family\n901,,Odd\n")
    lists = ask(shop, "--users", str(people), "-o", "-", "--json")
    assert lists.exit_code == 0, lists.stderr
    assert "attributes of values that the model does not know, which count as unknown: 1" in lists.stderr
    assert "left out, neither in the model nor described: 1 (901)" in lists.stderr
    (listed,) = map(json.loads, lists.stdout.splitlines())
    assert [movie["movie_id"] for movie in listed["movies"]] == [movie["movie_id"] for movie in asked["movies"]]
    text = ask(shop, "--attribute", "plan=family").stdout
    assert text.startswith("plan Family\n")


def train_without_item_columns(folder: Path) -> Path:
    write_shop(folder / "plain", DATASET_TOML.replace(ITEM_COLUMNS, ""))
    done = recsys("train", "--data", folder / "plain", "--model", folder / "plain.model", *TRAINING)
    assert done.exit_code == 0, done.output
    return folder / "plain.model"


def new_items_of_own_taste(recommender: Recommender) -> float:
    """Share of the own taste among the first new items, over the tastes."""
    shares = []
    for taste, said in enumerate(SAID):
        movies = recommender.recommend(attributes=said, k=NUM_ITEMS + NUM_NEW).movies
        new = [movie.movie_id for movie in movies if movie.movie_id >= NUM_ITEMS]
        shares.append(share_of_taste(new[: NUM_NEW // NUM_TASTES], taste))
    return float(np.mean(shares))


def test_new_movies_stand_where_their_columns_put_them(
    shop: Path, recommender: Recommender, tmp_path: Path
) -> None:
    with Recommender.open(train_without_item_columns(tmp_path), milvus_uri="exact") as plain:
        assert new_items_of_own_taste(recommender) > new_items_of_own_taste(plain) + 0.25


def test_a_new_movie_file_carries_the_columns_to_the_tower(shop: Path, tmp_path: Path) -> None:
    """Movies of ids that the model does not know have the vectors of known ones with the same fields."""
    path, output = tmp_path / "new.csv", tmp_path / "movies_data.txt"
    lines = (shop / "data" / "items.csv").read_text().splitlines()
    renamed = [f"9{line}" for line in lines[1 + NUM_ITEMS :]]
    folder = ModelFolder.open(shop / "shop.model")
    options = ("-f", path, "--model", folder.path, "-o", output)
    path.write_text("\n".join([lines[0], *renamed]) + "\n")
    done = recsys("preprocess", *options)
    assert done.exit_code == 0, done.output
    assert "file has not" not in done.output
    np.testing.assert_allclose(vectors(folder, output), folder.movie_vectors[NUM_ITEMS:], atol=1e-5)
    # Without the columns nothing is known of the same movies, which is said once.
    path.write_text("\n".join(",".join(line.split(",")[:2]) for line in [lines[0], *renamed]) + "\n")
    done = recsys("preprocess", *options)
    assert "columns that the file has not, unknown of new movies: 3 (studio, runtime, plot)" in done.output
    assert not np.allclose(vectors(folder, output), folder.movie_vectors[NUM_ITEMS:], atol=1e-2)
    # Known ones stay what they are.
    path.write_text("\n".join(",".join(line.split(",")[:2]) for line in lines) + "\n")
    assert recsys("preprocess", *options).exit_code == 0
    np.testing.assert_array_equal(vectors(folder, output), folder.movie_vectors)


def test_people_and_movies_of_other_ids_are_measured_by_their_columns(
    shop: Path, recommender: Recommender, tmp_path: Path
) -> None:
    """What `evaluate` takes for somebody cold, and for a new movie, is what would be served."""
    write_shop(tmp_path)
    for name, ids in (("customers.csv", 1), ("items.csv", 1), ("ratings.csv", 2)):
        header, *lines = (tmp_path / name).read_text().splitlines()
        shifted = (
            ",".join(["9" + each for each in line.split(",")[:ids]] + line.split(",")[ids:]) for line in lines
        )
        (tmp_path / name).write_text("\n".join([header, *shifted]) + "\n")
    dataset, folder = read_dataset(tmp_path), ModelFolder.open(shop / "shop.model")
    served = ServedModel(folder, dataset)
    place = int(np.searchsorted(dataset.user_ids, 918))
    plan, income = customer_fields(18)
    asked = understand(Person(attributes=(("plan", plan), ("income", income))), recommender.index, k=1)
    np.testing.assert_allclose(served.user_vectors[place + 1], asked.vector, atol=1e-6)
    new = [
        int(np.searchsorted(dataset.movie_ids, int(f"9{item}"))) for item in range(NUM_ITEMS, NUM_ITEMS + NUM_NEW)
    ]
    found = served.movie_vectors[np.array(new) + 1]
    np.testing.assert_allclose(found, folder.movie_vectors[NUM_ITEMS:], atol=1e-5)


def vectors(folder: ModelFolder, movies_data: Path) -> NDArray[np.float32]:
    """Of all movies of a movies_data.txt, as they are indexed."""
    found: NDArray[np.float32] = load_content(folder, MoviesFile.read(movies_data)).vectors[:]
    return found


def test_attributes_hold_beside_favourites_and_for_known_people(shop: Path, recommender: Recommender) -> None:
    alone = recommender.recommend(like="Thing 3", k=3)
    both = recommender.recommend(like="Thing 3", attributes=SAID[0], k=3)
    assert alone.movies != both.movies
    known = recommender.recommend(user=18, attributes={"plan": "basic"})
    assert known.notes == ("user 18 is in the model: age, gender, job and attributes are not used",)
    plan, _ = customer_fields(18)
    assert known.query.attributes["plan"] == plan
    assert taste_of_customer(18) == taste_of_item(known.movies[0].movie_id)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--attribute", "plan"), "--attribute 'plan' is not allowed; allowed: NAME=VALUE"),
        (
            ("--attribute", "plan=famly"),
            "--attribute: plan: 'famly' is not allowed; near: Family; allowed: Basic, Family",
        ),
        (("--attribute", "plam=x"), "--attribute: 'plam' is not an attribute; near: plan; allowed: plan, income"),
    ],
)
def test_a_wrong_attribute_is_one_line(shop: Path, arguments: tuple[str, ...], message: str) -> None:
    result = ask(shop, *arguments)
    assert (result.exit_code, result.stderr) == (2, f"Error: {message}\n")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", 'attributes: not an object of names and values, such as {"plan": "family"}'),
        ({"plan": True}, "attributes: true is not a text or a whole number or a number"),
    ],
)
def test_attributes_of_a_line_are_checked(value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        question({"attributes": value}, Question())
    assert str(error.value) == message


def test_a_later_training_starts_at_the_columns_that_both_have(shop: Path, tmp_path: Path) -> None:
    for categories, said in (
        ('["plan"]', "alone, not carried over: income"),
        ('["plan"]\nnumbers = ["income"]', ""),
    ):
        toml = DATASET_TOML.replace(CUSTOMER_COLUMNS, f"categories = {categories}\n")
        write_shop(tmp_path / "data", toml)
        options = ("--data", tmp_path / "data", "--model", tmp_path / "next.model", "--epochs", "1")
        done = recsys("train", "--from", shop / "shop.model", *options)
        assert done.exit_code == 0, done.output
        assert said in done.output
        assert ("not carried over" in done.output) is bool(said)
        again = recsys(
            "recommend", "--model", tmp_path / "next.model", "--exact", "--attribute", "plan=family", "--json"
        )
        items = [movie["movie_id"] for movie in json.loads(again.stdout)["movies"]]
        assert all(taste_of_item(item) >= NUM_TASTES // 2 for item in items)
