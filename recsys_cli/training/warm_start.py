"""Start the towers at what closed forms know after seconds: EASE, or ALS between unit vectors for ``rating``.

EASE ranks by an inner product of vectors of any length, the towers by one of unit vectors. A movie's
vector of length n keeps its place with one coordinate more, sqrt(longest^2 - n^2), in which every user is zero:
all movies are then equally long and the order is the same (Bachrach et al., RecSys 2014).

Both sides are split the same way: the attributes explain what a ridge regression lets them, a user's history what
another one lets it, and the id explains the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import paddle
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.config.training import WarmStartConfig
from recsys_cli.solvers.biases import fit_biases
from recsys_cli.solvers.cosine_als import fit_cosine_als
from recsys_cli.solvers.ease import Ease
from recsys_cli.solvers.ridge import fit_ridge, one_hot, several_hot
from recsys_cli.towers.network import Attribute, MovieTower, StarHead, TwoTowers, UserTower
from recsys_cli.training.batches import Batches
from recsys_cli.training.content_start import ContentInputs, ContentWeights

Matrix = NDArray[np.float32]
Ints = NDArray[np.int64]
_BLOCK = 8_192  # users whose histories are summed at a time
_MOST_FITTED = 60_000  # users by whom the maps from attributes and history are found
_TALL = 100  # rows a column
_ATTRIBUTE_PENALTY = 30.0  # people (or movies) that a value of an attribute must outweigh
_HISTORY_PENALTY = 1e-3
STAR_SWEEPS = 8
_TASTE_UNIT = np.float32(0.5)  # small beside the taste that ranks, which has length 1, yet no steep slope
_OFFSET_DAMPING = 10.0  # ratings that a movie's or user's own must outweigh


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """Vectors whose inner product ranks, of any length.

    Attributes:
        users: (U + 1, F) float32.
        movies: (M + 1, F) float32.
        history: (M + 1, F) float32, what a user's vector is a linear function of the sum of.
    """

    users: Matrix
    movies: Matrix
    history: Matrix


def ease_start(batches: Batches, ease: Ease, grades: sp.csr_matrix, *, factors: int, seed: int) -> Start:
    """What of EASE fits into short vectors.

    Args:
        batches: of the training data.
        ease: fitted to ``grades``.
        grades: (U + 1, M) float32, of the catalogue's movies.
        factors: length of the vectors.
        seed: of the factorisation.
    """
    found = ease.factorise(factors=factors, rng=np.random.default_rng([seed, 4]))
    shape = (batches.data.num_movies + 1, found.movies.shape[1])
    movies, history = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    movies[batches.catalogue], history[batches.catalogue] = found.movies, found.history
    return Start(grades @ found.history, movies, history)


def ranking_factors(towers: TwoTowers, config: WarmStartConfig) -> int:
    """How long the vectors may be that the towers start to rank by."""
    history_width, dim = towers.users.rated.project.shape
    return int(min(config.als_factors, dim - 1, history_width))


def start_ranking(
    towers: TwoTowers,
    batches: Batches,
    start: Start,
    config: WarmStartConfig,
    *,
    seed: int,
    on_sweep: Callable[[int], None],
) -> None:
    """Start at vectors that rank, and the star head at what the ratings say beyond them.

    ``on_sweep`` is told after every sweep of the stars how many are done, of ``STAR_SWEEPS`` at most.
    """
    history_width, dim = towers.users.rated.project.shape
    movie_factors = start.history
    norms = np.linalg.norm(start.movies, axis=1)
    filled_up = np.hstack([start.movies, np.sqrt(norms.max() ** 2 - norms**2)[:, None]])  # (M + 1, F + 1)
    lengths = np.sqrt(np.einsum("ij,ij->i", start.users, start.users))[:, None]  # (U + 1, 1)
    typical = np.float32(max(float(lengths[batches.user_rows].mean(dtype=np.float64)), 1e-9))
    lengths /= typical
    movies = filled_up / norms.max()
    room = 0 if towers.stars is None else config.star_factors
    room = max(min(room, dim - movies.shape[1], history_width - movie_factors.shape[1]), 0)
    users = np.zeros((len(start.users), movies.shape[1] + room), dtype=np.float32)
    np.divide(start.users, typical, out=users[:, : start.users.shape[1]])
    if towers.stars is not None and room:
        user_tastes, movie_tastes = _start_stars(
            towers.stars, batches, factors=room, at=movies.shape[1], seed=seed, on_sweep=on_sweep
        )
        # A user's vector is made a unit vector by the tower: the taste is to survive that as it is.
        np.multiply(user_tastes, lengths, out=users[:, movies.shape[1] :])
        movies = np.hstack([movies, movie_tastes])
        movie_factors = np.hstack([movie_factors, movie_tastes])
    _start_towers(towers, batches, users, movies, movie_factors)


def start_rating(towers: TwoTowers, batches: Batches, users: Matrix, movies: Matrix) -> None:
    """Start at vectors whose cosines are ratings already.

    Args:
        towers: new ones.
        batches: of the training data.
        users: (U + 1, d) float32, unit rows.
        movies: (M + 1, d) float32, unit rows; d is no more than the towers' and the history's width.
    """
    _start_towers(towers, batches, users.copy(), movies, movies)


def _start_towers(
    towers: TwoTowers, batches: Batches, users: Matrix, movies: Matrix, movie_factors: Matrix
) -> None:
    """Start at user vectors (U + 1, d) and unit movie vectors (M + 1, d); histories sum the factors (M + 1, F).

    The users' vectors are used up.
    """
    _start_movies(towers.movies, movies, batches)
    _start_users(towers.users, users, movie_factors, batches)


def _start_stars(
    stars: StarHead, batches: Batches, *, factors: int, at: int, seed: int, on_sweep: Callable[[int], None]
) -> tuple[Matrix, Matrix]:
    """Start the star head at the cosines that are ratings, cut into offsets and tastes.

    With x = a + dx for a user and y = b + dy for a movie, a and b the means: x y = a y + dx b + dx dy.

    Args:
        stars: new.
        batches: of the training data.
        factors: coordinates of the tastes.
        at: first coordinate that the tastes have in the towers' vectors.
        seed: of the starting point.
        on_sweep: told after every sweep how many are done.

    Returns: tastes of the users (U + 1, factors) and of the movies (M + 1, factors).
    """
    users, movies = fit_cosine_als(
        batches.cosines(),
        mean=batches.mean / batches.data.rating_max,
        factors=factors,
        sweeps=STAR_SWEEPS,
        seed=seed,
        on_sweep=on_sweep,
    )
    users, movies = users[:, :factors], movies[:, :factors]
    user_mean, movie_mean = users[batches.user_rows].mean(axis=0), movies[batches.catalogue].mean(axis=0)
    user_tastes, movie_tastes = users - user_mean, movies - movie_mean
    scale = np.float32(batches.data.rating_max)
    movie_offsets = scale * movies @ user_mean - np.float32(batches.mean)
    movie_offsets[np.setdiff1d(np.arange(len(movies)), batches.catalogue)] = 0.0  # not rated: as the mean rating
    slope = np.zeros(stars.steepness.shape, dtype=np.float32)
    slope[at : at + factors] = scale / _TASTE_UNIT**2
    stars.start(
        movie_offsets=movie_offsets,
        user_offsets=scale * user_tastes @ movie_mean,
        slope=slope,
    )
    return _TASTE_UNIT * user_tastes, _TASTE_UNIT * movie_tastes


def damped_offsets(batches: Batches) -> tuple[Matrix, Matrix]:
    """User offsets (U + 1,) and movie offsets (M + 1,) in stars: damped means of what is left over in turn."""
    ratings, data = batches.data.training, batches.data
    return fit_biases(
        ratings.user_rows,
        ratings.movie_rows,
        ratings.values - np.float32(batches.mean),
        sizes=(data.num_users + 1, data.num_movies + 1),
        dampings=(_OFFSET_DAMPING, _OFFSET_DAMPING),
    )


def _start_movies(tower: MovieTower, vectors: Matrix, batches: Batches) -> None:
    """Start at unit vectors (M + 1, d)."""
    inputs = ContentInputs.of(batches.data, tower.features)
    weights = inputs.fit(vectors, movies=batches.catalogue)
    _assign(tower.bias, weights.bias)
    _assign_table(tower.content, weights.content)
    _assign_table(tower.word, weights.words)
    # The id makes up for what does not fit into the widths, too.
    tables = (tower.bias, tower.content.table(), tower.word.table())
    started = inputs.predict(ContentWeights(*(table.numpy() for table in tables)))[:, : vectors.shape[1]]
    rest = vectors - started
    rest[np.setdiff1d(np.arange(len(rest)), batches.catalogue)] = 0.0  # without ratings: the content alone
    _assign_table(tower.movie, rest)
    tower.title.project.set_value(paddle.zeros_like(tower.title.project))  # titles start at nothing


def _start_users(tower: UserTower, vectors: Matrix, movie_factors: Matrix, batches: Batches) -> None:
    """Leave of vectors (U + 1, d) what the attributes and sums of the rated movies' factors (M + 1, F) do not say.

    Of many users some, evenly spread, tell what these say.
    """
    data, known = batches.data, batches.user_rows
    sizes = [num + 1 for num in (data.num_genders, data.num_ages, data.num_jobs)]

    def attributes(users: Ints) -> Matrix:
        hot = one_hot([rows[users] for rows in (data.user_genders, data.user_ages, data.user_jobs)], sizes)
        further = several_hot(data.user_further[users], data.num_further)
        return np.hstack([hot, further]) if data.num_further else hot

    def history(users: Ints) -> Matrix:
        return np.hstack([inputs @ movie_factors for inputs in batches.history(users)])  # (n, 2 F)

    some = known[np.linspace(0, len(known) - 1, min(len(known), _MOST_FITTED)).astype(np.int64)]
    weights = fit_ridge(attributes(some), vectors[some], penalty=_ATTRIBUTE_PENALTY)
    maps = fit_ridge(history(some), vectors[some] - attributes(some) @ weights, penalty=_HISTORY_PENALTY)
    for start in range(0, len(known), _BLOCK):
        users = known[start : start + _BLOCK]
        vectors[users] -= attributes(users) @ weights + history(users) @ maps
    vectors[np.setdiff1d(np.arange(len(vectors)), known)] = 0.0
    _assign(tower.bias, weights[0])
    *blocks, rows = np.split(weights[1:], np.cumsum(sizes))
    for attribute, block in zip((tower.gender, tower.age, tower.job), blocks, strict=True):
        _assign_table(attribute, block)
    if data.num_further:
        _assign_table(tower.further, np.vstack([np.zeros_like(rows[:1]), rows]))
    for attribute, onto in zip((tower.rated, tower.valued), np.split(maps, 2), strict=True):
        _assign_product(attribute, movie_factors, onto)
    _assign_table(tower.user, vectors)


def _assign_table(attribute: Attribute, table: Matrix) -> None:
    """Make an attribute contribute ``table`` (rows, d), as well as its width allows."""
    if len(table) > _TALL * table.shape[1]:  # the same, without a copy of the table
        squares, vectors = np.linalg.eigh((table.T @ table).astype(np.float64))
        width = min(attribute.embedding.shape[1], len(squares))
        root = np.maximum(squares[::-1][:width], 1e-12 * max(squares[-1], 1e-12)) ** 0.25
        right = vectors[:, ::-1][:, :width].T  # (width, d)
        _assign_product(attribute, table @ (right / root[:, None]).T.astype(np.float32), root[:, None] * right)
        return
    left, singular, right = np.linalg.svd(table, full_matrices=False)
    width = min(attribute.embedding.shape[1], len(singular))
    root = np.sqrt(singular[:width])
    _assign_product(attribute, left[:, :width] * root, root[:, None] * right[:width])


def _assign_product(attribute: Attribute, embedding: Matrix, project: Matrix) -> None:
    """Start an attribute's embedding (rows, w) and its fully connected layer (w, d)."""
    _assign(attribute.embedding, embedding)
    start = attribute.project.numpy()
    start[: project.shape[0]] = 0.0
    start[: project.shape[0], : project.shape[1]] = project
    attribute.project.set_value(start)


def _assign(parameter: paddle.Tensor, values: Matrix) -> None:
    """Overwrite the leading block of a parameter; whatever lies beyond keeps a tenth of its random start."""
    start = parameter.numpy() * np.float32(0.1)
    start[tuple(slice(size) for size in values.shape)] = values
    parameter.set_value(start)
