"""Alternating least squares between unit vectors: their cosine, times the top of the scale, is the rating.

With the movies' vectors fixed, each user's is a ridge regression that is drawn to the mean vector rather than to
zero, and no longer than 1; then the movies' in turn. A coordinate of their own, in which everything on the other
side is zero, makes up the length that is missing to 1.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]

# Ratings as the mean person (or movie) has them, that each has besides: so many, and so many for each of its own.
_PENALTY, _PENALTY_A_RATING = 1.0, 0.008
_START_NOISE = 0.1
_NEWTON_STEPS = 4
_MOST_RATINGS = 2_000_000  # that all sweeps but the last go through
_LEAST_RATINGS = 10  # of a movie in such a sweep; with fewer it is the mean movie
_PADDED = 100_000  # ratings, with those that fill rows up, that are gathered at a time


def fit_cosine_als(
    cosines: sp.csr_matrix,
    *,
    mean: float,
    factors: int,
    sweeps: int,
    seed: int,
    on_sweep: Callable[[int], None] | None = None,
) -> tuple[Floats, Floats]:
    """Fit to ratings.

    With more than two million of them the sweeps are half as many, and all but the last go through the ratings of
    some people, drawn at random, who have two million together.

    Args:
        cosines: (N, M) float32, ratings over the top of the scale; a stored zero is a rating.
        mean: of the ratings, over the top of the scale.
        factors: F, coordinates that users and movies share, at least 1.
        sweeps: alternations between users and movies, at least 1.
        seed: of the starting point.
        on_sweep: called after every sweep with the number of those done.

    Returns: user vectors (N, F + 2) and movie vectors (M, F + 2), float32, unit rows; the mean vector for whoever
        has no rating.
    """
    user_mean = np.zeros(factors)
    user_mean[0] = np.sqrt(max(mean, 0.01))
    movie_mean = user_mean
    rng = np.random.default_rng([seed, 3])
    noise = rng.normal(0.0, _START_NOISE, (cosines.shape[1], factors))
    movies = movie_mean + noise * (np.arange(factors) > 0)
    cosines = cosines if cosines.has_sorted_indices else cosines.sorted_indices()
    by_user = _some_users(cosines, rng)
    by_movie = by_user.T.tocsr()
    if by_user is not cosines:
        sweeps = (sweeps + 1) // 2
    for sweep in range(sweeps):
        if sweep == sweeps - 1 and by_user is not cosines:
            by_user, by_movie = cosines, cosines.T.tocsr()
        least = 1 if by_user is cosines else _LEAST_RATINGS
        with threadpool_limits(1, "blas"):  # the products are too small to be shared out
            users = _solve(by_user, movies, user_mean, least=1)
            movies = _solve(by_movie, users, movie_mean, least=least)
        user_mean, movie_mean = users[_stored(by_user)].mean(axis=0), movies[_stored(by_movie)].mean(axis=0)
        if on_sweep:
            on_sweep(sweep + 1)
    return _fill_up(users, coordinate=0), _fill_up(movies, coordinate=1)


def _some_users(cosines: sp.csr_matrix, rng: np.random.Generator) -> sp.csr_matrix:
    """Rows of users drawn at random who have two million ratings together; all where there are no more."""
    if cosines.nnz <= _MOST_RATINGS:
        return cosines
    order = rng.permutation(_stored(cosines))
    num_ratings = np.cumsum(np.diff(cosines.indptr)[order])
    return cosines[np.sort(order[: np.searchsorted(num_ratings, _MOST_RATINGS) + 1])]


def _stored(matrix: sp.csr_matrix) -> NDArray[np.int64]:
    """Rows with something stored, ascending."""
    return np.flatnonzero(np.diff(matrix.indptr))


def _solve(cosines: sp.csr_matrix, others: Doubles, mean: Doubles, *, least: int) -> Doubles:
    """(N, F) vectors no longer than 1, given those of the others (M, F).

    Whoever has fewer ratings than ``least`` has the mean.
    """
    solved = np.tile(mean, (cosines.shape[0], 1))
    identity = np.eye(len(mean))
    for rows in _alike(np.diff(cosines.indptr), least=least, factors=len(mean)):
        starts, counts = cosines.indptr[rows], cosines.indptr[rows + 1] - cosines.indptr[rows]
        place = np.arange(counts.max())
        own = place < counts[:, None]  # (n, L): not what fills the row up
        places = np.where(own, starts[:, None] + place, 0)
        inputs: Doubles = others[cosines.indices[places]] * own[..., None]  # (n, L, F)
        penalties = _PENALTY + _PENALTY_A_RATING * counts
        turned = inputs.transpose(0, 2, 1)
        given = (turned @ (cosines.data[places] * own)[..., None])[..., 0]  # (n, F)
        equations: Equations
        if inputs.shape[1] < len(mean):
            equations = FewEquations(inputs, penalties)
        else:
            equations = FullEquations(turned @ inputs + penalties[:, None, None] * identity)
        solved[rows] = solve_in_ball(equations, given + penalties[:, None] * mean)
    return solved


def _alike(counts: NDArray[np.integer], *, least: int, factors: int) -> Iterator[NDArray[np.int64]]:
    """Rows with a count of ``least`` at least, those with like counts together.

    So many at a time as have 100,000 padded ratings, or equations (factors, factors) of about that size.
    """
    order = np.argsort(counts, kind="stable")
    order = order[np.searchsorted(counts[order], least) :]
    end = len(order)
    while end:
        begin = max(end - max(_PADDED // max(int(counts[order[end - 1]]), factors), 1), 0)
        yield order[begin:end]
        end = begin


class FullEquations:
    """N systems of F equations, of matrices (N, F, F) float64, symmetric and positive definite."""

    def __init__(self, grams: Doubles):
        self._grams = grams

    def solve(self, rows: Ints, more: Doubles, rights: Doubles) -> Doubles:
        """(n, F) solutions of some systems for rights (n, F), with ``more`` (n,) on their diagonals."""
        grams = self._grams[rows] + more[:, None, None] * np.eye(rights.shape[1])
        return _solutions(grams, rights)


class FewEquations:
    """The same of the matrices inputs' inputs + penalty, by systems of L equations where each has L < F inputs.

    Source: the matrix inversion lemma (Woodbury, 1950).
    """

    def __init__(self, inputs: Doubles, penalties: Doubles):
        """Take (N, L, F) float64, zeros where one has fewer, and (N,) penalties > 0."""
        self._inputs, self._penalties = inputs, penalties
        self._kernels = inputs @ inputs.transpose(0, 2, 1)  # (N, L, L)

    def solve(self, rows: Ints, more: Doubles, rights: Doubles) -> Doubles:
        """As :meth:`FullEquations.solve`."""
        penalties, inputs = self._penalties[rows] + more, self._inputs[rows]
        kernels = self._kernels[rows] + penalties[:, None, None] * np.eye(inputs.shape[1])
        inner = _solutions(kernels, (inputs @ rights[..., None])[..., 0])  # (n, L)
        solved: Doubles = (rights - (inner[:, None, :] @ inputs)[:, 0]) / penalties[:, None]
        return solved


Equations = FullEquations | FewEquations


def solve_in_ball(equations: Equations, rights: Doubles) -> Doubles:
    """The vectors x no longer than 1 that minimise x' gram x / 2 - right' x.

    Args:
        equations: N systems gram x = right.
        rights: (N, F) float64.

    Returns: (N, F) float64.

    Source: More and Sorensen, Computing a Trust Region Step, 1983 (Newton's method on one over the length).
    """
    everyone, multipliers = np.arange(len(rights)), np.zeros(len(rights))
    vectors = equations.solve(everyone, multipliers, rights)
    lengths: Doubles = np.sqrt((vectors**2).sum(axis=1))
    long = np.flatnonzero(lengths > 1.0 + 1e-3)
    for _ in range(_NEWTON_STEPS):
        if not len(long):
            break
        slopes = (vectors[long] * equations.solve(long, multipliers[long], vectors[long])).sum(axis=1)
        multipliers[long] += (lengths[long] - 1.0) * lengths[long] ** 2 / slopes
        vectors[long] = equations.solve(long, multipliers[long], rights[long])
        lengths[long] = np.sqrt((vectors[long] ** 2).sum(axis=1))
        long = long[lengths[long] > 1.0 + 1e-3]
    inside: Doubles = vectors / np.maximum(1.0, lengths)[:, None]
    return inside


def _solutions(grams: Doubles, rights: Doubles) -> Doubles:
    """(N, F) of N systems of equations."""
    solved: Doubles = np.linalg.solve(grams, rights[..., None])[..., 0].astype(np.float64, copy=False)
    return solved


def _fill_up(vectors: Doubles, *, coordinate: int) -> Floats:
    """(N, F) to unit rows (N, F + 2)."""
    missing = np.zeros((len(vectors), 2))
    missing[:, coordinate] = np.sqrt(np.maximum(1.0 - (vectors**2).sum(axis=1), 0.0))
    return np.hstack([vectors, missing]).astype(np.float32)
