"""The movies that a text may stand for, such as the beginning of a title."""

import numpy as np

from recsys_cli.config.question import check_k
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.recommend.answers import CatalogueMovie, FoundMovies


def find_movies(index: MovieIndex, q: str, *, k: int) -> FoundMovies:
    """Look movies up, best known first.

    Args:
        index: the movies and the model.
        q: an id or a title, whole or in part; where none fits, movies of a title near to it are found.
        k: number of movies, at least 1.

    Raises:
        ConfigError: `k` is not allowed.
        ArtifactError: the model or its movies are damaged.
    """
    check_k(k)
    found = index.titles.search(q)
    rows = index.vocabulary.movie_rows(np.array([movie.movie_id for movie in found], dtype=np.int64))
    counts = np.where(rows > 0, index.folder.num_ratings[rows - 1], 0).tolist()
    best = sorted(zip(found, counts, strict=True), key=lambda pair: (pair[0].is_guess, -pair[1]))[:k]
    return FoundMovies(
        q=q,
        model=index.folder.fingerprint,
        movies=tuple(
            CatalogueMovie(
                movie_id=movie.movie_id,
                title=movie.title,
                genres=index.genres_of(movie.movie_id),
                num_ratings=count,
            )
            for movie, count in best
        ),
    )
