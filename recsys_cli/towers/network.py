"""The two towers and the star head.

A tower adds one vector per attribute. Each attribute has an embedding, a fully connected layer of its own and its
block of the layer that fuses them; the two linear maps are multiplied before they meet the batch, which is the
same function for half the arithmetic.
"""

from dataclasses import dataclass

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor, nn
from paddle.nn import functional as F

from recsys_cli.config.training import TowerConfig
from recsys_cli.towers.content_shape import ContentShape
from recsys_cli.towers.movie_content import MovieContent

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Rows of every embedding, row 0 (unknown) not counted, how wide users' ids are, what movies are told by."""

    num_users: int
    user_id_width: int
    num_genders: int
    num_ages: int
    num_jobs: int
    num_movies: int
    num_words: int
    content: ContentShape
    num_further: int = 0


# Adam moves every weight by about its learning rate: slopes of several stars need a larger unit to get anywhere.
_SLOPE_UNIT = 30.0


class Attribute(nn.Layer):  # type: ignore[misc]
    """One attribute: embedding, own fully connected layer, block of the fusing layer."""

    def __init__(self, rows: int, width: int, dim: int, *, sparse: bool = False):
        super().__init__()
        self.sparse = sparse
        self.embedding = self.create_parameter([rows, width], default_initializer=nn.initializer.Normal(std=0.05))
        self.project = self.create_parameter([width, dim], default_initializer=nn.initializer.XavierNormal())
        # The identity, so that what an attribute starts with reaches the tower unchanged.
        self.fuse = self.create_parameter([dim, dim], default_initializer=nn.initializer.Assign(np.eye(dim)))

    def embed(self, rows: Tensor) -> Tensor:
        """(N,) int64 rows -> (N, width)."""
        return F.embedding(rows, self.embedding, sparse=self.sparse)

    def contribute(self, embedded: Tensor) -> Tensor:
        """(N, width) -> (N, D)."""
        return embedded @ (self.project @ self.fuse)

    def table(self) -> Tensor:
        """(rows, D): what each row contributes to its tower."""
        return self.contribute(self.embedding)


class FurtherAttributes(Attribute):
    """All further columns of people in one table; of a class of its own for the names of the other parameters."""


class TextConvolution(nn.Layer):  # type: ignore[misc]
    """Width-3 convolution over the words of a title, tanh, mean over its words.

    A convolution is three products with the word embeddings. Multiplying the vocabulary first and gathering the
    products costs each word once, not once for every title it is in. ``nn.Conv1D`` on padded titles is ten times
    slower. (A method of its own name: paddle numbers the calls of ``forward`` in an exported program.)
    """

    def __init__(self, num_words: int, width: int):
        super().__init__()
        self.embedding = self.create_parameter(
            [num_words + 1, width], default_initializer=nn.initializer.Normal(std=0.1)
        )
        self.kernels = nn.ParameterList(
            self.create_parameter([width, width], default_initializer=nn.initializer.XavierNormal())
            for _ in range(3)
        )
        self.bias = self.create_parameter([width], is_bias=True)

    def convolve(self, windows: Tensor, titles: Tensor) -> Tensor:
        """(T, 3) int64 word windows, (T,) int64 title of each, ascending -> (N, width)."""
        outside = paddle.zeros([1, self.embedding.shape[1]])
        padded = paddle.concat([outside, self.embedding])  # (V + 2, width); a window's 0 is outside the title
        convolved = self.bias + sum(
            F.embedding(windows[:, place], padded @ kernel) for place, kernel in enumerate(self.kernels)
        )  # (T, width)
        return paddle.geometric.segment_mean(paddle.tanh(convolved), titles)  # (N, width)


class MovieTower(nn.Layer):  # type: ignore[misc]
    """Movie id, genres, year and title to one unit vector.

    The content, genres with their pairs and the year, and the words of the title count each for itself; what words
    say together, the convolution tells.
    """

    def __init__(self, sizes: Sizes, config: TowerConfig, *, sparse: bool = False):
        super().__init__()
        dim = config.embedding_dim
        self.activation = config.activation
        self.dropout = config.dropout
        self.movie = Attribute(sizes.num_movies + 1, config.id_width, dim, sparse=sparse)
        self.features = MovieContent(sizes.content)
        self.content = Attribute(sizes.content.num_columns, config.content_width, dim)
        self.word = Attribute(sizes.num_words + 1, config.word_width, dim, sparse=sparse)
        self.words = TextConvolution(sizes.num_words, config.word_width)
        self.title = Attribute(1, config.word_width, dim)
        self.bias = self.create_parameter([dim], is_bias=True)

    def forward(self, movies: Tensor, genres: Tensor, years: Tensor, windows: Tensor, titles: Tensor) -> Tensor:
        """Encode movies.

        Args:
            movies: (N,) int64 movie rows, 0 unknown.
            genres: (N, G + 1) float32 multi-hot.
            years: (N,) float32, 0 unknown.
            windows: (T, 3) int64 word windows of all titles.
            titles: (T,) int64, which movie each window belongs to, ascending; every movie has one at least.

        Returns: (N, D) float32, unit rows.
        """
        identity = F.dropout(self.movie.embed(movies), self.dropout, training=self.training)  # (N, id_width)
        total = (
            self.bias
            + self.movie.contribute(identity)
            + self.content.contribute(self.features.rows(genres, years) @ self.content.embedding)
            + self.word.contribute(paddle.geometric.segment_sum(self.word.embed(windows[:, 1] - 1), titles))
            + self.title.contribute(self.words.convolve(windows, titles))
        )  # (N, D)
        return unit(activate(total, self.activation))


class UserTower(nn.Layer):  # type: ignore[misc]
    """User id, gender, age group, job and rated movies to one unit vector."""

    def __init__(self, sizes: Sizes, config: TowerConfig, *, sparse: bool = False):
        super().__init__()
        dim = config.embedding_dim
        self.activation = config.activation
        self.dropout = config.dropout
        self.user = Attribute(sizes.num_users + 1, sizes.user_id_width, dim, sparse=True)
        self.gender = Attribute(sizes.num_genders + 1, config.attribute_width, dim)
        self.age = Attribute(sizes.num_ages + 1, config.attribute_width, dim)
        self.job = Attribute(sizes.num_jobs + 1, config.attribute_width, dim)
        # The history: one table for the fact of a rating, one weighted by it.
        self.rated = Attribute(sizes.num_movies + 1, config.history_width, dim, sparse=sparse)
        self.valued = Attribute(sizes.num_movies + 1, config.history_width, dim, sparse=sparse)
        self.bias = self.create_parameter([dim], is_bias=True)
        if sizes.num_further:
            self.further = FurtherAttributes(sizes.num_further + 1, config.attribute_width, dim)

    def forward(
        self,
        users: Tensor,
        genders: Tensor,
        ages: Tensor,
        jobs: Tensor,
        rated: Tensor,
        valued: Tensor,
        movies: Tensor,
        further: Tensor | None = None,
    ) -> Tensor:
        """Encode users.

        Args:
            users: (N,) int64 user rows, 0 unknown; as are the next three.
            genders: (N,) int64.
            ages: (N,) int64.
            jobs: (N,) int64.
            rated: (N, K) float32, 1 / sqrt(n + damping) where one of the person's n visible ratings is.
            valued: (N, K) float32, the same times (rating - mean).
            movies: (K,) int64, movie row of each of those columns.
            further: (N, F) int64 rows of further columns; None where there are no such columns.

        Returns: (N, D) float32, unit rows.
        """
        sums = rated @ self.rated.embed(movies), valued @ self.valued.embed(movies)
        return self.encode(users, genders, ages, jobs, *sums, further)

    def encode(
        self,
        users: Tensor,
        genders: Tensor,
        ages: Tensor,
        jobs: Tensor,
        rated: Tensor,
        valued: Tensor,
        further: Tensor | None = None,
    ) -> Tensor:
        """Encode users whose history's two sums (N, history_width) are made; the rest as in :meth:`forward`."""
        identity = F.dropout(self.user.embed(users), self.dropout, training=self.training)
        total = (
            self.bias
            + self.user.contribute(identity)
            + F.embedding(genders, self.gender.table())
            + F.embedding(ages, self.age.table())
            + F.embedding(jobs, self.job.table())
            + self.rated.contribute(F.dropout(rated, self.dropout, training=self.training))
            + self.valued.contribute(F.dropout(valued, self.dropout, training=self.training))
        )  # (N, D)
        if further is not None:
            total = total + F.embedding(further, self.further.table()).sum(axis=1)
        return unit(activate(total, self.activation))


class StarHead(nn.Layer):  # type: ignore[misc]
    """Mean + movie offset + user offset + slope-weighted cosine, in stars.

    It takes what is not taste out of the vectors: how good a film is, how generous a person. The slope is one
    number a coordinate, so the coordinates that matter for stars need not be those that matter for the ranking.
    """

    def __init__(self, sizes: Sizes, config: TowerConfig, mean: float):
        super().__init__()
        self.mean = mean
        self.movie_offsets = self.create_parameter([sizes.num_movies + 1], is_bias=True)
        self.user_offsets = self.create_parameter([sizes.num_users + 1, 1], is_bias=True)
        self.steepness = self.create_parameter([config.embedding_dim], is_bias=True)  # starts at the biases alone

    def start(self, *, movie_offsets: Array, user_offsets: Array, slope: Array) -> None:
        """Set the starting point: offsets (M + 1,) and (U + 1,), slope (D,)."""
        self.movie_offsets.set_value(movie_offsets)
        self.user_offsets.set_value(user_offsets[:, None])
        self.steepness.set_value(slope / np.float32(_SLOPE_UNIT))

    def slope(self) -> Tensor:
        """(D,) stars per unit of each coordinate's product."""
        return _SLOPE_UNIT * self.steepness

    def forward(self, users: Tensor, user_vectors: Tensor, movies: Tensor, movie_vectors: Tensor) -> Tensor:
        """Estimate every user's rating of every movie.

        Args:
            users: (N,) int64 user rows.
            user_vectors: (N, D) float32, unit rows.
            movies: (K,) int64 movie rows.
            movie_vectors: (K, D) float32, unit rows.

        Returns: (N, K) float32 stars, not clipped.
        """
        taste = paddle.matmul(user_vectors * self.slope(), movie_vectors, transpose_y=True)  # (N, K)
        user_offsets = F.embedding(users, self.user_offsets, sparse=True)  # (N, 1)
        return self.mean + user_offsets + F.embedding(movies, self.movie_offsets.unsqueeze(1)).T + taste


class TwoTowers(nn.Layer):  # type: ignore[misc]
    """Both towers, and the star head where the objective trains one."""

    def __init__(
        self, sizes: Sizes, config: TowerConfig, *, stars_mean: float | None, sparse_movies: bool = False
    ):
        """Make both.

        Args:
            sizes: of the embeddings.
            config: their widths.
            stars_mean: mean rating, None without a star head.
            sparse_movies: whether the movies' tables have sparse gradients, for those of which a step sees few.
        """
        super().__init__()
        self.users = UserTower(sizes, config, sparse=sparse_movies)
        self.movies = MovieTower(sizes, config, sparse=sparse_movies)
        self.stars = None if stars_mean is None else StarHead(sizes, config, stars_mean)


def activate(total: Tensor, activation: str) -> Tensor:
    """The last layer's activation: ``linear`` or ``tanh``."""
    return paddle.tanh(total) if activation == "tanh" else total


def unit(vectors: Tensor) -> Tensor:
    """(N, D) to unit rows; ``F.normalize`` does the same with a slow gradient on CPU."""
    return vectors * paddle.rsqrt((vectors * vectors).sum(axis=1, keepdim=True) + 1e-12)
