"""The roster in memory: who holds which role where, at any time, as known at any time."""

from collections.abc import Collection, Iterable
from datetime import datetime

from gridgis.model.people import Responsibility

_Period = tuple[datetime, datetime | None]


class Roster:
    """All responsibilities of a database, history included, by layer and grid."""

    def __init__(self, rows: Iterable[Responsibility]) -> None:
        everything: dict[tuple[str, str], list[Responsibility]] = {}
        for row in sorted(rows, key=lambda row: (row.role, row.member, row.phone or "")):
            everything.setdefault((row.layer, row.grid), []).append(row)
        self._everything = everything
        self._current = {
            place: [row for row in rows if row.recorded_to is None]
            for place, rows in everything.items()
        }
        self._role_periods: dict[tuple[str, frozenset[str]], dict[str, list[_Period]]] = {}

    def holders(
        self, layer: str, grid: str, at: datetime, known_at: datetime | None = None
    ) -> list[Responsibility]:
        """Return who is responsible for a grid at `at`, by role, name and phone."""
        if known_at is None:
            return [row for row in self._current.get((layer, grid), ()) if row.is_valid_at(at)]
        rows = self._everything.get((layer, grid), ())
        return [row for row in rows if row.is_known_at(known_at) and row.is_valid_at(at)]

    def roles_at(
        self,
        layer: str,
        codes: frozenset[str],
        at: datetime,
        known_at: datetime | None = None,
    ) -> list[str]:
        """Return the roles that any of the grids `codes` has at `at`, in order."""
        if known_at is not None:
            held = (row for code in codes for row in self.holders(layer, code, at, known_at))
            return sorted({row.role for row in held})
        periods = self._role_periods.get((layer, codes))
        if periods is None:
            periods = self._find_role_periods(layer, codes)
            self._role_periods[layer, codes] = periods
        return [role for role, some in periods.items() if any(_holds(p, at) for p in some)]

    def roles(self, layer: str) -> list[str]:
        """Return every role that the layer's roster names, in order."""
        places = (rows for (of, _), rows in self._current.items() if of == layer)
        return sorted({row.role for rows in places for row in rows})

    def turning_points(self) -> dict[str, set[datetime]]:
        """For each layer the times at which somebody's responsibility begins or ends."""
        points: dict[str, set[datetime]] = {}
        for (layer, _), rows in self._current.items():
            of_layer = points.setdefault(layer, set())
            for row in rows:
                of_layer.add(row.valid_from)
                if row.valid_to is not None:
                    of_layer.add(row.valid_to)
        return points

    def _find_role_periods(self, layer: str, codes: Collection[str]) -> dict[str, list[_Period]]:
        """For each role the periods in which any of the grids has it, joined where they meet."""
        periods: dict[str, set[_Period]] = {}
        for code in codes:
            for row in self._current.get((layer, code), ()):
                periods.setdefault(row.role, set()).add((row.valid_from, row.valid_to))
        return {role: _join(periods[role]) for role in sorted(periods)}


def _join(periods: Collection[_Period]) -> list[_Period]:
    joined: list[_Period] = []
    for start, end in sorted(periods, key=lambda period: period[0]):
        last_end = joined[-1][1] if joined else None
        if joined and (last_end is None or start <= last_end):
            longer = None if last_end is None or end is None else max(last_end, end)
            joined[-1] = (joined[-1][0], longer)
        else:
            joined.append((start, end))
    return joined


def _holds(period: _Period, at: datetime) -> bool:
    return period[0] <= at and (period[1] is None or at < period[1])
