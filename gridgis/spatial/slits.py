"""Slits: narrow gaps between grids that are open to the outside, where no boundary is given.

Without a boundary the outline of a set is what its grids say it is, and a gap that reaches it is
part of the outside. A slit between two different grids, long and narrower than half a metre, is
taken for a gap all the same.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.spatial.faults import local_plane
from gridgis.spatial.lattice import LATTICE_PER_DEGREE, metres_per_degree, to_degrees
from gridgis.spatial.seams import Seams

__all__ = ["find_slits"]

SLIT_WIDTH_M = 0.5
"""What is wider at its mouth is an inlet, not a slit."""

_LENGTH_PER_WIDTH = 20.0
_WIDEST_ANGLE = np.radians(10.0)
_BESIDE_DEGREES = 10 / LATTICE_PER_DEGREE
_BESIDE_SHARE = 1 / 8


def find_slits(
    outline: Any, seams: Seams, polygons: NDArray[np.object_]
) -> list[tuple[Any, tuple[int, ...]]]:
    """Find the slits of an outline that run between at least two polygons.

    Parameters
    ----------
    outline
        What the polygons enclose, gaps filled; lon/lat.
    seams
        The leftover segments, summed without an outline.
    polygons
        The polygons by number.

    Returns
    -------
    slits
        Shape in degrees and the numbers of the polygons along it.

    Notes
    -----
    A slit is what a closing by `SLIT_WIDTH_M` fills, if it is twenty times as long as wide and
    wider than 0.2 mm. Holds as long as no city means such an inlet between two of its grids.
    """
    if outline.is_empty or not _may_have_slits(outline, seams):
        return []
    to_metres, from_metres = local_plane(outline)
    in_metres = to_metres(outline)
    half = SLIT_WIDTH_M / 2
    closed = in_metres.buffer(half, join_style="mitre").buffer(-half, join_style="mitre")
    filled = shapely.get_parts(shapely.difference(closed, in_metres))
    mean_widths = 2 * shapely.area(filled) / np.maximum(shapely.length(filled), 1e-9)
    long_enough = shapely.length(filled) / 2 > _LENGTH_PER_WIDTH * mean_widths
    wide_enough = mean_widths > 2 * metres_per_degree(0.0)[1] / LATTICE_PER_DEGREE
    pieces = from_metres(filled[long_enough & wide_enough])
    tree = shapely.STRtree(polygons)
    found = ((piece, _find_along(piece, polygons, tree)) for piece in pieces)
    return [(piece, along) for piece, along in found if along]


def _may_have_slits(outline: Any, seams: Seams) -> bool:
    """Tell whether two segments of different polygons run back beside each other in a slit's width.

    The two sides of a slit are walked in opposite directions. Segments that meet at a common end do
    not make one, unless the angle between them is so acute that a closing would fill it. This
    spares most outlines the closing.
    """
    to_metres, _ = local_plane(outline)
    vertices = np.stack([to_degrees(seams.starts), to_degrees(seams.ends)], axis=1)
    segments = to_metres(shapely.linestrings(vertices))
    one, other = shapely.STRtree(segments).query(
        segments, predicate="dwithin", distance=SLIT_WIDTH_M
    )
    foreign = (one < other) & (seams.polygons[one] != seams.polygons[other])
    one, other = one[foreign], other[foreign]
    ends = shapely.get_coordinates(segments).reshape(-1, 2, 2)
    direction = ends[:, 1] - ends[:, 0]
    lengths = np.hypot(*direction[one].T) * np.hypot(*direction[other].T)
    back = -(direction[one] * direction[other]).sum(axis=1) / lengths
    # the outline is walked with the inside on the left: where two segments meet, one ends
    meets = (seams.ends[one] == seams.starts[other]).all(axis=1)
    meets |= (seams.ends[other] == seams.starts[one]).all(axis=1)
    return bool((back > np.where(meets, np.cos(_WIDEST_ANGLE), 0.0)).any())


def _find_along(slit: Any, polygons: NDArray[np.object_], tree: Any) -> tuple[int, ...]:
    """Numbers of the polygons along a slit; none if nearly all of its border is one polygon's."""
    near = np.sort(tree.query(slit, predicate="dwithin", distance=_BESIDE_DEGREES))
    ribbon = slit.boundary.buffer(_BESIDE_DEGREES)
    common = shapely.length(shapely.intersection(ribbon, shapely.boundary(polygons[near])))
    if len(near) == 0 or common.sum() - common.max() <= slit.length * _BESIDE_SHARE:
        return ()
    # a polygon that only touches the tip has no more in common than the ribbon is wide
    return tuple(near[common > 4 * _BESIDE_DEGREES].tolist())
