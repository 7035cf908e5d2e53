"""Movies to vectors through the saved movie tower."""

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.arrays import Floats
from recsys_cli.model.folder import ModelFolder
from recsys_cli.towers.runtime import prepare_process
from recsys_cli.towers.title_windows import pad_titles, title_windows

_BATCH = 8192  # movies encoded at a time: bounds the memory of the convolution


class MovieEncoder:
    """The movie tower of one model, loaded."""

    def __init__(self, folder: ModelFolder):
        """Load it.

        Raises:
            ArtifactError: a tower file is missing or damaged.
        """
        for name in ("movie_tower.json", "movie_tower.pdiparams"):
            folder.read(name)
        prepare_process(device="cpu")
        import paddle

        try:
            self._tower = paddle.jit.load(os.fspath(folder.path / "movie_tower"))
        except (RuntimeError, ValueError) as error:
            folder.require_current()
            raise ArtifactError(f"{folder.path / 'movie_tower.json'}: paddle cannot load it: {error}") from error
        folder.require_current()  # paddle reads by path
        self._tower.eval()
        self._to_tensor = paddle.to_tensor
        self._info = folder.info
        # A movie that nobody rated has a row but an untrained id: the tower knows it by its content.
        own = np.arange(1, len(folder.num_ratings) + 1)
        self._id_rows = np.concatenate([[0], np.where(folder.num_ratings > 0, own, 0)])

    def __call__(
        self,
        rows: NDArray[np.int64],
        words: Sequence[Sequence[int]],
        genres: Sequence[Sequence[int]],
        years: Sequence[int],
    ) -> Floats:
        """Encode movies, known or new.

        Args:
            rows: (N,) int64 movie rows, 0 for a movie that the model has not seen.
            words: N lists of the word rows of each title in order, 0 for an unknown word.
            genres: N lists of genre rows, 0 for an unknown genre, and, behind the genres, rows of further columns;
                an empty one counts as unknown.
            years: of the N movies, 0 unknown.

        Returns: (N, D) float32, unit rows.
        """
        num_rows = self._info.data["num_genres"] + self._info.data.get("num_values", 0)
        vectors = np.empty((len(rows), self._info.embedding_dim), dtype=np.float32)
        for start in range(0, len(rows), _BATCH):
            part = slice(start, start + _BATCH)
            multi_hot = np.zeros((len(rows[part]), num_rows + 1), dtype=np.float32)
            for place, own in enumerate(genres[part]):
                multi_hot[place, own or [0]] = 1.0
            known = (self._id_rows[rows[part]], multi_hot, np.array(years[part], dtype=np.float32))
            inputs = (*known, *title_windows(pad_titles(words[part])))
            vectors[part] = self._tower(*map(self._to_tensor, inputs)).numpy()
        return vectors
