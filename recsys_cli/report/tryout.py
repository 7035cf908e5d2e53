"""What "Try it" of the page answers: the lists of every profile and the movies like each, asked for beforehand."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recsys_cli.config import EXACT_URI
from recsys_cli.dataset.titles import display_title
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import Vocabulary
from recsys_cli.recommend.answers import Recommendation, RecommendedMovie, SimilarMovie, SimilarMovies
from recsys_cli.recommend.recommender import Recommender
from recsys_cli.report.movie_map import MovieMap, first_genres

PLACES = 10  # of a list
_NO_STARS = -32768
_NOWHERE = 65535


@dataclass(frozen=True, slots=True, eq=False)
class Tryout:
    """Answers to everything that the page can be asked.

    Attributes:
        recommendations: by rows of gender, age and job, row 0 unknown.
        similar: by movie id.
        source: where the movies come from, for people.
    """

    recommendations: dict[tuple[int, int, int], Recommendation]
    similar: dict[int, SimilarMovies]
    source: str


def try_everything(
    folder: ModelFolder, vocabulary: Vocabulary, drawn: MovieMap, movies_data: Path | None
) -> Tryout:
    """Ask a recommender for the list of every profile, and for movies like each of the map.

    Args:
        folder: the model.
        vocabulary: of the model.
        drawn: the map, which holds the movies to find similar ones of.
        movies_data: what ``recsys preprocess`` wrote; None for the file or the movies that a recommender chooses.

    Raises: ArtifactError: the model is damaged, or the file is.
    """
    with Recommender.open(folder.path, movies_data=movies_data, milvus_uri=EXACT_URI) as recommender:
        people = vocabulary.demographics
        recommendations = {
            (gender, age, job): recommender.recommend(
                gender=people.gender_name(gender) if gender else None,
                age=people.ages[age - 1] if age else None,
                job=people.job_name(job) if job else None,
                k=PLACES,
            )
            for gender in range(len(people.genders) + 1)
            for age in range(len(people.ages) + 1)
            for job in range(len(people.jobs) + 1)
        }
        held = set(recommender.index.movies.movie_ids.tolist())
        similar = {
            movie_id: recommender.similar(f"id:{movie_id}", k=PLACES)
            for movie_id in drawn.movie_ids.tolist()
            if movie_id in held
        }
        file = recommender.index.file
    return Tryout(
        recommendations, similar, "the training data" if file.path.parent == folder.path else str(file.path)
    )


def page_data(tried: Tryout, drawn: MovieMap, vocabulary: Vocabulary, folder: ModelFolder) -> dict[str, Any]:
    """Everything that the page's script needs, small: numbers as base64 of little-endian integers.

    Scores and similarities are thousandths, stars tenths, as the commands print them.
    """
    titles, genres = _named(tried, drawn, vocabulary)
    # Those with similar ones first, so that the arrays of these end with them.
    movie_ids = np.array(sorted(titles, key=lambda movie: (movie not in tried.similar, movie)), dtype=np.int64)
    place_of = {movie_id: place for place, movie_id in enumerate(movie_ids.tolist())}
    rows = vocabulary.movie_rows(movie_ids)
    counts = np.where(rows > 0, folder.num_ratings[rows - 1], 0)
    names = sorted({name for movie in movie_ids.tolist() for name in genres[movie]})
    on_map = np.full((len(movie_ids), 2), _NOWHERE, dtype="<u2")
    on_map[[place_of[movie] for movie in drawn.movie_ids.tolist()]] = np.round(drawn.places * 65000)
    people = vocabulary.demographics
    # Colours are those of the picture, which counts the genres of the movies on the map.
    shown, _ = first_genres([genres[movie] for movie in drawn.movie_ids.tolist()])
    small = "<i4" if len(movie_ids) > 32767 else "<i2"

    def stars(movie: RecommendedMovie) -> int:
        return _NO_STARS if movie.stars is None else _printed(movie.stars, 1)

    lists = [tried.recommendations[key].movies for key in sorted(tried.recommendations)]
    alike = [tried.similar[movie].movies for movie in movie_ids.tolist() if movie in tried.similar]
    return {
        "places": PLACES,
        "genders": list(people.genders),
        "ages": [people.age_name(row) for row in range(1, len(people.ages) + 1)],
        "jobs": [name for _, name in people.jobs],
        "titles": [titles[movie] for movie in movie_ids.tolist()],
        "ids": movie_ids.tolist(),
        "genreNames": names,
        "mapGenres": shown,
        "genres": [[names.index(name) for name in genres[movie]] for movie in movie_ids.tolist()],
        "ratings": _packed(counts, "<i4"),
        "map": _packed(on_map, "<u2"),
        "lists": _packed([_filled(place_of[m.movie_id] for m in movies) for movies in lists], "<i4"),
        "scores": _packed([_filled(_printed(m.score, 3) for m in movies) for movies in lists], "<i4"),
        "stars": _packed([_filled(map(stars, movies)) for movies in lists], "<i2"),
        "similar": _packed([_filled(place_of[m.movie_id] for m in movies) for movies in alike], small),
        "similarities": _packed([_filled(_printed(m.similarity, 3) for m in movies) for movies in alike], "<i2"),
    }  # fmt: skip


def _named(
    tried: Tryout, drawn: MovieMap, vocabulary: Vocabulary
) -> tuple[dict[int, str], dict[int, tuple[str, ...]]]:
    """Title and genres, by id, of every movie that the page names."""
    titles, genres = {}, {}
    for movie_id, row in zip(
        drawn.movie_ids.tolist(), vocabulary.movie_rows(drawn.movie_ids).tolist(), strict=True
    ):
        titles[movie_id] = display_title(vocabulary.titles[row - 1])
        genres[movie_id] = vocabulary.movie_genres[row - 1]
    listed = [movie for answer in tried.recommendations.values() for movie in answer.movies]
    alike = [movie for answer in tried.similar.values() for movie in answer.movies]
    named: list[RecommendedMovie | SimilarMovie] = [*listed, *alike]
    for movie in named:
        titles[movie.movie_id], genres[movie.movie_id] = movie.title, tuple(movie.genres)
    return titles, genres


def _printed(value: float, digits: int) -> int:
    """The number as it is printed, without the point."""
    return int(f"{value:.{digits}f}".replace(".", ""))


def _filled(values: Any) -> list[int]:
    """A list of `PLACES` numbers, -1 where there are fewer."""
    found = list(values)
    return found + [-1] * (PLACES - len(found))


def _packed(values: Any, kind: str) -> str:
    return base64.b64encode(np.asarray(values).astype(kind).tobytes()).decode()
