"""Batches of whole users: what is shown of them, what is asked, and which movies compete."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.config.training import MaskingConfig, ObjectiveConfig
from recsys_cli.training.data import ByUser, Floats, Share, Totals, TrainingData

Ints = NDArray[np.int64]
_LEAST_COLUMNS = 1_000  # of a large catalogue; more where a batch has more ratings than that
_TAIL = 0.75  # exponent of the ratings of a movie in the chance that it is a column


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """B users and K movies, in rows.

    Attributes:
        user_rows: (B,) int64, whose ratings these are.
        tower_user_rows: (B,) int64, the same as the tower sees them: 0 where the id is masked.
        genders: (B,) int64 rows, 0 where dropped; as are the next three.
        ages: (B,) int64.
        jobs: (B,) int64.
        further: (B, F) int64.
        movie_rows: (K,) int64, ascending: the batch's columns.
        tower_movie_rows: (K,) int64, the same as the tower sees them: 0 where the id is masked.
        history_rows: (H,) int64, ascending: the movies of the visible ratings, whether they are columns or not.
        rated: (B, H) float32, 1 / sqrt(n + damping) at each of a user's n visible ratings.
        valued: (B, H) float32, the same times (rating - mean).
        candidates: (B, K) float32, 0 at visible ratings, else 1.
        targets: (R,) int64 flat positions in (B, K) of the ratings that are asked: those that are not visible and
            have a column.
        ratings: (R,) float32, their values.
        positives: (P,) int64 flat positions of the likes among them.
    """

    user_rows: Ints
    tower_user_rows: Ints
    genders: Ints
    ages: Ints
    jobs: Ints
    further: Ints
    movie_rows: Ints
    tower_movie_rows: Ints
    history_rows: Ints
    rated: sp.csr_matrix
    valued: sp.csr_matrix
    candidates: Floats
    targets: Ints
    ratings: Floats
    positives: Ints


class Batches:
    """Cuts the training users into batches, in another order and with other masks every epoch.

    Attributes:
        catalogue: int64, rows of the movies with a training rating, ascending.
        user_rows: int64, rows of the users with one, ascending; of everybody, whatever the share.
        num_ratings: of everybody.
        is_full: whether the columns of every batch are the whole catalogue, rather than a sample of it.
        weights: (M + 1,) float32, share of the users that rated a movie, over its chance of being a column: sums
            over columns are then, on average, sums over ratings.
    """

    def __init__(
        self,
        data: TrainingData,
        objective: ObjectiveConfig,
        masking: MaskingConfig,
        *,
        batch_users: int,
        history_damping: float,
        share: Share | None = None,
    ):
        """Group the ratings.

        Args:
            data: with the ratings of the share's users at least.
            objective: what is asked.
            masking: what is hidden.
            batch_users: users of a batch, of all processes together.
            history_damping: ratings that a history must outweigh.
            share: the users that batches are to hold; None for all.
        """
        self.data = data
        self.by_user = ByUser.group(data.training, data.num_users)
        self.share = share
        totals = share.totals if share else Totals.of(data)
        self.masking = masking
        self.batch_users = batch_users
        self.history_damping = history_damping
        self.mean, self._counts, counts = totals.mean, totals.by_user, totals.by_movie
        self.catalogue = np.flatnonzero(counts)
        self.user_rows = np.flatnonzero(self._counts)
        self.is_full = len(self.catalogue) <= objective.max_catalogue
        self.num_ratings = int(self._counts.sum())
        a_batch = batch_users * self.num_ratings / len(self.user_rows)  # ratings
        wanted = min(objective.max_catalogue, max(int(a_batch), _LEAST_COLUMNS))
        self._chances = np.ones(len(self.catalogue)) if self.is_full else _chances(counts[self.catalogue], wanted)
        self.weights = np.zeros(data.num_movies + 1, dtype=np.float32)
        self.weights[self.catalogue] = counts[self.catalogue] / len(self.user_rows) / self._chances
        least = data.rating_max * objective.like_share if objective.positives == "likes" else -np.inf
        self.is_positive = self.by_user.values >= least

    def __len__(self) -> int:
        return -(-len(self.user_rows) // self.batch_users)

    def likes(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, 1 at every training rating that is a positive."""
        likes = self._matrix(self.is_positive.astype(np.float32), self.by_user.movie_rows.copy())
        likes.eliminate_zeros()
        return likes

    def grades(self) -> sp.csr_matrix:
        """(U + 1, K) float32, how much every training rating of the catalogue's K movies is worth: 0.2 to 1.

        Having chosen a movie says something whatever came of it; on MovieLens these are the stars over 5.
        """
        low, high = self.data.rating_min, self.data.rating_max
        worth = self.by_user.values - np.float32(low)
        worth *= np.float32(0.8)
        worth /= np.float32(high - low)
        worth += np.float32(0.2)
        places = np.zeros(self.data.num_movies + 1, dtype=np.int32)
        places[self.catalogue] = np.arange(len(self.catalogue))
        return self._matrix(worth, places[self.by_user.movie_rows], len(self.catalogue))

    def cosines(self) -> sp.csr_matrix:
        """(U + 1, M + 1) float32, every training rating over the top of the scale; not to be changed."""
        return self._matrix(self.by_user.values / np.float32(self.data.rating_max), self.by_user.movie_rows)

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

    def epoch(self, *seed: int, first: int = 0) -> Iterator[Batch]:
        """All users once, in batches.

        Args:
            seed: of the order, the masks and the columns; those of a batch depend on it and on the batch's number.
            first: batches to leave out, for an epoch that was interrupted after them.
        """
        order = np.random.default_rng(seed).permutation(self.user_rows)
        for number, chunk in enumerate(np.array_split(order, len(self))[first:], start=first):
            yield self._batch(chunk, np.random.default_rng([*seed, number]))

    def _batch(self, everybody: Ints, rng: np.random.Generator) -> Batch:
        # What is random is drawn for all users of the batch, so that it is the same in every process.
        all_counts = self._counts[everybody]
        visible = rng.random(all_counts.sum()) < np.repeat(self._visible_shares(all_counts, rng), all_counts)
        users, chosen = everybody, np.arange(len(everybody))
        if self.share:
            users, chosen = self._own(everybody)
            visible = visible[np.repeat(self.share.rows[everybody] > 0, all_counts)]
        positions = self.by_user.positions(users)
        counts = self.by_user.counts()[users]
        of_user = np.repeat(np.arange(len(users)), counts)  # (R,)
        movies, values = self.by_user.movie_rows[positions], self.by_user.values[positions]
        num_visible = np.bincount(of_user[visible], minlength=len(users))
        history_rows, rated, valued = self._history(num_visible, movies[visible], values[visible])

        columns = self._columns(rng)
        places = np.full(self.data.num_movies + 1, -1)  # column of each movie row
        places[columns] = np.arange(len(columns))
        flat = np.where(places[movies] < 0, -1, of_user * len(columns) + places[movies])  # (R,)
        candidates = np.ones(len(users) * len(columns), dtype=np.float32)
        candidates[flat[visible & (flat >= 0)]] = 0.0
        asked = ~visible & (flat >= 0)
        data, masking = self.data, self.masking

        def drop(rows: NDArray[np.integer], share: float) -> Ints:
            return np.where(rng.random(rows.shape) < share, 0, rows).astype(np.int64)

        def drop_users(rows: NDArray[np.integer], share: float) -> Ints:
            return np.where(rng.random((len(everybody), *rows.shape[1:]))[chosen] < share, 0, rows).astype(
                np.int64
            )

        return Batch(
            user_rows=users,
            # An id is never seen without its history, so it is not learnt without.
            tower_user_rows=np.where(num_visible == 0, 0, drop_users(users, masking.user_id_dropout)),
            genders=drop_users(data.user_genders[users], masking.attribute_dropout),
            ages=drop_users(data.user_ages[users], masking.attribute_dropout),
            jobs=drop_users(data.user_jobs[users], masking.attribute_dropout),
            further=drop_users(data.user_further[users], masking.attribute_dropout),
            movie_rows=columns,
            tower_movie_rows=drop(columns, masking.movie_id_dropout),
            history_rows=history_rows,
            rated=rated,
            valued=valued,
            candidates=candidates.reshape(len(users), len(columns)),
            targets=flat[asked],
            ratings=values[asked],
            positives=flat[asked & self.is_positive[positions]],
        )

    def _own(self, users: Ints) -> tuple[Ints, Ints]:
        """Rows here of this process's users among some, and their places; where there are none, the unknown one.

        The unknown one has no ratings, so that it asks nothing and every parameter has a gradient all the same.
        """
        rows = self.share.rows[users] if self.share else users
        places = np.flatnonzero(rows)
        return (
            (rows[places], places) if len(places) else (np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64))
        )

    def _history(
        self, num_visible: Ints, movies: NDArray[np.int32], values: Floats
    ) -> tuple[Ints, sp.csr_matrix, sp.csr_matrix]:
        """Rows of the movies that are seen, and the two inputs that are made of them, user by user."""
        rows, columns = np.unique(movies, return_inverse=True)
        scale = (1.0 / np.sqrt(np.repeat(num_visible, num_visible) + self.history_damping)).astype(np.float32)
        indptr, shape = np.concatenate([[0], np.cumsum(num_visible)]), (len(num_visible), len(rows))
        rated = sp.csr_matrix((scale, columns, indptr), shape=shape)
        valued = sp.csr_matrix((scale * (values - np.float32(self.mean)), columns, indptr), shape=shape)
        return rows.astype(np.int64), rated, valued

    def _matrix(self, values: Floats, columns: NDArray[np.int32], num_columns: int | None = None) -> sp.csr_matrix:
        shape = (self.data.num_users + 1, num_columns or self.data.num_movies + 1)
        matrix = sp.csr_matrix((values, columns, self.by_user.indptr), shape=shape)
        matrix.has_sorted_indices = True
        return matrix

    def _columns(self, rng: np.random.Generator) -> Ints:
        """The whole catalogue while it is small; else a number of its movies that does not grow with the batch.

        They are drawn without a look at the batch, so the softmax over them needs no correction: which of some
        movies a person takes does not depend on what else there is (McFadden, Modelling the Choice of Residential
        Location, 1978, section 8).
        """
        if self.is_full:
            return self.catalogue
        return self.catalogue[rng.random(len(self.catalogue)) < self._chances]

    def _visible_shares(self, counts: Ints, rng: np.random.Generator) -> NDArray[np.float64]:
        """Share of each user's ratings that is shown as history; the rest are asked."""
        kind = rng.random(len(counts))
        few = rng.integers(1, 11, len(counts)) / counts
        most = rng.uniform(0.3, 0.9, len(counts))
        none = self.masking.no_history
        shares = np.where(kind < none + self.masking.short_history, np.minimum(few, 0.5), most)
        return np.where(kind < none, 0.0, shares)


def _chances(counts: Ints, wanted: int) -> NDArray[np.float64]:
    """(M,) chances of movies with counts (M,) of ratings, none above 1, that add up to ``wanted`` or to M."""
    weights = counts.astype(np.float64) ** _TAIL
    scale = wanted / weights.sum()
    for _ in range(20):  # what some have too much goes to the others
        scale *= min(wanted, len(weights)) / np.minimum(scale * weights, 1.0).sum()
    chances: NDArray[np.float64] = np.minimum(scale * weights, 1.0)
    return chances
