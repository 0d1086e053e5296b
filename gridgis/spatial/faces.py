"""Faces: the places that leftover border segments enclose, and the polygons over and beside them.

The segments are cut at their crossings and closed. Inside one face the number of polygons over a
place cannot change, so one point of it tells.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.spatial.lattice import FloatArray, to_degrees
from gridgis.spatial.seams import OUTLINE, Seams

__all__ = ["Faces", "close_faces", "cover_faces"]

_ON_SEGMENT_DEGREES = 1e-11

Numbers = tuple[int, ...]


@dataclass(frozen=True)
class Faces:
    """k faces and what is known of them.

    Attributes
    ----------
    shapes
        (k,) lon/lat polygons; none overlaps another.
    samples
        (k,) a point inside each.
    left, right
        For each face the numbers of the polygons that walk a piece of its border with the face on
        their left, so that they cover it there, and on their right, so that they end at it.
    """

    shapes: NDArray[np.object_]
    samples: NDArray[np.object_]
    left: list[Numbers]
    right: list[Numbers]

    def __len__(self) -> int:
        return len(self.shapes)


def close_faces(seams: Seams) -> Faces:
    """Cut leftover segments at their crossings and close them.

    The faces depend on the segments alone, not on the order in which they come.
    """
    order = np.lexsort((*seams.ends.T, *seams.starts.T))
    ends = np.stack([to_degrees(seams.starts[order]), to_degrees(seams.ends[order])], axis=1)
    segments = shapely.linestrings(ends)
    noded = shapely.get_parts(shapely.union_all(segments))
    shapes = shapely.orient_polygons(shapely.get_parts(shapely.polygonize(noded)))
    left, right = _find_walkers(shapes, segments, ends[:, 1] - ends[:, 0], seams.polygons[order])
    return Faces(shapes, shapely.point_on_surface(shapes), left, right)


def cover_faces(
    faces: Faces, polygons: NDArray[np.object_]
) -> tuple[NDArray[np.int64], list[Numbers]]:
    """Count the polygons over the sample of each face, and number those that touch it."""
    face, polygon = shapely.STRtree(polygons).query(faces.samples)
    shapely.prepare(polygons[np.unique(polygon)])
    touches = shapely.intersects(polygons[polygon], faces.samples[face])
    face, polygon = face[touches], polygon[touches]
    is_proper = shapely.contains_properly(polygons[polygon], faces.samples[face])
    # a sample on a border that two polygons share is covered by them once
    on_border = np.bincount(face[~is_proper], minlength=len(faces)) > 0
    count = np.bincount(face[is_proper], minlength=len(faces)) + on_border
    return count, _group(face, polygon, len(faces))


def _find_walkers(
    shapes: NDArray[np.object_],
    segments: NDArray[np.object_],
    directions: FloatArray,
    polygons: NDArray[np.intp],
) -> tuple[list[Numbers], list[Numbers]]:
    """Polygons that walk each face's border in the face's own direction, and against it."""
    face, start, end = _border_pieces(shapes)
    middles = shapely.points((start + end) / 2)
    piece, segment = shapely.STRtree(segments).query(
        middles, predicate="dwithin", distance=_ON_SEGMENT_DEGREES
    )
    along = ((end - start)[piece] * directions[segment]).sum(axis=1) > 0
    face, walker = face[piece], polygons[segment]
    is_polygon = walker != OUTLINE
    left, right = (
        _group(face[chosen], walker[chosen], len(shapes))
        for chosen in (is_polygon & along, is_polygon & ~along)
    )
    return left, right


def _border_pieces(shapes: NDArray[np.object_]) -> tuple[NDArray[np.intp], FloatArray, FloatArray]:
    """List every straight piece of the borders of oriented polygons: its face, start and end."""
    rings, face_of_ring = shapely.get_rings(shapes, return_index=True)
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    starts = np.flatnonzero(ring[1:] == ring[:-1])
    return face_of_ring[ring[starts]], vertices[starts], vertices[starts + 1]


def _group(keys: NDArray[Any], numbers: NDArray[Any], count: int) -> list[Numbers]:
    """Distinct numbers of each key 0 … count - 1, ascending."""
    pairs = np.unique(np.stack([keys, numbers], axis=1).astype(np.int64), axis=0)
    split = np.split(pairs[:, 1], np.searchsorted(pairs[:, 0], np.arange(1, count)))
    return [tuple(group.tolist()) for group in split]
