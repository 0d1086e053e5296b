"""Tables and points from files: members, service points, residents and incidents.

Every function reads first and writes last, in one transaction, and only when `commit` is given. A
row that cannot be used comes back as a reject with its reason; the others are taken.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gridgis.errors import InvalidInput
from gridgis.files.features import to_text
from gridgis.files.points import PointFile
from gridgis.files.tabular import Positions, Table
from gridgis.files.vector import VectorFile
from gridgis.model.incidents import Incident
from gridgis.model.people import RosterRow
from gridgis.model.points import ResidentPoint, ServicePoint
from gridgis.parse import parse_time
from gridgis.services.gridset import (
    Reject,
    points_in_degrees,
    polygons_in_degrees,
    require_columns,
    unfit_code,
)
from gridgis.services.incidents import find_homes
from gridgis.services.points import MINUTES, make_circles
from gridgis.services.snapshot import LOOKUP_TOPIC, Snapshot
from gridgis.spatial.circle import spread
from gridgis.spatial.lattice import to_degrees, to_lattice
from gridgis.store import audit
from gridgis.store import incidents as incident_rows
from gridgis.store import people as people_rows
from gridgis.store import points as point_rows
from gridgis.store.database import Store

DEFAULT_ROLE = "manager"
RESIDENT_SPACING_M = 100.0
_ROSTER_COLUMNS = ("code", "name", "role", "phone", "valid_from", "valid_to")
_POINT_FIELDS = ("code", "name", "kind", "address", "phone", "hours", "services")
_VACANT = frozenset({"", "vacant", "空缺", "缺"})
_MAX_TEXT = 200


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do: `counts` by what happened, rows left out, remarks."""

    counts: dict[str, int]
    rejects: Sequence[Reject] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Actor:
    """Who imports and when; `zone` is that of plain dates in the file."""

    name: str
    now: datetime
    zone: ZoneInfo


def import_members(
    store: Store,
    snapshot: Snapshot,
    table: Table,
    *,
    layer: str,
    actor: Actor,
    valid_from: datetime | None = None,
    commit: bool = False,
) -> Imported:
    """Replace, from each row's `valid_from` on, who holds the grid and role pairs a table names.

    Parameters
    ----------
    table
        Columns code and name, and where there are any role, phone, valid_from, valid_to. An empty
        name, or “vacant”, states a vacancy. Pairs that the table does not name stay as they are.
    valid_from
        For rows without one of their own; now without it.

    Raises
    ------
    InvalidInput
        If a column is missing.
    NotFound
        If there is no such layer.
    """
    snapshot.find_layer(layer)
    require_columns([str(c) for c in table.rows.columns], ["code", "name"])
    known = {code for edition in snapshot.editions[layer] for code in snapshot.view(edition).grids}
    start = valid_from or actor.now
    rows, rejects = [], []
    for number, cells in _walk(table, _ROSTER_COLUMNS):
        try:
            row = _read_roster_row(number, cells, start, actor.zone)
        except InvalidInput as error:
            rejects.append(Reject(number, cells["code"] or None, str(error)))
            continue
        if row.grid not in known:
            reason = f"no edition of layer {layer} has a grid {row.grid!r}"
            rejects.append(Reject(number, row.grid, reason))
            continue
        rows.append(row)
    _require_usable(rows, rejects)
    ignored = [str(c) for c in table.rows.columns if c not in _ROSTER_COLUMNS]
    notes = [f"columns left out: {', '.join(ignored)}"] if ignored else []
    roleless = sum(not cells["role"] for _, cells in _walk(table, _ROSTER_COLUMNS))
    if roleless:
        roles = ", ".join(snapshot.roster.roles(layer)) or "none"
        notes.append(
            f"{roleless} rows without a role are read as {DEFAULT_ROLE!r}; roles so far: {roles}"
        )
    vacancies = sum(not row.member for row in rows)
    counts = {"rows": len(rows), "vacancies": vacancies}
    if commit and rows:
        with store.writing() as tx:
            change = people_rows.replace_roster(tx, layer, rows, now=actor.now)
            counts |= {
                "added": change.added,
                "ended": change.ended,
                "unchanged": change.unchanged,
            }
            if change.added or change.ended:
                _record(tx, actor, "import members", layer, counts | {"file": table.digest})
                audit.announce(tx, at=actor.now, topic=LOOKUP_TOPIC, payload={"layer": layer})
    return Imported(counts, rejects, notes)


def import_points(
    store: Store,
    points_file: PointFile,
    *,
    columns: dict[str, str],
    kind: str | None,
    actor: Actor,
    commit: bool = False,
) -> Imported:
    """Add or renew service points, each with its fifteen-minute circle.

    Parameters
    ----------
    points_file
        A layer of points in any CRS.
    columns
        Which column holds which of code, name, kind, address, phone, hours, services; a column of
        that very name is taken where nothing is said. A point without a code gets one of its kind
        and name.
    kind
        For points without a kind of their own.
    """
    file = points_file.file
    present = {field: field for field in _POINT_FIELDS if field in file.frame.columns} | columns
    require_columns([str(c) for c in file.frame.columns], list(columns.values()))
    if kind is None and "kind" not in present:
        raise InvalidInput("the points have no kind; pass --kind, or --kind-column")
    points, rejects = [], []
    places = points_in_degrees(file)
    texts = {field: to_text(file.frame[column]) for field, column in present.items()}
    for number in file.frame.index.tolist():
        cells = {field: text[number][: _MAX_TEXT * 10] for field, text in texts.items()}
        reason = _unfit_point(cells, kind, is_placed=number in places)
        if reason is not None:
            reason = points_file.reasons.get(number, reason)
            rejects.append(Reject(number, cells.get("code") or None, reason))
            continue
        lon, lat = to_degrees(to_lattice(places[number])).tolist()
        points.append(_make_point(cells, kind or "", lon, lat))
    _require_usable(points, rejects)
    return _save_points(store, points, rejects, file, actor, commit=commit)


def import_residents(
    store: Store, file: VectorFile, *, residents: str, code: str, actor: Actor, commit: bool = False
) -> Imported:
    """Replace the residents by those of census areas, spread evenly over each about every 100 m."""
    require_columns([str(c) for c in file.frame.columns], [residents, code])
    spots, rejects, total = [], [], 0.0
    polygons = polygons_in_degrees(file)
    area_codes, people = to_text(file.frame[code]), file.frame[residents]
    for number in file.frame.index.tolist():
        area_code, polygon = area_codes[number], polygons.get(number)
        try:
            count = float(people[number])
        except (TypeError, ValueError):
            count = -1.0
        if polygon is None or not 0 <= count < float("inf"):
            reason = "is no polygon" if polygon is None else f"column {residents} is no count"
            rejects.append(Reject(number, area_code, reason))
            continue
        total += count
        if count:
            lon, lat, weight = spread(polygon, count, RESIDENT_SPACING_M)
            columns = zip(lon.tolist(), lat.tolist(), weight.tolist(), strict=True)
            spots += [ResidentPoint(x, y, part, area_code) for x, y, part in columns]
    _require_usable(spots, rejects)
    counts = {
        "areas": len(file.frame) - len(rejects),
        "points": len(spots),
        "residents": int(total),
    }
    if commit and spots:
        with store.writing() as tx:
            point_rows.replace_residents(tx, spots)
            _record(tx, actor, "import residents", "residents", counts | {"file": file.digest})
            audit.announce(tx, at=actor.now, topic="points", payload={"residents": int(total)})
    return Imported(counts, rejects, file.notes)


def import_incidents(
    store: Store,
    snapshot: Snapshot,
    table: Table,
    positions: Positions,
    *,
    columns: dict[str, str],
    source: str,
    actor: Actor,
    commit: bool = False,
) -> Imported:
    """Add incidents, each with the grids it was in; one that is there already is left as it is.

    Parameters
    ----------
    columns
        Which column holds ``code``, ``time`` (RFC 3339 or a date) and ``category``.
    source
        Says where the codes come from; a code is unique within it.
    """
    require_columns([str(c) for c in table.rows.columns], list(columns.values()))
    if reason := unfit_code(source, "source"):
        raise InvalidInput(f"{reason}; name it shorter with --source")
    unusable = dict(positions.reasons)
    incidents, rejects = [], []
    first_rows: dict[str, int] = {}
    taken = zip(_walk(table, columns.values()), positions.lon, positions.lat, strict=True)
    for (number, cells), lon, lat in taken:
        try:
            if number in unusable:
                raise InvalidInput(unusable[number])
            incident = _read_incident(cells, columns, (lon, lat), source=source, zone=actor.zone)
        except InvalidInput as error:
            rejects.append(Reject(number, cells[columns["code"]] or None, str(error)))
            continue
        first = first_rows.setdefault(incident.code, number)
        if first != number:
            rejects.append(Reject(number, incident.code, f"has the code of row {first}"))
            continue
        incidents.append(incident)
    _require_usable(incidents, rejects)
    homes = find_homes(snapshot, incidents)
    counts = {"rows": len(incidents)}
    if commit and incidents:
        with store.writing() as tx:
            new, there = incident_rows.save_incidents(tx, incidents, homes)
            counts |= {"added": new, "already there": there}
            _record(tx, actor, "import incidents", source, counts | {"file": table.digest})
            audit.announce(tx, at=actor.now, topic="incidents", payload={"source": source})
    return Imported(counts, rejects)


def _walk(table: Table, columns: Any) -> Iterator[tuple[int, dict[str, str]]]:
    """Row numbers and the trimmed cells of some columns, '' where a column is missing."""
    wanted = [column for column in columns if column in table.rows.columns]
    blank = dict.fromkeys(columns, "")
    cells = (table.rows[column].str.strip() for column in wanted)
    for number, *values in zip(table.rows.index.tolist(), *cells, strict=True):
        yield number, blank | dict(zip(wanted, values, strict=True))


def _read_roster_row(
    number: int, cells: dict[str, str], start: datetime, zone: ZoneInfo
) -> RosterRow:
    if reason := unfit_code(cells["code"], "code"):
        raise InvalidInput(reason)
    for column in ("name", "role", "phone"):
        _refuse_odd_text(cells[column], column)
    since, until = cells["valid_from"], cells["valid_to"]
    valid_from = parse_time(since, zone, "valid_from") if since else start
    valid_to = parse_time(until, zone, "valid_to") if until else None
    if valid_to is not None and valid_to <= valid_from:
        raise InvalidInput("valid_to is not after valid_from")
    name = "" if cells["name"].lower() in _VACANT else cells["name"]
    role = cells["role"] or DEFAULT_ROLE
    return RosterRow(
        number, cells["code"], role, name, cells["phone"] or None, valid_from, valid_to
    )


def _read_incident(
    cells: dict[str, str],
    columns: dict[str, str],
    place: tuple[float, float],
    *,
    source: str,
    zone: ZoneInfo,
) -> Incident:
    code, category = cells[columns["code"]], cells[columns["category"]]
    if reason := unfit_code(code, columns["code"]):
        raise InvalidInput(reason)
    if not category:
        raise InvalidInput(f"column {columns['category']} is empty")
    _refuse_odd_text(category, columns["category"])
    occurred_at = parse_time(cells[columns["time"]], zone, columns["time"])
    lon, lat = to_degrees(to_lattice(place)).tolist()
    return Incident(source, code, category, occurred_at, lon, lat)


def _refuse_odd_text(text: str, column: str) -> None:
    if len(text) > _MAX_TEXT:
        raise InvalidInput(f"column {column} has more than {_MAX_TEXT} characters")
    if "\0" in text:  # PostgreSQL cannot hold it
        raise InvalidInput(f"column {column} has a NUL character")


def _unfit_point(cells: dict[str, str], kind: str | None, *, is_placed: bool) -> str | None:
    """Say why a row cannot be a service point; None when it can."""
    if not is_placed:
        return "is not a point"
    if any("\0" in text for text in cells.values()):
        return "has a NUL character"
    if not cells.get("name") and not cells.get("code"):
        return "has neither a name nor a code"
    if not cells.get("kind") and not kind:
        return "has no kind"
    return unfit_code(cells["code"], "code") if cells.get("code") else None


def _require_usable(rows: Sequence[Any], rejects: Sequence[Reject]) -> None:
    """Refuse a file of which nothing can be used; nobody meant to import nothing."""
    if rows:
        return
    if not rejects:
        raise InvalidInput("there is no row to import")
    first = rejects[0]
    raise InvalidInput(f"no row can be used; row {first.row}: {first.reason}")


def _make_point(cells: dict[str, str], kind: str, lon: float, lat: float) -> ServicePoint:
    kind = cells.get("kind") or kind
    name = cells.get("name") or cells["code"]
    services = (part.strip() for part in re.split(r"[,;，；]", cells.get("services", "")))
    return ServicePoint(
        code=cells.get("code") or _slug(f"{kind} {name}"),
        kind=kind,
        name=name,
        lon=lon,
        lat=lat,
        address=cells.get("address") or None,
        phone=cells.get("phone") or None,
        hours=cells.get("hours") or None,
        services=tuple(part for part in services if part),
    )


def _slug(text: str) -> str:
    """Letters and digits of any script, joined by hyphens: safe in an address."""
    return "-".join(re.findall(r"\w+", text.lower()))[:120]


def _save_points(
    store: Store,
    points: Sequence[ServicePoint],
    rejects: Sequence[Reject],
    file: VectorFile,
    actor: Actor,
    *,
    commit: bool,
) -> Imported:
    doubled = [code for code, n in Counter(point.code for point in points).items() if n > 1]
    if doubled:
        raise InvalidInput(
            f"two service points would have the code {doubled[0]!r}; name a column with --code"
        )
    counts = {"points": len(points)} | Counter(point.kind for point in points)
    if commit and points:
        with store.writing() as tx:
            new, changed = point_rows.save_points(tx, points)
            circles = make_circles(points, minutes=MINUTES, now=actor.now)
            point_rows.save_areas(tx, circles)
            counts |= {"added": new, "changed": changed}
            _record(tx, actor, "import points", "service points", counts | {"file": file.digest})
            audit.announce(tx, at=actor.now, topic="points", payload={"points": len(points)})
    return Imported(counts, rejects, file.notes)


def _record(tx: Any, actor: Actor, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, at=actor.now, actor=actor.name, action=action, subject=subject, detail=detail)
