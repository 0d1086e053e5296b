import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from gridgis.spatial.faults import measure_area_m2, measure_width_m
from gridgis.spatial.nesting import find_nesting_faults
from tests import zoo
from tests.tilings import tilings

#   C D        the parents W and E have the west and the east of two by two
#   A B
PARENT_OF = {"A": "W", "C": "W", "B": "E", "D": "E"}
PARENTS = {
    "W": zoo.polygon((0, 0), (1, 0), (1, 1), (1, 2), (0, 2), (0, 1)),
    "E": zoo.polygon((1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (1, 1)),
}


def place(fault):
    return shapely.Point(fault.lon, fault.lat)


def test_children_that_fill_their_parents_have_no_faults():
    assert find_nesting_faults(zoo.TWO_BY_TWO, PARENT_OF, PARENTS) == []


def test_parent_that_lacks_the_vertices_of_its_children_is_filled_all_the_same():
    parents = {"W": zoo.square(0, 0, rows=2), "E": zoo.square(1, 0, rows=2)}
    assert find_nesting_faults(zoo.TWO_BY_TWO, PARENT_OF, parents) == []


def test_child_with_the_wrong_parent_is_one_fault_not_one_for_each_parent():
    (fault,) = find_nesting_faults(zoo.TWO_BY_TWO, {**PARENT_OF, "D": "W"}, PARENTS)
    assert (fault.kind, fault.codes) == ("nesting", ("D", "E", "W"))
    assert fault.area_m2 == pytest.approx(zoo.SQUARE_M2, rel=1e-6)
    assert fault.width_m == pytest.approx(110.57, rel=0.03)
    assert zoo.TWO_BY_TWO["D"].contains(place(fault))
    assert fault.detail == "D belongs to W, but 12309 m² lie in E"


def test_children_side_by_side_in_another_parent_are_one_place():
    wrong = {**PARENT_OF, "B": "W", "D": "W"}
    parents = {**PARENTS, "N": zoo.square(5, 5)}
    children = {**zoo.TWO_BY_TWO, "N1": zoo.square(5, 5)}
    faults = find_nesting_faults(children, {**wrong, "N1": "N"}, parents)
    assert [fault.codes for fault in faults] == [("B", "D", "E", "W"), ("E",)]
    assert faults[0].detail == "B and D belong to W, but 24618 m² lie in E"
    assert faults[1].detail == "E has no children"


def test_child_that_reaches_across_the_line_is_told_with_the_part_that_does():
    #   C C.D        C has a tenth of D's place
    #   A A B
    children = {
        **zoo.TWO_BY_TWO,
        "C": zoo.polygon((0, 1), (1, 1), (1.1, 1), (1.1, 2), (0, 2)),
        "D": zoo.polygon((1.1, 1), (2, 1), (2, 2), (1.1, 2)),
    }
    (fault,) = find_nesting_faults(children, PARENT_OF, PARENTS)
    assert fault.codes == ("C", "E", "W")
    assert fault.area_m2 == pytest.approx(zoo.SQUARE_M2 / 10, rel=1e-3)
    assert fault.width_m == pytest.approx(11.13, rel=0.03)


def test_child_outside_every_parent_and_parent_without_a_child_there():
    children = {**zoo.TWO_BY_TWO, "D": zoo.square(2, 0)}
    faults = find_nesting_faults(children, PARENT_OF, PARENTS)
    told = {fault.codes: fault.detail for fault in faults}
    assert told == {
        ("D", "E"): "D belongs to E, but 12309 m² lie outside every parent",
        ("E",): "12309 m² of E lie in none of its children",
    }


@pytest.mark.parametrize(
    ("wider_m", "count"),
    [
        pytest.param(0.04, 0, id="4 cm are a sliver"),
        pytest.param(0.06, 1, id="6 cm over 110 m are 6.6 m²"),
    ],
)
def test_narrow_difference_between_the_levels_is_no_fault(wider_m, count):
    wider = 1 + wider_m / 111.319_490_8
    one = {"A": zoo.square(0, 0)}
    parent = {"W": zoo.polygon((0, 0), (wider, 0), (wider, 1), (0, 1))}
    assert len(find_nesting_faults(one, {"A": "W"}, parent)) == count


def test_small_difference_between_the_levels_is_no_fault():
    # a corner of 0.9 m by 0.9 m is missing: 0.8 m²
    cut = 0.9 / 111
    one = {"A": zoo.polygon((0, 0), (1, 0), (1, 1 - cut), (1 - cut, 1 - cut), (1 - cut, 1), (0, 1))}
    assert find_nesting_faults(one, {"A": "W"}, {"W": zoo.square(0, 0)}) == []


def test_unknown_and_missing_parents_are_told_once_with_a_place():
    parent_of = {"A": "X", "C": "W", "D": "E"}
    faults = find_nesting_faults(zoo.TWO_BY_TWO, parent_of, PARENTS)
    assert [(fault.codes, fault.detail) for fault in faults] == [
        (("A", "X"), "A names the parent X, which is not there"),
        (("B",), "B names no parent"),
    ]
    assert zoo.TWO_BY_TWO["A"].contains(place(faults[0]))
    assert zoo.TWO_BY_TWO["B"].contains(place(faults[1]))


def test_nothing_nests_in_nothing():
    assert find_nesting_faults({}, {}, {}) == []
    (fault,) = find_nesting_faults({}, {}, {"W": zoo.square(0, 0)})
    assert fault.detail == "W has no children"


def join(tiling, parent_of):
    return {
        parent: shapely.coverage_union_all(
            [tiling.polygons[code] for code, own in parent_of.items() if own == parent]
        )
        for parent in parent_of.values()
    }


@given(tilings(merged=True), st.data())
def test_joined_grids_are_filled_by_their_children_until_one_changes_its_parent(tiling, data):
    codes = sorted(tiling.polygons)
    labels = data.draw(st.lists(st.integers(0, 3), min_size=len(codes), max_size=len(codes)))
    parent_of = {code: f"P{label}" for code, label in zip(codes, labels, strict=True)}
    parents = join(tiling, parent_of)
    assert find_nesting_faults(tiling.polygons, parent_of, parents) == []

    code = data.draw(st.sampled_from(codes))
    others = sorted({*parents} - {parent_of[code]})
    parts = shapely.get_parts(tiling.polygons[code])
    assume(others and all(measure_width_m(p) > 0.1 and measure_area_m2(p) > 2 for p in parts))
    moved = {**parent_of, code: data.draw(st.sampled_from(others))}
    faults = find_nesting_faults(tiling.polygons, moved, parents)
    told = shapely.union_all([fault.geometry for fault in faults])
    assert told.symmetric_difference(tiling.polygons[code]).area < 1e-9 * told.area
