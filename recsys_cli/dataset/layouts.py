"""The layouts in which MovieLens and its likes are published, told apart by the files of a folder."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.dataset.dataset_toml import (
    CATALOGUE_FILE,
    catalogue_movie_file,
    catalogue_ratings_layout,
    read_catalogue,
    read_catalogue_movies,
)
from recsys_cli.dataset.demographics import MOVIELENS_1M, Demographics
from recsys_cli.dataset.lines import clean_text, column_names, column_place, read_columns, read_header, read_lines
from recsys_cli.dataset.problems import Problem, Problems, check_regular
from recsys_cli.dataset.rating_columns import RatingsLayout
from recsys_cli.dataset.scale import HALF_STARS, WHOLE_STARS
from recsys_cli.dataset.tables import Choices, Movies, MoviesBuilder, Source, Users, UsersBuilder
from recsys_cli.errors import ConfigError, DataError

# Of MovieLens 100K, for a folder without its u.genre.
_GENRES_100K = (
    "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
    "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip

# Of a CSV or Parquet file of ratings, casefolded: users, movies, ratings.
_RATING_COLUMNS = (("userid", "user_id", "user"), ("movieid", "movie_id", "movie"), ("rating",))
_HALF_STAR = re.compile(rb"::[0-9]*\.0*[1-9]")


def read_source(folder: Path, *, format: str | None, problems: Problems) -> Source:
    """Read movies and users of a data set in whichever format, and find its ratings.

    Args:
        folder: of the data set.
        format: one of `FORMATS`, None to tell it by the files.
        problems: takes the bad lines.

    Raises:
        ConfigError: if there is no such format.
        DataError: if the folder holds no data set or several, or a file is missing or unreadable.
    """
    if format is not None and format not in FORMATS:
        raise ConfigError(f"--format: {format!r} is not allowed; allowed: {', '.join(FORMATS)}")
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder")
    return FORMATS[format or _detect(folder)].read(folder, problems)


def read_movies(path: Path, data: Path = Path()) -> Movies:
    """Read the movie file of a data set, in any of the formats, by itself.

    Args:
        path: the file.
        data: folder of a data set, whose dataset.toml may name the columns; it need not exist.

    Raises: DataError: if the file is missing, empty or has bad lines; it lists the first with line and field.
    """
    problems = Problems()
    if path.name == "u.item":
        movies = _movies_100k(path, problems)
    elif catalogue := read_catalogue_movies(path, data, problems):
        movies = catalogue
    elif path.suffix.casefold() == ".csv":
        movies = _movies_csv(path, problems)
    else:
        movies = _movies_dat(path, problems)
    problems.raise_if_any()
    if not len(movies.ids):
        raise DataError(f"{path}: holds no movies")
    return movies


def ratings_layout(path: Path, data: Path) -> RatingsLayout:
    """How a file of ratings by itself is written, in any of the formats.

    Args:
        path: the file. Two dataset.toml may name its columns: the one beside it, and that of the data set.
        data: folder of a data set; it need not exist.

    Raises: DataError: if it cannot be read, is no regular file, or its columns are none of ratings.
    """
    check_regular(path)
    for toml in (path.with_name(CATALOGUE_FILE), data / CATALOGUE_FILE):
        if toml.exists() and (layout := catalogue_ratings_layout(toml, path)):
            return layout
    header = column_names(path)
    line = ",".join(header)
    for delimiter in ("::", "\t"):
        fields = line.split(delimiter)
        if len(fields) in (3, 4) and path.suffix.casefold() != ".parquet":
            return RatingsLayout(path, ("user", "movie", "rating", "time")[: len(fields)], delimiter=delimiter)
    spelled = {name.casefold(): name for name in header}
    found = [next((spelled[name] for name in names if name in spelled), None) for names in _RATING_COLUMNS]
    if None in found:
        raise DataError(
            f"{path}:1: the columns of ratings are user_id or userId, movie_id or movieId, and rating, or those "
            f"that dataset.toml names; it has: {', '.join(header)}"
        )
    return _columns_layout(path, header, [name for name in found if name is not None])


def _columns_layout(path: Path, header: list[str], wanted: list[str]) -> RatingsLayout:
    if path.suffix.casefold() == ".parquet":
        return RatingsLayout(path, tuple(wanted))
    names = [f"({name})" for name in header]
    for name, read in zip(wanted, ("user", "movie", "rating"), strict=True):
        names[header.index(name)] = read
    return RatingsLayout(path, tuple(names), csv=True)


def movie_files(folder: Path) -> tuple[Path, ...]:
    """Where the movies of a data set may be, whatever its format.

    Raises: DataError: if its dataset.toml is wrong.
    """
    files = tuple(folder / name for name in ("movies.dat", "movies.csv", "u.item"))
    return (catalogue_movie_file(folder), *files) if (folder / CATALOGUE_FILE).exists() else files


def _detect(folder: Path) -> str:
    names = {path.name for path in folder.iterdir()}
    found = [name for name, format in FORMATS.items() if set(format.files) <= names]
    if CATALOGUE_FILE in names:
        return "catalogue"
    if "ml-1m" in found and "ml-10m" in found:
        found.remove("ml-10m")
    if found == ["ml-10m"] and not _has_half_stars(folder / "ratings.dat"):
        # Every rating a whole star and no people: rather MovieLens 1M, incomplete, than 10M.
        raise DataError(f"{folder / 'users.dat'}: no such file; use --format ml-10m for a data set without people")
    if len(found) > 1:
        raise DataError(f"{folder}: holds several data sets; choose one with --format: {', '.join(found)}")
    if found:
        return found[0]
    some = [format for format in FORMATS.values() if set(format.files) & names]
    if some:
        best = max(some, key=lambda format: len(set(format.files) & names))
        missing = next(file for file in best.files if file not in names)
        raise DataError(f"{folder / missing}: no such file")
    wanted = "; ".join(f"{name} ({', '.join(format.files)})" for name, format in FORMATS.items())
    raise DataError(f"{folder}: holds no data set; known formats: {wanted}")


def _has_half_stars(ratings: Path) -> bool:
    """Whether any rating of a ratings.dat is not a whole star; the file is read up to the first."""
    try:
        with ratings.open("rb") as file:
            return any(
                _HALF_STAR.search(block + file.readline()) for block in iter(lambda: file.read(1 << 20), b"")
            )
    except OSError:
        return True  # the reader says what is wrong with it


def _read_100k(folder: Path, problems: Problems) -> Source:
    movies = _movies_100k(folder / "u.item", problems)
    users, demographics = _users_100k(folder / "u.user", problems)
    names = ("user", "movie", "rating", "time")
    ratings = RatingsLayout(folder / "u.data", names, delimiter="\t", scale=WHOLE_STARS)
    return Source("ml-100k", movies, users, demographics, ratings)


def _movies_100k(path: Path, problems: Problems) -> Movies:
    genres = list(_GENRES_100K)
    if path.with_name("u.genre").exists():
        genres = [
            clean_text(line.rpartition("|")[0]) for _, line in read_lines(path.with_name("u.genre"), problems)
        ]
    movies = MoviesBuilder(path, problems)
    for number, line in read_lines(path, problems):
        movie_id, *rest = line.split("|")
        flags = rest[4:]
        if len(flags) != len(genres):
            allowed = f"{5 + len(genres)} fields: id|title|date|video date|address|a flag for each genre"
            problems.add(Problem(path, number, "line", line, allowed))
        elif not {"0", "1"}.issuperset(flags):
            problems.add(Problem(path, number, "genres", "|".join(flags), "0, 1"))
        else:
            chosen = [genre for genre, flag in zip(genres, flags, strict=True) if flag == "1"]
            movies.add(number, movie_id, rest[0], chosen)
    return movies.build()


def _users_100k(path: Path, problems: Problems) -> tuple[Users, Demographics]:
    rows = [(number, line, line.split("|")) for number, line in read_lines(path, problems)]
    occupations = path.with_name("u.occupation")
    if occupations.exists():
        names = [clean_text(line) for _, line in read_lines(occupations, problems)]
    else:
        names = sorted({clean_text(fields[3]) for _, _, fields in rows if len(fields) == 5} - {""})
    known = Demographics(MOVIELENS_1M.genders, MOVIELENS_1M.ages, tuple(enumerate(names)))
    users = UsersBuilder(path, problems, Choices.of(known.genders), Choices.of_years(known), Choices.of(names))
    for number, line, fields in rows:
        if len(fields) == 5:
            users.add(number, fields[0], age=fields[1], gender=fields[2], job=fields[3])
        else:
            problems.add(Problem(path, number, "line", line, "5 fields: id|age|gender|job|zip code"))
    return users.build(), known


def _read_1m(folder: Path, problems: Problems) -> Source:
    movies = _movies_dat(folder / "movies.dat", problems)
    users, demographics = _users_dat(folder / "users.dat", problems)
    ratings = RatingsLayout(folder / "ratings.dat", ("user", "movie", "rating", "time"), delimiter="::")
    return Source("ml-1m", movies, users, demographics, ratings)


def _read_10m(folder: Path, problems: Problems) -> Source:
    movies = _movies_dat(folder / "movies.dat", problems)
    names = ("user", "movie", "rating", "time")
    ratings = RatingsLayout(folder / "ratings.dat", names, delimiter="::", scale=HALF_STARS)
    return Source("ml-10m", movies, None, Demographics(), ratings)


def _movies_dat(path: Path, problems: Problems) -> Movies:
    movies = MoviesBuilder(path, problems)
    for number, line in read_lines(path, problems):
        movie_id, _, rest = line.partition("::")
        # A title may hold "::"; an id and the genres cannot.
        title, separator, genres = rest.rpartition("::")
        if separator:
            movies.add(number, movie_id, title, genres.split("|"))
        else:
            problems.add(Problem(path, number, "line", line, "3 fields: id::title::genres"))
    return movies.build()


def _users_dat(path: Path, problems: Problems) -> tuple[Users, Demographics]:
    """Users with gender, age and job or, where the first line has but two fields, with an id only."""
    rows = [(number, line, line.split("::")) for number, line in read_lines(path, problems)]
    bare = bool(rows) and len(rows[0][2]) == 2
    known = Demographics() if bare else MOVIELENS_1M
    job_ids = Choices.of(job_id for job_id, _ in known.jobs)
    users = UsersBuilder(path, problems, Choices.of(known.genders), Choices.of(known.ages), job_ids)
    for number, line, fields in rows:
        if bare and len(fields) == 2:
            users.add(number, fields[0])
        elif not bare and len(fields) == 5:
            users.add(number, fields[0], gender=fields[1], age=fields[2], job=fields[3])
        else:
            allowed = "2 fields: id::other id" if bare else "5 fields: id::gender::age::job::zip code"
            problems.add(Problem(path, number, "line", line, allowed))
    return users.build(), known


def _read_csv(folder: Path, problems: Problems) -> Source:
    movies = _movies_csv(folder / "movies.csv", problems)
    path = folder / "ratings.csv"
    header = read_header(path)
    names = [f"({name})" for name in header]
    for column, name in (("userId", "user"), ("movieId", "movie"), ("rating", "rating")):
        names[column_place(path, header, column)] = name
    if "timestamp" in header:
        names[header.index("timestamp")] = "time"
    ratings = RatingsLayout(path, tuple(names), csv=True, scale=HALF_STARS)
    return Source("ml-csv", movies, None, Demographics(), ratings)


def _movies_csv(path: Path, problems: Problems) -> Movies:
    movies = MoviesBuilder(path, problems)
    for number, fields in read_columns(path, ("movieId", "title", "genres"), problems=problems):
        movies.add(number, fields[0], fields[1], fields[2].split("|"))
    return movies.build()


@dataclass(frozen=True, slots=True)
class _Format:
    files: tuple[str, ...]
    read: Callable[[Path, Problems], Source]


FORMATS = {
    "ml-100k": _Format(("u.data", "u.item", "u.user"), _read_100k),
    "ml-1m": _Format(("movies.dat", "ratings.dat", "users.dat"), _read_1m),
    "ml-10m": _Format(("movies.dat", "ratings.dat"), _read_10m),
    "ml-csv": _Format(("movies.csv", "ratings.csv"), _read_csv),
    "catalogue": _Format((CATALOGUE_FILE,), read_catalogue),
}
