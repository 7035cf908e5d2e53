"""A map of the movies: their vectors in two dimensions, computed once and kept beside the model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.npz import read_npz
from recsys_cli.progress import Progress
from recsys_cli.replacing import replacing
from recsys_cli.report.drawing import GENRES, Picture, Table, canvas, colour, style

MOST_MOVIES = 5_000
_PERPLEXITY, _ITERATIONS = 30.0, 500
_KIND = 1  # of the map; another one is computed anew


@dataclass(frozen=True, slots=True, eq=False)
class MovieMap:
    """Places of movies.

    Attributes:
        movie_ids: (N,) int64, ascending: all, or the most rated.
        places: (N, 2) float32 in 0..1, x to the right, y up.
    """

    movie_ids: NDArray[np.int64]
    places: NDArray[np.float32]


def movie_map(folder: ModelFolder, progress: Progress) -> MovieMap:
    """The map of a model, from the file beside it or computed and kept there.

    Raises: ArtifactError: the model is damaged.
    """
    path = folder.path.with_name(f"{folder.path.name}.map.npz")
    kept = _read(path, folder.fingerprint)
    if kept is not None:
        return kept
    chosen = np.sort(np.argsort(-folder.num_ratings, kind="stable")[:MOST_MOVIES])
    progress.say(f"Drawing a map of {len(chosen):,} movies; it is kept in {path}.")
    drawn = MovieMap(folder.movie_ids[chosen], _places(folder.movie_vectors[chosen]))
    try:
        with replacing(path, lambda reason: ArtifactError(reason)) as file, file.open("wb") as stream:
            np.savez(stream, model=_digest(folder.fingerprint), kind=np.int64(_KIND), movie_ids=drawn.movie_ids,
                     places=drawn.places)  # fmt: skip
    except ArtifactError as error:
        progress.say(f"{path}: the map cannot be kept ({error}); the next report computes it again.")
    return drawn


def _read(path: Path, fingerprint: str) -> MovieMap | None:
    """The kept map; None where there is none of this model."""
    try:
        arrays = read_npz(path.read_bytes(), {"model": 1, "kind": 0, "movie_ids": 1, "places": 2})
    except (OSError, ValueError):
        return None
    if not np.array_equal(arrays["model"], _digest(fingerprint)) or arrays["kind"] != _KIND:
        return None
    return MovieMap(arrays["movie_ids"], arrays["places"].astype(np.float32))


def _digest(fingerprint: str) -> NDArray[np.int64]:
    return np.frombuffer(bytes.fromhex(fingerprint), dtype=np.int64)


def _places(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 2) places of unit vectors (N, D) by t-SNE; the same vectors give the same places."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    if len(vectors) < 5:
        return np.linspace(0.1, 0.9, 2 * len(vectors), dtype=np.float32).reshape(-1, 2)
    # One thread: with several, sums of floats depend on who is first.
    with threadpool_limits(1):
        tsne = TSNE(
            init="pca",
            perplexity=min(_PERPLEXITY, (len(vectors) - 1) / 3),
            max_iter=_ITERATIONS,
            random_state=0,
            n_jobs=1,
        )
        places = tsne.fit_transform(np.ascontiguousarray(vectors, dtype=np.float32))
    low, high = places.min(axis=0), places.max(axis=0)
    unit: NDArray[np.float32] = ((places - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
    return unit


def first_genres(genres: list[tuple[str, ...]]) -> tuple[list[str], NDArray[np.int64]]:
    """The genres that have a colour of their own, by frequency, and the colour (N,) of each movie."""
    counts = Counter(names[0] for names in genres if names)
    shown = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][: len(GENRES) - 1]
    places = {name: place for place, name in enumerate(shown)}
    other = len(GENRES) - 1
    return shown, np.array([places.get(names[0], other) if names else other for names in genres], dtype=np.int64)


def map_picture(
    drawn: MovieMap, genres: list[tuple[str, ...]], titles: list[str], num_ratings: NDArray[np.int64]
) -> Picture:
    """The map as a picture: one path a colour, so that thousands of movies stay small.

    Args:
        drawn: the places.
        genres: (N,) genre names of each movie.
        titles: (N,) as people write them.
        num_ratings: (N,) int64 ratings in training, which give the dots their size.
    """
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    shown, colours = first_genres(genres)
    popular = num_ratings >= np.quantile(num_ratings, 0.85)
    size = 2.2 if len(titles) > 1500 else 3.4
    with style("map"):
        figure, axes = canvas(height=250, left=4, right=4, top=4, bottom=4)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03))
        axes.set_axis_off()
        for place in reversed(range(len(GENRES))):
            for chosen, width in ((~popular, size), (popular, size * 1.6)):
                points = drawn.places[(colours == place) & chosen].astype(np.float64)
                if len(points):
                    # A line too short to be seen with a round end is a dot.
                    ends = np.repeat(points, 2, axis=0) + np.tile([[0, 0], [4e-5, 0]], (len(points), 1))
                    outline = Outline(ends, np.tile([Outline.MOVETO, Outline.LINETO], len(points)))
                    dots = PathPatch(outline, edgecolor=colour(f"genre-{place}"), facecolor="none")
                    dots.set(linewidth=width, capstyle="round", clip_on=False, snap=False)
                    axes.add_patch(dots)
    rows = []
    for place, name in enumerate([*shown, "other or none"]):
        mine = np.flatnonzero(colours == place if place < len(shown) else colours == len(GENRES) - 1)
        if len(mine):
            best = mine[np.argsort(-num_ratings[mine], kind="stable")[:3]]
            rows.append((name, f"{len(mine):,}", "; ".join(titles[movie] for movie in best)))
    description = (
        f"{len(titles):,} movies; near each other are those whose vectors are alike, so that the same people like "
        "them. The directions mean nothing. Colours are first genres, large dots the most rated movies."
    )
    return Picture(
        "map",
        "A map of the movies",
        description,
        figure,
        Table(("First genre", "Movies", "Most rated"), tuple(rows)),
    )
