"""Members and what they are responsible for, in valid time and in recorded time."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Member × grid × role × period.

    The period includes `valid_from` and excludes `valid_to` (None: open). `recorded_from` and
    `recorded_to` say when the database held this row as true, so that an answer of the past can be
    given again. `grid` is a code of any level of `layer`; `phone` is a duty phone, never a private
    one.
    """

    layer: str
    grid: str
    role: str
    member: str
    phone: str | None
    valid_from: datetime
    valid_to: datetime | None
    recorded_from: datetime
    recorded_to: datetime | None = None

    def is_valid_at(self, at: datetime) -> bool:
        """Whether the period holds `at`."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)

    def is_known_at(self, known_at: datetime) -> bool:
        """Whether the database held this row as true at `known_at`."""
        return self.recorded_from <= known_at and (
            self.recorded_to is None or known_at < self.recorded_to
        )


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One row of a members file: who holds `role` in `grid`; an empty `member` is a vacancy."""

    row: int
    grid: str
    role: str
    member: str
    phone: str | None
    valid_from: datetime
    valid_to: datetime | None
