"""Edge matching: where a vertex of one grid lies on a neighbour's edge, the neighbour gets it too.

Many files leave such vertices out: three grids meet at a T, and the long grid has a straight edge
where its two neighbours have a corner. In the plane that is seamless; on a lattice, and after a
change of CRS, the corner lands beside the edge. Nothing else moves here: a vertex is added, none is
changed, and every addition is returned.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from gridgis.spatial.lattice import FloatArray, IntArray
from gridgis.spatial.rings import Rings, insert_vertices
from gridgis.spatial.seams import OUTLINE, Seams, sum_segments

__all__ = ["MATCH_WITHIN_M", "Added", "densify", "match_vertices"]

MATCH_WITHIN_M = 1e-3
"""A vertex this near to a neighbour's edge is on it: coordinates written with eight decimals of a
degree are up to 0.8 mm off their line. A vertex moved by 2 mm is a fault."""


@dataclass(frozen=True)
class Added:
    """A vertex added to polygon number `polygon` because `owner` has it; `vertex` in integers."""

    polygon: int
    owner: int
    vertex: tuple[int, int]


def match_vertices(
    rings: Rings, metres_per_unit: tuple[float, float], *, outline: int | None = None
) -> tuple[Rings, list[Added]]:
    """Add to every edge the vertices of other polygons that lie on it.

    Parameters
    ----------
    rings
        The set, in integers.
    metres_per_unit
        Metres for one integer in x and in y.
    outline
        Number of the polygon that is the outline of the set, if there is one among them.

    Returns
    -------
    matched
        The same polygons with more vertices. One that is thinner than `MATCH_WITHIN_M` somewhere
        may touch itself now: look at its validity.
    added
        One entry for each vertex added; the owner is one of the polygons that have the vertex.

    Notes
    -----
    It comes to an end: the vertices are those of the set, and an edge is only ever replaced by
    two shorter ones.
    """
    everything = rings
    added: list[Added] = []
    while len(seams := sum_segments(everything, outline)):
        after, vertices, owners = _vertices_on_edges(seams, np.asarray(metres_per_unit))
        if len(after) == 0:
            break
        number = everything.polygon_of(after)
        owners = np.where(owners == OUTLINE, outline, owners) if outline is not None else owners
        for polygon, owner, (x, y) in zip(number, owners, vertices, strict=True):
            added.append(Added(int(polygon), int(owner), (int(x), int(y))))
        everything = insert_vertices(everything, after, vertices)
    return everything, added


def _vertices_on_edges(
    seams: Seams, metres_per_unit: FloatArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Segment positions, the vertices to insert behind them in order, and their owners."""
    origin = seams.starts.min(axis=0)
    start_m = (seams.starts - origin) * metres_per_unit
    end_m = (seams.ends - origin) * metres_per_unit
    edges = shapely.linestrings(np.stack([start_m, end_m], axis=1))
    points, edge_numbers = shapely.STRtree(edges).query(
        shapely.points(start_m), predicate="dwithin", distance=MATCH_WITHIN_M
    )
    edge_m = end_m[edge_numbers] - start_m[edge_numbers]
    length_m = np.hypot(edge_m[:, 0], edge_m[:, 1])
    along_m = ((start_m[points] - start_m[edge_numbers]) * edge_m).sum(axis=1) / length_m
    inside = (along_m > MATCH_WITHIN_M) & (along_m < length_m - MATCH_WITHIN_M)
    foreign = seams.polygons[points] != seams.polygons[edge_numbers]
    points, edge_numbers, along_m = (a[inside & foreign] for a in (points, edge_numbers, along_m))
    # the outline is walked backwards in the sum: along its rings the order is the other way round
    along_m = np.where(seams.polygons[edge_numbers] == OUTLINE, -along_m, along_m)
    x, y = seams.starts[points].T
    owners = seams.polygons[points]
    order = np.lexsort((owners, y, x, along_m, seams.positions[edge_numbers]))
    after, vertices = seams.positions[edge_numbers[order]], seams.starts[points[order]]
    fresh = np.ones(len(after), dtype=bool)
    fresh[1:] = (after[1:] != after[:-1]) | (vertices[1:] != vertices[:-1]).any(axis=1)
    return after[fresh], vertices[fresh], owners[order][fresh].astype(np.int64)


def densify(rings: Rings, longest: float) -> Rings:
    """Cut edges longer than `longest` integers into equal pieces, alike from both of their sides.

    A straight edge in a projected CRS is curved in degrees: a vertex in the middle of a straight
    20 km edge lands 6.6 m off it. Pieces of 200 m keep that under a millimetre, and because a piece
    is measured from the smaller end of its edge, neighbours still share every vertex.
    """
    positions = rings.starts
    start, end = rings.vertices[positions], rings.vertices[positions + 1]
    pieces = np.maximum(1, np.ceil(np.hypot(*(end - start).T) / longest)).astype(np.int64)
    swapped = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    low = np.where(swapped[:, None], end, start)
    high = np.where(swapped[:, None], start, end)
    of_edge = np.repeat(np.arange(len(positions)), pieces - 1)
    step = np.arange(len(of_edge)) - np.repeat(np.cumsum(pieces - 1) - (pieces - 1), pieces - 1) + 1
    step = np.where(swapped[of_edge], pieces[of_edge] - step, step)
    share = (step / pieces[of_edge])[:, None]
    between = np.rint(low[of_edge] + (high - low)[of_edge] * share).astype(np.int64)
    return insert_vertices(rings, positions[of_edge], between)
