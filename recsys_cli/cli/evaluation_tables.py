"""What ``recsys evaluate`` prints: tables of ratings, rankings, the breadth of the lists, and of people."""

from typing import TYPE_CHECKING

import click
from rich.table import Table

from recsys_cli.cli.render import echo_csv, echo_table, echo_text
from recsys_cli.documents import plain

if TYPE_CHECKING:
    from recsys_cli.evaluation.estimates import Estimate
    from recsys_cli.evaluation.favourites_curve import FavouritesCurve
    from recsys_cli.evaluation.result import EvaluationReport, GroupReport
    from recsys_cli.evaluation.similar_movies import SimilarMeasure

_RATINGS = {"rmse": "RMSE", "mae": "MAE"}
_RANKINGS = {"ndcg": "NDCG@{k}", "recall": "Recall@{k}"}
_BREADTH = {"coverage": "Coverage", "diversity": "Diversity", "long_tail": "Long tail", "novelty": "Novelty"}


def echo_report(report: "EvaluationReport") -> None:
    """Print a report for people: how ratings are estimated, how movies are ranked, for whom, what was done."""
    for title, columns in (("Ratings", _RATINGS), ("Rankings", _RANKINGS), ("Breadth of the lists", _BREADTH)):
        groups = [group for group in report.groups if _has_any(group, columns)]
        if groups:
            echo_table(_table(title, columns, groups, k=report.k))
            click.echo()
    for attribute in dict.fromkeys(name for group in report.groups for name in group.by):
        echo_table(_parts_table(attribute, report))
        click.echo()
    if report.favourites is not None:
        echo_table(_favourites_table(report.favourites, k=report.k))
        click.echo()
    if report.similar is not None:
        echo_table(_similar_table(report.similar))
        click.echo()
    for text in (*report.protocol, *report.notes, f"{report.data}, {report.seconds:.0f} s"):
        echo_text(text)


def echo_report_csv(report: "EvaluationReport") -> None:
    """Print what was measured as comma-separated values, a line a number: of the recommenders in every group."""
    metrics = (*_RATINGS, *_RANKINGS, *_BREADTH, "lift")
    numbers = (
        {"group": group.kind, "name": row.name, "metric": metric} | plain(getattr(row, metric))
        for group in report.groups
        for row in group.rows
        for metric in metrics
        if getattr(row, metric) is not None
    )
    echo_csv(("group", "name", "metric", "value", "low", "high"), numbers)


def _parts_table(attribute: str, report: "EvaluationReport") -> Table:
    """The model on the people of each value of an attribute, one section a group."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"recsys, by {attribute}", no_wrap=True)
    for name in ("People", "RMSE", f"NDCG@{report.k}"):
        table.add_column(name, justify="right", no_wrap=True)
    for group in report.groups:
        table.add_section()
        table.add_row(group.title, style="bold")
        for part in group.by[attribute]:
            table.add_row(f"  {part.value}", f"{part.users:,}", _cell(part.rmse), _cell(part.ndcg))
    return table


def _favourites_table(curve: "FavouritesCurve", *, k: int) -> Table:
    """NDCG of cold users by the number of favourites they name."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"NDCG@{k} after so many likes, {curve.users:,} users", no_wrap=True)
    for count in curve.shown:
        table.add_column(str(count), justify="right", no_wrap=True)
    for title, values in (("recsys", curve.ndcg), ("most popular", curve.popular)):
        table.add_row(f"  {title}", *(f"{value:.3f}" for value in values))
    return table


def _similar_table(measure: "SimilarMeasure") -> Table:
    """How often cold users like movies that are like one they like."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(f"{measure.k} movies like one that a person likes, {measure.users:,} users", no_wrap=True)
    for name in ("Liked, too", "Lift"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in measure.rows:
        table.add_row(f"  {row.title}", f"{row.share:.3f}", f"{row.lift:.2f}")
    return table


def _has_any(group: "GroupReport", columns: dict[str, str]) -> bool:
    return any(getattr(row, name) is not None for row in group.rows for name in columns)


def _table(title: str, columns: dict[str, str], groups: list["GroupReport"], *, k: int) -> Table:
    """One section a group: the model, the baselines, the difference to the best of them."""
    is_ranking, is_list = "ndcg" in columns, "rmse" not in columns
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(title, no_wrap=True)
    for name in columns.values():
        table.add_column(name.format(k=k), justify="right", no_wrap=True)
    if is_ranking:
        table.add_column("Lift", justify="right", no_wrap=True)
    for group in groups:
        table.add_section()
        table.add_row(_heading(group, is_list=is_list), style="bold")
        for row in group.rows:
            values = [getattr(row, name) for name in columns]
            if any(value is not None for value in values):
                lift = [f"{row.lift.value:.2f}" if row.lift else ""] if is_ranking else []
                table.add_row(f"  {row.title}", *map(_cell, values), *lift)
        for name, cells in _differences(group, columns).items():
            table.add_row(f"  less {name}", *cells, style="italic")
    return table


def _heading(group: "GroupReport", *, is_list: bool) -> str:
    return f"{group.title}, {group.rankers if is_list else group.users:,}"


def _cell(value: "Estimate | None") -> str:
    return "" if value is None else f"{value.value:.3f} {_width(value)}"


def _width(value: "Estimate") -> str:
    """Half of the interval, without the zero before the point: two tables of it fit 80 columns."""
    return f"±{value.half_width:.3f}".replace("±0.", "±.")


def _differences(group: "GroupReport", columns: dict[str, str]) -> dict[str, list[str]]:
    """Cells of the differences by title of the baseline; one line where one baseline is best by every metric."""
    titles = {row.name: row.title for row in group.rows}
    lines: dict[str, list[str]] = {}
    for difference in group.differences:
        if difference.metric in columns:
            cells = lines.setdefault(titles[difference.baseline], [""] * len(columns))
            estimate = difference.estimate
            cells[list(columns).index(difference.metric)] = f"{estimate.value:+.3f} {_width(estimate)}"
    return lines
