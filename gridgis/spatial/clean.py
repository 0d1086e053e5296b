"""One polygon made fit for the lattice, and what was changed on the way."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridgis.errors import GeometryError
from gridgis.spatial.lattice import LATTICE_PER_DEGREE, snap

__all__ = ["Cleaned", "clean"]

_POLYGONAL = ("Polygon", "MultiPolygon")
_LIMIT_DEGREES = np.array([180.0, 90.0])


@dataclass(frozen=True)
class Cleaned:
    """A valid, flat, counter-clockwise polygon on the lattice, and what was changed for that."""

    polygon: Any
    changes: tuple[str, ...]


def clean(polygon: Any) -> Cleaned:
    """Make one lon/lat polygon fit: flat, on the lattice, without repeated vertices, oriented.

    Its shape is never repaired here: a border that crosses itself is refused with the place.

    Raises
    ------
    GeometryError
        If it is missing, empty, not a polygon, has coordinates that are not finite or lie outside
        lon/lat, or is invalid. The sentence lacks its subject: the caller knows the grid's name.
    """
    _refuse_unusable(polygon)
    changes = []
    if polygon.has_z:
        changes.append("heights dropped")
    if polygon.has_m:
        changes.append("measures dropped")
    polygon = shapely.force_2d(polygon)
    if not polygon.is_valid:
        raise GeometryError(f"has an invalid border: {shapely.is_valid_reason(polygon)}")
    snapped = snap(polygon)
    if snapped.is_valid:
        snapped = shapely.remove_repeated_points(snapped)
        dropped = shapely.count_coordinates(polygon) - shapely.count_coordinates(snapped)
        if dropped > 0:
            changes.append(f"{dropped} repeated {'vertex' if dropped == 1 else 'vertices'} removed")
    else:
        snapped = _snap_validly(polygon)
        changes.append("a detail thinner than 0.1 mm removed")
    if snapped.geom_type == "MultiPolygon" and len(snapped.geoms) == 1:
        snapped = snapped.geoms[0]
    return Cleaned(shapely.orient_polygons(snapped), tuple(changes))


def _refuse_unusable(polygon: Any) -> None:
    if polygon is None or shapely.is_missing(polygon):
        raise GeometryError("has no geometry")
    if polygon.geom_type not in _POLYGONAL:
        raise GeometryError(f"is a {polygon.geom_type}, not a polygon")
    if polygon.is_empty:
        raise GeometryError("is an empty polygon")
    coordinates = shapely.get_coordinates(polygon)
    if not np.isfinite(coordinates).all():
        raise GeometryError("has a coordinate that is not a finite number")
    beyond = (np.abs(coordinates) > _LIMIT_DEGREES).any(axis=1)
    if beyond.any():
        lon, lat = coordinates[beyond][0]
        raise GeometryError(
            f"has a vertex at {lon:.10g}, {lat:.10g}, outside lon -180 to 180, lat -90 to 90; "
            "cut a grid that crosses the 180th meridian there"
        )


def _snap_validly(polygon: Any) -> Any:
    """Snap a polygon that plain rounding would make cross itself; a detail below 0.1 mm is lost."""
    with np.errstate(all="ignore"):  # GEOS divides by what is thinner than a double; looked at next
        reduced = shapely.set_precision(polygon, 1.0 / LATTICE_PER_DEGREE)
    if reduced.is_empty or reduced.geom_type not in _POLYGONAL:
        raise GeometryError("is thinner than 0.1 mm")
    snapped = snap(reduced)
    if not snapped.is_valid:
        raise GeometryError("crosses itself when its vertices are rounded to 0.1 mm")
    return shapely.remove_repeated_points(snapped)
