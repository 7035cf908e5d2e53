"""Every option and its default, checked where it is built."""

from dataclasses import dataclass
from pathlib import Path

from recsys_cli.errors import ConfigError

MODEL_DIR = Path("recommender_system.inference.model")
MOVIES_DATA = Path("movies_data.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadConfig:
    """What ``recsys download`` fetches, and where to.

    Attributes:
        release: name of the data set.
        data_dir: folder that the data set's own folder is put in.
        from_file: archive on disk to unpack instead of downloading one.
        url: another address of the same archive, instead of the published ones.
    """

    release: str
    data_dir: Path = Path("data")
    from_file: Path | None = None
    url: str | None = None

    def __post_init__(self) -> None:
        if self.from_file and self.url:
            raise ConfigError("--from-file and --url exclude each other")
        if self.url and not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"--url: {self.url!r} is not allowed; allowed: an http:// or https:// address")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckConfig:
    """What ``recsys check`` reads.

    Attributes:
        data: folder of the data set.
        format: layout of its files, None to tell it by them.
    """

    data: Path
    format: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PreprocessConfig:
    """What ``recsys preprocess`` reads and writes.

    Attributes:
        file: raw movie file; a bare name is looked for in several folders.
        output: file to write.
        model: folder of the model whose vocabulary encodes the movies.
        allow_title_changes: accept a known movie id under another title.
    """

    file: Path
    output: Path = MOVIES_DATA
    model: Path = MODEL_DIR
    allow_title_changes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendConfig:
    """One query of ``recsys recommend`` and what it is answered from.

    Attributes:
        age: years, or None where it is not known.
        gender: ``M`` or ``F``, or None.
        job: number or name, or None.
        k: number of movies, at least 1.
        model: model folder.
        movies_data: what ``recsys preprocess`` wrote.
        auto_import: import the movies where the index is missing or stale.
        force_import: import them in any case.
    """

    age: int | None = None
    gender: str | None = None
    job: str | None = None
    k: int = 5
    model: Path = MODEL_DIR
    movies_data: Path = MOVIES_DATA
    auto_import: bool = True
    force_import: bool = False

    def __post_init__(self) -> None:
        if self.force_import and not self.auto_import:
            raise ConfigError("--import and --no-import contradict each other; leave one out")
        if self.k < 1:
            raise ConfigError(f"-k {self.k} is not allowed; allowed: 1 or more")
