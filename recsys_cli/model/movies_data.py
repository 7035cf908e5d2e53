"""``movies_data.txt``: movies as ids that a model's vocabulary knows, those of a raw file or the model's own.

One movie a line, ``MovieID::word ids::genre ids::title::genre names``, after one comment line that carries the
fingerprint of the vocabulary. Word ids are separated by spaces, genre ids and names by ``|``; id 0 is unknown.
Behind the ids of genres stand those of what further columns say. In the name of a genre a backslash stands before
``|``, ``:`` and itself.
"""

import hashlib
import re
import shlex
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from recsys_cli.config import MODEL_DIR, MOVIES_DATA
from recsys_cli.dataset.problems import check_regular
from recsys_cli.errors import ArtifactError, DataError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary
from recsys_cli.replacing import replacing

_HEADER = "# recsys movies_data 1 vocabulary="


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedMovies:
    """Movies as rows of one vocabulary, ascending by id.

    Attributes:
        vocabulary: fingerprint of the vocabulary that ``word_rows`` and ``genre_rows`` count in.
        movie_ids: (N,) int64, ascending without repeats.
        word_rows: N tuples of rows, 0 for a word that the vocabulary lacks; in title order.
        genre_rows: N tuples of rows, 0 for a genre that the vocabulary lacks; behind the genres those of further
            columns.
        titles: N titles as in the raw file.
        genres: N tuples of genre names as in the raw file.
    """

    vocabulary: str
    movie_ids: npt.NDArray[np.int64]
    word_rows: tuple[tuple[int, ...], ...]
    genre_rows: tuple[tuple[int, ...], ...]
    titles: tuple[str, ...]
    genres: tuple[tuple[str, ...], ...]


def encode(
    vocabulary: Vocabulary,
    *,
    movie_ids: npt.NDArray[np.int64],
    titles: tuple[str, ...],
    genres: tuple[tuple[str, ...], ...],
    values: tuple[tuple[int, ...], ...] = (),
) -> EncodedMovies:
    """Movies as rows of a vocabulary.

    Args:
        vocabulary: of the model.
        movie_ids: (N,) int64, ascending without repeats.
        titles: N titles.
        genres: N tuples of genre names.
        values: N tuples of rows of further columns; () where the vocabulary has none.
    """
    values = values or ((),) * len(movie_ids)
    return EncodedMovies(
        vocabulary=vocabulary.fingerprint,
        movie_ids=movie_ids,
        word_rows=tuple(tuple(vocabulary.word_rows(title)) for title in titles),
        genre_rows=tuple(
            tuple(vocabulary.content_rows(names, rows)) for names, rows in zip(genres, values, strict=True)
        ),
        titles=titles,
        genres=genres,
    )


def own_movies(vocabulary: Vocabulary) -> bytes:
    """What ``recsys preprocess`` makes of the movies that the model was trained on."""
    return to_bytes(
        encode(
            vocabulary,
            movie_ids=vocabulary.movie_ids,
            titles=vocabulary.titles,
            genres=vocabulary.movie_genres,
            values=vocabulary.movie_values,
        )
    )


def to_bytes(movies: EncodedMovies) -> bytes:
    """Content of ``movies_data.txt``."""
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
    return ("\n".join(lines) + "\n").encode()


def write_movies_data(path: Path, movies: EncodedMovies) -> None:
    """Write the file, in place of an earlier one only when it is whole.

    Raises:
        DataError: the folder cannot be written.
    """
    with replacing(path, partial(_cannot_write, path)) as building:
        building.write_bytes(to_bytes(movies))


def _cannot_write(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: cannot be written ({reason}); choose another file with -o")


def preprocess_command(model: Path, movies_data: Path) -> str:
    """The command that makes a movies file for a model, as a person would type it."""
    options = given_options(("--model", model, MODEL_DIR), ("-o", movies_data, MOVIES_DATA))
    return f"recsys preprocess -f movies_origin.txt{options}"


def given_options(*options: tuple[str, Path, Path]) -> str:
    """The options of a command whose paths are not the default: triples of flag, path and default."""
    return "".join(f" {flag} {shlex.quote(str(path))}" for flag, path, default in options if path != default)


@dataclass(frozen=True, slots=True, kw_only=True)
class MoviesFile:
    """``movies_data.txt`` as it was at one moment, read once.

    Attributes:
        path: the file.
        content: its bytes.
        again: the command that makes it.
        note: what the person should know about how it was chosen; empty for nothing.
    """

    path: Path
    content: bytes
    again: str
    note: str = ""

    @classmethod
    def read(cls, path: Path, *, model: Path = MODEL_DIR) -> "MoviesFile":
        """Read the file.

        Args:
            path: what ``recsys preprocess`` wrote.
            model: folder of the model that it was made for, for the messages.

        Raises:
            ArtifactError: the file is missing or cannot be read.
            DataError: it is a folder, a pipe or a device.
        """
        check_regular(path)
        again = preprocess_command(model, path)
        try:
            return cls(path=path, content=path.read_bytes(), again=again)
        except FileNotFoundError as error:
            raise ArtifactError(f"{path}: not found; run '{again}' first") from error
        except OSError as error:
            raise ArtifactError(f"{path}: cannot be read ({error.strerror}); run '{again}' again") from error

    @classmethod
    def of_model(cls, folder: ModelFolder) -> "MoviesFile":
        """The movies that a model folder carries: those of its training data.

        Not every folder of this format has a file for them; then they are made from its vocabulary.

        Raises:
            ArtifactError: the folder is damaged.
        """
        has_file = folder.has(MOVIES_DATA.name)
        content = folder.read(MOVIES_DATA.name) if has_file else own_movies(open_vocabulary(folder))
        return cls(path=folder.path / MOVIES_DATA.name, content=content, again="recsys train")

    @classmethod
    def choose(cls, named: Path | None, folder: ModelFolder) -> "MoviesFile":
        """The file that was named; else ``movies_data.txt`` here if it is of this model; else the model's own.

        Args:
            named: by the person, or None.
            folder: the model.

        Raises: as `read` and `of_model`.
        """
        if named is not None or not MOVIES_DATA.exists():
            return cls.of_model(folder) if named is None else cls.read(named, model=folder.path)
        here = cls.read(MOVIES_DATA, model=folder.path)
        if here.vocabulary in (None, folder.info.vocabulary_fingerprint):  # None: damaged, which its reader says
            return here
        note = (
            f"Note: {MOVIES_DATA} is of another model; the movies that '{folder.path}' was trained on are used. "
            f"'{here.again}' makes the file anew."
        )
        return replace(cls.of_model(folder), note=note)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def vocabulary(self) -> str | None:
        """Fingerprint of the vocabulary that the file was made with, None where its first line names none."""
        line = self.content.partition(b"\n")[0].decode(errors="replace").rstrip("\r")
        return line.removeprefix(_HEADER) if line.startswith(_HEADER) else None


def read_movies_data(file: MoviesFile, *, vocabulary: str, num_words: int, num_genres: int) -> EncodedMovies:
    """Take the file apart and check it against the vocabulary of the model.

    Args:
        file: what ``recsys preprocess`` wrote.
        vocabulary: fingerprint of the model's vocabulary.
        num_words: words the vocabulary knows; a word id is 0..num_words.
        num_genres: genres the vocabulary knows; a genre id is 0..num_genres.

    Raises:
        ArtifactError: the file was made for another vocabulary, or has a malformed line.
    """
    path, again = file.path, f"run '{file.again}' again"
    try:
        lines = file.content.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{path}: cannot be read ({error}); {again}") from error
    if not lines[0].startswith(_HEADER):
        raise ArtifactError(f"{path}:1: the line '{_HEADER}...' is missing; {again}")
    if lines[0].removeprefix(_HEADER) != vocabulary:
        raise ArtifactError(f"{path}: was made for another model's vocabulary; {again}")
    movies = [_parse(file, number, line, num_words, num_genres) for number, line in enumerate(lines[1:], 2)]
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


def _parse(file: MoviesFile, number: int, line: str, num_words: int, num_genres: int) -> _Line:
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
            f"{file.path}:{number}: expected 'MovieID::word ids::genre ids::title::genre names', "
            f"got {line[:60]!r}; run '{file.again}' again"
        ) from error
    for field, rows, limit in (("word id", parsed[1], num_words), ("genre id", parsed[2], num_genres)):
        for row in rows:
            if not 0 <= row <= limit:
                raise ArtifactError(
                    f"{file.path}:{number}: {field} {row} is not in 0..{limit}; run '{file.again}' again"
                )
    return parsed


def _escaped(genre: str) -> str:
    return re.sub(r"([\\|:])", r"\\\1", genre)


def _split_genres(text: str) -> tuple[str, ...]:
    names = re.findall(r"(?:\\.|[^|])+", text)
    return tuple(re.sub(r"\\([\\|:])", r"\1", name) for name in names)
