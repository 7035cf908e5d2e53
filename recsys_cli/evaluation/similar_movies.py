"""How often people like movies that are like one they like: people whom neither model nor baseline has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recsys_cli import metrics
from recsys_cli.config.evaluation import BaselineConfig
from recsys_cli.evaluation.baseline_list import fit_als
from recsys_cli.evaluation.interactions import Floats, Interactions, Ints
from recsys_cli.evaluation.protocol import Case, Group
from recsys_cli.model.arrays import unit_rows
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.taste import tastes
from recsys_cli.solvers.item_cosine import item_cosines

_BLOCK = 256  # movies whose lists are made at a time

Likeness = Callable[[Ints], Floats]  # rows (n,) to how like them every row (M + 1,) is, (n, M + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarRow:
    """One way to say which movies are alike.

    Attributes:
        title: as people read it.
        share: of the movies like one that a person likes, how many the person likes, too.
        lift: that over the share of all these people who like the same movies.
    """

    title: str
    share: float
    lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarMeasure:
    """All ways on the same likes.

    Attributes:
        users: people measured; mean over the splits.
        k: movies like each.
        rows: the model, then what it is compared with.
    """

    users: int
    k: int
    rows: tuple[SimilarRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What one split gives.

    Attributes:
        users: people with a like.
        k: movies like each.
        by_title: share and lift of each way.
    """

    users: int
    k: int
    by_title: dict[str, tuple[float, float]]


def measure_similar(
    case: Case, cold: Group, folder: ModelFolder, baselines: BaselineConfig, *, k: int
) -> Shares | None:
    """Measure a model and three other ways on the likes of people held out whole.

    For each like of each of them, the k movies most like it are listed, of those with a training rating.

    Args:
        case: what the model was trained on.
        cold: ratings of people who are not in it.
        folder: the model.
        baselines: options of ALS.
        k: movies like each.

    Returns: None where nobody likes anything, or no other movie has a rating.
    """
    rated = np.flatnonzero(case.data.rated().getnnz(axis=0))
    ratings = cold.ratings.at(cold.ratings.values >= case.data.like_from)
    ones = np.ones(len(ratings), dtype=np.float32)
    users, places = np.unique(ratings.user_rows, return_inverse=True)
    likes = sp.csr_matrix((ones, (places, ratings.movie_rows)), (len(users), case.data.num_movies + 1))
    k = min(k, len(rated) - 1)
    if not likes.nnz or k < 1:
        return None
    ways = _ways(case.data, folder, baselines, case.seed)
    found = {title: _share(way, likes, rated, k=k) for title, way in ways.items()}
    return Shares(users=len(users), k=k, by_title=found)


def similar_measure(splits: list[Shares]) -> SimilarMeasure | None:
    """The mean over splits; None without one."""
    if not splits:
        return None
    rows = []
    for title in splits[0].by_title:
        share, lift = np.mean([split.by_title[title] for split in splits], axis=0).tolist()
        rows.append(SimilarRow(title=title, share=share, lift=lift))
    users = round(np.mean([split.users for split in splits]))
    return SimilarMeasure(users=users, k=max(split.k for split in splits), rows=tuple(rows))


def _ways(data: Interactions, folder: ModelFolder, options: BaselineConfig, seed: int) -> dict[str, Likeness]:
    likes = data.liked()
    popular = np.asarray(likes.sum(axis=0), dtype=np.float32).ravel()
    vectors: Floats = np.vstack([np.zeros((1, folder.info.embedding_dim), np.float32), folder.movie_vectors])
    units = unit_rows(fit_als(data, options, seed).of_movies.T)
    return {
        "recsys": lambda rows: tastes(folder, vectors[rows]) @ vectors.T,
        "ALS, cosine": lambda rows: units[rows] @ units.T,
        "Likes, cosine": lambda rows: item_cosines(likes, rows),
        "Most popular": lambda rows: np.tile(popular, (len(rows), 1)),
    }


def _share(way: Likeness, likes: sp.csr_matrix, rated: Ints, *, k: int) -> tuple[float, float]:
    """Share and lift of one way on the likes (N, M + 1) of some people; of ``rated`` rows are the lists."""
    counts = np.asarray(likes.sum(axis=0), dtype=np.float64).ravel()  # (M + 1,)
    named = np.flatnonzero(counts)
    hits = expected = 0.0
    for block in np.split(named, range(_BLOCK, len(named), _BLOCK)):
        scores = np.full((len(block), likes.shape[1]), -np.inf, dtype=np.float32)
        scores[:, rated] = way(block)[:, rated]
        scores[np.arange(len(block)), block] = -np.inf
        listed = metrics.top_k(scores, k)  # (n, k)
        both = (likes[:, block].T @ likes).toarray()  # (n, M + 1), people who like both
        hits += float(np.take_along_axis(both, listed, axis=1).sum(dtype=np.float64))
        expected += float((counts[block, None] * counts[listed]).sum()) / likes.shape[0]
    return hits / (k * counts.sum()), hits / expected if expected else 0.0
