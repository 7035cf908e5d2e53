"""What an interrupted training needs to go on with the same result. Safetensors: nothing is unpickled."""

import json
import shutil
from collections.abc import Callable
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

_PARTS = ("tower", "average", "best", "adam")
_FILE = "tower.safetensors"  # each of them says where the training stands
_DAMAGED = (OSError, SafetensorError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Where an interrupted training stands.

    Attributes:
        epochs: the epochs done; the next one may have begun.
        best: the best of them and its weights; None in the first.
    """

    epochs: tuple[Epoch, ...]
    best: "tuple[Epoch, Weights] | None"


class Checkpoint:
    """One folder beside the model's, replaced in one move every time.

    The random numbers of a batch depend on the seed and its place alone, so no generator's state is kept.
    """

    def __init__(self, path: Path, *, belongs_to: str):
        self.path = path
        self.belongs_to = belongs_to  # fingerprint of data and options

    def save(self, trainer: "Trainer", *, epochs: tuple[Epoch, ...], best: "tuple[Epoch, Weights] | None") -> None:
        """Write the state after some epochs, or within the next one.

        Raises:
            ArtifactError: the file cannot be written.
        """
        # One after the other: each is copied twice while it is written.
        parts: dict[str, Callable[[], Weights]] = {
            "tower": lambda: {name: weight.numpy() for name, weight in trainer.towers.named_parameters()},
            "average": trainer.moving_average,
            "best": lambda: best[1] if best else {},
            "adam": trainer.adam,
        }
        state = {
            "epochs": [asdict(epoch) for epoch in epochs],
            "step": trainer.step,
            "losses": trainer.losses,
            "best": asdict(best[0]) if best else None,
            "belongs_to": self.belongs_to,
        }
        try:
            # A folder, for safetensors writes to a name of its own beside the file that it is given.
            with replacing(self.path, self._cannot_write, folder=True) as building:
                for part, arrays in parts.items():
                    save_file(arrays(), building / f"{part}.safetensors", metadata={"state": json.dumps(state)})
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
        trainer.restore(average=parts["average"], adam=parts["adam"], step=state["step"], losses=state["losses"])
        best = (Epoch(**state["best"]), parts["best"]) if state["best"] else None
        return Reached(epochs=state["epochs"], best=best)

    def remove(self) -> None:
        """Delete it; the model is written and nothing is left to go on with."""
        if self.path.is_dir():
            shutil.rmtree(self.path, ignore_errors=True)
        else:
            self.path.unlink(missing_ok=True)

    def reached(self) -> str:
        """What it holds, as ``2 epochs and 40 batches``; empty where there is none, or a damaged one."""
        try:
            with safe_open(self.path / _FILE, framework="numpy") as file:
                state = json.loads(file.metadata()["state"])
                counts = {"epoch": len(state["epochs"]), "batch": len(state["losses"])}
        except _DAMAGED:
            return ""
        plural = {"epoch": "epochs", "batch": "batches"}
        return " and ".join(
            f"{count} {unit if count == 1 else plural[unit]}" for unit, count in counts.items() if count
        )

    def _cannot_write(self, reason: str) -> ArtifactError:
        return ArtifactError(f"Cannot write the checkpoint '{self.path}': {reason}")

    def _read(self) -> tuple[dict[str, Any], dict[str, dict[str, np.ndarray]]]:
        parts: dict[str, dict[str, np.ndarray]] = {}
        try:
            for part in _PARTS:
                with safe_open(self.path / f"{part}.safetensors", framework="numpy") as file:
                    state = json.loads(file.metadata()["state"])
                    state["epochs"] = tuple(Epoch(**epoch) for epoch in state["epochs"])
                    parts[part] = {name: file.get_tensor(name) for name in list(file.keys())}
        except _DAMAGED as error:
            raise ArtifactError(f"{self.path}: damaged: delete it, or leave --resume out to start anew") from error
        return state, parts
