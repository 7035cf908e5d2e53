"""What is known of a movie before anybody has rated it, as one row of numbers: genres, their pairs, the year."""

import paddle
from paddle import Tensor, nn

from recsys_cli.towers.content_shape import ContentShape


class MovieContent(nn.Layer):  # type: ignore[misc]
    """Genres and year of movies to rows of numbers; nothing in it is trained.

    A year is a sum of Gaussian bumps, so that near years are alike and no step stands between them. One that is
    out of the range counts as its end; one that is unknown as the typical movie's.
    """

    def __init__(self, shape: ContentShape):
        super().__init__()
        self.num_inputs = shape.num_inputs
        self._width = shape.width
        self._has_pairs = len(shape.pairs) > 0
        for name, values in (
            ("first", shape.pairs[:, 0]),
            ("second", shape.pairs[:, 1]),
            ("centres", shape.centres),
            ("typical", shape.typical),
        ):
            if len(values):
                buffer = paddle.to_tensor(values)
                buffer.name = f"movie_content_{name}"  # else a count, which goes into the program
                self.register_buffer(name, buffer)

    def rows(self, genres: Tensor, years: Tensor) -> Tensor:
        """Multi-hot genres and further values, and years to rows of numbers.

        Args:
            genres: (N, G + 1 + V) float32.
            years: (N,) float32, 0 unknown.

        Returns: (N, C) float32.
        """
        columns = [genres]
        if self._has_pairs:
            columns.append(genres.index_select(self.first, axis=1) * genres.index_select(self.second, axis=1))
        within = years.clip(self.centres.min(), self.centres.max()).unsqueeze(1)  # (N, 1)
        bumps = paddle.exp(-0.5 * ((within - self.centres) / self._width) ** 2)  # (N, Y)
        known = (years > 0).astype("float32").unsqueeze(1)  # (N, 1)
        columns.append(known * bumps + (1.0 - known) * self.typical)
        return paddle.concat(columns, axis=1)
