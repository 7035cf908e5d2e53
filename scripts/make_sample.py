#!/usr/bin/env python3
"""Write the bundled sample: real films, synthetic people and synthetic ratings in the layout of MovieLens 1M.

The films are listed in `sample_movies.tsv` beside this script. The people and their ratings are drawn from
a model that is written down here, so a test can ask whether training finds it again. The tastes in the tables
below are invented to be easy to tell apart; they claim nothing about real people.

The same files come out on every platform: the only random numbers are uniform doubles from PCG64, whose bits
NumPy keeps, and a difference in the last bit of a logarithm is far too small to move a rating.
"""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MOVIE_LIST = Path(__file__).with_name("sample_movies.tsv")
SAMPLE_DIR = Path(__file__).resolve().parents[1] / "data" / "sample"
SEED = 20240229
MOVIE_STREAM, PEOPLE_STREAM, RATING_STREAM = range(3)  # one generator each: a change in one leaves the others

NUM_PEOPLE = 1000
MIN_RATINGS, MEAN_RATINGS, MAX_RATINGS = 20, 49, 200  # per person; the mean is before the cap

# Sizes of the parts of a rating, in stars. All but the first are standard deviations.
BASE = 2.95  # people watch what they like, so the mean of the ratings is higher
QUALITY, GENEROSITY, PERSONAL_GENRE, PERSONAL_LATENT, NOISE = 0.4, 0.35, 0.35, 0.3, 0.65
NUM_FACTORS = 4
WATCH_TASTE = 1.5  # how much taste decides what is watched: each star multiplies the odds by e to this power
POPULARITY_POWER, POPULARITY_OFFSET = 1.0, 12.0  # Zipf: odds = (rank + offset) ** -power

FIRST_DAY = 1_704_067_200  # 2024-01-01 UTC, when every film of the list was out
DAY = 86_400  # seconds

# fmt: off
UNRATED = (  # in movies_origin.txt only, which leaves the gaps in the ids of movies.dat: no model knows them
    "39 Steps, The (1935)", "Rio Bravo (1959)", "Harlan County, USA (1976)", "Moonstruck (1987)",
    "Gattaca (1997)", "Coraline (2009)", "Whiplash (2014)", "Past Lives (2023)",
)
GENRES = (
    "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)
# fmt: on
Taste = Mapping[str, float]  # genre -> shift of a rating in stars; a genre not named does not shift it

GENDER_TASTES: dict[str, Taste] = {
    "M": {"Action": 0.4, "Sci-Fi": 0.4, "War": 0.3, "Western": 0.3, "Romance": -0.5, "Musical": -0.5},
    "F": {"Romance": 0.5, "Musical": 0.5, "Drama": 0.2, "Action": -0.4, "Sci-Fi": -0.4, "War": -0.3},
}
AGE_TASTES: dict[int, Taste] = {  # by the first year of the age group
    1: {"Children's": 0.8, "Animation": 0.7, "Fantasy": 0.5, "Film-Noir": -0.7, "Western": -0.6, "War": -0.5},
    18: {"Horror": 0.7, "Comedy": 0.4, "Action": 0.3, "Film-Noir": -0.4, "Western": -0.4, "Musical": -0.3},
    25: {"Sci-Fi": 0.5, "Thriller": 0.4, "Action": 0.3, "Musical": -0.4, "Children's": -0.3, "Western": -0.3},
    35: {"Crime": 0.5, "Thriller": 0.3, "Comedy": 0.2, "Horror": -0.2, "Animation": -0.3, "Musical": -0.2},
    45: {"Mystery": 0.5, "Documentary": 0.4, "Drama": 0.3, "Horror": -0.4, "Animation": -0.3},
    50: {"War": 0.6, "Western": 0.5, "Documentary": 0.4, "Horror": -0.5, "Animation": -0.4, "Fantasy": -0.4},
    56: {"Film-Noir": 0.7, "Musical": 0.6, "Romance": 0.4, "Horror": -0.7, "Sci-Fi": -0.6, "Action": -0.5},
}
JOB_TASTES: tuple[Taste, ...] = (  # by MovieLens's job code
    {},  # 0 other
    {"Documentary": 0.5, "Drama": 0.3, "Action": -0.3, "Horror": -0.3},  # 1 academic/educator
    {"Animation": 0.4, "Film-Noir": 0.4, "Fantasy": 0.3, "War": -0.4},  # 2 artist
    {"Romance": 0.4, "Comedy": 0.3, "Sci-Fi": -0.3, "Documentary": -0.3},  # 3 clerical/admin
    {"Sci-Fi": 0.4, "Comedy": 0.3, "Horror": 0.3, "Western": -0.4},  # 4 college/grad student
    {"Horror": 0.3, "Comedy": 0.3, "Documentary": -0.4, "Film-Noir": -0.3},  # 5 customer service
    {"Mystery": 0.4, "Drama": 0.3, "Horror": -0.4},  # 6 doctor/health care
    {"Thriller": 0.4, "Crime": 0.3, "Fantasy": -0.4},  # 7 executive/managerial
    {"Western": 0.7, "Adventure": 0.3, "Sci-Fi": -0.4, "Film-Noir": -0.3},  # 8 farmer
    {"Children's": 0.5, "Romance": 0.3, "Horror": -0.5, "War": -0.3},  # 9 homemaker
    {"Adventure": 0.4, "Animation": 0.3, "Documentary": -0.4, "Film-Noir": -0.3},  # 10 K-12 student
    {"Crime": 0.6, "Mystery": 0.3, "Animation": -0.4, "Fantasy": -0.3},  # 11 lawyer
    {"Sci-Fi": 0.6, "Fantasy": 0.5, "Romance": -0.4, "Musical": -0.3},  # 12 programmer
    {"Western": 0.3, "Musical": 0.3, "Mystery": 0.3, "Horror": -0.4},  # 13 retired
    {"Comedy": 0.5, "Action": 0.3, "Documentary": -0.4},  # 14 sales/marketing
    {"Documentary": 0.6, "Sci-Fi": 0.4, "Romance": -0.3, "Horror": -0.3},  # 15 scientist
    {"Adventure": 0.4, "Documentary": 0.3, "Musical": -0.3},  # 16 self-employed
    {"Action": 0.4, "Sci-Fi": 0.3, "War": 0.3, "Romance": -0.4},  # 17 technician/engineer
    {"War": 0.4, "Western": 0.4, "Action": 0.3, "Musical": -0.4},  # 18 tradesman/craftsman
    {"Horror": 0.5, "Fantasy": 0.3, "Drama": -0.4},  # 19 unemployed
    {"Film-Noir": 0.6, "Drama": 0.4, "Action": -0.4, "Children's": -0.3},  # 20 writer
)
GENDERS, AGES = tuple(GENDER_TASTES), tuple(AGE_TASTES)
GENDER_SHARES = (0.55, 0.45)
AGE_SHARES = (0.10, 0.16, 0.22, 0.17, 0.11, 0.11, 0.13)
AGE_JOBS = {1: 10, 18: 4, 56: 13}  # age group -> its usual job
USUAL_JOB = 14.0  # its weight beside the 1 of every other job


@dataclass(frozen=True, slots=True)
class Movie:
    """A film of the list: its id here, its title as MovieLens would write it, its genres in `GENRES`."""

    movie_id: int
    title: str
    genres: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class MovieTraits:
    """What the model plants in M films.

    Attributes:
        movie_ids: (M,) int64, ascending.
        genre_weights: (M, 18) float64 unit rows, equal in the film's genres.
        quality: (M,) float64, stars that everybody adds.
        popularity: (M,) float64, > 0, odds of being watched by somebody without tastes.
    """

    movie_ids: Rows
    genre_weights: Floats
    quality: Floats
    popularity: Floats


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """U people as rows of the tables above: each (U,) int64 into `GENDERS`, `AGES`, `JOB_TASTES`."""

    genders: Rows
    ages: Rows
    jobs: Rows


def read_movies(path: Path = MOVIE_LIST) -> tuple[Movie, ...]:
    """Read the list of films; ids count from 1 in the order of the list, by year and title."""
    lines = path.read_text(encoding="ascii").splitlines()[1:]
    fields = [line.split("\t") for line in lines]
    return tuple(
        Movie(movie_id, f"{move_article(title)} ({year})", tuple(genres.split("|")))
        for movie_id, (year, title, genres) in enumerate(fields, start=1)
    )


def move_article(title: str) -> str:
    """Move a leading article behind the title: "The Fly" becomes "Fly, The"."""
    article, _, rest = title.partition(" ")
    return f"{rest}, {article}" if article in ("A", "An", "The") else title


def rated_movies() -> tuple[Movie, ...]:
    """List the films of movies.dat, by ascending id: all but `UNRATED`."""
    return tuple(movie for movie in read_movies() if movie.title not in UNRATED)


def taste_table(tastes: Iterable[Taste]) -> Floats:
    """Turn tastes into (len(tastes), 18) float64 stars, columns as in `GENRES`."""
    return np.array([[taste.get(genre, 0.0) for genre in GENRES] for taste in tastes])


def genre_weights(movies: Sequence[Movie]) -> Floats:
    """Give (M, 18) float64 unit rows, equal in a film's genres: more genres do not water a taste down."""
    flags = np.array([[float(genre in movie.genres) for genre in GENRES] for movie in movies])
    weights: Floats = flags / np.sqrt(flags.sum(axis=1, keepdims=True))
    return weights


def group_shifts(movies: Sequence[Movie], *, gender: str, age: int, job: int) -> Floats:
    """Give the planted effect of a person's group on the rating of each film.

    Args:
        movies: M films.
        gender: "M" or "F".
        age: First year of the age group: 1, 18, 25, 35, 45, 50 or 56.
        job: Code of the job, 0 to 20.

    Returns:
        (M,) float64, stars: the group's three tastes in each of the film's genres, weighted and added up.
    """
    taste = taste_table([GENDER_TASTES[gender], AGE_TASTES[age], JOB_TASTES[job]]).sum(axis=0)
    shifts: Floats = genre_weights(movies) @ taste  # (M, 18) @ (18,)
    return shifts


def draw_movie_traits(movies: Sequence[Movie], rng: np.random.Generator) -> MovieTraits:
    """Draw quality and popularity of M films; better films tend to be the more popular ones."""
    quality = QUALITY * normal(rng, len(movies))
    fame = quality / QUALITY + normal(rng, len(movies))
    rank = np.argsort(np.argsort(-fame))
    popularity = np.asarray((rank + 1 + POPULARITY_OFFSET) ** -POPULARITY_POWER, dtype=np.float64)
    movie_ids = np.array([movie.movie_id for movie in movies])
    return MovieTraits(movie_ids, genre_weights(movies), quality, popularity)


def draw_people(rng: np.random.Generator) -> People:
    """Draw `NUM_PEOPLE` people; their job depends on their age."""
    genders = choose(GENDER_SHARES, rng.random(NUM_PEOPLE))
    ages = choose(AGE_SHARES, rng.random(NUM_PEOPLE))
    jobs = np.zeros(NUM_PEOPLE, dtype=np.int64)
    uniforms = rng.random(NUM_PEOPLE)
    for age_row, age in enumerate(AGES):
        weights = np.ones(len(JOB_TASTES))
        if age in AGE_JOBS:
            weights[AGE_JOBS[age]] = USUAL_JOB
        jobs[ages == age_row] = choose(weights, uniforms[ages == age_row])
    return People(genders, ages, jobs)


def draw_ratings(traits: MovieTraits, people: People, rng: np.random.Generator) -> Rows:
    """Draw (R, 4) int64 in the columns of ratings.dat: user id, movie id, stars, seconds since 1970.

    A person's films come without repetition, the likelier ones first: in the order of exponential waiting
    times with rate popularity * exp(taste) (Efraimidis and Spirakis, 2006).
    """
    taste = draw_tastes(traits, people, rng)  # (U, M)
    rates = traits.popularity * np.exp(WATCH_TASTE * taste)
    order = np.argsort(-np.log1p(-rng.random(taste.shape)) / rates, axis=1)

    extra = -(MEAN_RATINGS - MIN_RATINGS) * np.log1p(-rng.random(NUM_PEOPLE))
    counts = np.minimum(MIN_RATINGS + extra.astype(np.int64), MAX_RATINGS)
    user_rows, places = np.nonzero(np.arange(len(traits.movie_ids)) < counts[:, None])
    movie_rows = order[user_rows, places]
    watched = (user_rows, movie_rows)

    generosity = GENEROSITY * normal(rng, NUM_PEOPLE, 1)
    score = BASE + traits.quality + generosity + taste + NOISE * normal(rng, *taste.shape)
    stars = np.clip(np.rint(score), 1, 5).astype(np.int64)

    starts = FIRST_DAY + 180 * DAY * rng.random((NUM_PEOPLE, 1))
    times = (starts + np.cumsum(2 * DAY * rng.random(taste.shape), axis=1)).astype(np.int64)
    columns = (user_rows + 1, traits.movie_ids[movie_rows], stars[watched], times[user_rows, places])
    return np.stack(columns, axis=1)


def draw_tastes(traits: MovieTraits, people: People, rng: np.random.Generator) -> Floats:
    """Draw (U, M) float64 stars: the group's taste, the person's own taste in genres, and a low-rank rest."""
    genre_taste = (
        taste_table(GENDER_TASTES.values())[people.genders]
        + taste_table(AGE_TASTES.values())[people.ages]
        + taste_table(JOB_TASTES)[people.jobs]
        + PERSONAL_GENRE * normal(rng, NUM_PEOPLE, len(GENRES))
    )  # (U, 18)
    factors = normal(rng, NUM_PEOPLE, NUM_FACTORS) @ normal(rng, NUM_FACTORS, len(traits.movie_ids))
    taste: Floats = genre_taste @ traits.genre_weights.T + PERSONAL_LATENT * NUM_FACTORS**-0.5 * factors
    return taste


def normal(rng: np.random.Generator, *shape: int) -> Floats:
    """Draw nearly normal numbers, mean 0 and deviation 1; NumPy's own may change from release to release."""
    total: Floats = rng.random((*shape, 12)).sum(axis=-1)
    return total - 6.0


def choose(weights: Sequence[float] | Floats, uniforms: Floats) -> Rows:
    """Turn uniform numbers in [0, 1) into indices, drawn in proportion to the weights."""
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative / cumulative[-1], uniforms, side="right")


def generator(stream: int) -> np.random.Generator:
    """Make the generator of one stream of the sample."""
    return np.random.Generator(np.random.PCG64([SEED, stream]))


def write_sample(folder: Path) -> None:
    """Write movies.dat, users.dat, ratings.dat and movies_origin.txt; the folder is made if need be."""
    movies = rated_movies()
    traits = draw_movie_traits(movies, generator(MOVIE_STREAM))
    people = draw_people(generator(PEOPLE_STREAM))
    ratings = draw_ratings(traits, people, generator(RATING_STREAM))
    folder.mkdir(parents=True, exist_ok=True)
    write_lines(folder / "movies.dat", movie_lines(movies))
    write_lines(folder / "movies_origin.txt", movie_lines(read_movies()))
    write_lines(folder / "users.dat", user_lines(people))
    write_lines(folder / "ratings.dat", ("::".join(map(str, row)) for row in ratings.tolist()))


def movie_lines(movies: Sequence[Movie]) -> list[str]:
    """Give the line of each film: `MovieID::Title::Genres`."""
    return [f"{movie.movie_id}::{movie.title}::{'|'.join(movie.genres)}" for movie in movies]


def user_lines(people: People) -> list[str]:
    """Give the line of each person: `UserID::Gender::Age::Occupation::Zip-code`, the last a placeholder."""
    rows = zip(people.genders, people.ages, people.jobs, strict=True)
    return [
        f"{user_id}::{GENDERS[gender]}::{AGES[age]}::{job}::00000"
        for user_id, (gender, age, job) in enumerate(rows, start=1)
    ]


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines of ASCII that end in a line feed on every platform."""
    path.write_bytes("".join(f"{line}\n" for line in lines).encode("ascii"))


def main() -> None:
    """Read the command line and write the sample."""
    parser = argparse.ArgumentParser(description="Write the bundled sample data set.")
    parser.add_argument("--output", type=Path, default=SAMPLE_DIR, help="folder (default: %(default)s)")
    write_sample(parser.parse_args().output)


if __name__ == "__main__":
    main()
