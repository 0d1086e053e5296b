"""Random tilings for property tests: Voronoi grids of random points in a box.

The borders are noded by snap-rounding on the lattice before they are closed to grids, so every
tiling is seamless and edge-matched by construction, not by the code under test.
"""

import numpy as np
import shapely
from hypothesis import assume
from hypothesis import strategies as st

from gridgis.spatial.lattice import LATTICE_PER_DEGREE, to_degrees, to_lattice
from gridgis.spatial.tiling import Tiling

BOX_DEGREES = 0.01
"""Side of the box: 1.1 km on the equator."""

PLACES = [
    (0.0, 0.0),
    (-77.04, 38.9),
    (108.94, 34.26),
    (-0.005, -0.005),
    (179.99, 64.0),
    (-180.0, -45.0),
]
"""South-west corners of the boxes: where coordinates change sign, are longest, or end."""

_STEPS = 10_000


@st.composite
def tilings(draw, *, min_grids=2, max_grids=16, merged=False):
    """Draw a `Tiling` of `min_grids` to `max_grids` single polygons, coded ``G00``, ``G01``, ...

    With `merged`, some grids are joined: there are donuts, concave grids and grids of several
    parts, and there may be fewer grids than `min_grids`.
    """
    step = st.integers(1, _STEPS - 1)
    sites = draw(
        st.lists(st.tuples(step, step), min_size=min_grids, max_size=max_grids, unique=True)
    )
    west, south = draw(st.sampled_from(PLACES))
    box = on_lattice(shapely.box(west, south, west + BOX_DEGREES, south + BOX_DEGREES))
    points = np.array([west, south]) + np.array(sites) * (BOX_DEGREES / _STEPS)
    tiling = voronoi_tiling(points, box)
    assume(min_grids <= len(tiling.polygons) <= max_grids)
    if merged:
        labels = st.integers(0, len(tiling.polygons) - 1)
        count = len(tiling.polygons)
        tiling = _merge(tiling, draw(st.lists(labels, min_size=count, max_size=count)))
    return tiling


def voronoi_tiling(points, box):
    """The Voronoi grids of (n, 2) points in degrees, clipped to a box on the lattice."""
    cells = shapely.voronoi_polygons(
        shapely.multipoints(points), extend_to=box.buffer(BOX_DEGREES), only_edges=True
    )
    lines = [shapely.intersection(cells, box), box.boundary]
    noded = shapely.union_all(lines, grid_size=1.0 / LATTICE_PER_DEGREE)
    faces = on_lattice(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))))
    # a face thinner than the lattice may cross itself once its corners are rounded
    assume(bool(shapely.is_valid(faces).all()))
    outline = shapely.coverage_union_all(faces)
    return Tiling({f"G{n:02}": face for n, face in enumerate(faces)}, outline)


def on_lattice(geometry):
    """Round the vertices of a geometry, or of an array of them, to the lattice."""
    return shapely.transform(geometry, lambda degrees: to_degrees(to_lattice(degrees)))


def _merge(tiling, labels):
    grids = np.array(list(tiling.polygons.values()), dtype=object)
    merged = {
        f"G{label:02}": shapely.coverage_union_all(grids[np.array(labels) == label])
        for label in sorted(set(labels))
    }
    return Tiling(merged, tiling.outline)
