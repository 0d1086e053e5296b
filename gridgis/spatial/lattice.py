"""Coordinates: degrees to lattice integers and back, and geodesic measures.

Every stored vertex lies on a lattice of 1e-9 degree, about 0.1 mm. `to_degrees` is the only maker
of coordinates: ``k / 1e9`` is the double nearest to the decimal, so it prints with at most nine
decimals and reads back as itself, while ``k * 1e-9`` differs from it in the last bit.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

__all__ = [
    "LATTICE_PER_DEGREE",
    "WGS84",
    "area_m2",
    "distance_m",
    "length_m",
    "metres_per_degree",
    "snap",
    "snap_position",
    "to_degrees",
    "to_lattice",
]

LATTICE_PER_DEGREE = 1_000_000_000
WGS84 = Geod(ellps="WGS84")

_EQUATORIAL_RADIUS_M = WGS84.a
_ECCENTRICITY_SQUARED = WGS84.es

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def to_lattice(degrees: ArrayLike) -> IntArray:
    """Round finite degrees to lattice integers, any shape; ties to even."""
    return np.rint(np.asarray(degrees, np.float64) * LATTICE_PER_DEGREE).astype(np.int64)


def to_degrees(lattice: ArrayLike) -> FloatArray:
    """Make degrees from lattice integers, any shape."""
    degrees: FloatArray = np.asarray(lattice, np.int64) / float(LATTICE_PER_DEGREE)
    return degrees


def snap(geometry: Any) -> Any:
    """Move every vertex of one geometry or an array of them to the nearest lattice point.

    Vertices that fall together are merged only where they follow each other; what else the move
    breaks (a spike, a crossing) is for `clean` to find.
    """
    return shapely.transform(geometry, lambda degrees: to_degrees(to_lattice(degrees)))


def snap_position(lon: float, lat: float) -> tuple[float, float]:
    """Move one position to the nearest lattice point.

    To the last bit ``to_degrees(to_lattice(...))``, without the 5 µs that two arrays take.
    """
    return (
        round(lon * LATTICE_PER_DEGREE) / LATTICE_PER_DEGREE,
        round(lat * LATTICE_PER_DEGREE) / LATTICE_PER_DEGREE,
    )


def area_m2(geometry: Any) -> FloatArray:
    """Geodesic area of lon/lat polygons on the WGS84 ellipsoid, in square metres, holes taken off.

    Parameters
    ----------
    geometry
        One geometry or an array of n; points and lines have area 0.

    Returns
    -------
    area
        Array of shape () or (n,). Source: Karney (2013), doi:10.1007/s00190-012-0578-z.
    """
    measure = np.vectorize(_area_m2_of_one, otypes=[np.float64])
    area: FloatArray = measure(np.asarray(geometry, dtype=object))
    return area


def _area_m2_of_one(geometry: Any) -> float:
    oriented = shapely.orient_polygons(geometry)
    return abs(float(WGS84.geometry_area_perimeter(oriented)[0]))


def length_m(line: Any) -> float:
    """Geodesic length of one lon/lat line, or perimeter of one polygon, in metres."""
    if isinstance(line, shapely.Polygon | shapely.MultiPolygon):
        line = line.boundary
    return float(WGS84.geometry_length(line))


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Geodesic distance between two points in degrees, in metres."""
    return float(WGS84.inv(lon, lat, other_lon, other_lat)[2])


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Metres per degree east and north at a latitude, from the WGS84 radii of curvature.

    A plane with these scales is tangent at the point; it is true to 1e-5 of the distance within a
    few kilometres.
    """
    latitude = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridional_m = (
        _EQUATORIAL_RADIUS_M * (1.0 - _ECCENTRICITY_SQUARED) / (flattening * np.sqrt(flattening))
    )
    transverse_m = _EQUATORIAL_RADIUS_M / np.sqrt(flattening)
    return float(np.radians(transverse_m * np.cos(latitude))), float(np.radians(meridional_m))
