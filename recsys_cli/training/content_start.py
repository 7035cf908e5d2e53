"""What genres, years and titles tell of movies: ridge regression for the start, and for movies without ratings."""

from dataclasses import dataclass

import numpy as np
import paddle
import scipy.sparse as sp
from numpy.typing import NDArray

from recsys_cli.towers.movie_content import MovieContent
from recsys_cli.towers.title_windows import title_windows
from recsys_cli.training.data import TrainingData

Matrix = NDArray[np.float32]
_CONTENT_PENALTY, _WORD_PENALTY = 5.0, 10.0  # movies that a genre, pair or bump, and a word, must outweigh
_LEAST_OF_A_WORD, _MOST_WORDS = 3, 2_000  # movies whose title has it; the most common ones


@dataclass(frozen=True, slots=True, eq=False)
class ContentWeights:
    """A linear function of a movie's content.

    Attributes:
        bias: (d,) float32.
        content: (C, d) float32.
        words: (V + 1, d) float32, zero for a word that is in too few titles.
    """

    bias: Matrix
    content: Matrix
    words: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class ContentInputs:
    """What is known of every movie without its ratings.

    Attributes:
        content: (M + 1, C) float32, the rows of :class:`MovieContent`.
        words: (M + 1, V + 1) float32, how often each word is in the title.
    """

    content: Matrix
    words: sp.csr_matrix

    @classmethod
    def of(cls, data: TrainingData, features: MovieContent) -> "ContentInputs":
        """Those of some data."""
        with paddle.no_grad():
            content = features.rows(
                paddle.to_tensor(data.movie_genres), paddle.to_tensor(data.movie_years)
            ).numpy()
        windows, titles = title_windows(data.movie_words)
        cells = (titles, windows[:, 1] - 1)
        words = sp.csr_matrix((np.ones(len(titles), np.float32), cells), (len(content), data.num_words + 1))
        return cls(content, words)

    def predict(self, weights: ContentWeights) -> Matrix:
        """(M + 1, d) float32."""
        predicted: Matrix = weights.bias + self.content @ weights.content + self.words @ weights.words
        return predicted

    def fit(self, targets: Matrix, *, movies: NDArray[np.int64], weights: Matrix | None = None) -> ContentWeights:
        """Regress on the content.

        Args:
            targets: (M + 1, d) float32.
            movies: (N,) int64 rows of the movies to learn from.
            weights: (N,) float32, how much each counts; None for all alike.
        """
        counts = np.asarray((self.words[movies] > 0).sum(axis=0)).ravel()
        counts[0] = 0  # the unknown word
        chosen = np.sort(np.argsort(-counts, kind="stable")[:_MOST_WORDS])
        chosen = chosen[counts[chosen] >= _LEAST_OF_A_WORD]
        num_columns = self.content.shape[1]
        ones = np.ones((len(movies), 1), dtype=np.float32)
        inputs = sp.hstack([sp.csr_matrix(np.hstack([ones, self.content[movies]])), self.words[movies][:, chosen]])
        inputs = inputs.tocsr()
        weighted = inputs if weights is None else sp.diags_array(weights).tocsr() @ inputs
        penalties = np.repeat([1e-3, _CONTENT_PENALTY, _WORD_PENALTY], [1, num_columns, len(chosen)])
        gram = (weighted.T @ inputs).toarray().astype(np.float64) + np.diag(penalties)
        found = np.linalg.solve(gram, weighted.T @ targets[movies]).astype(np.float32)
        words = np.zeros((self.words.shape[1], targets.shape[1]), dtype=np.float32)
        words[chosen] = found[1 + num_columns :]
        return ContentWeights(found[0], found[1 : 1 + num_columns], words)
