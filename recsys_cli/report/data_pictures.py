"""Pictures of the data and of the stars: ratings by value, movie and person, gaps, calibration, errors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.reader import Dataset
from recsys_cli.dataset.titles import title_year
from recsys_cli.model.arrays import Estimates
from recsys_cli.report.drawing import Picture, Table, canvas, colour, label_end, style

_BINS = 10
_TICKS = [step * 10**power for power in range(7) for step in (1, 2, 5)]
_LEAST = 20  # ratings of a bin of the calibration that is drawn


def stars_pictures(held_out: Estimates, *, low: float, high: float) -> list[Picture]:
    """Estimated against given on a scale from low to high, and the error by how often the movie was rated."""
    return [_calibration(held_out, low, high), _error_by_popularity(held_out)]


def _calibration(held_out: Estimates, low: float, high: float) -> Picture:
    edges = np.linspace(low, high, 2 * _BINS + 1)
    bins = np.clip(np.digitize(held_out.estimated, edges) - 1, 0, 2 * _BINS - 1)
    counts = np.bincount(bins, minlength=2 * _BINS)
    means = [
        np.bincount(bins, of, 2 * _BINS) / np.maximum(counts, 1) for of in (held_out.estimated, held_out.given)
    ]
    spread = np.sqrt(
        np.maximum(np.bincount(bins, held_out.given**2, 2 * _BINS) / np.maximum(counts, 1) - means[1] ** 2, 0)
    )
    shown = np.flatnonzero(counts >= min(_LEAST, counts.max()))
    with style("calibration"):
        figure, axes = canvas(left=40, right=24, grid="both", height=262)
        axes.plot([low, high], [low, high], color=colour("other"), linewidth=1.4, linestyle=(0, (4, 3)))
        error = 1.96 * spread[shown] / np.sqrt(counts[shown])
        axes.vlines(
            means[0][shown], means[1][shown] - error, means[1][shown] + error, color=colour("model"), linewidth=2
        )
        sizes = 12 + 130 * counts[shown] / counts.max()
        axes.scatter(means[0][shown], means[1][shown], s=sizes, color=colour("model"), linewidths=0, zorder=3)
        axes.annotate("just as estimated", (high, high), xytext=(-6, -2), textcoords="offset points", ha="right",
                      va="bottom", color=colour("soft"), rotation=0)  # fmt: skip
        room = (high - low) * 0.05
        axes.set(xlabel="estimated stars", ylabel="mean of the ratings given", xlim=(low - room, high + room),
                 ylim=(low - room, high + room))  # fmt: skip
    rows = tuple(
        (f"{edges[b]:.1f} to {edges[b + 1]:.1f}", f"{counts[b]:,}", f"{means[0][b]:.2f}", f"{means[1][b]:.2f}")
        for b in np.flatnonzero(counts)
    )
    off = float((np.abs(means[0] - means[1]) * counts).sum() / counts.sum())
    description = (
        f"{len(held_out.given):,} ratings held out of training. A point is the ratings with about that estimate, "
        f"the larger the more of them; on average it is {off:.2f} stars off the line."
    )
    return Picture("calibration", "Estimated against given stars", description, figure,
                   Table(("Estimate", "Ratings", "Mean estimate", "Mean given"), rows))  # fmt: skip


def _error_by_popularity(held_out: Estimates) -> Picture:
    edges = [0, 10, 30, 100, 300, 1000, 3000, np.inf]
    names = ["under 10", "10-29", "30-99", "100-299", "300-999", "1,000-2,999", "3,000 +"]
    bins = np.digitize(held_out.num_ratings, edges) - 1
    rows = []
    for place, name in enumerate(names):
        chosen = bins == place
        if chosen.any():
            error = held_out.estimated[chosen] - held_out.given[chosen]
            rows.append(
                (name, int(chosen.sum()), float(np.sqrt((error**2).mean())), float(held_out.given[chosen].std()))
            )
    with style("popularity-error"):
        figure, axes = canvas(left=96, right=44, grid="x", height=58 + 27 * len(rows), bottom=38)
        places = [-place for place in range(len(rows))]
        axes.hlines(places, [row[2] for row in rows], [row[3] for row in rows], color=colour("line"), linewidth=5)
        axes.plot([row[3] for row in rows], places, "o", color=colour("other"), markersize=6.5)
        axes.plot([row[2] for row in rows], places, "o", color=colour("model"), markersize=8)
        side = 9 if rows[0][2] > rows[0][3] else -9
        label_end(axes, rows[0][2], 0, "recsys", "model", dx=side)
        label_end(axes, rows[0][3], 0, "their mean", "soft", dx=-side)
        axes.set_yticks(places, [row[0] for row in rows])
        axes.margins(0.3, 0.12)
        axes.set(xlabel="RMSE in stars", ylabel=None)
    cells = tuple((row[0], f"{row[1]:,}", f"{row[2]:.3f}", f"{row[3]:.3f}") for row in rows)
    description = (
        f"Movies in bins by their ratings in training. RMSE falls from {rows[0][2]:.2f} to "
        f"{rows[-1][2]:.2f} where "
        "much is known; grey is the spread of the ratings about their own mean."
    )
    return Picture("popularity-error", "Error by how often a movie was rated", description, figure,
                   Table(("Ratings in training", "Measured", "RMSE", "Spread about the mean"), cells))  # fmt: skip


def data_pictures(dataset: Dataset, times: NDArray[np.int64]) -> list[Picture]:
    """Ratings by value, by movie, by user, and over time where the times (N,) are known; what is missing."""
    ratings = dataset.ratings
    by_movie = np.bincount(ratings.movie_rows, minlength=len(dataset.movie_ids) + 1)[1:]
    by_user = np.bincount(ratings.user_rows, minlength=len(dataset.user_ids) + 1)[1:]
    return [
        _by_value(ratings.values),
        _long_tail(by_movie),
        _by_user(by_user),
        *_by_time(times),
        _gaps(dataset, by_movie, by_user),
    ]


def _by_value(values: NDArray[np.float32]) -> Picture:
    levels, counts = np.unique(values, return_counts=True)
    if len(levels) > 2 * _BINS:
        counts, edges = np.histogram(values, _BINS)
        levels = (edges[1:] + edges[:-1]) / 2
    shares = counts / counts.sum()
    with style("by-value"):
        figure, axes = canvas(left=40)
        width = 0.72 * (float(np.diff(levels).min()) if len(levels) > 1 else 1.0)
        axes.bar(levels, shares, width=width, color=colour("fill"))
        for level, share in zip(levels, shares, strict=True):
            if len(levels) <= _BINS:
                axes.annotate(f"{100 * share:.0f} %", (level, share), xytext=(0, 4), textcoords="offset points",
                              ha="center", color=colour("ink"))  # fmt: skip
        axes.set_xticks(levels if len(levels) <= _BINS else levels[::2])
        axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set(xlabel="rating", ylim=(0, shares.max() * 1.15))
    rows = tuple(
        (f"{level:g}", f"{count:,}", f"{100 * share:.1f} %")
        for level, count, share in zip(levels, counts, shares, strict=True)
    )
    description = (
        f"{len(values):,} ratings with a mean of {values.mean(dtype=np.float64):.2f}; most often "
        f"{levels[counts.argmax()]:g}."
    )
    return Picture(
        "by-value", "Ratings by value", description, figure, Table(("Rating", "Ratings", "Share"), rows)
    )


def _long_tail(by_movie: NDArray[np.int64]) -> Picture:
    ordered = np.sort(by_movie)[::-1]
    share = np.concatenate([[0], np.cumsum(ordered) / ordered.sum()])
    places = np.arange(len(share)) / len(ordered)
    tenth = float(np.interp(0.1, places, share))
    keep = np.unique(np.linspace(0, len(share) - 1, 120).astype(int))
    with style("long-tail"):
        figure, axes = canvas(left=44, right=18, grid="both")
        axes.fill_between(places[keep], share[keep], color=colour("fill"), alpha=0.25, linewidth=0)
        axes.plot(places[keep], share[keep], color=colour("rival"), linewidth=2.4)
        axes.plot([0.1], [tenth], "o", color=colour("model"), markersize=8)
        label_end(axes, 0.1, tenth, f"a tenth of the movies: {100 * tenth:.0f} %", "model", dx=12, dy=-3)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set(xlabel="movies, the most rated first", ylabel="of all ratings", xlim=(0, 1), ylim=(0, 1.03))
    rows = tuple(
        (f"{100 * at:.0f} %", f"{100 * np.interp(at, places, share):.1f} %")
        for at in (0.01, 0.05, 0.1, 0.2, 0.5, 1)
    )
    description = (
        f"The most rated tenth has {100 * tenth:.0f} % of the ratings; {int((by_movie == 0).sum()):,} of "
        f"{len(by_movie):,} movies have none."
    )
    return Picture(
        "long-tail",
        "Ratings by movie: the long tail",
        description,
        figure,
        Table(("Movies", "Share of the ratings"), rows),
    )


def _by_user(by_user: NDArray[np.int64]) -> Picture:
    rated = by_user[by_user > 0]
    edges = np.unique(np.geomspace(rated.min(), rated.max() + 1, 24).round())
    counts, edges = np.histogram(rated, edges if len(edges) > 1 else 1)
    median = float(np.median(rated))
    with style("by-user"):
        figure, axes = canvas(left=44)
        axes.bar(edges[:-1], counts, width=np.diff(edges) * 0.92, align="edge", color=colour("fill"))
        axes.axvline(median, color=colour("model"), linewidth=1.8)
        axes.annotate(f"half rated {median:,.0f} or fewer", (median, 1), xytext=(6, -2),
                      xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", color=colour("model"))  # fmt: skip
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_xticks([tick for tick in _TICKS if rated.min() <= tick <= rated.max()], minor=False)
        axes.set_xticks([], minor=True)
        axes.tick_params(which="minor", length=0)
        axes.set(xlabel="ratings of a person", ylabel="people", ylim=(0, counts.max() * 1.15))
    rows = tuple(
        (f"{low:,.0f} to {high - 1:,.0f}", f"{count:,}")
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    )
    description = (
        f"{len(rated):,} people have ratings, from {rated.min():,} to {rated.max():,} each; the median "
        f"is {median:,.0f}."
    )
    return Picture("by-user", "Ratings by person", description, figure, Table(("Ratings", "People"), rows))


def _by_time(times: NDArray[np.int64]) -> list[Picture]:
    """Ratings by month; nothing where no two months are known."""
    months, counts = np.unique(times.astype("datetime64[s]").astype("datetime64[M]"), return_counts=True)
    if len(months) < 2:
        return []
    by_month = np.zeros(int((months[-1] - months[0]).astype(int)) + 1, dtype=np.int64)
    by_month[(months - months[0]).astype(int)] = counts
    names = [str(months[0] + place) for place in range(len(by_month))]
    with style("by-time"):
        figure, axes = canvas(left=52, right=18)
        axes.bar(range(len(by_month)), by_month, width=0.86, color=colour("fill"))
        ticks = np.unique(np.linspace(0, len(by_month) - 1, 4).round().astype(int))
        axes.set_xticks(ticks, [names[tick] for tick in ticks])
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set(xlabel="month", ylabel="ratings", ylim=(0, by_month.max() * 1.1))
    most = int(by_month.argmax())
    description = (
        f"{len(times):,} ratings with a known time, from {names[0]} to {names[-1]}; most of them, "
        f"{by_month[most]:,}, in {names[most]}."
    )
    rows = tuple((name, f"{count:,}") for name, count in zip(names, by_month, strict=True))
    return [Picture("by-time", "Ratings over time", description, figure, Table(("Month", "Ratings"), rows))]


def _gaps(dataset: Dataset, by_movie: NDArray[np.int64], by_user: NDArray[np.int64]) -> Picture:
    users, movies = max(len(dataset.user_ids), 1), max(len(dataset.movie_ids), 1)
    missing = [
        *((f"{name} of a person", int((rows[1:] == 0).sum()), users) for name, rows in (
            ("gender", dataset.user_genders), ("age", dataset.user_ages), ("job", dataset.user_jobs))),
        ("rating of a person", int((by_user == 0).sum()), users),
        ("genre of a movie", sum(not genres for genres in dataset.movie_genres), movies),
        ("year of a movie", sum(not title_year(title) for title in dataset.titles), movies),
        ("rating of a movie", int((by_movie == 0).sum()), movies),
    ]  # fmt: skip
    shares = [count / whole for _, count, whole in missing]
    with style("gaps"):
        figure, axes = canvas(left=112, right=48, grid="x", bottom=38)
        places = [-place for place in range(len(missing))]
        axes.barh(places, [1] * len(missing), height=0.5, color=colour("line"))
        axes.barh(places, shares, height=0.5, color=colour("rival"))
        axes.set_yticks(places, [name for name, _, _ in missing])
        for place, share in zip(places, shares, strict=True):
            axes.annotate(f"{100 * share:.1f} %", (1, place), xytext=(6, 0), textcoords="offset points",
                          va="center", color=colour("soft"), annotation_clip=False)  # fmt: skip
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        axes.set(xlabel="missing", xlim=(0, 1))
    rows = tuple((name, f"{count:,}", f"{whole:,}") for name, count, whole in missing)
    worst = max(range(len(missing)), key=lambda place: shares[place])
    description = (
        f"Most often missing: {missing[worst][0]}, {100 * shares[worst]:.1f} %."
        if shares[worst]
        else "Nothing is missing."
    )
    return Picture("gaps", "What is not known", description, figure, Table(("Attribute", "Missing", "Of"), rows))
