"""What an interrupted training needs to go on with the same result. Safetensors: nothing is unpickled."""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from recsys_cli.errors import ArtifactError
from recsys_cli.replacing import replacing
from recsys_cli.training.epoch import Epoch

if TYPE_CHECKING:
    from recsys_cli.training.trainer import Trainer, Weights

_FILE = "state.safetensors"
_DAMAGED = (OSError, SafetensorError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Where an interrupted training stands.

    Attributes:
        epochs: the epochs done.
        best: the best of them and its weights.
    """

    epochs: tuple[Epoch, ...]
    best: "tuple[Epoch, Weights]"


class Checkpoint:
    """One folder beside the model's, replaced in one move after every epoch.

    The random numbers of an epoch depend on the seed and the epoch alone, so no generator's state is kept.
    """

    def __init__(self, path: Path, *, belongs_to: str):
        self.path = path
        self.belongs_to = belongs_to  # fingerprint of data and options

    def save(self, trainer: "Trainer", *, epochs: tuple[Epoch, ...], best: "tuple[Epoch, Weights]") -> None:
        """Write the state after some epochs.

        Raises:
            ArtifactError: the file cannot be written.
        """
        towers = {name: weight.numpy() for name, weight in trainer.towers.named_parameters()}
        parts = {"tower": towers, "average": trainer.averaged_weights(), "best": best[1], "adam": trainer.adam()}
        arrays = {f"{part}/{name}": array for part, named in parts.items() for name, array in named.items()}
        state = {
            "epochs": [asdict(epoch) for epoch in epochs],
            "step": trainer.step,
            "best": asdict(best[0]),
            "belongs_to": self.belongs_to,
        }
        try:
            # A folder, for safetensors writes to a name of its own beside the file that it is given.
            with replacing(self.path, self._cannot_write, folder=True) as building:
                save_file(arrays, building / _FILE, metadata={"state": json.dumps(state)})
        except SafetensorError as error:
            raise self._cannot_write(str(error)) from error

    def restore(self, trainer: "Trainer") -> Reached | None:
        """Put a trainer where the checkpoint left it.

        Returns: None where there is no checkpoint.

        Raises:
            ArtifactError: the file is damaged or belongs to other data or options.
        """
        if not self.path.exists():
            return None
        state, parts = self._read()
        if state["belongs_to"] != self.belongs_to:
            raise ArtifactError(
                f"{self.path}: of a training with other data or options; repeat that command with --resume, "
                "or leave --resume out to start anew"
            )
        for name, weight in trainer.towers.named_parameters():
            weight.set_value(parts["tower"][name])
        trainer.restore(average=parts["average"], adam=parts["adam"], step=state["step"])
        return Reached(epochs=state["epochs"], best=(Epoch(**state["best"]), parts["best"]))

    def remove(self) -> None:
        """Delete it; the model is written and nothing is left to go on with."""
        if self.path.is_dir():
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self.path.unlink(missing_ok=True)

    def num_epochs(self) -> int:
        """Epochs that it holds; 0 where there is none, or a damaged one."""
        try:
            with safe_open(self.path / _FILE, framework="numpy") as file:
                return len(json.loads(file.metadata()["state"])["epochs"])
        except _DAMAGED:
            return 0

    def _cannot_write(self, reason: str) -> ArtifactError:
        return ArtifactError(f"Cannot write the checkpoint '{self.path}': {reason}")

    def _read(self) -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
        parts: dict[str, dict[str, np.ndarray]] = {"tower": {}, "average": {}, "best": {}, "adam": {}}
        try:
            with safe_open(self.path / _FILE, framework="numpy") as file:
                state = json.loads(file.metadata()["state"])
                state["epochs"] = tuple(Epoch(**epoch) for epoch in state["epochs"])
                for key in list(file.keys()):
                    part, _, name = key.partition("/")
                    parts[part][name] = file.get_tensor(key)
        except _DAMAGED as error:
            raise ArtifactError(f"{self.path}: damaged: delete it, or leave --resume out to start anew") from error
        return state, parts
