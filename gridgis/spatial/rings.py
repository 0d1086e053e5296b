"""Polygons as flat arrays of integer vertices, and back.

The seam proof and the edge matching work on all rings of a set of polygons at once. `Rings` holds
them as one array of vertices with offsets; a coordinate is an integer in a unit that the caller
chooses (1e-9 degree on the lattice, 0.1 mm in a projected CRS).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.spatial.lattice import IntArray, to_degrees, to_lattice

__all__ = ["Polygons", "Rings", "from_polygons", "insert_vertices", "to_polygons"]

Polygons = Sequence[Any] | NDArray[np.object_]
"""Several polygons, as a list or an array of objects."""

_MULTIPOLYGON = shapely.GeometryType.MULTIPOLYGON


@dataclass(frozen=True)
class Rings:
    """All rings of m polygons.

    Attributes
    ----------
    vertices
        (n, 2) integers; every ring is closed, its last vertex repeats its first. Shells run
        counter-clockwise, holes clockwise.
    ring_offsets
        Where each ring begins in `vertices`, and the end: (rings + 1,).
    part_offsets
        Where each part begins in the rings (its shell first), and the end.
    polygon_offsets
        Where each polygon begins in the parts, and the end: (m + 1,).
    """

    vertices: IntArray
    ring_offsets: IntArray
    part_offsets: IntArray
    polygon_offsets: IntArray

    @property
    def starts(self) -> IntArray:
        """Positions in `vertices` at which a segment starts: all but the last of each ring."""
        is_start = np.ones(len(self.vertices), dtype=bool)
        is_start[self.ring_offsets[1:] - 1] = False
        return np.flatnonzero(is_start)

    def polygon_of(self, positions: IntArray) -> NDArray[np.intp]:
        """Which polygon each vertex position belongs to."""
        first_vertices = self.ring_offsets[self.part_offsets[self.polygon_offsets]]
        return np.searchsorted(first_vertices, positions, side="right") - 1


def from_polygons(polygons: Polygons, units_per_degree: float | None = None) -> Rings:
    """Flatten polygons and multipolygons, oriented, to integer vertices.

    Parameters
    ----------
    polygons
        m valid Polygons or MultiPolygons; lon/lat in degrees unless `units_per_degree` is given.
    units_per_degree
        Integers per unit of the coordinates, for a set in another CRS; the lattice without it.
    """
    oriented = shapely.orient_polygons(np.asarray(polygons, dtype=object))
    parts, polygon_numbers = shapely.get_parts(oriented, return_index=True)
    part_counts = np.bincount(polygon_numbers, minlength=len(oriented))
    polygon_offsets = np.concatenate([[0], np.cumsum(part_counts)]).astype(np.int64)
    if len(parts) == 0:
        nothing = np.zeros(1, np.int64)
        return Rings(np.empty((0, 2), np.int64), nothing, nothing, polygon_offsets)
    _, coordinates, offsets = shapely.to_ragged_array(parts, include_z=False)
    ring_offsets, part_offsets = (np.asarray(o, np.int64) for o in offsets)
    if units_per_degree is None:
        vertices = to_lattice(coordinates)
    else:
        vertices = np.rint(coordinates * units_per_degree).astype(np.int64)
    return Rings(vertices, ring_offsets, part_offsets, polygon_offsets)


def to_polygons(rings: Rings, units_per_degree: float | None = None) -> NDArray[np.object_]:
    """Make the polygons again, (m,); one part gives a Polygon, several a MultiPolygon."""
    if units_per_degree is None:
        coordinates = to_degrees(rings.vertices)
    else:
        coordinates = rings.vertices / units_per_degree
    made = shapely.from_ragged_array(
        _MULTIPOLYGON, coordinates, (rings.ring_offsets, rings.part_offsets, rings.polygon_offsets)
    )
    single = np.diff(rings.polygon_offsets) == 1
    made[single] = shapely.get_geometry(made[single], 0)
    polygons: NDArray[np.object_] = made
    return polygons


def insert_vertices(rings: Rings, after: IntArray, vertices: IntArray) -> Rings:
    """Insert k vertices, each behind the segment start at its position in `after` (ascending)."""
    counts = np.searchsorted(after, rings.ring_offsets, side="left")
    return replace(
        rings,
        vertices=np.insert(rings.vertices, after + 1, vertices, axis=0),
        ring_offsets=rings.ring_offsets + counts,
    )
