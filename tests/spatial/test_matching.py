from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.spatial.lattice import metres_per_degree, to_degrees
from gridgis.spatial.matching import MATCH_WITHIN_M, Added, densify, match_vertices
from gridgis.spatial.rings import Rings, from_polygons, to_polygons
from gridgis.spatial.seams import sum_segments
from tests import zoo
from tests.tilings import tilings

STEP_M = tuple(metres / 1e9 for metres in metres_per_degree(0.0))


def step_m(tiling):
    lat = tiling.outline.centroid.y
    return tuple(metres / 1e9 for metres in metres_per_degree(lat))


def borders(rings: Rings):
    """The vertices of each polygon, as a list of lists."""
    ends = rings.ring_offsets[rings.part_offsets[rings.polygon_offsets]]
    return [rings.vertices[a:b].tolist() for a, b in pairwise(ends)]


def is_in_order(some, more):
    """Whether `more` is `some` with elements added."""
    rest = iter(more)
    return all(any(vertex == other for other in rest) for vertex in some)


def test_long_edge_of_a_t_gets_the_vertex_of_the_others():
    rings = from_polygons(list(zoo.T_JUNCTION.values()))
    matched, added = match_vertices(rings, STEP_M)
    assert added == [Added(0, 2, (1_000_000, 1_000_000))]
    a, b, c = to_polygons(matched)
    assert (b, c) == (zoo.T_JUNCTION["B"], zoo.T_JUNCTION["C"])
    assert a == zoo.polygon((0, 0), (2, 0), (2, 1), (1, 1), (0, 1))


def test_outline_gets_the_vertices_of_the_grids_in_its_own_direction():
    # along the south of the outline lie three vertices of four grids
    row = [zoo.square(n, 0) for n in range(4)]
    outline = zoo.square(0, 0, columns=4)
    rings = from_polygons([*row, outline])
    matched, added = match_vertices(rings, STEP_M, outline=4)
    assert len(sum_segments(matched, 4)) == 0
    assert {vertex.polygon for vertex in added} == {4}
    assert len(added) == 6
    expected = zoo.polygon(*((n, 0) for n in range(5)), *((n, 1) for n in range(4, -1, -1)))
    assert to_polygons(matched)[4] == expected


def test_grid_gets_the_vertices_of_the_outline():
    halved = zoo.polygon((0, 0), (0.5, 0), (1, 0), (1, 1), (0, 1))
    _, added = match_vertices(from_polygons([zoo.square(0, 0), halved]), STEP_M, outline=1)
    assert added == [Added(0, 1, (500_000, 0))]


@pytest.mark.parametrize(
    ("beside_m", "count"),
    [
        pytest.param(0.0, 1, id="on the edge"),
        pytest.param(0.0008, 1, id="eight decimals beside it"),
        pytest.param(0.002, 0, id="two millimetres beside it"),
    ],
)
def test_vertex_is_matched_when_it_lies_within_a_millimetre(beside_m, count):
    beside = beside_m / 110.574_275_8
    bent = zoo.polygon((0, 1), (1, 1 + beside), (2, 1), (2, 2), (0, 2))
    _, added = match_vertices(from_polygons([zoo.square(0, 0, columns=2), bent]), STEP_M)
    assert len(added) == count


def test_vertex_at_the_end_of_an_edge_is_left_alone():
    near = 0.5 * MATCH_WITHIN_M / 111.319_490_8
    beside = zoo.polygon((0, 1), (1 - near, 1), (1, 2), (0, 2))
    _, added = match_vertices(from_polygons([zoo.square(0, 0), beside]), STEP_M)
    assert added == []


def test_seamless_set_gets_nothing():
    rings = from_polygons(list(zoo.TWO_BY_TWO.values()))
    matched, added = match_vertices(rings, STEP_M)
    assert added == []
    assert matched.vertices.tolist() == rings.vertices.tolist()


@given(tilings(merged=True), st.data())
def test_every_t_junction_is_closed_and_no_vertex_moves(tiling, data):
    count = len(tiling.polygons)
    chosen = data.draw(st.lists(st.booleans(), min_size=count + 1, max_size=count + 1))
    longest_m = data.draw(st.floats(30, 500))
    whole = from_polygons([*tiling.polygons.values(), tiling.outline])
    denser = densify(whole, longest_m / step_m(tiling)[1])
    before, after = to_polygons(whole), to_polygons(denser)
    uneven = from_polygons([(after if c else before)[n] for n, c in enumerate(chosen)])
    matched, added = match_vertices(uneven, step_m(tiling), outline=count)
    assert len(sum_segments(matched, count)) == 0
    for some, more in zip(borders(uneven), borders(matched), strict=True):
        assert is_in_order(some, more)
    assert len(matched.vertices) == len(uneven.vertices) + len(added)
    known = {tuple(vertex) for vertex in uneven.vertices.tolist()}
    assert {vertex.vertex for vertex in added} <= known
    assert all(vertex.polygon != vertex.owner for vertex in added)


@given(tilings(merged=True), st.floats(20, 2000))
def test_densified_neighbours_still_share_every_vertex(tiling, longest_m):
    longest = longest_m / step_m(tiling)[1]
    rings = from_polygons([*tiling.polygons.values(), tiling.outline])
    denser = densify(rings, longest)
    assert len(sum_segments(denser, len(tiling.polygons))) == 0
    pieces = denser.vertices[denser.starts + 1] - denser.vertices[denser.starts]
    assert np.hypot(*pieces.T).max() <= longest + 2
    for some, more in zip(borders(rings), borders(denser), strict=True):
        assert is_in_order(some, more)


def test_edge_is_cut_into_equal_pieces():
    rings = from_polygons([shapely.box(0, 0, 100, 30)], 1.0)
    corners = densify(rings, 50.0).vertices.tolist()
    assert corners == [[100, 0], [100, 30], [50, 30], [0, 30], [0, 0], [50, 0], [100, 0]]
    assert densify(rings, 49.0).vertices[1:4].tolist() == [[100, 30], [67, 30], [33, 30]]


def test_edges_that_are_short_enough_stay():
    rings = from_polygons(list(zoo.TWO_BY_TWO.values()))
    assert densify(rings, 1_000_000.0).vertices.tolist() == rings.vertices.tolist()


def test_added_vertex_is_a_place_in_degrees():
    _, (added,) = match_vertices(from_polygons(list(zoo.T_JUNCTION.values())), STEP_M)
    assert to_degrees(added.vertex).tolist() == [0.001, 0.001]
