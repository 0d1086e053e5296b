import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.spatial import seams as seams_module
from gridgis.spatial.lattice import to_degrees
from gridgis.spatial.seams import OUTLINE, Seams, find_seams, subtract_border
from tests import zoo
from tests.tilings import tilings


def grids(layer):
    return list(layer.values())


def written(seams):
    """Segments as (polygon, start, end), in a fixed order."""
    return sorted(
        zip(seams.polygons.tolist(), seams.starts.tolist(), seams.ends.tolist(), strict=True)
    )


@given(tilings(merged=True))
def test_every_random_tiling_and_its_outline_cancel(tiling):
    assert len(find_seams(grids(tiling.polygons), tiling.outline)) == 0


@given(tilings(merged=True))
def test_without_an_outline_the_outline_is_what_is_left(tiling):
    seams = find_seams(grids(tiling.polygons))
    ends = np.stack([to_degrees(seams.starts), to_degrees(seams.ends)], axis=1)
    left = shapely.union_all(shapely.linestrings(ends))
    assert shapely.equals(left, tiling.outline.boundary)
    assert len(subtract_border(seams, tiling.outline)) == 0


def test_eight_segments_of_two_by_two_are_left_without_an_outline():
    seams = find_seams(grids(zoo.TWO_BY_TWO))
    assert len(seams) == 8
    assert np.bincount(seams.polygons).tolist() == [2, 2, 2, 2]
    assert len(find_seams(grids(zoo.TWO_BY_TWO), zoo.TWO_BY_TWO_OUTLINE)) == 0


def test_deleted_grid_leaves_its_neighbours_sides():
    corners = [(0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3), (2, 3), (1, 3), (0, 3)]
    outline = zoo.polygon(*corners, (0, 2), (0, 1))
    seams = find_seams(grids(zoo.DELETED_GRID), outline)
    assert [list(zoo.DELETED_GRID)[number] for number in sorted(seams.polygons)] == list("BDFH")


@pytest.mark.parametrize(
    ("layer", "outer", "inner"),
    [
        # A's long edge, and the upper grids' two halves of it
        pytest.param(zoo.T_JUNCTION, 7, 3, id="unmatched vertex of a T"),
        # A's two slants and B's straight side
        pytest.param(zoo.LENS, 6, 3, id="lens of 0.3 m"),
        # two sides of D end elsewhere; the sides of B and C beside them are left alone
        pytest.param(zoo.SHIFTED_VERTEX, 8, 4, id="vertex shifted by 2 mm"),
        # both long sides of the wedge; the short one in the north belongs to nobody
        pytest.param(zoo.WEDGE, 6, 2, id="wedge of 2 mm"),
    ],
)
def test_segments_that_do_not_cancel_inside_are_left_with_the_outline(layer, outer, inner):
    assert len(find_seams(grids(layer))) == outer + inner


def test_seam_tells_who_walks_it_and_which_way():
    # B is missing: A is left with its east side, walked to the north; the outline is walked back
    seams = find_seams([zoo.square(0, 0)], zoo.square(0, 0, columns=2))
    east = [1_000_000, 0], [1_000_000, 1_000_000]
    assert (0, *east) in written(seams)
    assert (OUTLINE, [2_000_000, 1_000_000], [2_000_000, 0]) in written(seams)


def test_repeated_vertex_is_no_segment():
    repeated = shapely.Polygon([(0, 0), (0.001, 0), (0.001, 0), (0.001, 0.001), (0, 0.001)])
    assert len(find_seams([repeated], zoo.square(0, 0))) == 0


def test_polygon_that_stands_twice_does_not_cancel_itself():
    assert len(find_seams([zoo.square(0, 0)] * 2)) == 8
    assert len(find_seams([zoo.square(0, 0)] * 2, zoo.square(0, 0))) > 0


def test_no_polygons_leave_nothing_or_the_whole_outline():
    assert len(find_seams([])) == 0
    assert find_seams([], zoo.square(0, 0)).polygons.tolist() == [OUTLINE] * 4


def test_sides_of_the_180th_meridian_are_not_one_line():
    assert len(find_seams(grids(zoo.ANTIMERIDIAN))) == 8


def test_towns_further_apart_than_offsets_reach_are_summed_by_rank():
    seams = find_seams(grids(zoo.FAR_APART))
    assert len(seams) == 16
    without = {code: grid for code, grid in zoo.FAR_APART.items() if code != "EA"}
    # two inner sides of the neighbours replace two outer sides of the grid that is gone
    assert len(find_seams(grids(without))) == 16


SEGMENT_ENDS = st.integers(0, 2)


@given(st.lists(st.tuples(SEGMENT_ENDS, SEGMENT_ENDS), max_size=12))
def test_both_orders_of_the_sum_leave_the_same_segments(walks):
    start = np.array([[a, 0] for a, _ in walks], np.int64).reshape(-1, 2)
    end = np.array([[b, 0] for _, b in walks], np.int64).reshape(-1, 2)
    low, high = np.minimum(start, end)[:, 0], np.maximum(start, end)[:, 0]
    direction = np.sign(end[:, 0] - start[:, 0])
    exact = np.array(
        [walks.count((a, b)) != walks.count((b, a)) and a != b for a, b in walks],
        dtype=bool,
    )
    by_keys = seams_module._sum_sorted(low, high, direction, np.lexsort((high, low)))
    assert by_keys.tolist() == np.flatnonzero(exact).tolist()
    assert seams_module._uncancelled(start, end).tolist() == by_keys.tolist()


@given(st.permutations(range(6)))
def test_segments_that_fall_between_each_other_are_left_over_not_cancelled(order):
    # there and back between 0 and 1 twice, and one way between 0 and 2 twice
    low = np.zeros(6, np.int64)
    high = np.array([1, 1, 1, 1, 2, 2])
    direction = np.array([1, -1, 1, -1, 1, 1])
    left = seams_module._sum_sorted(low, high, direction, np.array(order))
    assert {4, 5} <= set(left.tolist())


@given(tilings(), st.booleans())
def test_mixed_keys_that_are_all_alike_leave_the_same_seams(tiling, with_outline):
    shapes = grids(tiling.polygons)[1:]
    outline = tiling.outline if with_outline else None
    expected = find_seams(shapes, outline)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seams_module, "_MIX_LOW", np.int64(0))
        patch.setattr(seams_module, "_MIX_HIGH", np.int64(0))
        alike = find_seams(shapes, outline)
    assert alike.positions.tolist() == expected.positions.tolist()
    assert written(alike) == written(expected)


@given(tilings())
def test_taking_a_border_off_later_leaves_what_taking_it_off_at_once_does(tiling):
    shapes = grids(tiling.polygons)[1:]
    later = subtract_border(find_seams(shapes), tiling.outline)
    assert isinstance(later, Seams)
    assert written(later) == written(find_seams(shapes, tiling.outline))
