"""What speaks for a recommended movie: the training data's counts, and the liked movie that is nearest."""

from dataclasses import dataclass, replace

import numpy as np

from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.recommend.answers import RatedMovie, Reasons, RecommendedMovie


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Whom movies are explained to.

    Attributes:
        gender: row, 0 unknown.
        age: row, 0 unknown.
        liked: movies that they are known to like.
    """

    gender: int
    age: int
    liked: tuple[RatedMovie, ...] = ()


def explain(
    movies: tuple[RecommendedMovie, ...], person: Listener, index: MovieIndex
) -> tuple[RecommendedMovie, ...]:
    """Add its reasons to every movie.

    Args:
        movies: what is recommended.
        person: whom to.
        index: the movies and the model.
    """
    nearest = _nearest_likes(movies, person, index)
    return tuple(
        replace(movie, reasons=_reasons(movie, like, person, index))
        for movie, like in zip(movies, nearest, strict=True)
    )


def _nearest_likes(movies: tuple[RecommendedMovie, ...], person: Listener, index: MovieIndex) -> list[int | None]:
    """Position in ``person.liked`` of the movie whose vector is nearest to each recommended one."""
    if not (movies and person.liked):
        return [None] * len(movies)
    store = index.make_ready()
    recommended = store.vectors(np.array([movie.movie_id for movie in movies], dtype=np.int64))
    liked = store.vectors(np.array([movie.movie_id for movie in person.liked], dtype=np.int64))
    return [int(place) for place in np.argmax(recommended @ liked.T, axis=1)]


def _reasons(movie: RecommendedMovie, like: int | None, person: Listener, index: MovieIndex) -> Reasons:
    vocabulary, audience = index.vocabulary, index.folder.audience
    people = vocabulary.demographics
    names = [people.gender_name(person.gender)] if person.gender else []
    names += [people.age_name(person.age)] if person.age else []
    row = int(vocabulary.movie_rows(np.array([movie.movie_id]))[0])
    count, mean = audience.of_group(0, 0, row - 1) if row else (0, None)
    group_count, group_mean = audience.of_group(person.gender, person.age, row - 1) if row and names else (0, None)
    liked = None if like is None else person.liked[like]
    shared = () if liked is None else index.genres_of(liked.movie_id)
    return Reasons(
        group=", ".join(names) or None,
        group_count=group_count,
        group_mean=group_mean,
        count=count,
        mean=mean,
        like=None if liked is None else liked.title,
        shared_genres=tuple(genre for genre in movie.genres if genre in shared),
    )
