"""The weights of saved towers, as a later training starts at them."""

import os

import numpy as np
from numpy.typing import NDArray

from recsys_cli.errors import ArtifactError
from recsys_cli.model.folder import ModelFolder
from recsys_cli.towers.runtime import paddle_away_from_home

_TOWERS = ("user_tower", "movie_tower")


def saved_weights(folder: ModelFolder) -> dict[str, NDArray[np.float32]]:
    """Weights of both towers by the name that paddle gave them in training, such as ``attribute_0.w_1``.

    Paddle must be ready (:func:`~recsys_cli.towers.runtime.prepare_process`).

    Raises:
        ArtifactError: a tower file is missing or damaged.
    """
    import paddle

    weights = {}
    for tower in _TOWERS:
        for ending in ("json", "pdiparams"):
            folder.read(f"{tower}.{ending}")
        try:
            with paddle_away_from_home():
                loaded = paddle.jit.load(os.fspath(folder.path / tower))
        except (RuntimeError, ValueError) as error:
            folder.require_current()
            raise ArtifactError(f"{folder.path / tower}.json: paddle cannot load it: {error}") from error
        folder.require_current()  # paddle reads by path
        for weight in loaded.state_dict().values():
            # Loading puts a number of its own behind the name.
            weights[weight.name.rpartition("_")[0]] = weight.numpy()
    return weights
