"""All baselines by name: how each is fitted, and what it has an answer for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from recsys_cli.config.evaluation import BaselineConfig
from recsys_cli.evaluation.baselines import (
    Baseline,
    Biases,
    Chance,
    Mean,
    Product,
    attribute_ridge,
    ease,
    ease_on_stars,
    implicit_als,
    implicit_bpr,
    liked_genres,
    popular,
    popular_genres,
    popular_in_group,
    popular_recently,
)
from recsys_cli.evaluation.interactions import Interactions


@dataclass(frozen=True, slots=True)
class Entry:
    """One baseline.

    Attributes:
        name: as programs call it.
        title: as people read it.
        ranks: what it orders movies for: ``known`` users, ``cold`` users, ``all`` users, ``new`` movies.
        fit: from training ratings, options and a seed.
        rates: whether it estimates ratings.
        only_by_time: whether it is measured only where the split is by time.
    """

    name: str
    title: str
    ranks: frozenset[str]
    fit: Callable[[Interactions, BaselineConfig, int], Baseline]
    rates: bool = False
    only_by_time: bool = False


_NOTHING: frozenset[str] = frozenset()
_KNOWN, _NEW = frozenset({"known", "all"}), frozenset({"new"})
_USERS = frozenset({"known", "cold", "all"})


def _without_options(fit: Callable[[Interactions], Baseline]) -> Callable[..., Baseline]:
    return lambda data, config, seed: fit(data)


def _fit_biases(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return Biases(data, user_damping=config.user_damping, movie_damping=config.movie_damping)


def _fit_liked_genres(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return liked_genres(data, penalty=config.genre_penalty, damping=config.taste_damping)


def fit_als(data: Interactions, config: BaselineConfig, seed: int) -> Product:
    """Implicit ALS with the options of the baselines."""
    return implicit_als(
        data,
        factors=config.als_factors,
        alpha=config.als_alpha,
        regularization=config.als_regularization,
        sweeps=config.als_iterations,
        seed=seed,
    )


def _fit_bpr(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return implicit_bpr(
        data,
        factors=config.bpr_factors,
        learning_rate=config.bpr_learning_rate,
        regularization=config.bpr_regularization,
        sweeps=config.bpr_iterations,
        seed=seed,
    )


_most_rated = _without_options(partial(popular, likes_only=False))
_most_rated_in_group = _without_options(partial(popular_in_group, likes_only=False))
BASELINES = (
    Entry("mean", "Mean", _NOTHING, _without_options(Mean), rates=True),
    Entry("biases", "User + movie bias", _USERS, _fit_biases, rates=True),
    Entry("chance", "Chance", _NEW, lambda data, config, seed: Chance(data, seed=seed)),
    Entry("popular", "Most popular", _USERS, _without_options(popular)),
    Entry("popular_recently", "Popular of late", _USERS, _without_options(popular_recently), only_by_time=True),
    Entry("popular_in_group", "Popular in group", _USERS, _without_options(popular_in_group)),
    Entry("most_rated", "Most rated", _USERS, _most_rated),
    Entry("most_rated_in_group", "Most rated in group", _USERS, _most_rated_in_group),
    Entry(
        "popular_genres",
        "Popular genres",
        _NEW,
        lambda data, config, seed: popular_genres(data, penalty=config.genre_penalty),
    ),
    Entry("liked_genres", "Liked genres", _NEW, _fit_liked_genres),
    Entry(
        "attribute_ridge",
        "Attribute ridge",
        _USERS,
        lambda data, config, seed: attribute_ridge(data, penalty=config.ridge_penalty),
    ),
    Entry("als", "Implicit ALS", _KNOWN, fit_als),
    Entry("bpr", "BPR", _KNOWN, _fit_bpr, only_by_time=True),
    Entry("ease", "EASE", _KNOWN, lambda data, config, seed: ease(data, penalty=config.ease_penalty)),
    Entry(
        "ease_on_stars",
        "EASE on stars",
        _KNOWN,
        lambda data, config, seed: ease_on_stars(data, penalty=config.ease_stars_penalty),
    ),
)


def why_not(entry: Entry, data: Interactions, config: BaselineConfig) -> str | None:
    """Why a baseline has to be left out for this data set; None where it has not."""
    if entry.name in ("popular_in_group", "most_rated_in_group", "attribute_ridge") and not data.has_attributes:
        return "nothing is known of anybody's gender, age or job"
    if entry.name in ("ease", "ease_on_stars") and data.num_movies > config.ease_max_movies:
        return f"{data.num_movies:,} movies are more than {config.ease_max_movies:,}"
    return None
