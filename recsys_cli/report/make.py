"""``recsys report``: a model, its data and its evaluation become one page and, if wanted, a folder of pictures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys_cli.config import ReportConfig
from recsys_cli.dataset.layouts import read_source
from recsys_cli.dataset.problems import Problems
from recsys_cli.dataset.rating_columns import rating_times
from recsys_cli.dataset.reader import read_dataset
from recsys_cli.errors import DataError
from recsys_cli.evaluation.result import EvaluationReport
from recsys_cli.model.folder import ModelFolder
from recsys_cli.model.vocabulary import open_vocabulary
from recsys_cli.progress import Progress
from recsys_cli.replacing import replacing
from recsys_cli.report import sections
from recsys_cli.report.data_pictures import data_pictures, stars_pictures
from recsys_cli.report.drawing import Picture
from recsys_cli.report.evaluation_file import parse_evaluation, read_evaluation
from recsys_cli.report.movie_map import movie_map
from recsys_cli.report.page import Page, Section, render
from recsys_cli.report.tryout import page_data, try_everything
from recsys_cli.report.tryout_form import try_it


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSummary:
    """What was written.

    Attributes:
        output: the page.
        num_bytes: of the page.
        pictures: folder of the pictures, None where none was wanted.
        num_pictures: pictures on the page.
        missing: what the page leaves out, and which command makes it.
        seconds: that it took.
    """

    output: Path
    num_bytes: int
    pictures: Path | None
    num_pictures: int
    missing: tuple[str, ...]
    seconds: float


def check_readable(config: ReportConfig) -> None:
    """Refuse what no report can be made of, before hours of other work.

    Raises: ArtifactError: the model is missing or damaged.
    """
    ModelFolder.open(config.model)


def run(config: ReportConfig, progress: Progress, *, measured: bytes | None = None) -> ReportSummary:
    """Write the page.

    Args:
        config: what to read, and where to write.
        progress: is told how it goes.
        measured: what ``recsys evaluate --json`` would print, instead of a file of it.

    Raises:
        ArtifactError: the model is missing or damaged.
        DataError: the evaluation or the data set that is named is malformed, or the page cannot be written.
    """
    started = time.monotonic()
    folder = ModelFolder.open(config.model)
    vocabulary = open_vocabulary(folder)
    evaluation = _evaluation(config, measured)
    drawn = movie_map(folder, progress)
    tried = try_everything(folder, vocabulary, drawn, config.movies_data)
    parts = [
        sections.verdict(folder, evaluation),
        sections.training(folder),
        sections.evaluation(evaluation),
        *_from_data(config, folder),
        sections.map_of_movies(folder, vocabulary, drawn),
        try_it(vocabulary, tried),
        sections.making(folder, evaluation),
    ]
    data = page_data(tried, drawn, vocabulary, folder)
    subtitle = sections.subtitle(folder)
    text = render(
        Page(title="What the model learnt, and how good it is", subtitle=subtitle, sections=parts, data=data)
    )
    _write(config.output, text.encode())
    pictures = [picture for section in parts for picture in (*section.pictures, *section.within)]
    if config.pictures is not None:
        _write_pictures(config.pictures, pictures)
    return ReportSummary(
        output=config.output,
        num_bytes=len(text.encode()),
        pictures=config.pictures,
        num_pictures=len(pictures),
        missing=tuple(line for section in parts for line in section.missing),
        seconds=time.monotonic() - started,
    )


def _evaluation(config: ReportConfig, measured: bytes | None) -> EvaluationReport | None:
    if measured is not None:
        return parse_evaluation(measured, source="the evaluation")
    return None if config.evaluation is None else read_evaluation(config.evaluation)


def _from_data(config: ReportConfig, folder: ModelFolder) -> tuple[Section, Section]:
    """The sections that need the ratings; without them they say so."""
    path = config.data or Path(folder.info.run["data_dir"])
    if config.data is None and not path.is_dir():
        missing = (f"The data is not at {path}: 'recsys report --data DIR' names its folder.",)
        return _stars(folder), sections.data((), missing)
    # The model's own data is read as it was read for the training; its bad lines were seen then.
    layout = folder.info.data["format"] if path.absolute() == Path(folder.info.run["data_dir"]) else None
    dataset = read_dataset(path, format=layout, skip_bad_lines=True)
    times = rating_times(read_source(path, format=layout, problems=Problems()).ratings)
    bad = f"Bad lines of {path} that are left out: {dataset.problems.count:,}; 'recsys check {path}' lists them."
    known = sections.data(data_pictures(dataset, times), (bad,) if dataset.problems.count else ())
    return _stars(folder), known


def _stars(folder: ModelFolder) -> Section:
    info, found = folder.info, folder.estimates
    if found is not None:
        return sections.stars(stars_pictures(found, low=info.rating_min, high=info.rating_max))
    if info.objective == "ranking":
        missing = "This model shows no stars: 'recsys train --objective hybrid' makes one that does."
    else:
        missing = "Nothing was held out to compare the stars with: 'recsys train --holdout 0.1' does it."
    return sections.stars((), (missing,))


def _write(path: Path, content: bytes) -> None:
    with replacing(path, lambda reason: DataError(f"Cannot write '{path}': {reason}")) as building:
        building.write_bytes(content)


def _write_pictures(folder: Path, pictures: Sequence[Picture]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"--pictures {folder}: cannot be made ({error.strerror})") from error
    for picture in pictures:
        _write(folder / f"{picture.name}.svg", picture.svg())
        _write(folder / f"{picture.name}.png", picture.png())
