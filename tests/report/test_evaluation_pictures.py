"""Pictures of an evaluation show the numbers that they are given."""

import pytest

from recsys_cli.evaluation.estimates import Estimate
from recsys_cli.evaluation.parts import Part
from recsys_cli.evaluation.result import GroupReport, Row
from recsys_cli.report.evaluation_pictures import parts_picture


@pytest.fixture
def group() -> GroupReport:
    return GroupReport(
        kind="known",
        title="Known users",
        users=40,
        rankers=40,
        ratings=90,
        candidates=20,
        reference="popular",
        rows=(Row(name="model", title="recsys, hybrid"),),
    )


def test_parts_are_rows_with_their_intervals_and_the_lowest_is_named(group: GroupReport) -> None:
    parts = (
        Part(value="F", users=1_200, ndcg=Estimate(0.31, 0.29, 0.33)),
        Part(value="M", users=900, ndcg=Estimate(0.25, 0.22, 0.28)),
        Part(value="unknown", users=3),
    )
    picture = parts_picture(group, "gender", parts, k=10)
    assert picture is not None
    assert (picture.name, picture.title) == ("by-known-gender", "Known users by gender: NDCG@10")
    assert picture.description == "Lowest for M."
    assert picture.table.columns == ("Gender", "People", "NDCG@10", "Low", "High")
    assert picture.table.rows == (
        ("F", "1,200", "0.310", "0.290", "0.330"),
        ("M", "900", "0.250", "0.220", "0.280"),
    )
    assert picture.svg().count(b">F<") == 1


def test_parts_without_a_list_have_no_picture(group: GroupReport) -> None:
    assert parts_picture(group, "job", (Part(value="artist", users=2),), k=10) is None
