"""Polygons of any CRS brought to longitude and latitude without opening their borders.

A straight edge in a plane is curved in degrees. So a set in a projected CRS is matched edge by edge
and its long edges are cut in that CRS first, alike from both sides; then every vertex is moved.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
import shapely

from gridgis.spatial import rings as ring_arrays
from gridgis.spatial.lattice import FloatArray
from gridgis.spatial.matching import densify, match_vertices

__all__ = ["AddedVertex", "bring_to_degrees", "is_lonlat", "make_transform"]

_UNITS_PER_METRE = 10_000
_LONGEST_EDGE_M = 200.0
_WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class AddedVertex:
    """A vertex that polygon `lacking` was given because `owner` has it; both are keys."""

    lacking: Any
    owner: Any
    lon: float
    lat: float


def bring_to_degrees(
    polygons: Mapping[Any, Any], crs: str
) -> tuple[dict[Any, Any], list[AddedVertex]]:
    """Bring polygons to WGS84 degrees.

    Parameters
    ----------
    polygons
        n valid polygons in `crs`, x before y, by any key.
    crs
        ``EPSG:n`` or WKT. Polygons in WGS84 or CGCS2000 degrees come back as they are.

    Returns
    -------
    polygons
        Lon/lat polygons by the same keys; their vertices are not on the lattice yet.
    added
        The vertices that a polygon was given because a neighbour has them.
    """
    if is_lonlat(crs) or not polygons:
        return dict(polygons), []
    shapes = np.array(list(polygons.values()), dtype=object)
    found: list[AddedVertex] = []
    to_wgs84 = make_transform(crs)
    reference = pyproj.CRS.from_user_input(crs)
    if not reference.is_geographic:
        metres_per_crs_unit = float(reference.axis_info[0].unit_conversion_factor)
        units = _UNITS_PER_METRE * metres_per_crs_unit
        metres_per_unit = 1.0 / _UNITS_PER_METRE
        rings = ring_arrays.from_polygons(shapes, units)
        rings, added = match_vertices(rings, (metres_per_unit, metres_per_unit))
        if added:
            keys = list(polygons)
            places = to_wgs84(np.array([vertex.vertex for vertex in added]) / units)
            found = [
                AddedVertex(keys[vertex.polygon], keys[vertex.owner], float(lon), float(lat))
                for vertex, (lon, lat) in zip(added, places, strict=True)
            ]
        shapes = ring_arrays.to_polygons(densify(rings, _LONGEST_EDGE_M / metres_per_unit), units)
    moved = shapely.transform(shapes, to_wgs84)
    return dict(zip(polygons, moved, strict=True)), found


def make_transform(crs: str) -> Callable[[FloatArray], FloatArray]:
    """Make a function from (n, 2) coordinates in `crs` to WGS84 degrees."""
    transformer = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)
    return lambda places: np.column_stack(transformer.transform(places[:, 0], places[:, 1]))


def is_lonlat(crs: str) -> bool:
    """Whether a CRS is degrees of WGS84 or CGCS2000, which are the same for us."""
    return crs in (_WGS84, "EPSG:4490", "OGC:CRS84")
