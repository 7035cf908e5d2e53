"""What every store refuses before it works: wrong shapes, vectors that are not unit rows, unknown genres."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recsys_cli.errors import StoreError
from recsys_cli.store.content import IndexContent


def check_queries(vectors: npt.NDArray[np.float32], k: int, *, dim: int) -> npt.NDArray[np.float32]:
    """The queries as (Q, D) float32.

    Raises: ValueError: if the shape, a value or k is wrong.
    """
    queries = np.asarray(vectors, dtype=np.float32)
    if queries.ndim != 2 or queries.shape[1] != dim:
        raise ValueError(f"queries must be (Q, {dim}), not {queries.shape}")
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    if not np.isfinite(queries).all():
        raise ValueError("a query vector is not finite")
    return queries


def check_vectors(vectors: npt.NDArray[np.float32], movie_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """A batch of movie vectors (n, D) as float32, refused unless every row is finite and of length 1.

    Raises: ValueError: names the first movie whose vector is not a unit vector.
    """
    batch = np.ascontiguousarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(batch, axis=1)
    wrong = np.flatnonzero(~(np.abs(norms - 1.0) < 1e-3))  # also true for NaN
    if len(wrong):
        raise ValueError(f"the vector of movie {movie_ids[wrong[0]]} has length {norms[wrong[0]]:g}, not 1")
    return batch


def check_texts(content: IndexContent) -> None:
    """Refuse titles and genres that no store can give back.

    Raises: StoreError: names the first movie with such a text.
    """
    for movie_id, title, genres in zip(content.movie_ids.tolist(), content.titles, content.genres, strict=True):
        try:
            "".join((title, *genres)).encode()
        except UnicodeEncodeError as error:
            raise StoreError(f"movie {movie_id}: its title or a genre of it is no valid Unicode") from error


def unknown_genre(name: str, known: Sequence[str]) -> StoreError:
    """The error for a genre that the index does not have."""
    listed = ", ".join(known) if known else "none"
    return StoreError(f"no movie of the index has the genre {name!r}; its genres are: {listed}")


def unknown_movie(movie_id: int) -> StoreError:
    """The error for a movie that the index does not hold."""
    return StoreError(f"the index holds no movie {movie_id}")
