"""How a training went, epoch by epoch: ``history.json`` of the model folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The epochs of a training.

    Attributes:
        epochs: ``loss`` and the validation metrics of each epoch by name, the first epoch first.
        kept_epoch: the one whose weights were kept, counted from 1.
        stopped_by: as in the summary of the training.
        on_all_ratings: ``loss`` of each epoch of the training that learnt what the first one was measured on, too,
            and whose weights were kept; empty where there was none.
    """

    epochs: tuple[Mapping[str, float], ...]
    kept_epoch: int
    stopped_by: str
    on_all_ratings: tuple[Mapping[str, float], ...] = ()

    def to_json(self) -> bytes:
        """Canonical JSON: the same history gives the same bytes."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> History:
        """Read what :meth:`to_json` wrote.

        Raises: ValueError: it is not JSON, or not the fields of a history.
        """
        history = msgspec.json.decode(content, type=cls)
        if not 1 <= history.kept_epoch <= len(history.epochs):
            raise ValueError("the kept epoch is none of the epochs")
        return history
