"""Every option and its default, checked where it is built."""

from dataclasses import dataclass
from pathlib import Path

MODEL_DIR = Path("recommender_system.inference.model")
MOVIES_DATA = Path("movies_data.txt")


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
