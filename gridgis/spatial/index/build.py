"""From polygons to the array of an index: sides, paired edges, a raster that fits, its drawing."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.errors import GeometryError, InvalidInput
from gridgis.spatial.index import layout
from gridgis.spatial.index.draw import Borders, Raster, draw
from gridgis.spatial.index.pairs import pair_edges
from gridgis.spatial.lattice import LATTICE_PER_DEGREE, IntArray, to_degrees

_CELLS_PER_EDGE = 1.0
_MIN_CELLS = 4096
_MAX_DEGREES = (180.0, 90.0)
_POLYGONS = (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)

Shapes = NDArray[np.object_]


class _Sides(NamedTuple):
    """n directed edges, with the interior of their owner (an id) on the right.

    Edge k goes from vertex ``starts[k]`` to the vertex behind it; `vertices` are lattice units.
    """

    vertices: IntArray
    starts: IntArray
    owners: NDArray[np.int32]


def build_array(codes: Sequence[str], polygons: Sequence[Any]) -> tuple[NDArray[np.int32], str]:
    """Build the array of an index, and the digest of what went in.

    Parameters
    ----------
    codes
        n codes, ascending.
    polygons
        n lon/lat Polygons or MultiPolygons in the order of `codes`.

    Raises
    ------
    GeometryError
        If a polygon is not usable, or two overlap.
    InvalidInput
        If the index would take 8 GB or more.
    """
    shapes = _to_shapes(codes, polygons)
    sides = _list_sides(shapes)
    edges, left, right, clash = pair_edges(*sides)
    if clash >= 0:
        at = sides.vertices[sides.starts[clash]]
        raise _overlap(codes, shapes, [sides.owners[clash]], at)
    shift, first, size = _choose_raster(edges)
    corner = first << shift
    edges -= np.tile(corner, 2)
    raster = Raster(shift, rows=int(size[1]), columns=int(size[0]))
    array, *faults = draw(Borders(edges, left, right), raster)
    if faults[0] >= 0:
        owners = [owner for k in faults for owner in (left[k], right[k])]
        raise _overlap(codes, shapes, owners, edges[faults[0], :2] + corner)
    if len(array) >= layout.MAX_WORDS:
        raise InvalidInput("the set of grids is too large for one index; index its parts")
    array[layout.AT_SHIFT], array[layout.AT_GRIDS] = shift, len(codes)
    array[layout.AT_COLUMNS], array[layout.AT_ROWS] = size
    array[layout.AT_WEST : layout.AT_SOUTH + 2] = corner.view(np.int32)
    array[layout.AT_EDGES] = len(edges)
    return array, _digest(codes, sides)


def _to_shapes(codes: Sequence[str], polygons: Sequence[Any]) -> Shapes:
    """Bring polygons to lattice units, with rings in one order and the interior on the right."""
    shapes = np.empty(len(codes), object)
    shapes[:] = polygons
    is_polygon = np.isin(shapely.get_type_id(shapes), _POLYGONS)
    _refuse_unless(is_polygon, codes, "is not a polygon")
    _refuse_unless(~shapely.is_empty(shapes), codes, "is empty")
    reach = np.abs(shapely.bounds(shapes)).reshape(-1, 2, 2).max(axis=1)
    in_range = (reach <= _MAX_DEGREES).all(axis=1)
    _refuse_unless(in_range, codes, "reaches beyond ±180 or ±90 degrees; lon comes first")
    shapes = shapely.transform(shapes, lambda degrees: np.rint(degrees * LATTICE_PER_DEGREE))
    _refuse_unless(shapely.is_valid(shapes), codes, "is not valid on the lattice of 1e-9 degree")
    normal: Shapes = shapely.normalize(shapes)
    return normal


def _refuse_unless(fits: NDArray[np.bool_], codes: Sequence[str], fault: str) -> None:
    if not fits.all():
        raise GeometryError(f"grid {codes[int(np.argmin(fits))]!r} {fault}; clean the set first")


def _list_sides(shapes: Shapes) -> _Sides:
    parts, shape_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    counts = shapely.get_num_coordinates(rings)
    is_start = np.ones(counts.sum(), bool)
    is_start[np.cumsum(counts) - 1] = False  # the last vertex of a ring is its first again
    owner_of_ring = (shape_of_part[part_of_ring] + 1).astype(np.int32)
    vertices = shapely.get_coordinates(rings).astype(np.int64)
    return _Sides(vertices, np.flatnonzero(is_start), np.repeat(owner_of_ring, counts - 1))


def _choose_raster(edges: IntArray) -> tuple[int, IntArray, IntArray]:
    """Choose shift, first column and row, and columns and rows; a free cell surrounds the edges."""
    corners = edges.reshape(-1, 2)
    low, high = corners.min(axis=0), corners.max(axis=0)
    wide, tall = (float(extent) for extent in np.maximum(high - low, 1))
    cells = max(_MIN_CELLS, len(edges) * _CELLS_PER_EDGE)
    shift = round(0.5 * np.log2(wide * tall / cells))
    shift = max(layout.MAX_SUB_LEVELS + 2, min(layout.MAX_SHIFT, shift))
    first = (low >> shift) - 1
    return shift, first, (high >> shift) + 2 - first


def _digest(codes: Sequence[str], sides: _Sides) -> str:
    digest = sha256("\0".join(codes).encode())
    for numbers in sides:
        digest.update(np.ascontiguousarray(numbers, "<i8").data)
    return digest.hexdigest()


def _overlap(
    codes: Sequence[str], shapes: Shapes, owners: Sequence[int], at: IntArray
) -> GeometryError:
    """Name two grids that overlap: of `owners` (ids, 0 for none) and those that touch a place."""
    touching = shapely.STRtree(shapes).query(shapely.Point(at), predicate="intersects")
    suspects = sorted({int(owner) - 1 for owner in owners if owner > 0} | set(touching.tolist()))
    names = next(
        f"{codes[one]!r} and {codes[other]!r}"
        for one, other in combinations(suspects, 2)
        if shapely.relate_pattern(shapes[one], shapes[other], "2********")
    )
    lon, lat = to_degrees(at)
    return GeometryError(
        f"grids {names} overlap near {lon:.9f}, {lat:.9f}; "
        "a point there would have two answers, so repair the set first"
    )
