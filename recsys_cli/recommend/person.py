"""From what is known of a person to a user vector, and to what must not be recommended."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys_cli.config.question import Person
from recsys_cli.dataset.columns import asked_rows, named_values
from recsys_cli.errors import ConfigError, UnknownUserError
from recsys_cli.index.movie_index import MovieIndex
from recsys_cli.model.user_vector import LIKE_SHARE, Favourites, user_vector
from recsys_cli.recommend.answers import Query, RatedMovie

NOBODY = "nothing is known of the person: these movies are for nobody in particular"


@dataclass(frozen=True, slots=True, eq=False)
class Understood:
    """A person as the model sees them.

    Attributes:
        vector: (D,) float32, unit length.
        query: what was understood.
        gender: row, 0 unknown.
        age: row, 0 unknown.
        user: position in the model's ``user_ids``, None for somebody who is not among them.
        seen: (n,) int64, ids of the movies that the person is known to have rated.
        liked: the rated movies above the middle of the scale, best first.
    """

    vector: NDArray[np.float32]
    query: Query
    gender: int
    age: int
    user: int | None
    seen: NDArray[np.int64]
    liked: tuple[RatedMovie, ...]


def understand(person: Person, index: MovieIndex, *, k: int) -> Understood:
    """Look a person up.

    Args:
        person: what is known of them.
        index: the movies and the model.
        k: number of movies asked for, for the record.

    Raises:
        ConfigError: a value is not allowed, or a movie is not found.
        UnknownUserError: the user is not in the model and nothing else is known of them.
        ArtifactError: a file of the model is damaged.
        StoreError: the index cannot answer.
    """
    notes: list[str] = []
    gender, age, job, *further = _profile(person, index)
    user = _user(person, index, notes)
    rated = _rated(person, index, notes)
    if user is not None:
        people = index.folder.audience
        gender, age, job = (int(rows[user]) for rows in (people.user_genders, people.user_ages, people.user_jobs))
        further = people.user_further[user].tolist()
    elif not (rated or person.has_profile):
        notes.append(NOBODY)
    names = index.vocabulary.demographics
    query = Query(
        user=person.user if user is not None else None,
        age_group=names.age_name(age) if age else None,
        gender=names.gender_name(gender) if gender else None,
        job=names.job_name(job) if job else None,
        attributes=named_values(names.further, further),
        rated=rated,
        k=k,
        notes=tuple(notes),
    )
    ids = np.array([movie.movie_id for movie in rated], dtype=np.int64)
    seen = ids if user is None else np.union1d(ids, index.folder.seen.of(user))
    middle = (index.folder.info.rating_min + index.folder.info.rating_max) / 2
    liked = sorted((movie for movie in rated if movie.rating > middle), key=lambda movie: -movie.rating)
    vector = user_vector(index.folder, (gender, age, job, *further), _favourites(rated, index), user=user)
    return Understood(vector, query, gender, age, user, seen, tuple(liked))


def _profile(person: Person, index: MovieIndex) -> tuple[int, ...]:
    """Rows of gender, age, job and further columns; 0 where not known."""
    people = index.vocabulary.demographics
    return (
        0 if person.gender is None else people.gender_row(person.gender),
        0 if person.age is None else people.age_row(person.age),
        0 if person.job is None else people.job_row(str(person.job)),
        *asked_rows(people.further, person.attributes),
    )


def _user(person: Person, index: MovieIndex, notes: list[str]) -> int | None:
    """Position of a known user; None where no user is asked for, or the profile must stand in."""
    if person.user is None:
        return None
    row = int(index.vocabulary.user_rows(np.array([person.user]))[0])
    if row:
        if person.has_profile:
            given = "age, gender, job and attributes" if person.attributes else "age, gender and job"
            notes.append(f"user {person.user} is in the model: {given} are not used")
        return row - 1
    parts = (("the profile", person.has_profile), ("the rated movies", person.has_favourites))
    instead = " and ".join(name for name, is_given in parts if is_given)
    if not instead:
        raise UnknownUserError(
            f"--user: {person.user} is not in the model; describe the person with --age, --gender and --job, "
            "or with --like"
        )
    notes.append(f"user {person.user} is not in the model: answered by {instead}")
    return None


def _rated(person: Person, index: MovieIndex, notes: list[str]) -> tuple[RatedMovie, ...]:
    """The movies that are rated, liked and disliked."""
    info = index.folder.info
    rated: dict[int, RatedMovie] = {}
    if person.ratings_path is not None:
        from recsys_cli.recommend.ratings_file import read_ratings_file  # loads pyarrow

        file = read_ratings_file(
            person.ratings_path, index.titles, rating_min=info.rating_min, rating_max=info.rating_max
        )
        rated = {movie.movie_id: movie for movie in file.rated}
        note = file.note(person.ratings_path)
        notes += [note] if note else []
    given = [("--like", name, LIKE_SHARE * info.rating_max) for name in person.like]
    given += [("--dislike", name, info.rating_min) for name in person.dislike]
    given += [("ratings", name, rating) for name, rating in person.ratings]
    for option, name, rating in given:
        if not info.rating_min <= rating <= info.rating_max:
            raise ConfigError(
                f"{option}: the rating {rating:g} of {name!r} is not in {info.rating_min:g} to {info.rating_max:g}"
            )
        (movie,) = index.find([name], option=option)
        if movie.is_guess:
            notes.append(f"{name!r} is taken as {movie.title}")
        earlier = rated.get(movie.movie_id)
        if earlier is not None and earlier.rating != rating:
            raise ConfigError(f"{option}: {movie.title} is rated twice: {earlier.rating:g} and {rating:g}")
        rated[movie.movie_id] = RatedMovie(movie_id=movie.movie_id, title=movie.title, rating=float(rating))
    return tuple(rated.values())


def _favourites(rated: tuple[RatedMovie, ...], index: MovieIndex) -> Favourites | None:
    """The rated movies as the model takes them, None without any."""
    if not rated:
        return None
    ids = np.array([movie.movie_id for movie in rated], dtype=np.int64)
    return Favourites(
        places=index.vocabulary.movie_rows(ids) - 1,
        ratings=np.array([movie.rating for movie in rated], dtype=np.float32),
        vectors=index.make_ready().vectors(ids),
    )
