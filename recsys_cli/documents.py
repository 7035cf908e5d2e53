"""An answer as a JSON document: the same bytes wherever it is asked for."""

import dataclasses
import json
from pathlib import Path
from typing import Any


def plain(value: Any) -> Any:
    """A dataclass, or a container of them, as plain dictionaries, lists and values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def json_text(document: Any, *, is_one_line: bool = False) -> str:
    """A dataclass, or anything made of plain values, as JSON; without a line end.

    Args:
        document: what to write.
        is_one_line: in one line instead of indented.

    Raises: ValueError: a number is NaN or infinite, which is not JSON and means a defect.
    """
    return json.dumps(plain(document), ensure_ascii=False, allow_nan=False, indent=None if is_one_line else 2)
