"""What is wrong with a data set, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recsys_cli.errors import DataError

SHOWN = 20
_MAX_VALUE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad value.

    Attributes:
        path: the file.
        line: 1-based line number.
        field: name of the field.
        value: the text that stands there.
        allowed: what may stand there.
    """

    path: Path
    line: int
    field: str
    value: str
    allowed: str

    def __str__(self) -> str:
        value = self.value if len(self.value) <= _MAX_VALUE_CHARS else self.value[:_MAX_VALUE_CHARS] + "..."
        return f"{self.path}:{self.line}: {self.field}: {value!r}, allowed: {self.allowed}"


@dataclass(slots=True)
class Problems:
    """Collects problems and counts them all; the line of each is left out of the data.

    Attributes:
        count: how many there are.
    """

    count: int = 0
    _kept: dict[tuple[Path, str], list[Problem]] = field(default_factory=dict)

    def add(self, problem: Problem) -> None:
        """Record a problem; those of one field of a file come in the order of their lines."""
        self.count += 1
        kept = self._kept.setdefault((problem.path, problem.field), [])
        if len(kept) < SHOWN:
            kept.append(problem)

    @property
    def first(self) -> list[Problem]:
        """The first 20, file by file in the order of their lines."""
        order = {path: place for place, path in enumerate(dict.fromkeys(path for path, _ in self._kept))}
        kept = [problem for problems in self._kept.values() for problem in problems]
        return sorted(kept, key=lambda problem: (order[problem.path], problem.line))[:SHOWN]

    def report(self) -> str:
        """The first problems, one a line, and the number of the rest."""
        lines = list(map(str, self.first))
        if self.count > len(lines):
            lines.append(f"... and {self.count - len(lines):,} more")
        return "\n".join(lines)

    def raise_if_any(self, *, hint: str = "") -> None:
        """Raise a DataError with the report and a hint what to do, unless there is no problem."""
        if self.count:
            separator = "; " if self.count == 1 else "\n"
            raise DataError(self.report() + (separator + hint if hint else ""))


def check_regular(path: Path) -> None:
    """Refuse what is there but no regular file: files are read more than once, which a pipe cannot be.

    Opening a pipe that nobody writes to, or reading a device without an end, would never come back.

    Raises: DataError: if the path is a folder, a pipe, a device or a socket.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path}: not a regular file; write what it gives into a file first")
