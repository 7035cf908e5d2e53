"""What a recommender answers with: plain values, printed by the commands as they are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RatedMovie:
    """A movie that a question names.

    Attributes:
        movie_id: the data set's id.
        title: as people write it, with the year.
        rating: on the model's rating scale; a like is 0.8 of its top, a dislike its bottom.
    """

    movie_id: int
    title: str
    rating: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question as it was understood; None stands for what was not said.

    Attributes:
        user: id of a user whose own vector answers.
        age_group: such as ``25-34``.
        gender: ``M`` or ``F``.
        job: name of the job.
        attributes: what else is known of the person, of the further columns of a catalogue: categories, and the
            ranges that numbers lie in.
        rated: the movies that were liked, disliked or rated.
        k: number of movies asked for.
        notes: what the person should know about how the question was taken.
    """

    user: int | None
    age_group: str | None
    gender: str | None
    job: str | None
    attributes: dict[str, str]
    rated: tuple[RatedMovie, ...]
    k: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What speaks for a movie: counts of the training data, and likeness to what the person likes.

    Attributes:
        group: the people of the same gender and age group, such as ``M, 25-34``; None where neither is known.
        group_count: ratings of the movie by this group.
        group_mean: their mean, None where there are none.
        count: ratings of the movie by everybody.
        mean: their mean, None where there are none.
        like: title of the liked movie whose vector is nearest, None without likes.
        shared_genres: genres that the movie shares with it.
    """

    group: str | None
    group_count: int
    group_mean: float | None
    count: int
    mean: float | None
    like: str | None
    shared_genres: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendedMovie:
    """One line of a recommendation.

    Attributes:
        rank: 1 for the best.
        movie_id: the data set's id.
        title: as people write it, with the year.
        genres: genre names.
        score: top of the rating scale x inner product with what was searched with: the person's vector, or one
            turned from it where novelty was asked for; orders the list unless variety was asked for.
        stars: estimated rating on the rating scale, or None where the model has no honest estimate.
        reasons: what speaks for it, where that was asked for.
    """

    rank: int
    movie_id: int
    title: str
    genres: tuple[str, ...]
    score: float
    stars: float | None
    reasons: Reasons | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """The answer to one question.

    Attributes:
        query: the question as it was understood.
        model: fingerprint of the model.
        movies: best first; fewer than asked for where fewer pass the filter.
    """

    query: Query
    model: str
    movies: tuple[RecommendedMovie, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the person should know about how the question was taken."""
        return self.query.notes


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarMovie:
    """One line of a list of similar movies.

    Attributes:
        rank: 1 for the nearest.
        movie_id: the data set's id.
        title: as people write it, with the year.
        genres: genre names.
        similarity: inner product of the movie's vector and the taste of the given one, -1 to 1.
    """

    rank: int
    movie_id: int
    title: str
    genres: tuple[str, ...]
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarMovies:
    """Movies like a given one.

    Attributes:
        movie_id: the given movie.
        title: its title.
        notes: what the person should know about how the question was taken.
        model: fingerprint of the model.
        movies: nearest first.
    """

    movie_id: int
    title: str
    notes: tuple[str, ...]
    model: str
    movies: tuple[SimilarMovie, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueMovie:
    """One line of a list of found movies.

    Attributes:
        movie_id: the data set's id.
        title: as people write it, with the year.
        genres: genre names.
        num_ratings: of the training data.
    """

    movie_id: int
    title: str
    genres: tuple[str, ...]
    num_ratings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundMovies:
    """Movies that a text may stand for.

    Attributes:
        q: the text.
        model: fingerprint of the model.
        movies: those of this id or title, then those with it in their titles; each the most rated first.
    """

    q: str
    model: str
    movies: tuple[CatalogueMovie, ...]
