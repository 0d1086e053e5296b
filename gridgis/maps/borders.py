"""Borders made light for a page: simplified as one set, then written as small whole numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Ring = list[int]
Shape = list[list[Ring]]
"""Parts of a polygon, each a list of rings (the outer first) as `encode_ring` writes them."""

_PER_DEGREE = 1_000_000
"""Six decimals, 11 cm: finer than a screen shows at its closest zoom."""


def simplify_grids(polygons: Sequence[Any], tolerance_degrees: float) -> NDArray[Any]:
    """Simplify grids all together, so that neighbours keep one common border.

    Parameters
    ----------
    polygons
        n lon/lat Polygons or MultiPolygons that share their borders vertex by vertex.
    tolerance_degrees
        Corners whose triangle is smaller than the square of this are dropped (Visvalingam–Whyatt).

    Returns
    -------
    simplified
        Array of n polygons in the order given; a drawing, never to be stored or measured.
    """
    return np.asarray(
        shapely.coverage_simplify(np.asarray(polygons, dtype=object), tolerance_degrees),
        dtype=object,
    )


def merge_outline(polygons: NDArray[Any]) -> Any:
    """Merge grids that share their borders into the outline of all, a lon/lat (Multi)Polygon."""
    return shapely.coverage_union_all(polygons)


def encode(polygon: Any) -> Shape:
    """Write a lon/lat Polygon or MultiPolygon as parts, rings and whole numbers."""
    return [
        [encode_ring(shapely.get_coordinates(ring)) for ring in (part.exterior, *part.interiors)]
        for part in shapely.get_parts(polygon)
    ]


def encode_ring(lon_lat: NDArray[np.float64]) -> Ring:
    """Write a closed ring as lat, lon, lat, lon, ... in millionths of a degree.

    Each number but the first two is the difference to the point before, which makes a ring a third
    as long as in decimals; the closing point is left out. Two grids round a common point alike.
    """
    whole = np.rint(lon_lat[:-1, ::-1] * _PER_DEGREE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    ring: Ring = steps.ravel().tolist()
    return ring
