"""Movies to vectors through the saved movie tower."""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.artifact import ModelFolder
from recsys_cli.model.runtime import prepare_process
from recsys_cli.model.serving import Floats
from recsys_cli.model.titles import pad_titles, title_windows

_BATCH = 8192  # movies encoded at a time: bounds the memory of the convolution


def encode_movies(
    folder: ModelFolder,
    id_rows: NDArray[np.int64],
    words: Sequence[Sequence[int]],
    genres: Sequence[Sequence[int]],
) -> Floats:
    """Encode movies, known or new.

    Args:
        folder: the model.
        id_rows: (N,) int64 movie rows, 0 for a movie that the model has not seen.
        words: N lists of the word rows of each title in order, 0 for an unknown word.
        genres: N lists of genre rows, 0 for an unknown genre; an empty one counts as unknown.

    Returns: (N, D) float32, unit rows.

    Raises:
        ArtifactError: a tower file is missing or damaged.
    """
    for name in ("movie_tower.json", "movie_tower.pdiparams"):
        folder.read(name)
    prepare_process(device="cpu")
    import paddle

    # A movie that nobody rated in training has a row but an untrained id: the tower knows it by title and genres.
    rated = np.concatenate([[False], folder.num_ratings > 0])
    id_rows = np.where(rated[id_rows], id_rows, 0)
    num_genres = folder.info.data["num_genres"]
    try:
        tower = paddle.jit.load(os.fspath(folder.path / "movie_tower"))
    except (RuntimeError, ValueError) as error:
        raise ArtifactError(f"{folder.path / 'movie_tower.json'}: paddle cannot load it: {error}") from error
    tower.eval()
    parts = []
    for start in range(0, len(id_rows), _BATCH):
        part = slice(start, start + _BATCH)
        multi_hot = np.zeros((len(id_rows[part]), num_genres + 1), dtype=np.float32)
        for place, rows in enumerate(genres[part]):
            multi_hot[place, rows or [0]] = 1.0
        inputs = (id_rows[part], multi_hot, *title_windows(pad_titles(words[part])))
        parts.append(tower(*map(paddle.to_tensor, inputs)).numpy())
    return np.concatenate(parts) if parts else np.zeros((0, folder.info.embedding_dim), dtype=np.float32)
