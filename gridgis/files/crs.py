"""Coordinate reference systems: what a file declares, what is asked for, and which one holds."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from gridgis.errors import CrsError
from gridgis.spatial.datum import DATUMS, Datum

WGS84 = "EPSG:4326"
WORLD = np.array([-179.0, -89.0, 179.0, 89.0])
_CODE = re.compile(r"\s*EPSG\s*:\s*(\d{1,7})\s*", re.IGNORECASE | re.ASCII)
_URN = re.compile(r"urn:ogc:def:crs:EPSG:[\d.]*:(\d{1,7})", re.IGNORECASE | re.ASCII)
_CRS84 = re.compile(r"(urn:ogc:def:crs:OGC:[\d.]*:|OGC:)?CRS84h?", re.IGNORECASE)
_SAME_M = 1e-3
_SAME_DEGREES = 1e-8
_CONFIDENCES = (70, 25)


def parse_crs(text: str, what: str = "--crs") -> CRS:
    """Read ``EPSG:n`` (or its URN, or ``CRS84``) as the CRS of a map, horizontal part only.

    Raises
    ------
    CrsError
        If it is written otherwise, unknown, or neither degrees nor a plane.
    """
    if _CRS84.fullmatch(text.strip()):
        return CRS.from_epsg(4326)
    matched = _CODE.fullmatch(text) or _URN.fullmatch(text.strip())
    if matched is None:
        raise CrsError(f"{what} {text!r} is not understood; write it like EPSG:4490")
    try:
        crs = CRS.from_epsg(int(matched[1]))
    except CRSError as error:
        raise CrsError(
            f"{what} EPSG:{matched[1]} is not a known coordinate reference system"
        ) from error
    return check_map_crs(crs, what)


def check_map_crs(crs: CRS, what: str) -> CRS:
    """Return the horizontal part of a CRS of degrees or of a plane.

    Raises
    ------
    CrsError
        If it is of another kind (geocentric, vertical, local without a place on Earth).
    """
    flat = crs.to_2d() if len(crs.axis_info) > 2 else crs
    if flat.is_compound:
        flat = flat.sub_crs_list[0]
    if not (flat.is_geographic or flat.is_projected) or flat.is_geocentric:
        raise CrsError(f"{what} {crs.name} is not a map's CRS; degrees or a plane are needed")
    return flat


def parse_datum(text: str) -> Datum:
    """Read the name of a datum.

    Raises
    ------
    CrsError
        If it is not one of wgs84, gcj02, bd09.
    """
    lowered = text.strip().lower()
    if lowered not in DATUMS:
        raise CrsError(f"--datum {text!r} is not known; write wgs84, gcj02 or bd09")
    return next(datum for datum in DATUMS if datum == lowered)


def label(crs: CRS) -> str:
    """Name a CRS: ``EPSG:n`` where it is one, else its WKT, which pyproj reads back.

    A ``.prj`` seldom carries its code. One is taken only when both put the same place at the same
    coordinates, so that a city's own meridian is never mistaken for a standard zone.
    """
    for confidence in _CONFIDENCES:
        code = crs.to_epsg(min_confidence=confidence)
        if code is not None:
            known = CRS.from_epsg(code)
            if is_same(crs, known, _centre(known)):
                return f"EPSG:{code}"
    return str(crs.to_wkt())


def short_label(crs: CRS) -> str:
    """Name a CRS for a message: ``EPSG:n``, else its own name."""
    name = label(crs)
    return name if name.startswith("EPSG:") else str(crs.name)


def is_same(crs: CRS, other: CRS, bounds: NDArray[np.float64]) -> bool:
    """Whether two CRS put the corners of a box, given in the first, at the same coordinates.

    EPSG:4490 and EPSG:4326 are the same in this sense: they differ by centimetres, and pyproj
    knows no transformation between them.
    """
    if crs.is_geographic != other.is_geographic:
        return False
    xs, ys = bounds[[0, 2]], bounds[[1, 3]]
    try:
        other_xs, other_ys = Transformer.from_crs(crs, other, always_xy=True).transform(xs, ys)
    except ProjError:
        return False
    if not (np.isfinite(other_xs).all() and np.isfinite(other_ys).all()):
        return False
    limit = _SAME_DEGREES if crs.is_geographic else _SAME_M
    return bool(max(np.abs(other_xs - xs).max(), np.abs(other_ys - ys).max()) < limit)


def settle_crs(
    *,
    name: str,
    declared: CRS | None,
    default: CRS | None,
    crs: str | None,
    datum: str | None,
    bounds: NDArray[np.float64],
) -> CRS:
    """Decide which CRS the coordinates of a file are in.

    Parameters
    ----------
    name
        The file, for messages.
    declared
        What the file says, None where it says nothing.
    default
        What its kind means by saying nothing (GeoJSON, KML and TopoJSON: lon/lat), or None.
    crs, datum
        What the user says; a datum means degrees.
    bounds
        Box of the coordinates (4 numbers), to see whether two names mean the same.

    Raises
    ------
    CrsError
        If nothing says it, two differ, or a datum is named for projected coordinates.
    """
    asked = parse_crs(crs) if crs is not None else None
    if declared is not None and asked is not None and not is_same(declared, asked, bounds):
        raise CrsError(
            f"{name} declares {short_label(declared)} but --crs says {short_label(asked)}; "
            "leave out --crs, or correct the file"
        )
    known = declared or asked
    if datum is not None:
        return _settle_with_datum(name, known, parse_datum(datum))
    known = known or default
    if known is None:
        raise CrsError(f"{name} does not say its coordinate reference system; pass --crs EPSG:n")
    return known


def _settle_with_datum(name: str, known: CRS | None, datum: Datum) -> CRS:
    degrees = CRS.from_epsg(4326)
    if known is None or is_same(known, degrees, WORLD):
        return degrees
    raise CrsError(
        f"{name} is in {short_label(known)}, but --datum {datum} is for degrees of WGS84 or "
        "CGCS2000; leave out --datum"
    )


def to_wgs84(
    x: NDArray[np.float64], y: NDArray[np.float64], crs: CRS
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Bring x and y (lon and lat for degrees) of a CRS to WGS84; NaN where there is no place."""
    if is_same(crs, CRS.from_epsg(4326), WORLD):
        return x.copy(), y.copy()
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x, y)
    bad = ~(np.isfinite(lon) & np.isfinite(lat))
    return np.where(bad, np.nan, lon), np.where(bad, np.nan, lat)


def _centre(crs: CRS) -> NDArray[np.float64]:
    """Return a small box in the middle of a CRS's area of use, in its own coordinates."""
    area: Any = crs.area_of_use
    if area is None:
        lon, lat = 0.0, 0.0
    else:
        lon, lat = (area.west + area.east) / 2, (area.south + area.north) / 2
    x, y = Transformer.from_crs(WGS84, crs, always_xy=True).transform(
        [lon - 0.1, lon + 0.1], [lat - 0.1, lat + 0.1]
    )
    return np.array([x[0], y[0], x[1], y[1]])
