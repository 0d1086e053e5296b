"""The index from a point to its grid: exact in integers, without a geometry object.

The idea
--------
A raster of square cells lies over the grids. A cell that no border comes near holds the one id that
all its points have. A cell with borders holds their edges, and the id of a point is that of the
cell's corner, changed by each edge between the two. A cell with many edges is a raster again, one
level down, so that nearly every point meets a single value or a single edge::

    +---------+---------+---------+      7 7 7       no border near: one id for all points
    |         |        /|         |
    |    7    |   7   / |    4    |      o           corner: its id is known to be 7
    |         |      /  |         |      |           path: north to the height of p, then east to p
    +---------+--+--/-+-+---------+      |
    |         |7 |7/4 |4|         |      +-----/--p  crosses the edge from 7 (left) to 4 (right):
    |    7    +--+/---+-+    4    |           /      id of p = 7 + (4 - 7) = 4
    |         |7 / 4  |4|         |
    +---------o-/+----+-+---------+      a dense cell has sub-cells of its own

Every vertex is an integer on the lattice of 1e-9 degree. Counted from the corner of a cell it is
small, so that the test "is the edge left of the point" is exact in 64 bits: there is no tolerance,
and no slower path for doubtful cases. Where p lies on an edge, the smallest id of all edges
through p is the answer.

Each edge is stored once, with the grids on both sides, which also gives the distance to the border
and the neighbour beyond it. Building proves that no point is inside two grids, or refuses.

Modules
-------
``grid_index`` the class; ``layout`` the array; ``query`` and ``border`` the kernels that read it;
``pairs`` and ``draw`` the kernels that write it, with the proof; ``build`` from polygons to the
array; ``archive`` the files; ``compile`` how numba is used; ``records`` what the kernels share.
"""

from gridgis.spatial.index.grid_index import Border, GridIndex, warm_up

__all__ = ["Border", "GridIndex", "warm_up"]
