"""Sets of grids for the tests of the index: degenerate, jagged, as large as the world."""

import numpy as np
import shapely
from hypothesis import strategies as st

from gridgis.spatial.lattice import LATTICE_PER_DEGREE, to_degrees

UNIT = 1.0 / LATTICE_PER_DEGREE


def polygon(*vertices, unit=1):
    """Make a polygon from integer vertices, `unit` lattice units apart."""
    return shapely.Polygon(to_degrees(np.array(vertices) * unit))


@st.composite
def scattered_sets(draw):
    """Draw 1 to 4 valid polygons on a board of 8 × 8 points, as integers and the unit of the board.

    On so small a board nearly everything is special: shared vertices, T-junctions, edges that lie
    on one another, level edges, holes that touch; most sets overlap. The largest unit makes edges
    longer than int32 holds.
    """
    unit = draw(st.sampled_from([1, 7, 3_000_001, 1_234_567_891]))
    step = st.integers(0, 7)
    vertex = st.tuples(step, step)
    boards = []
    for _ in range(draw(st.integers(1, 4))):
        rings = draw(st.lists(st.lists(vertex, min_size=3, max_size=6), min_size=1, max_size=2))
        shape = shapely.Polygon(_around(rings[0]))
        if len(rings) == 2:
            other = shapely.Polygon(_around(rings[1]))
            with_hole = shapely.Polygon(shape.exterior, [other.exterior])
            shape = with_hole if with_hole.is_valid else shapely.MultiPolygon([shape, other])
        if shape.is_valid and shape.area > 0:
            boards.append(shape)
    return boards, unit


def _around(vertices):
    """Order vertices around their mean, so that most rings do not cross themselves."""
    array = np.array(vertices, float)
    offsets = array - array.mean(axis=0) - 1e-3
    return array[np.argsort(np.arctan2(offsets[:, 1], offsets[:, 0]), kind="stable")]


def scale(shape, unit):
    """Bring a polygon with integer coordinates to degrees, `unit` lattice units apart."""
    return shapely.transform(shape, lambda steps: to_degrees(steps.astype(np.int64) * unit))


def jagged_grids(bounds, columns, rows):
    """Grids in columns and rows over a box; their inner corners are moved about."""
    west, south, east, north = bounds
    lon, lat = np.linspace(west, east, columns + 1), np.linspace(south, north, rows + 1)
    nodes = np.stack(np.meshgrid(lon, lat, indexing="ij"), axis=-1)
    reach = np.array([lon[1] - lon[0], lat[1] - lat[0]]) / 6
    moves = np.random.default_rng(4).uniform(-reach, reach, (columns - 1, rows - 1, 2))
    nodes[1:-1, 1:-1] += moves
    nodes = np.round(nodes, 9)
    return [
        shapely.Polygon([nodes[i, j], nodes[i + 1, j], nodes[i + 1, j + 1], nodes[i, j + 1]])
        for i in range(columns)
        for j in range(rows)
    ]


def world_grids():
    """15 grids over the whole globe: edges of up to 72 degrees, both ends of ±180, both poles."""
    return jagged_grids((-180.0, -90.0, 180.0, 90.0), columns=5, rows=3)
