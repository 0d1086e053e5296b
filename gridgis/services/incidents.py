"""Incidents: lists for maps and desks, and the grid each was in when it occurred."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson

from gridgis.errors import InvalidInput
from gridgis.model.incidents import Incident, IncidentGrid
from gridgis.parse import format_time, parse_time
from gridgis.services.lookup import Answer
from gridgis.services.snapshot import Snapshot
from gridgis.store import incidents as incident_rows
from gridgis.store.database import Store

Bbox = tuple[float, float, float, float]
Cursor = tuple[datetime, str, str]


def list_incidents(
    store: Store,
    *,
    bbox: Bbox | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    category: str | None = None,
    after: Cursor | None = None,
    limit: int | None = None,
) -> list[Answer]:
    """List incidents by time, each with the grid it was in by layer."""
    with store.reading() as tx:
        incidents = incident_rows.load_incidents(
            tx,
            bbox=bbox,
            since=since,
            until=until,
            category=category,
            after=after,
            limit=limit,
        )
        homes = incident_rows.load_homes(tx, incidents)
    return [
        {
            "code": incident.code,
            "category": incident.category,
            "occurred_at": format_time(incident.occurred_at),
            "lon": incident.lon,
            "lat": incident.lat,
            "source": incident.source,
            "grids": homes[incident.source, incident.code],
        }
        for incident in incidents
    ]


def find_homes(snapshot: Snapshot, incidents: Sequence[Incident]) -> list[IncidentGrid]:
    """Find the grid of each incident in every layer, by the edition in force when it occurred.

    A layer that had no edition then gives no row.
    """
    homes = []
    for layer in snapshot.layers:
        by_edition: dict[int, list[Incident]] = {}
        editions = {}
        for incident in incidents:
            edition = snapshot.edition_at(layer, incident.occurred_at)
            if edition is not None:
                editions[edition.number] = edition
                by_edition.setdefault(edition.number, []).append(incident)
        for number, some in by_edition.items():
            index = snapshot.view(editions[number]).index
            found = index.locate_many([i.lon for i in some], [i.lat for i in some])
            homes += [
                IncidentGrid(i.source, i.code, layer, number, index.codes[n] if n >= 0 else None)
                for i, n in zip(some, found, strict=True)
            ]
    return homes


def write_cursor(answer: Answer) -> str:
    """Write the place of an incident in the list, for the `after` of the next page."""
    return orjson.dumps([answer["occurred_at"], answer["source"], answer["code"]]).decode()


def read_cursor(text: str) -> Cursor:
    """Read what `write_cursor` wrote."""
    try:
        moment, source, code = orjson.loads(text)
        if not (isinstance(source, str) and isinstance(code, str)) or "\0" in source + code:
            raise TypeError
        return parse_time(moment, ZoneInfo("UTC"), "after"), source, code
    except (AttributeError, TypeError, ValueError, InvalidInput) as error:
        raise InvalidInput(
            f"after {text[:60]!r} is not from a next link; follow those instead"
        ) from error
