"""Pictures of training and evaluation: epochs, every method beside the model, favourites, breadth."""

from __future__ import annotations

from collections.abc import Sequence

from recsys_cli.evaluation.estimates import Estimate
from recsys_cli.evaluation.parts import Part
from recsys_cli.evaluation.result import EvaluationReport, GroupReport, Row
from recsys_cli.model.history import History
from recsys_cli.report.drawing import Picture, Table, canvas, colour, label_end, numbers, style

LOWER_IS_BETTER = {"rmse"}
_LIFT = 9  # points, where labels would meet
_BREADTH = {
    "coverage": (
        "breadth",
        "Accuracy against breadth",
        "share of the catalogue that anybody is shown",
        "Coverage",
        "of the catalogue",
    ),
    "long_tail": (
        "breadth-tail",
        "Accuracy against the long tail",
        "share of a list that is not among the most rated movies",
        "Long tail",
        "of the long tail",
    ),
}
SHORT = {"rmse": "RMSE", "ndcg": "NDCG@{k}"}


def training_pictures(history: History, baselines: dict[str, float]) -> list[Picture]:
    """Loss, RMSE and NDCG@10 by epoch, the kept epoch marked, the baselines as lines."""
    shown = (
        ("loss", "Training loss", "lower is better", ()),
        ("rmse", "RMSE of the stars", "lower is better", ("mean", "user + movie biases")),
        ("ndcg@10", "NDCG@10 of the lists", "higher is better", ("most popular",)),
    )
    pictures = []
    for metric, title, direction, names in shown:
        if any(metric in epoch for epoch in history.epochs):
            lines = {
                name: baselines[f"{metric} of {name}"] for name in names if f"{metric} of {name}" in baselines
            }
            pictures.append(_epochs(history, metric, f"{title} by epoch", direction, lines))
    return pictures


def _epochs(history: History, metric: str, title: str, direction: str, lines: dict[str, float]) -> Picture:
    points = [(place, epoch[metric]) for place, epoch in enumerate(history.epochs, 1) if metric in epoch]
    epochs, values = [point[0] for point in points], [point[1] for point in points]
    name = f"training-{metric.split('@')[0]}"
    with style(name):
        figure, axes = canvas(left=44, right=16)
        for baseline, value in lines.items():
            axes.axhline(value, color=colour("other"), linewidth=1.4, linestyle=(0, (4, 3)))
            axes.annotate(baseline, (1, value), xycoords=("axes fraction", "data"), xytext=(-2, 5),
                          textcoords="offset points", ha="right", color=colour("soft"))  # fmt: skip
        axes.plot(epochs, values, color=colour("model"), linewidth=2.4, marker="o", markersize=3.5)
        kept = history.kept_epoch
        if kept in epochs:
            value = values[epochs.index(kept)]
            axes.plot([kept], [value], "o", markersize=10, color="none", markeredgecolor=colour("model"),
                      markeredgewidth=1.8)  # fmt: skip
        low, high = min([*values, *lines.values()]), max([*values, *lines.values()])
        room = (high - low) * 0.14 or 0.1
        axes.set(xlabel="epoch", ylim=(low - room, high + room), xlim=(0.6, max(epochs) + 0.6))
        axes.set_xticks(range(1, max(epochs) + 1, -(-max(epochs) // 10)))
    rows = [(str(epoch), f"{value:.4f}", "kept" if epoch == kept else "") for epoch, value in points]
    rows += [(baseline, f"{value:.4f}", "baseline") for baseline, value in lines.items()]
    description = f"{values[0]:.3f} after the first epoch, {values[-1]:.3f} after the last; {direction}."
    if kept in epochs:
        description += f" The ring marks epoch {kept}, which was kept."
    return Picture(name, title, description, figure, Table(("Epoch", title.split(" by ")[0], ""), tuple(rows)))


def verdict_picture(evaluation: EvaluationReport, metric: str) -> Picture | None:
    """The model beside the best baseline, in each group."""
    rows = []
    for group in evaluation.groups:
        gap = next((gap for gap in group.differences if gap.metric == metric), None)
        own, best = getattr(group.model, metric), group.row(gap.baseline) if gap else None
        rival = getattr(best, metric) if best else None
        if best is not None and own is not None and rival is not None:
            rows.append((group.title, own, best.title, rival))
    if not rows:
        return None
    label, name = SHORT[metric].format(k=evaluation.k), f"verdict-{metric}"
    with style(name):
        figure, axes = canvas(height=58 + 56 * len(rows), left=80, right=20, grid="x", bottom=38)
        for place, (_, own, title, rival) in enumerate(rows):
            y = -place
            axes.plot([own.value, rival.value], [y, y], color=colour("line"), linewidth=5, zorder=1)
            _dot(axes, rival, y, "rival")
            _dot(axes, own, y, "model")
            axes.annotate(title, (rival.value, y), xytext=(0, -15), textcoords="offset points", va="center",
                          ha=_side(own, rival), color=colour("rival"), fontsize=9.5)  # fmt: skip
            axes.annotate("recsys", (own.value, y), xytext=(0, 14), textcoords="offset points", va="center",
                          ha=_side(rival, own), color=colour("model"), fontsize=10, weight="bold")  # fmt: skip
        axes.set_yticks([-place for place in range(len(rows))], [row[0] for row in rows])
        _room(axes, [interval for row in rows for interval in (row[1], row[3])], share=0.22)
        better = "lower is better" if metric in LOWER_IS_BETTER else "higher is better"
        axes.set(ylim=(0.6 - len(rows), 0.6), xlabel=f"{label}, {better}")
    cells = tuple((row[0], _text(row[1]), row[2], _text(row[3])) for row in rows)
    words = "; ".join(
        f"{group}: {own.value:.3f} beside {rival.value:.3f} of {title}" for group, own, title, rival in rows
    )
    table = Table(("Group", "recsys", "Best baseline", "Its value"), cells)
    return Picture(name, f"{label}: the model beside the best baseline", f"{words}.", figure, table)


def methods_picture(group: GroupReport, metric: str, *, k: int) -> Picture | None:
    """Every method as a dot with its interval, best first."""
    found = [(row, value) for row in group.rows if (value := getattr(row, metric)) is not None]
    if len(found) < 2:
        return None
    found.sort(key=lambda item: item[1].value, reverse=metric not in LOWER_IS_BETTER)
    label, name = SHORT[metric].format(k=k), f"methods-{group.kind}-{metric}"
    with style(name):
        figure, axes = canvas(height=56 + 21 * len(found), left=122, right=50, grid="x", bottom=38)
        for place, (row, value) in enumerate(found):
            role = _role(row, group, metric)
            _dot(axes, value, -place, role)
            axes.annotate(f"{value.value:.3f}", (1, -place), xycoords=("axes fraction", "data"), xytext=(8, 0),
                          textcoords="offset points", va="center", color=colour(_ink(role)),
                          weight="bold" if role == "model" else "normal")  # fmt: skip
        axes.set_yticks([-place for place in range(len(found))], [_short(row) for row, _ in found])
        for text, (row, _) in zip(axes.get_yticklabels(), found, strict=True):
            role = _role(row, group, metric)
            text.set(color=colour(_ink(role)), weight="bold" if role == "model" else "normal")
        _room(axes, [value for _, value in found], share=0.06)
        axes.set(xlabel=label, ylim=(0.7 - len(found), 0.7))
    cells = tuple((row.title, *numbers((value.value, value.low, value.high))) for row, value in found)
    first = found[0]
    description = (
        f"{first[0].title} is first with {_text(first[1])}; {group.users:,} people, {group.ratings:,} ratings."
    )
    table = Table(("Method", label, "Low", "High"), cells)
    return Picture(name, f"{group.title}: {label}", description, figure, table)


def favourites_picture(evaluation: EvaluationReport) -> Picture | None:
    """NDCG of people who name a few likes."""
    curve = evaluation.favourites
    if curve is None:
        return None
    with style("favourites"):
        figure, axes = canvas(left=40, right=84)
        places = range(len(curve.shown))
        for values, name, title in ((curve.popular, "other", "most popular"), (curve.ndcg, "model", "recsys")):
            axes.plot(places, values, color=colour(name), linewidth=2.4, marker="o", markersize=5)
            label_end(axes, places[-1], values[-1], title, "soft" if name == "other" else name, dx=10)
        axes.set_xticks(places, [str(count) for count in curve.shown])
        axes.set(xlabel="likes named by a person never seen before")
    cells = tuple(
        (str(count), *numbers(pair)) for count, *pair in zip(curve.shown, curve.ndcg, curve.popular, strict=True)
    )
    description = (
        f"From {curve.ndcg[0]:.3f} without a like to {curve.ndcg[-1]:.3f} with {curve.shown[-1]}; "
        f"{curve.users:,} people."
    )
    table = Table(("Likes", "recsys", "Most popular"), cells)
    return Picture("favourites", f"NDCG@{evaluation.k} after a few favourites", description, figure, table)


def breadth_picture(group: GroupReport, metric: str, *, k: int) -> Picture | None:
    """Accuracy against breadth, every method a point.

    Args:
        group: all methods.
        metric: ``coverage`` or ``long_tail``, a share.
        k: places of a list.
    """
    found = [
        (row, breadth.value, row.ndcg.value)
        for row in group.rows
        if row.ndcg is not None and (breadth := getattr(row, metric)) is not None
    ]
    if len(found) < 2:
        return None
    name, title, axis, word, most = _BREADTH[metric]
    with style(name):
        figure, axes = canvas(left=44, right=20, grid="both", height=262)
        taken: list[float] = []
        top, height = max(x for _, x, _ in found), max(y for *_, y in found) - min(y for *_, y in found)
        ordered = sorted(found, key=lambda item: -item[2])
        for row, x, y in ordered:
            role = _role(row, group, "ndcg")
            axes.plot([x], [y], "o", color=colour(role), markersize=9 if role == "model" else 7)
            lift = 0 if role == "other" else _LIFT if row is ordered[0][0] else -_LIFT
            near = [other for other in taken if abs(other - y) < 0.07 * height]
            taken.append(y)
            if role != "other" or not near:
                label_end(axes, x, y, _short(row), _ink(role), dx=-9 if x > top * 0.55 else 9, dy=lift)
        axes.set(xlabel=axis, ylabel=f"NDCG@{k}")
        axes.margins(0.12, 0.14)
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    cells = tuple((row.title, *numbers([y, x])) for row, x, y in found)
    best = max(found, key=lambda item: item[1])[0]
    description = f"Right is a wider choice, up is a better list. {best.title} shows most {most}."
    return Picture(name, title, description, figure, Table(("Method", f"NDCG@{k}", word), cells))


def parts_picture(group: GroupReport, attribute: str, parts: Sequence[Part], *, k: int) -> Picture | None:
    """NDCG of the model for each gender, age group or job."""
    found = [(part, part.ndcg) for part in parts if part.ndcg is not None]
    if not found:
        return None
    name, label = f"by-{group.kind}-{attribute}", SHORT["ndcg"].format(k=k)
    with style(name):
        figure, axes = canvas(height=56 + 19 * len(found), left=122, right=50, grid="x", bottom=38)
        for place, (_, value) in enumerate(found):
            _dot(axes, value, -place, "model")
        axes.set_yticks([-place for place in range(len(found))], [part.value for part, _ in found])
        _room(axes, [value for _, value in found], share=0.06)
        axes.set(xlabel=label, ylim=(0.7 - len(found), 0.7))
    cells = tuple((part.value, f"{part.users:,}", *numbers((v.value, v.low, v.high))) for part, v in found)
    low = min(found, key=lambda item: item[1].value)
    table = Table((attribute.title(), "People", label, "Low", "High"), cells)
    return Picture(name, f"{group.title} by {attribute}: {label}", f"Lowest for {low[0].value}.", figure, table)


def _dot(axes, value: Estimate, y: float, role: str) -> None:  # type: ignore[no-untyped-def]
    axes.plot([value.low, value.high], [y, y], color=colour(role), linewidth=2, zorder=2)
    axes.plot([value.value], [y], "o", color=colour(role), markersize=8 if role == "model" else 6.5, zorder=3)


def _room(axes, values: Sequence[Estimate], *, share: float) -> None:  # type: ignore[no-untyped-def]
    low, high = min(value.low for value in values), max(value.high for value in values)
    room = (high - low) * share or 0.05
    axes.set_xlim(low - room, high + room)


def _role(row: Row, group: GroupReport, metric: str) -> str:
    if row is group.model:
        return "model"
    return (
        "rival" if any(gap.metric == metric and gap.baseline == row.name for gap in group.differences) else "other"
    )


def _ink(role: str) -> str:
    return "soft" if role == "other" else role


def _short(row: Row) -> str:
    return "recsys" if row.name == "model" else row.title


def _side(other: Estimate, own: Estimate) -> str:
    return "left" if own.value >= other.value else "right"


def _text(value: Estimate) -> str:
    return f"{value.value:.3f} ± {value.half_width:.3f}"
