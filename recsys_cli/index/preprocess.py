"""``recsys preprocess``: a raw movie file becomes ``movies_data.txt``, ids that the model knows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys_cli.config import PreprocessConfig
from recsys_cli.config.fields import check_apart
from recsys_cli.dataset.layouts import movie_files, read_movies
from recsys_cli.dataset.tables import Movies
from recsys_cli.errors import DataError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.movies_data import encode, write_movies_data
from recsys_cli.model.vocabulary import Vocabulary, open_vocabulary

_ORIGIN = "movies_origin.txt"
_SHOWN = 5  # conflicting titles named in the error


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessSummary:
    """What was found in the movie file.

    Attributes:
        source: file that was read.
        output: file that was written.
        movies: movies in the file.
        rated: movies among them that somebody rated in training.
        unknown_words: words of titles that the vocabulary lacks, sorted.
        unknown_genres: genres that the vocabulary lacks, sorted.
        missing_columns: further columns of the training data that the file has not: unknown of its new movies.
    """

    source: Path
    output: Path
    movies: int
    rated: int
    unknown_words: tuple[str, ...]
    unknown_genres: tuple[str, ...]
    missing_columns: tuple[str, ...]


def run(config: PreprocessConfig) -> PreprocessSummary:
    """Encode a raw movie file with the model's vocabulary and write ``movies_data.txt``.

    Raises:
        ConfigError: the output is the file that is read.
        DataError: the file is missing or malformed, or names known movies differently.
        ArtifactError: the model folder is missing or damaged.
    """
    folder = ModelFolder.open(config.model)
    vocabulary = open_vocabulary(folder)
    training_dir = Path(str(folder.info.run.get("data_dir", "data")))
    if training_dir.is_relative_to(Path.cwd()):  # shorter in what is printed
        training_dir = training_dir.relative_to(Path.cwd())
    source = _find(config.file, training_dir)
    check_apart(("-o", config.output), ("-f", source))
    movies = read_movies(source, training_dir)
    if not config.allow_title_changes:
        _refuse_other_titles(movies, vocabulary, source)
    values = vocabulary.values_in(movies)
    encoded = encode(vocabulary, movie_ids=movies.ids, titles=movies.titles, genres=movies.genres, values=values)
    write_movies_data(config.output, encoded)
    return PreprocessSummary(
        source=source,
        output=config.output,
        movies=len(movies.ids),
        rated=int(np.count_nonzero(folder.num_ratings[np.isin(folder.movie_ids, movies.ids)])),
        unknown_words=vocabulary.unknown_words(movies.titles),
        unknown_genres=vocabulary.unknown_genres(movies.genres),
        missing_columns=tuple(
            column.name for column in vocabulary.movie_columns if movies.place_of(column) is None
        ),
    )


def _find(file: Path, training_dir: Path) -> Path:
    """The file itself, or a bare name in the training data's folder or in ``data/``.

    ``movies_origin.txt`` also stands for the movie file that the model was trained on.
    """
    if len(file.parts) > 1:
        places = [file]
    else:
        places = [file, training_dir / file, Path("data") / file]
        if file.name == _ORIGIN:
            places += movie_files(training_dir)
    for place in places:
        if place.exists() and not place.is_dir():
            return place
    raise DataError(f"{file}: not found; looked for {', '.join(map(str, places))}; name the file with -f")


def _refuse_other_titles(movies: Movies, vocabulary: Vocabulary, source: Path) -> None:
    known = dict(zip(vocabulary.movie_ids.tolist(), vocabulary.titles, strict=True))
    changed = [
        f"{movie_id} is {title!r} here and {known[movie_id]!r} in the model"
        for movie_id, title in zip(movies.ids.tolist(), movies.titles, strict=True)
        if known.get(movie_id, title) != title
    ]
    if changed:
        more = f"; and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
        raise DataError(
            f"{source}: {len(changed)} movie ids stand for other titles than in the model: "
            f"{'; '.join(changed[:_SHOWN])}{more}; were two data sets mixed up? "
            "Use the file of the model's data set, or --allow-title-changes"
        )
