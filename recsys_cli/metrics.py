"""RMSE, MAE, NDCG@k, recall@k, coverage, diversity, novelty. NumPy only; a metric of rankings has a value a user.

Rankings are over the whole catalogue: ``scores`` has a column for every movie row, column 0 being no movie, and
what must not be recommended, column 0 among it, is set to ``-inf`` by the caller.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def rmse(predicted: Array, actual: Array) -> float:
    """Root of the mean squared error.

    Args:
        predicted: (N,) on the rating scale.
        actual: (N,) on the rating scale.

    Returns: at least 0; NaN where N is 0.
    """
    error = predicted.astype(np.float64) - actual
    return float(np.sqrt(np.mean(error * error))) if len(error) else float("nan")


def mae(predicted: Array, actual: Array) -> float:
    """Mean absolute error; arguments and result as :func:`rmse`."""
    error = predicted.astype(np.float64) - actual
    return float(np.mean(np.abs(error))) if len(error) else float("nan")


def top_k(scores: Array, k: int) -> NDArray[np.int64]:
    """Columns of the k largest scores of each row, descending; equal scores by ascending column.

    Args:
        scores: (N, M + 1) float; ``-inf`` marks what is not to be recommended.
        k: at least 1; no more than M + 1 columns are returned.

    Returns: (N, min(k, M + 1)) int64; 0, no movie, in the last places of a row that has fewer to recommend.
    """
    columns = _highest(scores, min(k, scores.shape[1]))
    columns[np.isneginf(np.take_along_axis(scores, columns, axis=1))] = 0
    return columns


def _highest(scores: Array, k: int) -> NDArray[np.int64]:
    if k == scores.shape[1]:
        return np.argsort(-scores, axis=1, kind="stable").astype(np.int64)
    # The k-th largest bounds the list; taking every column at or above it keeps ties in column order.
    bound = np.partition(scores, -k, axis=1)[:, -k]
    columns = np.empty((len(scores), k), dtype=np.int64)
    for row, least in enumerate(bound):
        candidates = np.flatnonzero(scores[row] >= least)
        columns[row] = candidates[np.argsort(-scores[row, candidates], kind="stable")[:k]]
    return columns


def ndcg(ranked: NDArray[np.int64], relevant: NDArray[np.bool_], k: int = 10) -> NDArray[np.float64]:
    """Normalised discounted cumulative gain of the first k places, binary relevance.

    Args:
        ranked: (N, K) int64 columns of ``relevant``, best first, K >= k or the whole catalogue.
        relevant: (N, M) bool.
        k: at least 1.

    Returns: (N,) float64 in [0, 1]; NaN for a row without anything relevant.

    Source: Järvelin and Kekäläinen, TOIS 2002, with gain 1 and discount 1 / log2(place + 1).
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    hits = np.take_along_axis(relevant, ranked[:, :k], axis=1)  # (N, k)
    gained = hits @ discounts[: hits.shape[1]]
    ideal = np.concatenate([[0.0], np.cumsum(discounts)])[np.minimum(relevant.sum(axis=1), k)]
    return _divide(gained, ideal)


def recall(ranked: NDArray[np.int64], relevant: NDArray[np.bool_], k: int = 10) -> NDArray[np.float64]:
    """Share of the relevant that stands in the first k places, of at most k.

    Args:
        ranked: as :func:`ndcg`.
        relevant: (N, M) bool.
        k: at least 1.

    Returns: (N,) float64 in [0, 1]: hits / min(k, relevant); NaN for a row without anything relevant.
    """
    hits = np.take_along_axis(relevant, ranked[:, :k], axis=1).sum(axis=1)
    possible = np.minimum(relevant.sum(axis=1), k)
    return _divide(hits, possible)


def coverage(ranked: NDArray[np.int64], num_movies: int, k: int = 10) -> float:
    """Share of the catalogue that stands in the first k places of anybody's list, in [0, 1]; 0 is no movie."""
    return int(np.count_nonzero(np.unique(ranked[:, :k]))) / num_movies


def diversity(ranked: NDArray[np.int64], genres: Array, k: int = 10) -> NDArray[np.float64]:
    """How much the genres of the first k places differ: the mean, over pairs of movies, of 1 - Jaccard.

    Args:
        ranked: (N, K) int64 rows of ``genres``; 0 is no movie.
        genres: (M + 1, G), 1 where the movie has the genre, else 0.
        k: at least 2.

    Returns: (N,) float64 in [0, 1], 0 where all share all genres; two movies without any genre differ by 1. NaN
    where there are no two movies.

    Source: Ziegler et al., WWW 2005 (intra-list similarity), with Jaccard's coefficient.
    """
    listed = genres[ranked[:, :k]].astype(np.float32)  # (N, k, G)
    shared = listed @ listed.transpose(0, 2, 1)  # (N, k, k)
    sizes = listed.sum(axis=2)
    either = sizes[:, :, None] + sizes[:, None, :] - shared
    first, second = np.triu_indices(listed.shape[1], 1)
    alike = shared[:, first, second] / np.maximum(either[:, first, second], 1.0)  # (N, pairs)
    both = (ranked[:, first] > 0) & (ranked[:, second] > 0)
    return _divide(((1.0 - alike) * both).sum(axis=1, dtype=np.float64), both.sum(axis=1))


def mean_of_listed(ranked: NDArray[np.int64], values: Array, k: int = 10) -> NDArray[np.float64]:
    """Mean over the first k places of something that each movie has.

    Args:
        ranked: (N, K) int64 rows of ``values``; 0 is no movie.
        values: (M + 1,).
        k: at least 1.

    Returns: (N,) float64; NaN where there is no movie.
    """
    listed = ranked[:, :k]
    there = listed > 0
    return _divide((values[listed] * there).sum(axis=1, dtype=np.float64), there.sum(axis=1))


def self_information(counts: NDArray[Any], num_users: int) -> NDArray[np.float64]:
    """How surprising it is that a person knows a movie: -log2 of the share of the people who rated it.

    Args:
        counts: (M,) people who rated each movie; one whom nobody rated counts as one that a single person did.
        num_users: people who could have, at least 1.

    Returns: (M,) float64 bits, 0 for a movie that everybody rated, log2(num_users) for the rarest. The mean over a
    list is its novelty.

    Source: Zhou et al., PNAS 107 (2010), 4511: "Solving the apparent diversity-accuracy dilemma".
    """
    bits: NDArray[np.float64] = np.log2(num_users / np.clip(counts, 1, num_users))
    return bits


def bootstrap_weights(num_users: int, *, resamples: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """How often each user is drawn in each resample: a statistic of a resample is then a matrix product.

    Args:
        num_users: U.
        resamples: B.
        rng: source of the draws.

    Returns: (B + 1, U) float32 counts, each row adding up to U; row 0 is all ones, the users as they are.

    Source: Efron, Annals of Statistics 1979.
    """
    weights = np.ones((resamples + 1, num_users), dtype=np.float32)
    for row in weights[1:]:
        row[:] = np.bincount(rng.integers(num_users, size=num_users), minlength=num_users)
    return weights


def _divide(gained: NDArray[Any], possible: NDArray[Any]) -> NDArray[np.float64]:
    """Element by element; NaN where nothing was possible."""
    shares = np.full(len(possible), np.nan)
    np.divide(gained, possible, out=shares, where=possible > 0)
    return shares
