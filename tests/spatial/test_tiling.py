import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from gridgis.errors import FaultsFound
from gridgis.spatial.lattice import metres_per_degree, to_degrees, to_lattice
from gridgis.spatial.seams import find_seams
from gridgis.spatial.tiling import (
    Tiling,
    find_faults,
    find_multiparts,
    match_edges,
    prove,
)
from tests import zoo
from tests.tilings import BOX_DEGREES, on_lattice, tilings, voronoi_tiling


def examine(polygons, boundary=None):
    """All faults of a set as it came: the vertices that were lacking, and what is left then."""
    matched, matched_boundary, unmatched = match_edges(polygons, boundary)
    return unmatched + find_faults(matched, matched_boundary)


def flat_area_m2(polygon):
    """The area in square degrees times that of a square degree at the centroid."""
    return polygon.area * np.prod(metres_per_degree(polygon.centroid.y))


def place(fault):
    return shapely.Point(fault.lon, fault.lat)


@pytest.mark.parametrize("name", zoo.SEAMLESS)
def test_seamless_layer_has_no_faults_and_is_proved(name):
    layer = zoo.SEAMLESS[name]
    assert examine(layer) == []
    proved = prove(layer)
    assert proved.polygons == layer
    assert len(find_seams(list(layer.values()), proved.outline)) == 0
    assert find_faults(layer, proved.outline) == []


def test_outline_of_two_by_two_has_every_vertex_of_its_grids():
    assert shapely.equals_exact(
        prove(zoo.TWO_BY_TWO).outline, zoo.TWO_BY_TWO_OUTLINE, normalize=True
    )


def test_deleted_grid_is_a_gap_beside_its_four_neighbours():
    (gap,) = examine(zoo.DELETED_GRID)
    assert (gap.kind, gap.codes) == ("gap", ("B", "D", "F", "H"))
    assert gap.area_m2 == pytest.approx(zoo.SQUARE_M2, rel=1e-6)
    assert gap.width_m == pytest.approx(110.574, rel=0.03)
    assert zoo.square(1, 1).contains(place(gap))
    assert shapely.equals(gap.geometry, zoo.square(1, 1))
    assert gap.detail == "no grid covers 12309 m² beside B, D, F and H"


def test_place_that_one_grid_surrounds_is_a_gap():
    (gap,) = examine(zoo.WITH_HOLE)
    assert (gap.kind, gap.codes) == ("gap", ("A",))
    assert examine(zoo.DONUT) == []


def test_deleted_grid_at_the_outline_is_seen_with_a_boundary_only():
    three = {code: zoo.TWO_BY_TWO[code] for code in "ABC"}
    assert examine(three) == []
    (gap,) = examine(three, zoo.TWO_BY_TWO_OUTLINE)
    assert (gap.kind, gap.codes) == ("gap", ("B", "C"))
    assert zoo.TWO_BY_TWO["D"].contains(place(gap))


def test_t_junction_is_named_and_closed():
    matched, boundary, (fault,) = match_edges(zoo.T_JUNCTION)
    assert boundary is None
    assert (fault.kind, fault.codes[0]) == ("unmatched_vertex", "A")
    assert (fault.lon, fault.lat) == (0.001, 0.001)
    assert fault.detail == "A has no vertex where C has one on their common border"
    assert find_faults(matched) == []
    assert list(matched) == list(zoo.T_JUNCTION)


def test_t_junction_that_was_not_matched_is_no_tiling():
    (fault,) = find_faults(zoo.T_JUNCTION)
    assert (fault.kind, fault.codes) == ("sliver", ("A", "B", "C"))
    assert place(fault).distance(zoo.T_JUNCTION["A"]) < 1e-12
    with pytest.raises(FaultsFound, match="not seamless: 1 sliver"):
        prove(zoo.T_JUNCTION)


def test_boundary_gets_the_vertices_of_the_grids():
    square = zoo.square(0, 0, columns=2, rows=2)
    _, boundary, unmatched = match_edges(zoo.TWO_BY_TWO, square)
    assert shapely.equals_exact(boundary, zoo.TWO_BY_TWO_OUTLINE, normalize=True)
    assert {fault.codes[0] for fault in unmatched} == {"the boundary"}
    assert find_faults(zoo.TWO_BY_TWO, boundary) == []


def test_lens_of_three_decimetres_is_a_gap():
    (gap,) = examine(zoo.LENS)
    assert (gap.kind, gap.codes) == ("gap", ("A", "B"))
    assert gap.area_m2 == pytest.approx(zoo.LENS_M2, rel=1e-3)
    # the largest circle in a triangle touches all sides: 2 · area / half the perimeter
    assert gap.width_m == pytest.approx(2 * zoo.LENS_M2 / 110.575, rel=0.02)
    assert zoo.square(0, 0).contains(place(gap))


def test_lens_of_two_centimetres_is_a_sliver():
    (sliver,) = examine(zoo.SLIVER)
    assert (sliver.kind, sliver.codes) == ("sliver", ("A", "B"))
    assert sliver.area_m2 == pytest.approx(110.574_275_8 * 0.02 / 2, rel=5e-3)
    assert 0.009 < sliver.width_m < 0.021


def test_vertex_shifted_by_two_millimetres_leaves_a_sliver_along_both_sides():
    (sliver,) = examine(zoo.SHIFTED_VERTEX)
    assert (sliver.kind, sliver.codes) == ("sliver", ("B", "C", "D"))
    sides = shapely.LineString([(0.002, 0.001), (0.001, 0.001), (0.001, 0.002)])
    assert place(sliver).distance(sides) < 2 * zoo.MILLIMETRE
    # triangles on sides of 111.319 m and 110.574 m, 13 steps of 0.1106 and of 0.1113 mm high
    area = 13 * (111.319 * 0.1106e-3 + 110.574 * 0.1113e-3) / 2
    assert sliver.area_m2 == pytest.approx(area, rel=1e-3)


def test_wedge_that_is_open_to_the_outside_is_a_sliver():
    (sliver,) = examine(zoo.WEDGE)
    assert (sliver.kind, sliver.codes) == ("sliver", ("A", "B"))
    assert sliver.area_m2 == pytest.approx(zoo.WEDGE_M2, rel=5e-3)
    assert place(sliver).distance(zoo.square(0, 0)) < 2 * zoo.MILLIMETRE
    with pytest.raises(FaultsFound):
        prove(zoo.WEDGE)


def test_narrow_bay_of_one_grid_is_its_own_affair():
    assert examine(zoo.OWN_BAY) == []


#   A A A A A A A A A A   ten grids lie along a slit south of A, nine with a ninth of it each;
#   0 1 2 3 4 5 6 7 8 9   it is open in the west and ends where A meets 8 and 9
@pytest.mark.parametrize(
    ("width_m", "kinds"),
    [
        pytest.param(0.002, ["sliver"], id="2 mm"),
        pytest.param(0.3, ["gap"], id="0.3 m"),
        pytest.param(0.6, [], id="0.6 m, which may be an inlet"),
    ],
)
def test_slit_between_one_grid_and_many_is_found_up_to_half_a_metre(width_m, kinds):
    rise = width_m / 110.574_275_8
    above = zoo.polygon((0, 1 + rise), (9, 1 + rise), (9, 1), (10, 1), (10, 2), (0, 2))
    layer = {**{str(n): zoo.square(n, 0) for n in range(10)}, "A": above}
    faults = examine(layer)
    assert [fault.kind for fault in faults] == kinds
    for fault in faults:
        assert fault.codes == (*"012345678", "A")
        assert fault.area_m2 == pytest.approx(9 * 111.319 * width_m, rel=0.01)
        assert fault.width_m == pytest.approx(width_m, rel=0.05)


def test_overlap_names_both_and_has_the_area_of_the_strip():
    faults = examine(zoo.OVERLAP)
    (overlap,) = [fault for fault in faults if fault.kind == "overlap"]
    assert overlap.codes == ("A", "B")
    assert overlap.area_m2 == pytest.approx(zoo.SQUARE_M2 / 10, rel=1e-5)
    assert overlap.width_m == pytest.approx(11.13, rel=0.03)


def test_overlap_names_every_grid_it_lies_over():
    whole = {**zoo.TWO_BY_TWO, "X": zoo.TWO_BY_TWO_OUTLINE}
    (overlap,) = examine(whole)
    assert (overlap.kind, overlap.codes) == ("overlap", ("A", "B", "C", "D", "X"))
    assert overlap.area_m2 == pytest.approx(4 * zoo.SQUARE_M2, rel=1e-5)


def test_grid_beyond_the_boundary_is_outside():
    west = zoo.polygon((0, 0), (1, 0), (1, 1), (0, 1))
    (fault,) = examine({"A": zoo.square(0, 0), "B": zoo.square(1, 0)}, west)
    assert (fault.kind, fault.codes) == ("outside", ("B",))
    assert fault.area_m2 == pytest.approx(zoo.SQUARE_M2, rel=1e-6)
    assert fault.detail == "B reaches 12309 m² outside the boundary"


def test_no_grids_leave_the_whole_boundary_uncovered():
    assert examine({}) == []
    assert prove({}).outline.is_empty
    (gap,) = examine({}, zoo.square(0, 0))
    assert (gap.kind, gap.codes) == ("gap", ())
    assert gap.detail == "no grid covers 12309 m² beside the boundary"


def test_largest_fault_comes_first():
    layer = {**zoo.DELETED_GRID, "I": zoo.polygon((2, 2), (3, 2), (3, 3), (2.1, 3))}
    areas = [fault.area_m2 for fault in examine(layer)]
    assert areas == sorted(areas, reverse=True)


def test_parts_are_listed_with_a_place_in_the_smallest():
    (fault,) = find_multiparts(zoo.MULTIPART)
    assert (fault.kind, fault.codes) == ("multipart", ("A",))
    assert zoo.square(0, 0).contains(place(fault))
    assert fault.detail == "A has 2 parts; the smallest has 12309 m²"


def test_accepted_gap_is_a_hole_of_the_outline():
    with pytest.raises(FaultsFound, match=r"not seamless: 1 gap$") as refusal:
        prove(zoo.DELETED_GRID)
    assert [fault.kind for fault in refusal.value.faults] == ["gap"]
    outline = prove(zoo.DELETED_GRID, accept_gaps=True).outline
    assert shapely.equals(outline, shapely.union_all(list(zoo.DELETED_GRID.values())))
    assert find_faults(zoo.DELETED_GRID, outline) == []


def test_gap_at_the_boundary_is_accepted_too():
    three = {code: zoo.TWO_BY_TWO[code] for code in "ABC"}
    proved = prove(three, zoo.TWO_BY_TWO_OUTLINE, accept_gaps=True)
    assert shapely.equals(proved.outline, shapely.union_all(list(three.values())))


@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(zoo.SLIVER, id="sliver"),
        pytest.param(zoo.OVERLAP, id="overlap"),
        pytest.param(zoo.WEDGE, id="wedge"),
        pytest.param(zoo.T_JUNCTION, id="unmatched vertex"),
        pytest.param({**zoo.DELETED_GRID, "X": zoo.square(0, 0)}, id="gap and overlap"),
    ],
)
def test_accepting_gaps_accepts_nothing_else(layer):
    with pytest.raises(FaultsFound, match="not seamless"):
        prove(layer, accept_gaps=True)


def test_polygon_that_would_cross_itself_stays_as_it_is_and_the_others_are_matched():
    # the needle of A is half a millimetre wide, and the corner of B lies on both of its sides
    needle = 0.0005 / 110.574_275_8
    layer = {
        "A": zoo.polygon((0, 0), (1, 0), (1, 1), (3, 1), (1, 1 + needle), (1, 2), (0, 2)),
        "B": zoo.polygon((1, 0), (3, 0), (3, 1), (2, 1), (1, 1)),
        "C": zoo.square(5, 0, columns=2),
        "D": zoo.square(5, 1),
        "E": zoo.square(6, 1),
    }
    matched, _, faults = match_edges(layer)
    assert matched["A"] == layer["A"]
    assert shapely.get_num_coordinates(matched["C"]) == 6
    by_code = {fault.codes[0]: fault.detail for fault in faults}
    assert by_code["A"].endswith("cannot get it: A would cross itself")
    assert by_code["C"].endswith("on their common border")
    assert all(polygon.is_valid for polygon in matched.values())
    assert find_faults(matched) != []


@given(tilings(merged=True))
def test_random_tiling_has_no_faults_with_its_outline_and_is_proved(tiling):
    assert examine(tiling.polygons, tiling.outline) == []
    assert prove(tiling.polygons, tiling.outline).outline is tiling.outline


@given(tilings(min_grids=2), st.data())
def test_removed_grid_is_a_gap_beside_its_neighbours(tiling, data):
    code = data.draw(st.sampled_from(sorted(tiling.polygons)))
    removed = tiling.polygons[code]
    rest = {other: grid for other, grid in tiling.polygons.items() if other != code}
    (gap,) = examine(rest, tiling.outline)
    neighbours = [
        other for other, grid in rest.items() if shapely.relate_pattern(removed, grid, "****1****")
    ]
    assert gap.codes == tuple(sorted(neighbours))
    assert removed.contains(place(gap))
    assert gap.area_m2 == pytest.approx(flat_area_m2(removed), rel=1e-9)


@given(st.lists(st.tuples(*[st.floats(-0.2, 0.2)] * 2), min_size=16, max_size=16), st.data())
def test_removed_inner_grid_is_found_without_a_boundary(shifts, data):
    cells = np.array([(n % 4 + 0.5, n // 4 + 0.5) for n in range(16)])
    points = (cells + shifts) * (BOX_DEGREES / 4)
    box = on_lattice(shapely.box(0, 0, BOX_DEGREES, BOX_DEGREES))
    tiling = voronoi_tiling(points, box)
    inner = [c for c, g in tiling.polygons.items() if not g.intersects(box.boundary)]
    assume(inner)
    code = data.draw(st.sampled_from(inner))
    rest = {other: grid for other, grid in tiling.polygons.items() if other != code}
    (gap,) = examine(rest)
    assert tiling.polygons[code].contains(place(gap))


@given(tilings(min_grids=3), st.data())
def test_shifted_vertex_is_found_and_placed_near_it(tiling, data):
    code = data.draw(st.sampled_from(sorted(tiling.polygons)))
    vertices = to_lattice(shapely.get_coordinates(tiling.polygons[code]))[:-1]
    number = data.draw(st.integers(0, len(vertices) - 1))
    step = st.integers(-3000, 3000)
    shift = np.array(data.draw(st.tuples(step, step)))
    scale = np.array(metres_per_degree(tiling.outline.centroid.y)) / 1e9
    assume(np.hypot(*(shift * scale)) >= 0.002)
    before, at, after = to_degrees(vertices[[number - 1, number, (number + 1) % len(vertices)]])
    vertices[number] += shift
    moved = shapely.orient_polygons(shapely.Polygon(to_degrees(vertices)))
    assume(moved.is_valid)
    faults = examine({**tiling.polygons, code: moved}, tiling.outline)
    assert any(code in fault.codes for fault in faults)
    new = to_degrees(vertices[number])
    edges = shapely.LineString([before, at, after, new, before])
    reach = 2 * np.abs(to_degrees(shift)).max() + zoo.MILLIMETRE
    assert all(place(fault).distance(edges) <= reach for fault in faults)


@given(tilings(min_grids=2), st.data())
def test_lens_of_three_decimetres_is_found_with_its_area_and_width(tiling, data):
    scale = np.array(metres_per_degree(tiling.outline.centroid.y))
    code = data.draw(st.sampled_from(sorted(tiling.polygons)))
    whole = shapely.orient_polygons(tiling.polygons[code])
    corners = shapely.get_coordinates(whole)
    number = data.draw(st.integers(0, len(corners) - 2))
    along_m = (corners[number + 1] - corners[number]) * scale
    length_m = np.hypot(*along_m)
    assume(length_m > 20)
    # the inside is on the left
    inwards = np.array([-along_m[1], along_m[0]]) / length_m * 0.3 / scale
    bend = (corners[number] + corners[number + 1]) / 2 + inwards
    bent = on_lattice(shapely.Polygon(np.insert(corners, number + 1, bend, axis=0)))
    # where the grid is thinner than the lens, the lens takes a bite of its neighbour
    assume(bent.is_valid and whole.covers(shapely.Point(bend)))
    (gap,) = examine({**tiling.polygons, code: bent}, tiling.outline)
    assert gap.kind == "gap"
    assert code in gap.codes
    assert len(gap.codes) <= 2
    assert gap.area_m2 == pytest.approx(length_m * 0.3 / 2, rel=1e-3)
    # the circle in a triangle has the diameter 4 · area / perimeter
    around_m = length_m + 2 * np.hypot(length_m / 2, 0.3)
    assert gap.width_m == pytest.approx(4 * (length_m * 0.3 / 2) / around_m, rel=0.03)
    assert whole.buffer(zoo.MILLIMETRE).contains(place(gap))


@given(tilings(min_grids=2), st.data(), st.booleans())
def test_grid_that_stands_twice_is_an_overlap_of_both(tiling, data, with_boundary):
    code = data.draw(st.sampled_from(sorted(tiling.polygons)))
    twice = {**tiling.polygons, "copy": tiling.polygons[code]}
    (overlap,) = examine(twice, tiling.outline if with_boundary else None)
    assert (overlap.kind, overlap.codes) == ("overlap", (code, "copy"))
    assert tiling.polygons[code].contains(place(overlap))
    assert overlap.area_m2 == pytest.approx(flat_area_m2(tiling.polygons[code]), rel=1e-9)


@st.composite
def damaged_tilings(draw):
    """Tilings with a few grids removed, doubled, or with a vertex moved by up to three metres."""
    tiling = draw(tilings(min_grids=3, max_grids=8))
    polygons = dict(tiling.polygons)
    for code in draw(st.lists(st.sampled_from(sorted(polygons)), max_size=3, unique=True)):
        damage = draw(st.sampled_from(["remove", "double", "shift"]))
        if damage == "remove":
            del polygons[code]
        elif damage == "double":
            polygons[f"{code}x"] = polygons[code]
        else:
            vertices = to_lattice(shapely.get_coordinates(polygons[code]))[:-1]
            step = st.integers(-30_000, 30_000)
            vertices[draw(st.integers(0, len(vertices) - 1))] += draw(st.tuples(step, step))
            moved = shapely.orient_polygons(shapely.Polygon(to_degrees(vertices)))
            polygons[code] = moved if moved.is_valid else polygons[code]
    return Tiling(polygons, tiling.outline)


@given(damaged_tilings(), st.booleans(), st.booleans())
def test_nothing_is_proved_that_leaves_a_seam(damaged, with_boundary, accept_gaps):
    boundary = damaged.outline if with_boundary else None
    matched, boundary, _ = match_edges(damaged.polygons, boundary)
    assume(matched)
    try:
        proved = prove(matched, boundary, accept_gaps=accept_gaps)
    except FaultsFound:
        assert find_faults(matched, boundary) != []
        return
    assert len(find_seams(list(proved.polygons.values()), proved.outline)) == 0
    total = sum(grid.area for grid in proved.polygons.values())
    assert total == pytest.approx(proved.outline.area, rel=1e-9)


@given(damaged_tilings(), st.booleans(), st.randoms(use_true_random=False))
def test_order_of_the_grids_does_not_change_the_faults(damaged, with_boundary, random):
    boundary = damaged.outline if with_boundary else None
    codes = list(damaged.polygons)
    random.shuffle(codes)
    shuffled = {code: damaged.polygons[code] for code in codes}
    assert examine(shuffled, boundary) == examine(damaged.polygons, boundary)
    assert list(match_edges(shuffled)[0]) == codes


@given(damaged_tilings())
def test_faults_with_a_boundary_are_none_only_if_no_seam_is_left(damaged):
    matched, boundary, _ = match_edges(damaged.polygons, damaged.outline)
    seams = find_seams(list(matched.values()), boundary)
    assert (len(seams) == 0) == (find_faults(matched, boundary) == [])
