"""WGS84, GCJ-02 and BD-09: conversion with an exact inverse, and the suspicion of a wrong datum.

Online maps in China shift every place by 50 to 700 m: AMap and Tencent use GCJ-02, Baidu BD-09 on
top of it. CGCS2000 and Tianditu are WGS84 for our purposes. The published formulas go one way only;
their inverses here are found by iteration, to far less than a millimetre. Outside the rectangle
72.004 to 137.8347 E, 0.8293 to 55.8271 N the three are the same; within two kilometres of its edge
a place may have no exact inverse, or two, which matters to no city.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gridgis.spatial.lattice import metres_per_degree

__all__ = [
    "DATUMS",
    "Datum",
    "DatumSuspicion",
    "bd09_from_gcj02",
    "from_wgs84",
    "gcj02_from_bd09",
    "gcj02_from_wgs84",
    "suspect_datum",
    "to_wgs84",
    "wgs84_from_gcj02",
]

Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: tuple[Datum, ...] = ("wgs84", "gcj02", "bd09")

Geometries = Sequence[Any] | NDArray[np.object_]
Pair = tuple[NDArray[np.float64], NDArray[np.float64]]

# the ellipsoid of Krasovsky 1940, on which the shift is defined
_RADIUS_M = 6378245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_BD09_WAVE = np.pi * 3000.0 / 180.0
_ENOUGH_DEGREES = 1e-13
_MAX_ROUNDS = 40

# a misfit below this may be drawing and surveying, and little of China is shifted by less
_SUSPICIOUS_M = 50.0
_FITS_BETTER = 3.0
_PAIRS = 200
_OUTLINE_POINTS = 200


@dataclass(frozen=True)
class DatumSuspicion:
    """Shapes that fit their reference only when one of the two is taken for another datum.

    Attributes
    ----------
    datum
        What the coordinates seem to be in.
    of_reference
        Whether it is the reference that seems to be in `datum`, and not the shapes.
    misfit_m, misfit_after_m
        How far the two lie apart as they are declared, and when the datum is taken for `datum`.
    """

    datum: Datum
    of_reference: bool
    misfit_m: float
    misfit_after_m: float


def gcj02_from_wgs84(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift WGS84 degrees to GCJ-02.

    Parameters
    ----------
    lon, lat
        Degrees, any equal shape; NaN stays NaN.

    Returns
    -------
    lon, lat
        Degrees of the same shape. Source: the formula that circulates since 2010 ("eviltransform"),
        which agrees with the maps of AMap and Tencent.
    """
    lon, lat = _to_arrays(lon, lat)
    inside = _is_in_china(lon, lat)
    east, north = _shift_degrees(np.where(inside, lon, 105.0), np.where(inside, lat, 35.0))
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def wgs84_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Take the shift of GCJ-02 off; the inverse of `gcj02_from_wgs84`."""
    return _invert(gcj02_from_wgs84, *_to_arrays(lon, lat))


def bd09_from_gcj02(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Shift GCJ-02 degrees to Baidu's BD-09."""
    lon, lat = _to_arrays(lon, lat)
    inside = _is_in_china(lon, lat)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD09_WAVE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD09_WAVE)
    return (
        np.where(inside, radius * np.cos(angle) + 0.0065, lon),
        np.where(inside, radius * np.sin(angle) + 0.006, lat),
    )


def gcj02_from_bd09(lon: ArrayLike, lat: ArrayLike) -> Pair:
    """Take the shift of BD-09 off; the inverse of `bd09_from_gcj02`."""
    return _invert(bd09_from_gcj02, *_to_arrays(lon, lat))


def to_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> Pair:
    """Bring degrees of a datum to WGS84.

    Parameters
    ----------
    lon, lat
        Degrees, any equal shape; NaN stays NaN.
    datum
        What they are in.
    """
    lon, lat = _to_arrays(lon, lat)
    if datum == "wgs84":
        return lon.copy(), lat.copy()
    if datum == "bd09":
        lon, lat = gcj02_from_bd09(lon, lat)
    return wgs84_from_gcj02(lon, lat)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, datum: Datum) -> Pair:
    """Bring WGS84 degrees to a datum; the inverse of `to_wgs84`."""
    lon, lat = _to_arrays(lon, lat)
    if datum == "wgs84":
        return lon.copy(), lat.copy()
    lon, lat = gcj02_from_wgs84(lon, lat)
    return bd09_from_gcj02(lon, lat) if datum == "bd09" else (lon, lat)


def suspect_datum(
    shapes: Geometries, references: Geometries, *, declared: Datum = "wgs84"
) -> DatumSuspicion | None:
    """Tell whether shapes fit what they should only when a datum is taken for another.

    Parameters
    ----------
    shapes
        n polygons or points, WGS84 degrees as read with the datum `declared`: the grids of a file,
        or the one union of them.
    references
        n counterparts in WGS84 degrees: the same polygons from elsewhere (an earlier edition, the
        boundary), the same points as surveyed.
    declared
        What the shapes were read as.

    Returns
    -------
    suspicion
        The best fit, or None where the shapes lie within 50 m as declared, or no other datum brings
        them three times nearer. Outside China always None.

    Notes
    -----
    The misfit of two polygons is the median distance from the outline of one to that of the other,
    of the set the median of its pairs. Outlines that follow each other only in part, and pairs that
    have truly changed, fit badly in every datum and raise no suspicion. At most 200 pairs are
    looked at, evenly over the set. Where the shapes could be wrong as well as the reference (WGS84
    read as GCJ-02 against WGS84 read as WGS84), the shapes are named.
    """
    pairs = [
        (shapes[i], references[i])
        for i in sorted({i * len(shapes) // _PAIRS for i in range(_PAIRS)} if len(shapes) else ())
        if not (shapely.is_missing(shapes[i]) or shapely.is_missing(references[i]))
        and not (shapely.is_empty(shapes[i]) or shapely.is_empty(references[i]))
    ]
    if not pairs or not _is_in_china(*shapely.get_coordinates(pairs[0][0])[0]):
        return None
    misfit_m = _measure_misfit_m(pairs)
    if misfit_m < _SUSPICIOUS_M:
        return None
    tried = [
        DatumSuspicion(datum, of_reference, misfit_m, _measure_misfit_m(moved))
        for datum, of_reference, moved in _move_pairs(pairs, declared)
    ]
    best = min(tried, key=lambda other: (round(other.misfit_after_m), other.of_reference))
    return best if best.misfit_after_m * _FITS_BETTER <= misfit_m else None


def _move_pairs(
    pairs: list[tuple[Any, Any]], declared: Datum
) -> Iterator[tuple[Datum, bool, list[tuple[Any, Any]]]]:
    """Yield each other reading: the datum, whether it is the reference's, and the pairs so read."""
    for datum in DATUMS:
        if datum != declared:
            yield (
                datum,
                False,
                [(_reread(shape, declared, datum), reference) for shape, reference in pairs],
            )
        if datum != "wgs84":
            yield (
                datum,
                True,
                [(shape, _reread(reference, "wgs84", datum)) for shape, reference in pairs],
            )


def _reread(geometry: Any, declared: Datum, datum: Datum) -> Any:
    """Bring WGS84 degrees that were read as `declared` to what they are when read as `datum`."""

    def convert(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        raw = from_wgs84(positions[:, 0], positions[:, 1], declared)
        return np.column_stack(to_wgs84(*raw, datum))

    return shapely.transform(geometry, convert)


def _measure_misfit_m(pairs: list[tuple[Any, Any]]) -> float:
    return float(np.median([_misfit_m(shape, reference) for shape, reference in pairs]))


def _misfit_m(shape: Any, reference: Any) -> float:
    lon, lat = shapely.get_coordinates(shape)[0]
    scale = np.array(metres_per_degree(float(lat)))
    origin = np.array([lon, lat])
    here, there = shapely.transform(
        np.array([shape, reference]), lambda degrees: (degrees - origin) * scale
    )
    if here.geom_type == "Point":
        return float(here.distance(there))
    shares = np.linspace(0.0, 1.0, _OUTLINE_POINTS, endpoint=False)
    outline = shapely.get_exterior_ring(max(shapely.get_parts(here), key=shapely.area))
    points = shapely.line_interpolate_point(outline, shares, normalized=True)
    return float(np.median(shapely.distance(points, shapely.boundary(there))))


def _to_arrays(lon: ArrayLike, lat: ArrayLike) -> Pair:
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def _is_in_china(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (lon >= _WEST) & (lon <= _EAST) & (lat >= _SOUTH) & (lat <= _NORTH)


def _invert(
    forward: Callable[..., Pair], lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Pair:
    """Find the place that `forward` takes to each given one.

    The shift changes by less than 1 % of a step, so each round leaves less than 1 % of the error.
    """
    found_lon, found_lat = lon.copy(), lat.copy()
    for _ in range(_MAX_ROUNDS):
        there_lon, there_lat = forward(found_lon, found_lat)
        miss_lon, miss_lat = there_lon - lon, there_lat - lat
        found_lon, found_lat = found_lon - miss_lon, found_lat - miss_lat
        miss = np.maximum(np.abs(miss_lon), np.abs(miss_lat))
        if not (miss > _ENOUGH_DEGREES).any():
            break
    return found_lon, found_lat


def _shift_degrees(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Pair:
    x, y = lon - 105.0, lat - 35.0
    east_m, north_m = _east_m(x, y), _north_m(x, y)
    latitude = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    transverse_m = _RADIUS_M / np.sqrt(flattening)
    meridional_m = _RADIUS_M * (1.0 - _ECCENTRICITY_SQUARED) / flattening**1.5
    return (
        np.degrees(east_m / (transverse_m * np.cos(latitude))),
        np.degrees(north_m / meridional_m),
    )


def _east_m(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    root = np.sqrt(np.abs(x))
    east: NDArray[np.float64] = (
        300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _ripple(x)
        + (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi * x / 3.0)) * 2.0 / 3.0
        + (150.0 * np.sin(np.pi * x / 12.0) + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    )  # fmt: skip
    return east


def _north_m(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    root = np.sqrt(np.abs(x))
    north: NDArray[np.float64] = (
        -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + _ripple(x)
        + (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi * y / 3.0)) * 2.0 / 3.0
        + (160.0 * np.sin(np.pi * y / 12.0) + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    )  # fmt: skip
    return north


def _ripple(x: NDArray[np.float64]) -> NDArray[np.float64]:
    ripple: NDArray[np.float64] = (
        (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    )
    return ripple
