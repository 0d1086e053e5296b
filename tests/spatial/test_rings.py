from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given

from gridgis.spatial.rings import from_polygons, insert_vertices, to_polygons
from tests import zoo
from tests.tilings import tilings


def test_arrays_of_a_square_beside_a_ring():
    rings = from_polygons([zoo.square(0, 0), zoo.WITH_HOLE["A"]])
    # two shells and a hole of four corners each, closed
    assert rings.ring_offsets.tolist() == [0, 5, 10, 15]
    assert rings.part_offsets.tolist() == [0, 1, 3]
    assert rings.polygon_offsets.tolist() == [0, 1, 2]
    assert rings.starts.tolist() == [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]
    assert rings.polygon_of(rings.starts).tolist() == [0] * 4 + [1] * 8


def test_shells_run_counter_clockwise_and_holes_clockwise():
    rings = from_polygons([shapely.reverse(zoo.WITH_HOLE["A"])])
    is_ccw = [
        shapely.LinearRing(rings.vertices[a:b]).is_ccw for a, b in pairwise(rings.ring_offsets)
    ]
    assert is_ccw == [True, False]


def test_vertices_of_a_part_belong_to_their_polygon():
    rings = from_polygons([zoo.MULTIPART["A"], zoo.MULTIPART["B"]])
    assert rings.polygon_of(rings.starts).tolist() == [0] * 9 + [1] * 4


@given(tilings(merged=True))
def test_polygons_survive_the_way_there_and_back(tiling):
    grids = shapely.orient_polygons(np.array(list(tiling.polygons.values()), dtype=object))
    again = to_polygons(from_polygons(grids))
    assert again.tolist() == grids.tolist()


def test_multipolygon_of_one_part_comes_back_as_a_polygon():
    one = shapely.MultiPolygon([zoo.square(0, 0)])
    assert to_polygons(from_polygons([one]))[0].geom_type == "Polygon"


def test_no_polygons_have_no_rings():
    rings = from_polygons([])
    assert rings.vertices.shape == (0, 2)
    assert rings.starts.tolist() == []
    assert to_polygons(rings).tolist() == []


def test_empty_polygon_keeps_its_place():
    rings = from_polygons([shapely.MultiPolygon(), zoo.square(0, 0)])
    assert rings.polygon_of(rings.starts).tolist() == [1] * 4
    assert [made.is_empty for made in to_polygons(rings)] == [True, False]


def test_heights_are_left_out():
    with_heights = shapely.force_3d(zoo.square(0, 0), 7.0)
    assert to_polygons(from_polygons([with_heights]))[0] == zoo.square(0, 0)


def test_tenths_of_a_millimetre_of_a_projected_square():
    square = shapely.box(500_000.00004, 4_200_000, 500_100, 4_200_100)
    rings = from_polygons([square], 1e4)
    assert rings.vertices.min(axis=0).tolist() == [5_000_000_000, 42_000_000_000]
    assert to_polygons(rings, 1e4)[0].bounds == (500_000.0, 4_200_000.0, 500_100.0, 4_200_100.0)


#   two squares of 2 and of 4 units: rings of the corners
#   0 (2,0)  1 (2,2)  2 (0,2)  3 (0,0)  4 = 0      5 (8,4)  6 (8,8)  7 (4,8)  8 (4,4)  9 = 5
@pytest.mark.parametrize(
    ("after", "vertices", "first", "second"),
    [
        pytest.param([0], [[2, 1]], "20 21 22 02 00 20", "84 88 48 44 84", id="first edge"),
        pytest.param([3], [[1, 0]], "20 22 02 00 10 20", "84 88 48 44 84", id="closing edge"),
        pytest.param(
            [2, 5, 5],
            [[0, 1], [8, 5], [8, 6]],
            "20 22 02 01 00 20",
            "84 85 86 88 48 44 84",
            id="one on the first square and two on one edge of the second",
        ),
        pytest.param([], np.empty((0, 2), int), "20 22 02 00 20", "84 88 48 44 84", id="none"),
    ],
)
def test_inserted_vertices_stand_behind_their_segment(after, vertices, first, second):
    rings = from_polygons([shapely.box(0, 0, 2, 2), shapely.box(4, 4, 8, 8)], 1.0)
    more = insert_vertices(rings, np.array(after, int), np.array(vertices))
    written = ["".join(str(number) for number in vertex) for vertex in more.vertices.tolist()]
    begin = more.ring_offsets[1]
    assert (" ".join(written[:begin]), " ".join(written[begin:])) == (first, second)
