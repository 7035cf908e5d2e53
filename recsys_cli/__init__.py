"""Movie recommendations: a PaddlePaddle two-tower model served by Milvus.

``from recsys_cli import Recommender`` is the way in from Python.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys_cli.config.question import MovieFilter as MovieFilter
    from recsys_cli.recommend.recommender import Recommender as Recommender

__version__ = "1.0.0"
_HOMES = {"Recommender": "recsys_cli.recommend.recommender", "MovieFilter": "recsys_cli.config.question"}

__all__ = ["MovieFilter", "Recommender", "__version__"]


def __dir__() -> list[str]:
    """What is there to be asked for, loaded or not."""
    return sorted({*globals(), *_HOMES})


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: ``recsys --help`` must not wait for NumPy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
