"""``movies_data.txt``: the movies of a raw file as ids that a model's vocabulary knows.

One movie a line, ``MovieID::word ids::genre ids::title::genre names``, after one comment line that carries the
fingerprint of the vocabulary. Word ids are separated by spaces, genre ids and names by ``|``; id 0 is unknown. In
the name of a genre a backslash stands before ``|``, ``:`` and itself.
"""

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys_cli.errors import ArtifactError, DataError
from recsys_cli.replacing import replacing

_HEADER = "# recsys movies_data 1 vocabulary="


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedMovies:
    """Movies as rows of one vocabulary, ascending by id.

    Attributes:
        vocabulary: fingerprint of the vocabulary that ``word_rows`` and ``genre_rows`` count in.
        movie_ids: (N,) int64, ascending without repeats.
        word_rows: N tuples of rows, 0 for a word that the vocabulary lacks; in title order.
        genre_rows: N tuples of rows, 0 for a genre that the vocabulary lacks.
        titles: N titles as in the raw file.
        genres: N tuples of genre names as in the raw file.
    """

    vocabulary: str
    movie_ids: npt.NDArray[np.int64]
    word_rows: tuple[tuple[int, ...], ...]
    genre_rows: tuple[tuple[int, ...], ...]
    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]


def write_movies_data(path: Path, movies: EncodedMovies) -> None:
    """Write the file, in place of an earlier one only when it is whole.

    Raises:
        DataError: the folder cannot be written.
    """
    lines = [_HEADER + movies.vocabulary]
    for movie_id, words, genre_rows, title, genres in zip(
        movies.movie_ids.tolist(),
        movies.word_rows,
        movies.genre_rows,
        movies.titles,
        movies.genres,
        strict=True,
    ):
        fields = (
            movie_id,
            " ".join(map(str, words)),
            "|".join(map(str, genre_rows)),
            title,
            "|".join(map(_escaped, genres)),
        )
        lines.append("::".join(map(str, fields)))
    with replacing(path, partial(_cannot_write, path)) as building:
        building.write_bytes(("\n".join(lines) + "\n").encode())


def _cannot_write(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: cannot be written ({reason}); choose another file with -o")


def read_movies_data(path: Path, *, vocabulary: str, num_words: int, num_genres: int) -> EncodedMovies:
    """Read the file and check it against the vocabulary of the model.

    Args:
        path: what ``recsys preprocess`` wrote.
        vocabulary: fingerprint of the model's vocabulary.
        num_words: words the vocabulary knows; a word id is 0..num_words.
        num_genres: genres the vocabulary knows; a genre id is 0..num_genres.

    Raises:
        ArtifactError: the file is missing, was made for another vocabulary, or has a malformed line.
    """
    again = "run 'recsys preprocess -f movies_origin.txt' again"
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except FileNotFoundError as error:
        raise ArtifactError(f"{path}: not found; run 'recsys preprocess -f movies_origin.txt' first") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path}: cannot be read ({error}); {again}") from error
    if not lines[0].startswith(_HEADER):
        raise ArtifactError(f"{path}:1: the line '{_HEADER}...' is missing; {again}")
    if lines[0].removeprefix(_HEADER) != vocabulary:
        raise ArtifactError(f"{path}: was made for another model's vocabulary; {again}")
    movies = [_parse(path, number, line, num_words, num_genres) for number, line in enumerate(lines[1:], 2)]
    ids = np.array([movie[0] for movie in movies], dtype=np.int64)
    if not len(ids):
        raise ArtifactError(f"{path}: holds no movies; {again}")
    descents = np.flatnonzero(np.diff(ids) <= 0)
    if len(descents):
        line = int(descents[0]) + 3  # the header, and the second movie of the pair
        raise ArtifactError(f"{path}:{line}: movie ids must ascend without repeats, got {ids[line - 2]}; {again}")
    return EncodedMovies(
        vocabulary=vocabulary,
        movie_ids=ids,
        word_rows=tuple(movie[1] for movie in movies),
        genre_rows=tuple(movie[2] for movie in movies),
        titles=tuple(movie[3] for movie in movies),
        genres=tuple(movie[4] for movie in movies),
    )


_Line = tuple[int, tuple[int, ...], tuple[int, ...], str, tuple[str, ...]]


def _parse(path: Path, number: int, line: str, num_words: int, num_genres: int) -> _Line:
    try:
        movie_id, words, genre_rows, rest = line.split("::", 3)
        title, genres = rest.rsplit("::", 1)  # a title may itself hold "::"
        parsed = (
            int(movie_id),
            tuple(int(word) for word in words.split()),
            tuple(int(genre) for genre in genre_rows.split("|") if genre),
            title,
            _split_genres(genres),
        )
    except ValueError as error:
        raise ArtifactError(
            f"{path}:{number}: expected 'MovieID::word ids::genre ids::title::genre names', got {line[:60]!r}; "
            "run 'recsys preprocess' again"
        ) from error
    for field, rows, limit in (("word id", parsed[1], num_words), ("genre id", parsed[2], num_genres)):
        for row in rows:
            if not 0 <= row <= limit:
                raise ArtifactError(
                    f"{path}:{number}: {field} {row} is not in 0..{limit}; run 'recsys preprocess' again"
                )
    return parsed


def _escaped(genre: str) -> str:
    return re.sub(r"([\\|:])", r"\\\1", genre)


def _split_genres(text: str) -> tuple[str, ...]:
    names = re.findall(r"(?:\\.|[^|])+", text)
    return tuple(re.sub(r"\\([\\|:])", r"\1", name) for name in names)
