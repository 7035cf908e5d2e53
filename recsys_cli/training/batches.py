"""Batches of whole users: what is shown of them, what is asked, and which movies compete."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.config.training import MaskingConfig, ObjectiveConfig
from recsys_cli.training.data import ByUser, Floats, TrainingData

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """B users and K movies, in rows.

    Attributes:
        user_rows: (B,) int64, whose ratings these are.
        tower_user_rows: (B,) int64, the same as the tower sees them: 0 where the id is masked.
        genders: (B,) int64 rows, 0 where dropped; as are the next two.
        ages: (B,) int64.
        jobs: (B,) int64.
        movie_rows: (K,) int64, ascending: the batch's columns.
        tower_movie_rows: (K,) int64, the same as the tower sees them: 0 where the id is masked.
        rated: (B, K) float32, 1 / sqrt(n + damping) at each of a user's n visible ratings.
        valued: (B, K) float32, the same times (rating - mean).
        candidates: (B, K) float32, 0 at visible ratings, else 1.
        log_q: (K,) float32, natural log of the probability that the column is in the batch.
        targets: (R,) int64 flat positions in (B, K) of the ratings that are asked.
        ratings: (R,) float32, their values.
        positives: (P,) int64 flat positions of the likes among them.
    """

    user_rows: Ints
    tower_user_rows: Ints
    genders: Ints
    ages: Ints
    jobs: Ints
    movie_rows: Ints
    tower_movie_rows: Ints
    rated: Floats
    valued: Floats
    candidates: Floats
    log_q: Floats
    targets: Ints
    ratings: Floats
    positives: Ints


class Batches:
    """Cuts the training users into batches, in another order and with other masks every epoch.

    Attributes:
        catalogue: int64, rows of the movies with a training rating, ascending.
        user_rows: int64, rows of the users with one, ascending.
        is_full: whether the columns of every batch are the whole catalogue, rather than a sample of it.
    """

    def __init__(
        self,
        data: TrainingData,
        objective: ObjectiveConfig,
        masking: MaskingConfig,
        *,
        batch_users: int,
        history_damping: float,
    ):
        self.data = data
        self.by_user = ByUser.group(data.training, data.num_users)
        self.masking = masking
        self.batch_users = batch_users
        self.history_damping = history_damping
        self.mean = float(np.mean(data.training.values, dtype=np.float64))
        counts = np.bincount(data.training.movie_rows, minlength=data.num_movies + 1)
        self.catalogue = np.flatnonzero(counts)
        self.user_rows = np.flatnonzero(self.by_user.counts())
        self.is_full = len(self.catalogue) <= objective.max_catalogue
        self.popularity = counts / len(self.user_rows)  # share of the users that rated it
        least = data.rating_max * objective.like_share if objective.positives == "likes" else -np.inf
        self.is_positive = self.by_user.values >= least

    def __len__(self) -> int:
        return -(-len(self.user_rows) // self.batch_users)

    def likes(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, 1 at every training rating that is a positive."""
        likes = self._matrix(self.is_positive.astype(np.float32))
        likes.eliminate_zeros()
        return likes

    def grades(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, how much every training rating is worth: from 0.2 for the lowest to 1.

        Having chosen a movie says something whatever came of it; on MovieLens these are the stars over 5.
        """
        low, high = self.data.rating_min, self.data.rating_max
        worth = 0.2 + 0.8 * (self.by_user.values - np.float32(low)) / np.float32(high - low)
        return self._matrix(worth.astype(np.float32))

    def cosines(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, every training rating over the top of the scale."""
        return self._matrix(self.by_user.values / np.float32(self.data.rating_max))

    def history(self, user_rows: Ints) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """The history's two inputs of some users (N,), every training rating visible, each (N, M + 1) float32."""
        positions, counts = self.by_user.positions(user_rows), self.by_user.counts()[user_rows]
        scale = 1.0 / np.sqrt(np.repeat(counts, counts) + self.history_damping).astype(np.float32)
        movies, above = self.by_user.movie_rows[positions], self.by_user.values[positions] - np.float32(self.mean)
        indptr, shape = np.concatenate([[0], np.cumsum(counts)]), (len(user_rows), self.data.num_movies + 1)
        return (
            sp.csr_matrix((scale, movies, indptr), shape=shape),
            sp.csr_matrix((scale * above, movies, indptr), shape=shape),
        )

    def movie_id_rows(self) -> Ints:
        """(M + 1,) int64: each movie's row, 0 where it has no training rating."""
        rows = np.zeros(self.data.num_movies + 1, dtype=np.int64)
        rows[self.catalogue] = self.catalogue
        return rows

    def epoch(self, rng: np.random.Generator) -> Iterator[Batch]:
        """All users once, in batches."""
        order = rng.permutation(self.user_rows)
        for chunk in np.array_split(order, len(self)):
            yield self._batch(chunk, rng)

    def _batch(self, users: Ints, rng: np.random.Generator) -> Batch:
        positions = self.by_user.positions(users)
        counts = self.by_user.counts()[users]
        of_user = np.repeat(np.arange(len(users)), counts)  # (R,)
        movies, values = self.by_user.movie_rows[positions], self.by_user.values[positions]
        columns, log_q = self._columns(movies, rng)
        flat = of_user * len(columns) + np.searchsorted(columns, movies)  # (R,)
        visible = rng.random(len(flat)) < np.repeat(self._visible_shares(counts, rng), counts)

        rated = np.zeros(len(users) * len(columns), dtype=np.float32)
        valued, candidates = np.zeros_like(rated), np.ones_like(rated)
        num_visible = np.bincount(of_user[visible], minlength=len(users))
        rated[flat[visible]] = 1.0 / np.sqrt(num_visible[of_user[visible]] + self.history_damping)
        valued[flat[visible]] = rated[flat[visible]] * (values[visible] - self.mean)
        candidates[flat[visible]] = 0.0
        positive = ~visible & self.is_positive[positions]
        shape = (len(users), len(columns))
        data, masking = self.data, self.masking

        def drop(rows: NDArray[np.integer], share: float) -> Ints:
            return np.where(rng.random(len(rows)) < share, 0, rows).astype(np.int64)

        return Batch(
            user_rows=users,
            # An id is never seen without its history, so it is not learnt without.
            tower_user_rows=np.where(num_visible == 0, 0, drop(users, masking.user_id_dropout)),
            genders=drop(data.user_genders[users], masking.attribute_dropout),
            ages=drop(data.user_ages[users], masking.attribute_dropout),
            jobs=drop(data.user_jobs[users], masking.attribute_dropout),
            movie_rows=columns,
            tower_movie_rows=drop(columns, masking.movie_id_dropout),
            rated=rated.reshape(shape),
            valued=valued.reshape(shape),
            candidates=candidates.reshape(shape),
            log_q=log_q,
            targets=flat[~visible],
            ratings=values[~visible],
            positives=flat[positive],
        )

    def _matrix(self, values: Floats) -> sp.csr_matrix:
        shape = (self.data.num_users + 1, self.data.num_movies + 1)
        # A copy: scipy edits its arrays in place, and these are the training data.
        return sp.csr_matrix((values, self.by_user.movie_rows, self.by_user.indptr), shape=shape, copy=True)

    def _columns(self, movies: NDArray[np.int32], rng: np.random.Generator) -> tuple[Ints, Floats]:
        """The whole catalogue while it is small; else the batch's own movies and as many others."""
        if self.is_full:
            return self.catalogue, np.zeros(len(self.catalogue), dtype=np.float32)
        own = np.unique(movies)
        sampled = rng.choice(self.catalogue, min(len(own), len(self.catalogue)), replace=False)
        columns = np.union1d(own, sampled).astype(np.int64)
        # Left out only if no user of the batch rated it and the sample missed it.
        missed = (1.0 - self.popularity[columns]) ** self.batch_users * (1.0 - len(sampled) / len(self.catalogue))
        return columns, np.log1p(-missed).astype(np.float32)

    def _visible_shares(self, counts: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
        """Share of each user's ratings that is shown as history; the rest are asked."""
        kind = rng.random(len(counts))
        few = rng.integers(1, 11, len(counts)) / counts
        most = rng.uniform(0.3, 0.9, len(counts))
        none = self.masking.no_history
        shares = np.where(kind < none + self.masking.short_history, np.minimum(few, 0.5), most)
        return np.where(kind < none, 0.0, shares)
