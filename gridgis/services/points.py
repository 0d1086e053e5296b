"""Service points: lists, the nearest ones with minutes, and what each serves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import shapely

from gridgis.errors import NotFound
from gridgis.model.points import WALKING_KMH, ServiceArea, ServicePoint, circle_radius_m
from gridgis.services.lookup import Answer
from gridgis.spatial.circle import circle
from gridgis.spatial.lattice import WGS84
from gridgis.store import points as point_rows
from gridgis.store.database import Store

Bbox = tuple[float, float, float, float]
MINUTES = 15


def list_points(
    store: Store,
    *,
    kind: str | None = None,
    bbox: Bbox | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Answer]:
    """List service points by code."""
    with store.reading() as tx:
        points = point_rows.load_points(tx, kind=kind, bbox=bbox, after=after, limit=limit)
    return [describe_point(point) for point in points]


def find_nearest_points(
    store: Store, lon: float, lat: float, *, kind: str | None, minutes: int, limit: int
) -> list[Answer]:
    """List the nearest service points with straight distance and walking minutes.

    Without a street graph a minute is counted along the circle that stands for it: straight
    distance times 1.5 at 5 km/h. `within` says whether `minutes` are enough.
    """
    with store.reading() as tx:
        points = point_rows.load_points(tx, kind=kind)
    if not points:
        return []
    count = len(points)
    _, _, distances_m = WGS84.inv(
        np.full(count, lon),
        np.full(count, lat),
        [point.lon for point in points],
        [point.lat for point in points],
    )
    nearest = np.lexsort(([point.code for point in points], distances_m))[:limit]
    radius_m = circle_radius_m(minutes)
    return [
        describe_point(points[i])
        | {
            "distance_m": round(float(distances_m[i]), 1),
            "minutes": round(float(distances_m[i]) / circle_radius_m(1), 1),
            "method": "circle",
            "within": bool(distances_m[i] <= radius_m),
        }
        for i in nearest
    ]


def draw_area(store: Store, code: str, *, minutes: int, mode: str) -> dict[str, Any]:
    """Return the service area of one point as a GeoJSON FeatureCollection of one feature."""
    with store.reading() as tx:
        points = point_rows.load_points(tx, codes=[code])
        stored = {(a.minutes, a.mode): a for a in point_rows.load_areas(tx, code)}
    if not points:
        raise NotFound(f"there is no service point {code!r}")
    area = stored.get((minutes, mode))
    polygon = area.polygon if area is not None else _circle_of(points[0], minutes)
    feature = {
        "type": "Feature",
        "id": f"{code}/{minutes}",
        "properties": {"minutes": minutes, "mode": mode, "method": "circle", "status": "ok"},
        "geometry": shapely.geometry.mapping(polygon),
    }
    return {"type": "FeatureCollection", "features": [feature]}


def make_circles(
    points: Sequence[ServicePoint], *, minutes: int, now: datetime
) -> list[ServiceArea]:
    """Make the walking circle of each point, which stands for its service area without streets."""
    radius_m = circle_radius_m(minutes)
    return [
        ServiceArea(
            point=point.code,
            minutes=minutes,
            mode="walk",
            method="circle",
            speed_kmh=WALKING_KMH,
            radius_m=radius_m,
            computed_at=now,
            polygon=_circle_of(point, minutes),
        )
        for point in points
    ]


def describe_point(point: ServicePoint) -> Answer:
    """Describe one service point by its public fields."""
    return {
        "code": point.code,
        "kind": point.kind,
        "name": point.name,
        "lon": point.lon,
        "lat": point.lat,
        "address": point.address,
        "phone": point.phone,
        "hours": point.hours,
        "services": list(point.services),
    }


def _circle_of(point: ServicePoint, minutes: int) -> Any:
    return circle(point.lon, point.lat, circle_radius_m(minutes))
