"""``recsys recommend``: bring the index up to date where that is needed, then answer."""

from recsys_cli.config import RecommendConfig, StoreConfig
from recsys_cli.steps.progress import imported, importing
from recsys_cli.steps.recommender import Imports, Recommendation, Recommender


def run(config: RecommendConfig, store: StoreConfig) -> Recommendation:
    """Answer one query, importing the movies first where the index is missing or stale.

    Raises:
        ConfigError: a value of the query is not allowed.
        ArtifactError: the model or ``movies_data.txt`` is missing or damaged.
        StoreError: Milvus fails, or the index is stale and importing is not allowed.
    """
    imports = Imports(allowed=config.auto_import, force=config.force_import, progress=importing, finished=imported)
    with Recommender.open(
        config.model, movies_data=config.movies_data, store=store, imports=imports
    ) as recommender:
        return recommender.recommend(age=config.age, gender=config.gender, job=config.job, k=config.k)
