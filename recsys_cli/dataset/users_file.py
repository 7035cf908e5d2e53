"""A file of people, of the data set that a model was trained on or others, in the terms of that model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recsys_cli.dataset.demographics import GENDER_TEXTS, GENDERS_ALLOWED, Demographics
from recsys_cli.dataset.lines import clean_text, column_names, read_columns, read_header, read_lines, value_text
from recsys_cli.dataset.problems import Problem, Problems
from recsys_cli.dataset.tables import Choices, Users, UsersBuilder
from recsys_cli.errors import DataError

_IDS = ("userid", "user_id", "id")
_ATTRIBUTES = ("gender", "age", "job")
_LAYOUT_DAT = ("id", "gender", "age", "job", "zip code")
_LAYOUT_100K = ("id", "age", "gender", "job", "zip code")
_Row = tuple[int, dict[str, str]]


def read_users_file(path: Path, people: Demographics) -> Users:
    """Read people by id, gender, age, job, and what else the model knows of people.

    Args:
        path: ``users.dat`` (``id::gender::age::job::zip code``, or only the first two or the id alone), ``u.user``
            (``id|age|gender|job|zip code``), or a CSV or Parquet file with a column ``userId`` or ``id`` and any
            of ``gender``, ``age`` in years, ``job``, by number or name, and the model's further columns; an empty
            value is unknown.
        people: the model's genders, age groups, jobs and further columns; nothing else is read.

    Raises: DataError: the file is missing, empty, or has bad lines; it lists the first with line and field.
    """
    problems = Problems()
    known = {"gender": people.genders, "age": people.ages, "job": people.jobs}
    users = UsersBuilder(path, problems, *_choices(people), columns=people.further)
    names = [column.name.casefold() for column in people.further]
    for line, fields in _rows(path, names, problems):
        given = {name: fields.get(name, "") for name in _ATTRIBUTES if known[name]}
        users.add(line, fields["id"], **given, further=[clean_text(fields.get(name, "")) for name in names])
    problems.raise_if_any()
    found = users.build()
    if not len(found.ids):
        raise DataError(f"{path}: holds no users")
    return found


def _choices(people: Demographics) -> tuple[Choices, Choices, Choices]:
    genders = {text: people.gender_row(text) for text in GENDER_TEXTS} if people.genders else {}
    ages = Choices.of_years(people) if people.ages else Choices.of(())
    listed = ", ".join(f"{job_id} {name}" for job_id, name in people.jobs)
    return Choices(genders.get, GENDERS_ALLOWED), ages, Choices(people.find_job, listed)


def _rows(path: Path, further: list[str], problems: Problems) -> Iterator[_Row]:
    """The lines by name; a table has the further columns by their casefolded names, too."""
    if path.suffix.casefold() == ".csv" and _is_bare(path):
        return _text_rows(path, "::", _LAYOUT_DAT, problems)
    if path.suffix.casefold() in (".csv", ".parquet"):
        return _table_rows(path, further, problems)
    if path.name == "u.user":
        return _text_rows(path, "|", _LAYOUT_100K, problems)
    return _text_rows(path, "::", _LAYOUT_DAT, problems)


def _is_bare(path: Path) -> bool:
    """Whether a CSV file is nothing but ids, without a heading."""
    header = read_header(path)
    return len(header) == 1 and header[0].strip().isdecimal()


def _table_rows(path: Path, further: list[str], problems: Problems) -> Iterator[_Row]:
    header = column_names(path)
    spelled = {name.casefold(): name for name in header}
    user = next((spelled[name] for name in _IDS if name in spelled), None)
    if user is None:
        raise DataError(f"{path}: no column 'userId' or 'id'; it has {', '.join(map(repr, header))}")
    attributes = [name for name in (*_ATTRIBUTES, *further) if name in spelled]
    columns = [user, *(spelled[name] for name in attributes)]
    for line, values in read_columns(path, columns, problems=problems):
        yield line, dict(zip(["id", *attributes], map(value_text, values), strict=True))


def _text_rows(path: Path, separator: str, layout: tuple[str, ...], problems: Problems) -> Iterator[_Row]:
    for line, text in read_lines(path, problems):
        fields = text.split(separator)
        if len(fields) == len(layout):
            yield line, dict(zip(layout, fields, strict=True))
        elif separator == "::" and len(fields) <= 2:
            yield line, {"id": fields[0]}
        else:
            allowed = f"{len(layout)} fields: {separator.join(layout)}"
            problems.add(Problem(path, line, "line", text, allowed))
