"""What is wrong with a data set, line by line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recsys_cli.errors import DataError

_SHOWN = 20
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
    """Collects problems: keeps the first 20 and counts them all. The line of each is left out of the data.

    Attributes:
        first: the first 20.
        count: how many there are.
    """

    first: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, problem: Problem) -> None:
        """Record a problem."""
        self.count += 1
        if len(self.first) < _SHOWN:
            self.first.append(problem)

    def report(self) -> str:
        """The first problems, one a line, and the number of the rest."""
        lines = [str(problem) for problem in self.first]
        if self.count > len(lines):
            lines.append(f"... and {self.count - len(lines):,} more")
        return "\n".join(lines)

    def raise_if_any(self, *, hint: str = "") -> None:
        """Raise a DataError with the report and a hint what to do, unless there is no problem."""
        if self.count:
            separator = "; " if self.count == 1 else "\n"
            raise DataError(self.report() + (separator + hint if hint else ""))
