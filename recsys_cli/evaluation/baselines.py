"""All baselines by name: how each is fitted, and what it has an answer for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recsys_cli.config.evaluation import BaselineConfig
from recsys_cli.evaluation.baseline import Baseline, Interactions
from recsys_cli.evaluation.linear_baselines import ALS, EASE, AttributeRidge
from recsys_cli.evaluation.popularity_baselines import Chance, LikedGenres, Popular, PopularGenres, PopularInGroup
from recsys_cli.evaluation.rating_baselines import Biases, Mean


@dataclass(frozen=True, slots=True)
class Entry:
    """One baseline.

    Attributes:
        name: as programs call it.
        title: as people read it.
        ranks: what it orders movies for: ``known`` users, ``cold`` users, ``new`` movies.
        fit: from training ratings, options and a seed.
        rates: whether it estimates ratings.
    """

    name: str
    title: str
    ranks: frozenset[str]
    fit: Callable[[Interactions, BaselineConfig, int], Baseline]
    rates: bool = False


def _fit_biases(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return Biases(data, user_damping=config.user_damping, movie_damping=config.movie_damping)


def _fit_most_rated_in_group(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return PopularInGroup(data, likes_only=False)


def _fit_popular_genres(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return PopularGenres(data, penalty=config.genre_penalty)


def _fit_liked_genres(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return LikedGenres(data, penalty=config.genre_penalty, damping=config.taste_damping)


def _fit_als(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return ALS(
        data,
        factors=config.als_factors,
        alpha=config.als_alpha,
        regularization=config.als_regularization,
        sweeps=config.als_iterations,
        seed=seed,
    )


def _fit_ridge(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return AttributeRidge(data, penalty=config.ridge_penalty)


def _fit_ease(data: Interactions, config: BaselineConfig, seed: int) -> Baseline:
    return EASE(data, penalty=config.ease_penalty)


_NOTHING: frozenset[str] = frozenset()
_KNOWN, _NEW = frozenset({"known"}), frozenset({"new"})
_USERS = frozenset({"known", "cold"})
BASELINES = (
    Entry("mean", "Mean", _NOTHING, lambda data, config, seed: Mean(data), rates=True),
    Entry("biases", "User + movie bias", _USERS, _fit_biases, rates=True),
    Entry("chance", "Chance", _NEW, lambda data, config, seed: Chance(data, seed=seed)),
    Entry("popular", "Most popular", _USERS, lambda data, config, seed: Popular(data)),
    Entry("popular_in_group", "Popular in group", _USERS, lambda data, config, seed: PopularInGroup(data)),
    Entry("most_rated", "Most rated", _USERS, lambda data, config, seed: Popular(data, likes_only=False)),
    Entry("most_rated_in_group", "Most rated in group", _USERS, _fit_most_rated_in_group),
    Entry("popular_genres", "Popular genres", _NEW, _fit_popular_genres),
    Entry("liked_genres", "Liked genres", _NEW, _fit_liked_genres),
    Entry("attribute_ridge", "Attribute ridge", _USERS, _fit_ridge),
    Entry("als", "Implicit ALS", _KNOWN, _fit_als),
    Entry("ease", "EASE", _KNOWN, _fit_ease),
)


def why_not(entry: Entry, data: Interactions, config: BaselineConfig) -> str | None:
    """Why a baseline has to be left out for this data set; None where it has not."""
    if entry.name in ("popular_in_group", "most_rated_in_group", "attribute_ridge") and not data.has_attributes:
        return "nothing is known of anybody's gender, age or job"
    if entry.name == "ease" and data.num_movies > config.ease_max_movies:
        return f"{data.num_movies:,} movies are more than {config.ease_max_movies:,}"
    return None
