"""What a data set knows about people: genders, age groups, jobs and more, and the way from words to rows."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from recsys_cli.dataset.columns import Column
from recsys_cli.errors import ConfigError

GENDER_TEXTS = {"m": "M", "male": "M", "0": "M", "f": "F", "female": "F", "1": "F"}
GENDERS_ALLOWED = "M, F, male, female, 0 (male), 1 (female)"
MAX_AGE = 120
_NEAR_MATCHES = 3


@dataclass(frozen=True, slots=True)
class Demographics:
    """The attributes of people in one data set. Row 0 of each is "unknown"; an empty tuple means it has none.

    Attributes:
        genders: row 1 is the first; ("M", "F") wherever genders are known.
        ages: first year of each age group, ascending.
        jobs: (job id, name), ascending by id.
        further: columns of a catalogue's own; their rows are counted through all of them.
    """

    genders: tuple[str, ...] = ()
    ages: tuple[int, ...] = ()
    jobs: tuple[tuple[int, str], ...] = ()
    further: tuple[Column, ...] = field(default=(), repr=False)  # no part of the fingerprint where there are none

    def age_row(self, age: int) -> int:
        """Row of the age group of a person.

        Args:
            age: years, 1 to 120. An age below the first group's first year belongs to the first group.

        Returns: 1 to len(ages).

        Raises: ConfigError: if the age is out of range, or the data set has no ages.
        """
        if not self.ages:
            raise ConfigError("--age: this data set knows no ages; leave --age out")
        if not 1 <= age <= MAX_AGE:
            raise ConfigError(f"--age: {age} is not allowed; allowed: whole years from 1 to {MAX_AGE}")
        return max(bisect_right(self.ages, age), 1)

    def age_name(self, row: int) -> str:
        """The years that an age group spans, such as "25-34", "56+" or, for the youngest, "under 18"."""
        if row == 0:
            return "unknown"
        if row == len(self.ages):
            return f"{self.ages[-1]}+"
        if row == 1:
            return f"under {self.ages[1]}"
        return f"{self.ages[row - 1]}-{self.ages[row] - 1}"

    def gender_row(self, text: str) -> int:
        """Row of a gender: M, F, male or female in any case, or 0 (male) and 1 (female).

        Returns: 1 to len(genders).

        Raises: ConfigError: if the text is none of these, or the data set has no genders.
        """
        if not self.genders:
            raise ConfigError("--gender: this data set knows no genders; leave --gender out")
        gender = GENDER_TEXTS.get(text.strip().casefold())
        if gender is None:
            raise ConfigError(f"--gender: {text!r} is not allowed; allowed: {GENDERS_ALLOWED}")
        return self.genders.index(gender) + 1

    def gender_name(self, row: int) -> str:
        """The gender at a row: "M", "F", or "unknown" for row 0."""
        return self.genders[row - 1] if row else "unknown"

    def find_job(self, text: str) -> int | None:
        """Row of a job by its name in any case or, where no job has that name, by its number; None for neither."""
        wanted = text.strip().casefold()
        names = [name.casefold() for _, name in self.jobs]
        if wanted in names:
            return names.index(wanted) + 1
        if not re.fullmatch(r"\+?\d{1,18}", wanted):
            return None
        numbers = [number for number, _ in self.jobs]
        return numbers.index(int(wanted)) + 1 if int(wanted) in numbers else None

    def job_row(self, text: str) -> int:
        """Row of a job: its name in any case, its number, or the beginning of one name only.

        Returns: 1 to len(jobs).

        Raises: ConfigError: if no job or several fit (the message lists the candidates), or there are none.
        """
        if not self.jobs:
            raise ConfigError("--job: this data set knows no jobs; leave --job out")
        found = self.find_job(text)
        if found is not None:
            return found
        wanted = text.strip().casefold()
        if re.fullmatch(r"[+-]?\d+", wanted):
            raise ConfigError(f"--job: {text.strip()} is not a job; allowed: {self._job_list(self._all_jobs)}")
        names = [name.casefold() for _, name in self.jobs]
        rows = [row for row, name in enumerate(names, start=1) if wanted and name.startswith(wanted)]
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise ConfigError(f"--job: {text!r} is ambiguous; candidates: {self._job_list(rows)}")
        near = self._near_jobs(wanted, names)
        hint = f"; near: {self._job_list(near)}" if near else ""
        raise ConfigError(f"--job: {text!r} is not a job{hint}; allowed: {self._job_list(self._all_jobs)}")

    def job_name(self, row: int) -> str:
        """The name of the job at a row, "unknown" for row 0."""
        return self.jobs[row - 1][1] if row else "unknown"

    @property
    def _all_jobs(self) -> list[int]:
        return list(range(1, len(self.jobs) + 1))

    def _near_jobs(self, wanted: str, names: list[str]) -> list[int]:
        # Imported here: only a mistyped name needs it, and every recommendation waits for the imports.
        from rapidfuzz import fuzz, process

        matches = process.extract(wanted, names, scorer=fuzz.WRatio, limit=_NEAR_MATCHES, score_cutoff=70)
        return [index + 1 for _, _, index in matches]

    def _job_list(self, rows: list[int]) -> str:
        return ", ".join(f"{self.jobs[row - 1][0]} {self.jobs[row - 1][1]}" for row in rows)


MOVIELENS_1M = Demographics(
    genders=("M", "F"),
    ages=(1, 18, 25, 35, 45, 50, 56),
    jobs=tuple(
        enumerate(
            (
                "other",
                "academic/educator",
                "artist",
                "clerical/admin",
                "college/grad student",
                "customer service",
                "doctor/health care",
                "executive/managerial",
                "farmer",
                "homemaker",
                "K-12 student",
                "lawyer",
                "programmer",
                "retired",
                "sales/marketing",
                "scientist",
                "self-employed",
                "technician/engineer",
                "tradesman/craftsman",
                "unemployed",
                "writer",
            )
        )
    ),
)


def ages_and_jobs() -> str:
    """The age groups and jobs of MovieLens 1M and of the sample, each as one paragraph."""
    ages = ", ".join(MOVIELENS_1M.age_name(row) for row in range(1, len(MOVIELENS_1M.ages) + 1))
    jobs = ", ".join(f"{number} {name}" for number, name in MOVIELENS_1M.jobs)
    return (
        "Ages and jobs are those of the data set that the model was trained on. MovieLens 1M and the sample group "
        f"ages: {ages}.\n\nTheir jobs: {jobs}. Another data set has jobs of its own; a wrong one lists them."
    )
