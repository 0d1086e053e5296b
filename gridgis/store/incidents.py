"""Incidents, and the grid each was in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import func, select, tuple_

from gridgis.errors import NotFound
from gridgis.model.incidents import Incident, IncidentGrid
from gridgis.store import tables
from gridgis.store.database import Transaction
from gridgis.store.dialect import Bbox, insert_unless_there, is_any_of, is_in_box
from gridgis.store.geometry import to_point_wkb

_COLUMNS = [column for column in tables.incident.c if column.name not in {"id", "position"}]

IncidentKey: TypeAlias = tuple[str, str]
"""Source and code, which name an incident."""


def save_incidents(
    tx: Transaction, incidents: Sequence[Incident], homes: Sequence[IncidentGrid]
) -> tuple[int, int]:
    """Record incidents with the grid each was in; what is there already stays as it is.

    Parameters
    ----------
    homes
        A grid (None: outside) for an incident and a layer; `edition` is the edition's number. A
        home replaces the one recorded for the same incident and layer.

    Returns
    -------
    new, already there
        Numbers of incidents; one given twice counts as already there the second time.

    Raises
    ------
    NotFound
        If a home is of an incident that is not recorded, or of an edition that does not exist.
    """
    new = _insert_incidents(tx, incidents) if incidents else 0
    if homes:
        _save_homes(tx, homes)
    return new, len(incidents) - new


def load_incidents(
    tx: Transaction,
    *,
    bbox: Bbox | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    category: str | None = None,
    after: tuple[datetime, str, str] | None = None,
    limit: int | None = None,
) -> list[Incident]:
    """Load incidents by occurred_at, source, code; each argument that is given narrows them.

    Parameters
    ----------
    bbox
        Smallest lon, smallest lat, largest lon, largest lat in degrees, border counted in.
    since, until
        Only incidents that occurred at or after `since` and before `until`.
    after
        Only incidents behind this occurred_at, source, code: the last of the page before.

    Raises
    ------
    InvalidInput
        If `bbox` is turned around.
    """
    incident = tables.incident.c
    order = (incident.occurred_at, incident.source, incident.code)
    found = select(*_COLUMNS).order_by(*order)
    if bbox is not None:
        found = found.where(is_in_box(tx, tables.incident, bbox))
    if since is not None:
        found = found.where(incident.occurred_at >= since)
    if until is not None:
        found = found.where(incident.occurred_at < until)
    if category is not None:
        found = found.where(incident.category == category)
    if after is not None:
        found = found.where(tuple_(*order) > tuple_(*after, types=[part.type for part in order]))
    if limit is not None:
        found = found.limit(limit)
    return [Incident(**row._mapping) for row in tx.execute(found)]


def load_homes(
    tx: Transaction, incidents: Iterable[Incident]
) -> dict[IncidentKey, dict[str, str | None]]:
    """Load the grid each incident was in: source and code → layer → grid, None where outside.

    An incident without any home has an empty entry.
    """
    keys = [(incident.source, incident.code) for incident in incidents]
    homes: dict[IncidentKey, dict[str, str | None]] = {key: {} for key in keys}
    home = tables.incident_grid.c
    for source, codes in _by_source(keys).items():
        found = tx.execute(
            select(tables.incident.c.code, home.layer, home.grid)
            .join(tables.incident_grid, home.incident_id == tables.incident.c.id)
            .where(
                tables.incident.c.source == source,
                is_any_of(tx, tables.incident.c.code, codes),
            )
        )
        for code, layer, grid in found:
            homes[source, code][layer] = grid
    return homes


def count_by_grid(tx: Transaction, layer: str) -> dict[str, int]:
    """Count the incidents in each grid of `layer`, by grid; grids without any are not in it."""
    home = tables.incident_grid.c
    rows = tx.execute(
        select(home.grid, func.count())
        .where(home.layer == layer, home.grid.is_not(None))
        .group_by(home.grid)
        .order_by(home.grid)
    )
    return {grid: count for grid, count in rows if grid is not None}


def _insert_incidents(tx: Transaction, incidents: Sequence[Incident]) -> int:
    positions = to_point_wkb(
        [incident.lon for incident in incidents], [incident.lat for incident in incidents]
    )
    values: list[dict[str, Any]] = [
        {
            **{column.name: getattr(incident, column.name) for column in _COLUMNS},
            "attributes": dict(incident.attributes),
            "position": position,
        }
        for incident, position in zip(incidents, positions, strict=True)
    ]
    insert = insert_unless_there(tx, tables.incident).on_conflict_do_nothing(
        index_elements=("source", "code")
    )
    done = tx.execute(insert, values, execution_options={"preserve_rowcount": True})
    return done.rowcount


def _save_homes(tx: Transaction, homes: Sequence[IncidentGrid]) -> None:
    ids = _find_ids(tx, [(home.source, home.code) for home in homes])
    _require_editions(tx, homes)
    values = []
    for home in homes:
        if (home.source, home.code) not in ids:
            raise NotFound(f"there is no incident {home.code} of source {home.source}")
        values.append(
            {
                "incident_id": ids[home.source, home.code],
                "layer": home.layer,
                "edition": home.edition,
                "grid": home.grid,
            }
        )
    upsert = insert_unless_there(tx, tables.incident_grid)
    replaced = {name: upsert.excluded[name] for name in ("edition", "grid")}
    tx.execute(
        upsert.on_conflict_do_update(index_elements=("incident_id", "layer"), set_=replaced),
        values,
    )


def _require_editions(tx: Transaction, homes: Iterable[IncidentGrid]) -> None:
    known = {
        (row.layer, row.number)
        for row in tx.execute(select(tables.edition.c.layer, tables.edition.c.number))
    }
    missing = {(home.layer, home.edition) for home in homes} - known
    if missing:
        layer, number = min(missing)
        raise NotFound(f"layer {layer} has no edition {number}")


def _find_ids(tx: Transaction, keys: Iterable[IncidentKey]) -> dict[IncidentKey, int]:
    incident = tables.incident.c
    ids: dict[IncidentKey, int] = {}
    for source, codes in _by_source(keys).items():
        found = tx.execute(
            select(incident.code, incident.id).where(
                incident.source == source, is_any_of(tx, incident.code, codes)
            )
        )
        ids.update({(source, code): row_id for code, row_id in found})
    return ids


def _by_source(keys: Iterable[IncidentKey]) -> dict[str, list[str]]:
    codes = defaultdict(list)
    for source, code in keys:
        codes[source].append(code)
    return codes
