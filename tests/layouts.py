"""The same small data set in every layout that can be read."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

# id, title, genres
MOVIES = [
    (3, "Toy Story (1995)", ("Animation", "Comedy")),
    (7, "Cité des enfants perdus, La (1995)", ("Fantasy",)),
    (1, 'American President, "The" (1995)', ()),
    (9, "Heat", ("Action", "Crime")),
]
# id, gender, age, job
USERS = [(2, "M", 25, "writer"), (1, "F", 56, "programmer")]
JOB_IDS = {"writer": 20, "programmer": 12}
# user, movie, rating
RATINGS = [(2, 7, 4), (1, 3, 5), (1, 1, 3), (2, 9, 1), (1, 7, 2)]


def write(path: Path, lines: list[str], encoding: str = "utf-8") -> None:
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))


def write_100k(folder: Path) -> None:
    genres = ["unknown", "Action", "Animation", "Comedy", "Crime", "Fantasy"]
    write(folder / "u.genre", [f"{genre}|{number}" for number, genre in enumerate(genres)])
    write(folder / "u.occupation", ["administrator", "programmer", "writer"])
    movies = []
    for movie_id, title, names in MOVIES:
        flags = "|".join("1" if genre in names or (genre == "unknown" and not names) else "0" for genre in genres)
        movies.append(f"{movie_id}|{title}|01-Jan-1995||http://host/{movie_id}|{flags}")
    write(folder / "u.item", movies, "latin-1")
    write(folder / "u.user", [f"{user}|{age}|{gender}|{job}|00000" for user, gender, age, job in USERS])
    write(folder / "u.data", [f"{user}\t{movie}\t{rating}\t881250949" for user, movie, rating in RATINGS])


def write_1m(folder: Path) -> None:
    write_10m(folder, half=0)
    users = [f"{user}::{gender}::{age}::{JOB_IDS[job]}::00000" for user, gender, age, job in USERS]
    write(folder / "users.dat", users)


def write_10m(folder: Path, half: float = 0.5) -> None:
    movies = [f"{movie}::{title}::{'|'.join(names)}" for movie, title, names in MOVIES]
    write(folder / "movies.dat", movies, "latin-1" if not half else "utf-8")
    ratings = [f"{user}::{movie}::{rating - half:g}::838985046" for user, movie, rating in RATINGS]
    write(folder / "ratings.dat", ratings)


def write_csv(folder: Path) -> None:
    movies = ["movieId,title,genres"]
    for movie, title, names in MOVIES:
        quoted = '"' + title.replace('"', '""') + '"' if "," in title else title
        movies.append(f"{movie},{quoted},{'|'.join(names) or '(no genres listed)'}")
    write(folder / "movies.csv", movies)
    ratings = [f"{user},{movie},{rating}.0,964982703" for user, movie, rating in RATINGS]
    write(folder / "ratings.csv", ["userId,movieId,rating,timestamp", *ratings])


CATALOGUE = """
[movies]
file = "items.parquet"
id = "item_id"
title = "name"
genres = "categories"

[ratings]
file = "ratings.parquet"
user = "customer"
movie = "item_id"
rating = "stars"
min = 1
max = 5

[users]
file = "customers.csv"
id = "customer"
gender = "sex"
age = "age"
job = "occupation"
delimiter = ";"
"""


def write_catalogue(folder: Path) -> None:
    (folder / "dataset.toml").write_text(CATALOGUE)
    ids, titles, genres = zip(*MOVIES, strict=True)
    items = {"item_id": ids, "name": titles, "categories": [list(names) for names in genres]}
    pq.write_table(pa.table(items), folder / "items.parquet")
    users, movies, ratings = zip(*RATINGS, strict=True)
    table = pa.table({"stars": ratings, "item_id": movies, "extra": ratings, "customer": users})
    pq.write_table(table, folder / "ratings.parquet")
    people = [f"{age};{user};{gender.lower()};{job}" for user, gender, age, job in USERS]
    write(folder / "customers.csv", ["age;customer;sex;occupation", *people])


LAYOUTS: dict[str, Callable[[Path], None]] = {
    "ml-100k": write_100k,
    "ml-1m": write_1m,
    "ml-10m": write_10m,
    "ml-csv": write_csv,
    "catalogue": write_catalogue,
}
