"""The way between ids and rows: which movies, words, genres and people a model knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from recsys_cli.dataset.columns import KINDS, NUMBER, Column, num_rows, sets_of_rows
from recsys_cli.dataset.demographics import Demographics
from recsys_cli.dataset.rows import rows_of
from recsys_cli.dataset.titles import title_words
from recsys_cli.errors import ArtifactError
from recsys_cli.model.document import AGAIN
from recsys_cli.model.folder import ModelFolder

if TYPE_CHECKING:  # the reader loads pyarrow, which a recommendation need not wait for
    from recsys_cli.dataset.reader import Dataset
    from recsys_cli.dataset.tables import Movies

_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class _Column(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    kind: str
    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()


class _People(msgspec.Struct, forbid_unknown_fields=True):
    genders: tuple[str, ...]
    ages: tuple[_Id, ...]
    jobs: tuple[tuple[_Id, str], ...]
    further: tuple[_Column, ...] = ()


class _Fields(msgspec.Struct, forbid_unknown_fields=True):
    """``vocabulary.json``."""

    movie_ids: list[_Id]
    titles: tuple[str, ...]
    movie_genres: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    genres: tuple[str, ...]
    user_ids: list[_Id]
    demographics: _People
    movie_columns: tuple[_Column, ...] = ()
    movie_values: tuple[tuple[_Id, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Ids, words and genres in a fixed order: the row of each is its place + 1, and row 0 is "unknown".

    Depends on the data set alone, neither on a seed nor on a split.

    Attributes:
        movie_ids: int64 (M,), ascending.
        titles: (M,) as in the data set, with the year.
        movie_genres: (M,) genre names of each movie.
        words: all words of the titles, sorted.
        genres: all genre names, sorted.
        user_ids: int64 (U,), ascending.
        demographics: genders, age groups, jobs and further columns.
        movie_columns: further columns of movies.
        movie_values: (M,) rows of each movie in these columns, counted through all of them, ascending; () without
            such columns.
    """

    movie_ids: NDArray[np.int64]
    titles: tuple[str, ...]
    movie_genres: tuple[tuple[str, ...], ...]
    words: tuple[str, ...]
    genres: tuple[str, ...]
    user_ids: NDArray[np.int64]
    demographics: Demographics
    movie_columns: tuple[Column, ...] = ()
    movie_values: tuple[tuple[int, ...], ...] = ()

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Vocabulary:
        """The vocabulary of a data set."""
        return cls(
            movie_ids=dataset.movie_ids,
            titles=dataset.titles,
            movie_genres=dataset.movie_genres,
            words=tuple(sorted({word for title in dataset.titles for word in title_words(title)})),
            genres=tuple(sorted({genre for genres in dataset.movie_genres for genre in genres})),
            user_ids=dataset.user_ids,
            demographics=dataset.demographics,
            movie_columns=dataset.movie_columns,
            movie_values=dataset.movie_values if dataset.movie_columns else (),
        )

    def movie_rows(self, movie_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows (N,) int64 of movie ids (N,), 0 where the id is unknown."""
        return rows_of(movie_ids, self.movie_ids).astype(np.int64)

    def user_rows(self, user_ids: NDArray[np.int64]) -> NDArray[np.int64]:
        """Rows (N,) int64 of user ids (N,), 0 where the id is unknown."""
        return rows_of(user_ids, self.user_ids).astype(np.int64)

    def word_rows(self, title: str) -> list[int]:
        """Rows of the words of a title in their order, 0 for an unknown word."""
        return [self._row_of_word.get(word, 0) for word in title_words(title)]

    def genre_rows(self, names: Iterable[str]) -> list[int]:
        """Rows of genre names in their order, 0 for an unknown one."""
        return [self._row_of_genre.get(name, 0) for name in names]

    @property
    def num_content_rows(self) -> int:
        """The highest row of a genre or, behind them, of a further column."""
        return len(self.genres) + num_rows(self.movie_columns)

    def content_rows(self, names: Iterable[str], values: Sequence[int] = ()) -> list[int]:
        """Rows of a movie's genres and, behind the genres, of further columns.

        Args:
            names: of genres; an unknown one is 0, and so are none where something else is known.
            values: rows of further columns.
        """
        rows = self.genre_rows(names)
        return [*(rows or [0]), *(len(self.genres) + value for value in values)] if values else rows

    def values_in(self, movies: Movies) -> tuple[tuple[int, ...], ...]:
        """Rows of further columns of the movies of a file, (N,); () where there are no such columns.

        Of a column that the file has not, known movies keep what they have, and nothing is known of others.
        """
        places = [movies.place_of(column) for column in self.movie_columns]
        if not places:
            return ()
        values = [None if place is None else movies.of_column(place) for place in places]
        found = sets_of_rows(self.movie_columns, values, len(movies.ids))
        ends = np.cumsum([column.size for column in self.movie_columns])
        kept = []
        for row, rows in zip(self.movie_rows(movies.ids).tolist(), found, strict=True):
            own = self.values_of(row) if row else ()
            left = [value for value in own if places[int(np.searchsorted(ends, value))] is None]
            kept.append(tuple(sorted([*rows, *left])))
        return tuple(kept)

    def values_of(self, row: int) -> tuple[int, ...]:
        """Rows of further columns of the movie at a row from 1 on."""
        return self.movie_values[row - 1] if self.movie_values else ()

    def unknown_words(self, titles: Iterable[str]) -> tuple[str, ...]:
        """Words of the titles that the vocabulary lacks, sorted."""
        return tuple(sorted({word for title in titles for word in title_words(title)} - set(self.words)))

    def unknown_genres(self, genres: Iterable[Iterable[str]]) -> tuple[str, ...]:
        """Genres of the movies that the vocabulary lacks, sorted."""
        return tuple(sorted({name for names in genres for name in names} - set(self.genres)))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of the canonical JSON."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Canonical JSON: the same vocabulary gives the same text."""
        further = self.demographics.further
        fields: dict[str, Any] = {
            "movie_ids": self.movie_ids.tolist(),
            "titles": self.titles,
            "movie_genres": self.movie_genres,
            "words": self.words,
            "genres": self.genres,
            "user_ids": self.user_ids.tolist(),
            "demographics": {
                "genders": self.demographics.genders,
                "ages": self.demographics.ages,
                "jobs": self.demographics.jobs,
                **({"further": list(map(asdict, further))} if further else {}),
            },
        }
        if self.movie_columns:
            fields["movie_columns"] = list(map(asdict, self.movie_columns))
            fields["movie_values"] = self.movie_values
        return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Vocabulary:
        """Read what `to_json` wrote.

        Raises: ArtifactError: if it is not JSON or a field is missing, unknown, of another type or unsorted.
        """
        try:
            fields = msgspec.json.decode(text, type=_Fields)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ArtifactError(f"vocabulary.json: damaged: {error}; {AGAIN}") from error
        people = fields.demographics
        job_ids = [job_id for job_id, _ in people.jobs]
        for key, values in (
            ("movie_ids", fields.movie_ids),
            ("words", fields.words),
            ("genres", fields.genres),
            ("user_ids", fields.user_ids),
            ("demographics.ages", people.ages),
            ("demographics.jobs", job_ids),
        ):
            _require(_ascending(values), f"{key} must be ascending")
        _require(people.genders in ((), ("M", "F")), "demographics.genders must be empty or M, F")
        names = [name for _, name in people.jobs]
        for key, texts in (("titles", fields.titles), ("genres", fields.genres), ("jobs", names)):
            _require(all(map(str.isprintable, texts)), f"{key} must be printable texts")
        vocabulary = cls(
            movie_ids=np.array(fields.movie_ids, dtype=np.int64),
            titles=fields.titles,
            movie_genres=fields.movie_genres,
            words=fields.words,
            genres=fields.genres,
            user_ids=np.array(fields.user_ids, dtype=np.int64),
            demographics=Demographics(people.genders, people.ages, people.jobs, _columns(people.further)),
            movie_columns=_columns(fields.movie_columns),
            movie_values=fields.movie_values,
        )
        num_movies = len(vocabulary.movie_ids)
        _require(
            len(vocabulary.titles) == len(vocabulary.movie_genres) == num_movies,
            "movie_ids, titles and movie_genres must have one length",
        )
        whole = len(vocabulary.movie_values) == (num_movies if vocabulary.movie_columns else 0)
        _require(whole, "movie_values must be those of each movie in movie_columns")
        highest = num_rows(vocabulary.movie_columns)
        within = all(_ascending((0, *rows, highest + 1)) for rows in vocabulary.movie_values)
        _require(within, f"movie_values must be ascending rows from 1 to {highest}")
        return vocabulary

    @cached_property
    def _row_of_word(self) -> dict[str, int]:
        return {word: row for row, word in enumerate(self.words, start=1)}

    @cached_property
    def _row_of_genre(self) -> dict[str, int]:
        return {genre: row for row, genre in enumerate(self.genres, start=1)}


def open_vocabulary(folder: ModelFolder) -> Vocabulary:
    """Read the vocabulary of a model and see that the model's arrays have its sizes.

    Raises:
        ArtifactError: a file is damaged, or the vocabulary is another model's.
    """
    text = folder.vocabulary_text
    vocabulary = Vocabulary.from_json(text)
    known = vocabulary.demographics
    sizes = (len(known.genders) + 1, len(known.ages) + 1, len(known.jobs) + 1)
    if (
        hashlib.sha256(text.encode()).hexdigest() != folder.info.vocabulary_fingerprint
        or folder.demographic.shape[:3] != sizes
        or folder.further_shape != (num_rows(known.further), len(known.further))
        or not np.array_equal(folder.movie_ids, vocabulary.movie_ids)
        or not np.array_equal(folder.user_ids, vocabulary.user_ids)
    ):
        raise ArtifactError(
            f"{folder.path / 'vocabulary.json'}: is not the vocabulary of this model's vectors: {AGAIN}"
        )
    return vocabulary


def _columns(found: Sequence[_Column]) -> tuple[Column, ...]:
    for column in found:
        name, edges, texts = f"{column.name!r}", column.edges, (column.name, *column.values)
        is_number = column.kind == NUMBER
        _require(column.kind in KINDS, f"{name} must be of the kind {', '.join(KINDS)}")
        _require(all(map(str.isprintable, texts)), f"{name} must be of printable texts")
        _require(not (column.values if is_number else edges), f"{name} must be of categories or numbers alone")
        _require(_ascending(column.values), f"the categories of {name} must be ascending")
        # Two equal ends: no more than one number is known.
        is_cut = len(edges) != 1 and (_ascending(edges) or (len(edges) == 2 and edges[0] == edges[1]))
        _require(is_cut, f"the edges of {name} must be ascending")
    return tuple(Column(column.name, column.kind, column.values, column.edges) for column in found)


def _require(condition: bool, rule: str) -> None:
    if not condition:
        raise ArtifactError(f"vocabulary.json: damaged: {rule}; {AGAIN}")


def _ascending(values: Sequence[Any]) -> bool:
    return all(first < second for first, second in pairwise(values))
