"""Service points, what each serves, and the residents to be served."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, bindparam, delete, insert, select, update

from gridgis.errors import NotFound
from gridgis.model.points import ResidentPoint, ServiceArea, ServicePoint
from gridgis.store import tables
from gridgis.store.database import Transaction
from gridgis.store.dialect import Bbox, insert_unless_there, is_any_of, is_in_box, lock
from gridgis.store.geometry import from_multipolygon_wkb, to_multipolygon_wkb, to_point_wkb

_POINT_COLUMNS = [
    column for column in tables.service_point.c if column.name not in {"id", "position"}
]
_AREA_COLUMNS = [column for column in tables.service_area.c if column.name != "id"]
_AREA_KEY = ("point", "minutes", "mode")
FloatArray = NDArray[np.float64]


def save_points(tx: Transaction, points: Sequence[ServicePoint]) -> tuple[int, int]:
    """Record service points by their code; one that is there takes the new values.

    Returns
    -------
    new, changed
        How many were not there, and how many were there with other values. Of points with the same
        code the last counts.
    """
    lock(tx, "points")
    given = {point.code: point for point in points}
    known = {point.code: point for point in load_points(tx, codes=given)}
    new = [point for code, point in given.items() if code not in known]
    changed = [point for code, point in given.items() if code in known and point != known[code]]
    if new:
        tx.execute(insert(tables.service_point), _point_values(new))
    if changed:
        rows = [{**values, "known_code": values["code"]} for values in _point_values(changed)]
        is_known = tables.service_point.c.code == bindparam("known_code")
        tx.execute(update(tables.service_point).where(is_known), rows)
    return len(new), len(changed)


def load_points(
    tx: Transaction,
    *,
    kind: str | None = None,
    bbox: Bbox | None = None,
    codes: Iterable[str] | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[ServicePoint]:
    """Load service points by code; each argument that is given narrows them.

    Parameters
    ----------
    bbox
        Smallest lon, smallest lat, largest lon, largest lat in degrees, border counted in.
    after
        Only codes behind this one: the last of the page before.

    Raises
    ------
    InvalidInput
        If `bbox` is turned around.
    """
    point = tables.service_point.c
    found = select(*_POINT_COLUMNS).order_by(point.code)
    if kind is not None:
        found = found.where(point.kind == kind)
    if bbox is not None:
        found = found.where(is_in_box(tx, tables.service_point, bbox))
    if codes is not None:
        found = found.where(is_any_of(tx, point.code, codes))
    if after is not None:
        found = found.where(point.code > after)
    if limit is not None:
        found = found.limit(limit)
    return [_to_point(row) for row in tx.execute(found)]


def save_areas(tx: Transaction, areas: Sequence[ServiceArea]) -> None:
    """Record service areas; one of the same point, minutes and mode is replaced.

    Raises
    ------
    NotFound
        If an area is of a point that is not recorded.
    """
    if not areas:
        return
    points = {area.point for area in areas}
    unknown = points - {point.code for point in load_points(tx, codes=points)}
    if unknown:
        raise NotFound(f"there is no service point {min(unknown)}; import it before its area")
    upsert = insert_unless_there(tx, tables.service_area)
    replaced = {
        column.name: upsert.excluded[column.name]
        for column in _AREA_COLUMNS
        if column.name not in _AREA_KEY
    }
    tx.execute(
        upsert.on_conflict_do_update(index_elements=_AREA_KEY, set_=replaced), _area_values(areas)
    )


def load_areas(tx: Transaction, point: str) -> list[ServiceArea]:
    """Load the service areas of one service point, by mode, then minutes."""
    area = tables.service_area.c
    found = select(*_AREA_COLUMNS).where(area.point == point).order_by(area.mode, area.minutes)
    return _to_areas(tx.execute(found).all())


def load_all_areas(tx: Transaction, *, minutes: int, mode: str) -> list[ServiceArea]:
    """Load the service area of every service point for `minutes` and `mode`, by point."""
    area = tables.service_area.c
    found = (
        select(*_AREA_COLUMNS)
        .where(area.minutes == minutes, area.mode == mode)
        .order_by(area.point)
    )
    return _to_areas(tx.execute(found).all())


def replace_residents(tx: Transaction, residents: Sequence[ResidentPoint]) -> None:
    """Record where the residents are, in place of what was recorded before."""
    lock(tx, "residents")
    tx.execute(delete(tables.residents))
    if not residents:
        return
    positions = to_point_wkb([spot.lon for spot in residents], [spot.lat for spot in residents])
    tx.execute(
        insert(tables.residents),
        [
            {
                "lon": spot.lon,
                "lat": spot.lat,
                "residents": spot.residents,
                "area_code": spot.area_code,
                "position": position,
            }
            for spot, position in zip(residents, positions, strict=True)
        ],
    )


def load_residents(tx: Transaction) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Load the residents as arrays of shape (n,): lon, lat in degrees, number of residents."""
    spot = tables.residents.c
    rows = tx.execute(select(spot.lon, spot.lat, spot.residents).order_by(spot.id)).all()
    columns = np.array([tuple(row) for row in rows], np.float64).reshape(-1, 3).T
    lon, lat, residents = (np.ascontiguousarray(column) for column in columns)
    return lon, lat, residents


def _point_values(points: Sequence[ServicePoint]) -> list[dict[str, Any]]:
    positions = to_point_wkb([point.lon for point in points], [point.lat for point in points])
    return [
        {
            **{column.name: getattr(point, column.name) for column in _POINT_COLUMNS},
            "services": list(point.services),
            "attributes": dict(point.attributes),
            "position": position,
        }
        for point, position in zip(points, positions, strict=True)
    ]


def _to_point(row: Row[Any]) -> ServicePoint:
    return ServicePoint(**{**row._mapping, "services": tuple(row.services)})


def _area_values(areas: Sequence[ServiceArea]) -> list[dict[str, Any]]:
    polygons = to_multipolygon_wkb([area.polygon for area in areas])
    return [
        {
            **{column.name: getattr(area, column.name) for column in _AREA_COLUMNS},
            "polygon": polygon,
        }
        for area, polygon in zip(areas, polygons, strict=True)
    ]


def _to_areas(rows: Sequence[Row[Any]]) -> list[ServiceArea]:
    polygons = from_multipolygon_wkb([row.polygon for row in rows])
    return [
        ServiceArea(**{**row._mapping, "polygon": polygon})
        for row, polygon in zip(rows, polygons, strict=True)
    ]
