"""The document of ``recsys evaluate --json``, read again."""

from __future__ import annotations

from pathlib import Path

import msgspec

from recsys_cli.errors import DataError
from recsys_cli.evaluation.result import EvaluationReport


def parse_evaluation(document: bytes, *, source: str) -> EvaluationReport:
    """Take from the JSON of ``recsys evaluate`` what the page shows; more keys than these are allowed.

    Args:
        document: the JSON.
        source: where it comes from, for the error.

    Raises: DataError: it is not such a document.
    """
    try:
        evaluation = msgspec.json.decode(document, type=EvaluationReport)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DataError(
            f"{source}: not what 'recsys evaluate --json' prints: {error}; write it with 'recsys evaluate --json'"
        ) from error
    if any(not group.rows for group in evaluation.groups):
        raise DataError(f"{source}: not what 'recsys evaluate --json' prints: a group without rows")
    return evaluation


def read_evaluation(path: Path) -> EvaluationReport:
    """Read a file of ``recsys evaluate --json``; errors as :func:`parse_evaluation`."""
    try:
        return parse_evaluation(path.read_bytes(), source=str(path))
    except OSError as error:
        raise DataError(f"--evaluation {path}: cannot be read ({error.strerror})") from error
