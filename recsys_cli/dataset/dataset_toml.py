"""A catalogue of one's own: CSV or Parquet files, and a dataset.toml that says what their columns are.

The example in README.md shows all that may stand in it.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path
from typing import Any

from recsys_cli.dataset.columns import CATEGORY, NUMBER, PEOPLE_IN_A_RANGE, TEXT, Column
from recsys_cli.dataset.demographics import GENDER_TEXTS, GENDERS_ALLOWED, MOVIELENS_1M, Demographics
from recsys_cli.dataset.lines import clean_text, column_names, column_place, read_columns, read_header, value_text
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.rating_columns import RatingsLayout
from recsys_cli.dataset.scale import Scale
from recsys_cli.dataset.tables import Choices, Movies, MoviesBuilder, Source, Users, UsersBuilder
from recsys_cli.dataset.titles import title_words, title_year
from recsys_cli.errors import DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CATALOGUE_FILE = "dataset.toml"
_REQUIRED = {
    "movies": ("file", "id", "title"),
    "ratings": ("file", "user", "movie", "rating", "min", "max"),
    "users": ("file", "id"),
}
_OPTIONAL = {
    "movies": ("year", "genres", "separator", "categories", "numbers", "text", "delimiter"),
    "ratings": ("time", "delimiter"),
    "users": ("gender", "age", "job", "ages", "jobs", "categories", "numbers", "delimiter"),
}
_RATING_COLUMNS = ("user", "movie", "rating", "time")
_FURTHER = {"categories": CATEGORY, "numbers": NUMBER}
_MOST_FURTHER = 20
_YEAR = re.compile(r"[12]\d{3}(?!\d)", re.ASCII)
_TAKEN = ("id", "userid", "user_id", "gender", "age", "job")  # what else a file of people may say of them
_Table = dict[str, Any]


def read_catalogue(folder: Path, problems: Problems) -> Source:
    """Read movies and users of a catalogue, and find its ratings.

    Raises: DataError: if dataset.toml is wrong, or a file is missing or unreadable.
    """
    tables = _read_toml(folder / CATALOGUE_FILE)
    users, demographics = None, Demographics()
    if "users" in tables:
        users, demographics = _read_users(folder, tables["users"], problems)
    return Source(
        "catalogue",
        _read_movies(folder, tables["movies"], problems),
        users,
        demographics,
        _ratings_layout(folder, tables["ratings"]),
    )


def read_catalogue_movies(path: Path, data: Path, problems: Problems) -> Movies | None:
    """Read a movie file of a catalogue by itself.

    Args:
        path: the file that the dataset.toml beside it speaks of, or another one with the columns that this one, or
            that of a data set, speaks of; further columns may be missing in it.
        data: folder of the data set; it need not be one of a catalogue.
        problems: takes the bad lines.

    Returns: None where no dataset.toml speaks of such a file.

    Raises: DataError: if dataset.toml is wrong, or the file is missing or unreadable.
    """
    for toml in (path.with_name(CATALOGUE_FILE), data / CATALOGUE_FILE):
        table = _read_toml(toml)["movies"] if toml.exists() else None
        if table is not None and table["file"] == path.name and toml.parent == path.parent:
            return _read_movies(path.parent, table, problems)
        if table is not None and path.suffix.casefold() in (".csv", ".parquet"):
            header = column_names(path, delimiter=table.get("delimiter", ","))
            if {table["id"], table["title"]} <= set(header):
                return _read_movies(path.parent, _that_is_there(table, header) | {"file": path.name}, problems)
    return None


def _that_is_there(table: _Table, header: list[str]) -> _Table:
    """The table without the columns that a file has not, id and title aside."""
    kept = table | {key: [name for name in table.get(key, ()) if name in header] for key in _FURTHER}
    return {key: value for key, value in kept.items() if key not in ("year", "genres", "text") or value in header}


def catalogue_movie_file(folder: Path) -> Path:
    """The file that a catalogue's movies are in.

    Raises: DataError: if dataset.toml is missing or wrong.
    """
    return folder / str(_read_toml(folder / CATALOGUE_FILE)["movies"]["file"])


def catalogue_ratings_layout(toml: Path, path: Path) -> RatingsLayout | None:
    """How another file of ratings is written, if it has the columns that a dataset.toml speaks of.

    Raises: DataError: if dataset.toml is wrong, or the file cannot be read.
    """
    table = _read_toml(toml)["ratings"] | {"file": path.name}
    header = column_names(path, delimiter=table.get("delimiter", ","))
    is_so = {table[key] for key in ("user", "movie", "rating")} <= set(header)
    return _ratings_layout(path.parent, table) if is_so else None


def _read_toml(path: Path) -> dict[str, _Table]:
    try:
        tables: dict[str, _Table] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not TOML: {error}") from error
    for name in ("movies", "ratings"):
        if name not in tables:
            raise DataError(f"{path}: no table [{name}]")
    for name, table in tables.items():
        if name not in _REQUIRED or not isinstance(table, dict):
            raise DataError(f"{path}: {name}: not known, allowed: [movies], [ratings], [users]")
        _check_table(path, name, table)
    low, high = tables["ratings"]["min"], tables["ratings"]["max"]
    if low >= high:
        raise DataError(f"{path}: [ratings] max: {high}, allowed: a number above min, which is {low}")
    if high <= 0:
        # Likes and scores are shares of the top of the scale.
        raise DataError(f"{path}: [ratings] max: {high}, allowed: a number above 0; add the same to all ratings")
    _check_columns(path, tables["ratings"])
    _check_further(path, "movies", tables["movies"])
    _check_further(path, "users", tables.get("users", {}))
    return tables


def _further(table: _Table) -> list[tuple[str, str]]:
    """Name and kind of the further columns of a table, in their order."""
    found = [(name, kind) for key, kind in _FURTHER.items() for name in table.get(key, ())]
    return [*found, (table["text"], TEXT)] if "text" in table else found


def _check_further(path: Path, table_name: str, table: _Table) -> None:
    names = [name.casefold() for name, _ in _further(table)]
    for place, name in enumerate(names):
        where = f"{path}: [{table_name}] {name!r}"
        if name in names[:place]:
            raise DataError(f"{where}: stands there twice among the further columns")
        if name in _TAKEN and table_name == "users":
            raise DataError(f"{where}: is the name of something else; rename the column, or give it as that")
    if len(names) > _MOST_FURTHER:
        raise DataError(f"{path}: [{table_name}] further columns: {len(names)}, allowed: {_MOST_FURTHER}")


def _check_columns(path: Path, ratings: _Table) -> None:
    keys = [key for key in _RATING_COLUMNS if key in ratings]
    columns = [ratings[key] for key in keys]
    for place, key in enumerate(keys):
        if columns[place] in columns[:place]:
            other = keys[columns.index(columns[place])]
            raise DataError(f"{path}: [ratings] {key}: {columns[place]!r} is the column of {other} already")


def _check_table(path: Path, name: str, table: _Table) -> None:
    for key in _REQUIRED[name]:
        if key not in table:
            raise DataError(f"{path}: [{name}] {key}: missing")
    for key, value in table.items():
        if key not in _REQUIRED[name] + _OPTIONAL[name]:
            allowed = ", ".join(_REQUIRED[name] + _OPTIONAL[name])
            raise DataError(f"{path}: [{name}] {key}: not known, allowed: {allowed}")
        wrong = _wrong(key, value)
        if wrong:
            raise DataError(f"{path}: [{name}] {key}: {value!r}, allowed: {wrong}")


def _wrong(key: str, value: Any) -> str:
    """What a value should be, an empty text if it is."""
    if key in ("min", "max"):
        number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        return "" if number else "a number"
    if key == "ages":
        good = isinstance(value, list) and value and all(type(age) is int and 0 <= age <= 120 for age in value)
        return "" if good and value == sorted(set(value)) else "ascending whole years"
    if key == "jobs":
        good = isinstance(value, list) and value and all(isinstance(job, str) and job.strip() for job in value)
        return "" if good and len({job.casefold() for job in value}) == len(value) else "a list of different names"
    if key in _FURTHER:
        good = isinstance(value, list) and all(isinstance(name, str) and _is_name(name) for name in value)
        return "" if good else 'a list of names of columns, without "="'
    if key == "delimiter":
        return "" if isinstance(value, str) and len(value) == 1 else "one character"
    if key == "file" and isinstance(value, str) and (Path(value).is_absolute() or ".." in Path(value).parts):
        return "a file in the folder of dataset.toml"
    return "" if isinstance(value, str) and value and value.isprintable() else "a printable text"


def _is_name(text: str) -> bool:
    return bool(text.strip()) and text == clean_text(text) and "=" not in text


def _read_movies(folder: Path, table: _Table, problems: Problems) -> Movies:
    path, separator = folder / table["file"], table.get("separator", "|")
    further = _further(table)
    known = [key for key in ("year", "genres") if key in table]
    names = [table["id"], table["title"], *(table[key] for key in known), *(name for name, _ in further)]
    movies = MoviesBuilder(path, problems, tuple(further))
    for number, fields in read_columns(path, names, delimiter=table.get("delimiter", ","), problems=problems):
        movie_id, title, *rest = fields
        given = dict(zip(known, rest, strict=False))
        year = clean_text(value_text(given.get("year")))
        if year and not _YEAR.match(year):
            problems.add(
                Problem(path, number, "year", year, "a year such as 1995, or a date that begins with one")
            )
            continue
        genres = _several(given["genres"], separator) if "genres" in given else []
        texts = zip(further, rest[len(known) :], strict=True)
        values = [_values(kind, value, separator) for (_, kind), value in texts]
        movies.add(number, value_text(movie_id), _with_year(value_text(title), year), genres, values)
    return movies.build()


def _with_year(title: str, year: str) -> str:
    """A title as MovieLens writes it, with its year behind it, unless one stands there or none is known."""
    return f"{title} ({year[:4]})" if year and clean_text(title) and not title_year(title) else title


def _several(value: Any, separator: str) -> list[str]:
    """A list of Parquet, or a text with separators, as texts."""
    return list(map(value_text, value if isinstance(value, list) else value_text(value).split(separator)))


def _values(kind: str, value: Any, separator: str) -> tuple[str, ...]:
    """What a field of a further column says of a movie."""
    if kind == TEXT:
        # Interned: the same words are in many texts.
        return tuple(dict.fromkeys(map(sys.intern, title_words(" ".join(_several(value, separator))))))
    texts = _several(value, separator) if kind == CATEGORY else [value_text(value)]
    cleaned = (clean_text(text) for text in texts)
    return tuple(dict.fromkeys(text for text in cleaned if text))


def _read_users(folder: Path, table: _Table, problems: Problems) -> tuple[Users, Demographics]:
    path = folder / table["file"]
    keys = [key for key in ("gender", "age", "job") if key in table]
    further = _further(table)
    names = [table["id"], *(table[key] for key in keys), *(name for name, _ in further)]
    columns = read_columns(path, names, delimiter=table.get("delimiter", ","), problems=problems)
    rows = [(number, [clean_text(value_text(value)) for value in fields]) for number, fields in columns]
    jobs: list[str] = []
    if "job" in table:
        place = 1 + keys.index("job")
        found = {fields[place].casefold(): fields[place] for _, fields in rows if fields[place]}
        jobs = table.get("jobs") or sorted(found.values())
    first = 1 + len(keys)
    known = Demographics(
        genders=MOVIELENS_1M.genders if "gender" in table else (),
        ages=tuple(table.get("ages", MOVIELENS_1M.ages)) if "age" in table else (),
        jobs=tuple(enumerate(jobs)),
        further=tuple(
            Column.of(name, kind, [fields[first + place] for _, fields in rows], in_a_range=PEOPLE_IN_A_RANGE)
            for place, (name, kind) in enumerate(further)
        ),
    )
    genders = {text: known.gender_row(text) for text in GENDER_TEXTS} if known.genders else {}
    ages = Choices.of_years(known) if known.ages else Choices.of(())
    choices = (Choices(genders.get, GENDERS_ALLOWED), ages, Choices.of(jobs))
    users = UsersBuilder(path, problems, *choices, columns=known.further)
    for number, fields in rows:
        users.add(number, fields[0], **dict(zip(keys, fields[1:first], strict=True)), further=fields[first:])
    return users.build(), known


def _ratings_layout(folder: Path, table: _Table) -> RatingsLayout:
    path, delimiter = folder / table["file"], table.get("delimiter", ",")
    scale = Scale(float(table["min"]), float(table["max"]))
    keys = [key for key in _RATING_COLUMNS if key in table]
    wanted = [table[key] for key in keys]
    layout = RatingsLayout(path, tuple(wanted), delimiter=delimiter, csv=True, scale=scale)
    if layout.parquet:
        return layout
    header = read_header(path, delimiter=delimiter)
    names = [f"({name})" for name in header]
    for name, key in zip(wanted, keys, strict=True):
        names[column_place(path, header, name)] = key
    return RatingsLayout(path, tuple(names), delimiter=delimiter, csv=True, scale=scale)
