"""``recsys recommend`` and ``recsys similar``: bring the index up to date where that is needed, then answer."""

from recsys_cli.config import RecommendConfig, StoreConfig
from recsys_cli.config.question import MovieFilter, Question
from recsys_cli.steps.answers import Recommendation, SimilarMovies
from recsys_cli.steps.movie_index import Imports
from recsys_cli.steps.progress import imported, importing
from recsys_cli.steps.recommender import Recommender


def run(config: RecommendConfig, store: StoreConfig, question: Question) -> Recommendation:
    """Answer one question, importing the movies first where the index is missing or stale.

    Raises:
        ConfigError: a value of the question is not allowed.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails, or the index is stale and importing is not allowed.
    """
    with open_recommender(config, store) as recommender:
        return recommender.answer(question)


def similar(
    config: RecommendConfig, store: StoreConfig, movie: str, *, movies: MovieFilter, k: int
) -> SimilarMovies:
    """Movies like a given one; errors as :func:`run`."""
    with open_recommender(config, store) as recommender:
        return recommender.similar(movie, movies=movies, k=k)


def open_recommender(config: RecommendConfig, store: StoreConfig) -> Recommender:
    """A recommender that tells a person on stderr when it imports the movies."""
    imports = Imports(allowed=config.auto_import, force=config.force_import, progress=importing, finished=imported)
    return Recommender.open(config.model, movies_data=config.movies_data, store=store, imports=imports)
