import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.maps.borders import encode, encode_ring, merge_outline, simplify_grids

#  C D      the common corner of all four is (0.01, 0.01)
#  A B
FOUR = [
    shapely.box(column / 100, row / 100, (column + 1) / 100, (row + 1) / 100)
    for row in (0, 1)
    for column in (0, 1)
]


def decode(ring):
    return np.cumsum(np.reshape(ring, (-1, 2)), axis=0)[:, ::-1] / 1e6


def test_ring_is_written_as_steps_latitude_first_without_the_closing_point():
    ring = np.array([[10.0, 50.0], [10.00001, 50.0], [10.00001, 50.00002], [10.0, 50.0]])
    assert encode_ring(ring) == [50_000_000, 10_000_000, 0, 10, 20, 0]


def test_hole_and_second_part_are_kept():
    ring = shapely.difference(shapely.box(0, 0, 3, 3), shapely.box(1, 1, 2, 2))
    shape = encode(shapely.union(ring, shapely.box(5, 0, 6, 1)))
    assert [len(part) for part in shape] == [2, 1]


@given(
    st.lists(
        st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=3, max_size=40, unique=True
    )
)
def test_decoded_ring_is_the_ring_to_six_decimals(points):
    ring = np.array([*points, points[0]])
    assert np.abs(decode(encode_ring(ring)) - ring[:-1]).max() <= 0.500001e-6


def test_neighbours_keep_one_common_border_when_simplified():
    # a kink of 1e-7 degree on the border of A and B goes, a corner of 0.005 degree stays
    kinked = [(0.01, 0.0), (0.0100001, 0.002), (0.01, 0.004), (0.015, 0.007), (0.01, 0.01)]
    left = shapely.Polygon([(0, 0), *kinked, (0, 0.01)])
    right = shapely.Polygon([(0.02, 0.01), *reversed(kinked), (0.02, 0)])
    simple = simplify_grids([left, right], 2e-5)
    shared = shapely.intersection(simple[0].boundary, simple[1].boundary)
    assert shapely.line_merge(shared).length == simple[0].intersection(simple[1]).length
    assert shapely.get_num_coordinates(simple[0]) == shapely.get_num_coordinates(left) - 1
    assert (0.015, 0.007) in simple[0].exterior.coords
    assert simple[0].intersection(simple[1]).area == 0.0


def test_grids_given_are_not_changed():
    before = [shapely.to_wkb(grid) for grid in FOUR]
    simplify_grids(FOUR, 0.005)
    assert [shapely.to_wkb(grid) for grid in FOUR] == before


def test_outline_of_four_squares_is_the_square():
    outline = merge_outline(np.array(FOUR, dtype=object))
    assert outline.equals(shapely.box(0, 0, 0.02, 0.02))
