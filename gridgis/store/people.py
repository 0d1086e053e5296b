"""Who is responsible, in valid time and in recorded time; what was recorded stays recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from gridgis.errors import InvalidInput, NotFound
from gridgis.model.people import Responsibility, RosterRow
from gridgis.store import tables
from gridgis.store.database import Transaction
from gridgis.store.dialect import lock

_COLUMNS = [column for column in tables.responsibility.c if column.name != "id"]
_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RosterChange:
    """What a roster changed, in rows.

    `added`: rows of the file newly recorded. `ended`: recorded rows that no longer hold as they
    stood, because they were cut short or replaced. `unchanged`: rows of the file that stood so.
    """

    added: int
    ended: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class _Term:
    """Who holds a role in a grid, and for which period."""

    grid: str
    role: str
    member: str
    phone: str | None
    valid_from: datetime
    valid_to: datetime | None


def replace_roster(
    tx: Transaction, layer: str, rows: Sequence[RosterRow], *, now: datetime
) -> RosterChange:
    """Record a roster: for each grid and role it names, it is the truth from its first date on.

    With F the smallest `valid_from` of the rows of a pair (grid, role): what was recorded of the
    pair and reaches beyond F is closed in recorded time, and recorded anew up to F where it began
    before. Then the rows are recorded; one with an empty member leaves its period vacant. A pair
    that is not named stays as it is. A row that stands already is left alone, so the same file
    twice changes nothing.

    Parameters
    ----------
    now
        The recorded time of the change. If the clock of this computer is behind the layer's last
        change, that time is taken instead: recorded time never runs backwards.

    Raises
    ------
    NotFound
        If there is no such layer.
    InvalidInput
        If a period ends before it begins.
    """
    lock(tx, f"roster {layer}")
    _require_layer(tx, layer)
    stated = _to_terms(rows)
    present = _load_present_terms(tx, layer, set(_first_dates(rows)))
    wanted = _keep_before(present, _first_dates(rows)) | stated
    recorded_at = _next_recorded_time(tx, layer, now)
    _close(tx, [row_id for term, row_id in present.items() if term not in wanted], recorded_at)
    _record(tx, layer, wanted - present.keys(), recorded_at)
    return RosterChange(
        added=len(stated - present.keys()),
        ended=len(present.keys() - wanted),
        unchanged=len(stated & present.keys()),
    )


def load_responsibilities(tx: Transaction, layer: str | None = None) -> list[Responsibility]:
    """Load every responsibility of `layer` or of all, history too.

    Ordered by layer, grid, role, valid_from, member, recorded_from.
    """
    row = tables.responsibility.c
    found = select(*_COLUMNS).order_by(
        row.layer, row.grid, row.role, row.valid_from, row.member, row.recorded_from, row.id
    )
    if layer is not None:
        found = found.where(row.layer == layer)
    return [Responsibility(**found_row._mapping) for found_row in tx.execute(found)]


def _require_layer(tx: Transaction, layer: str) -> None:
    if not tx.scalar(select(func.count()).where(tables.layer.c.code == layer)):
        raise NotFound(f"there is no layer {layer}; import its grids first")


def _first_dates(rows: Iterable[RosterRow]) -> dict[_Pair, datetime]:
    """Find the date from which the rows are the truth, for each pair of grid and role."""
    first: dict[_Pair, datetime] = {}
    for row in rows:
        pair = (row.grid, row.role)
        first[pair] = min(first.get(pair, row.valid_from), row.valid_from)
    return first


def _to_terms(rows: Iterable[RosterRow]) -> set[_Term]:
    terms = set()
    for row in rows:
        if row.valid_to is not None and row.valid_to <= row.valid_from:
            raise InvalidInput(
                f"row {row.row}: valid_to {row.valid_to.date()} is not after valid_from "
                f"{row.valid_from.date()}"
            )
        if row.member:
            terms.add(
                _Term(row.grid, row.role, row.member, row.phone, row.valid_from, row.valid_to)
            )
    return terms


def _load_present_terms(tx: Transaction, layer: str, pairs: set[_Pair]) -> dict[_Term, int]:
    row = tables.responsibility.c
    found = tx.execute(
        select(
            row.id, row.grid, row.role, row.member, row.phone, row.valid_from, row.valid_to
        ).where(row.layer == layer, row.recorded_to.is_(None))
    )
    return {_Term(*term): row_id for row_id, *term in found if (term[0], term[1]) in pairs}


def _keep_before(present: Iterable[_Term], first: Mapping[_Pair, datetime]) -> set[_Term]:
    """Keep of the present terms what lies before the first date of their pair."""
    kept = set()
    for term in present:
        limit = first[term.grid, term.role]
        if term.valid_from < limit:
            until = limit if term.valid_to is None else min(limit, term.valid_to)
            kept.add(replace(term, valid_to=until))
    return kept


def _next_recorded_time(tx: Transaction, layer: str, now: datetime) -> datetime:
    row = tables.responsibility.c
    latest: datetime | None = tx.scalar(
        select(func.max(func.coalesce(row.recorded_to, row.recorded_from))).where(
            row.layer == layer
        )
    )
    return now if latest is None else max(now, latest)


def _close(tx: Transaction, ids: Sequence[int], recorded_to: datetime) -> None:
    if ids:
        tx.execute(
            update(tables.responsibility)
            .where(tables.responsibility.c.id == bindparam("row_id"))
            .values(recorded_to=bindparam("closed_at")),
            [{"row_id": row_id, "closed_at": recorded_to} for row_id in ids],
        )


def _record(tx: Transaction, layer: str, terms: set[_Term], recorded_from: datetime) -> None:
    ordered = sorted(terms, key=lambda term: (term.grid, term.role, term.valid_from, term.member))
    values: list[dict[str, Any]] = [
        {
            "layer": layer,
            "grid": term.grid,
            "role": term.role,
            "member": term.member,
            "phone": term.phone,
            "valid_from": term.valid_from,
            "valid_to": term.valid_to,
            "recorded_from": recorded_from,
        }
        for term in ordered
    ]
    if values:
        tx.execute(insert(tables.responsibility), values)
