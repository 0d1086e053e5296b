import pytest
import shapely

from gridgis.spatial.faults import (
    Fault,
    area_words,
    count_kinds,
    list_words,
    make_fault,
    measure_area_m2,
    measure_width_m,
    sort_faults,
)
from tests import zoo


def metres(*corners):
    """A polygon on the equator, its corners in metres."""
    return shapely.Polygon([(x / 111_319.490_8, y / 110_574.275_8) for x, y in corners])


# the circle in a triangle with a right angle has the diameter a + b - c
@pytest.mark.parametrize(
    ("polygon", "width_m"),
    [
        pytest.param(metres((0, 0), (300, 0), (300, 20), (0, 20)), 20.0, id="a strip"),
        pytest.param(metres((0, 0), (4, 0), (0, 3)), 2.0, id="a triangle of 3, 4 and 5 m"),
        pytest.param(metres((0, 0), (20_000, 0), (10_000, 0.3)), 0.3, id="a lens of 20 km"),
        pytest.param(metres((0, 0), (500, 0), (500, 1e-3), (0, 1e-3)), 1e-3, id="a millimetre"),
        pytest.param(
            metres((0, 0), (2000, 0), (2000, 1), (10, 1), (10, 10), (0, 10)),
            10.0,
            id="a square with a tail of 2 km",
        ),
        # in a corner the circle touches two outer sides and the corner of the hole, 110.9 m from
        # each: radius · (1 + 1 / sqrt(2)) = 110.9
        pytest.param(zoo.WITH_HOLE["A"], 2 * 110.9 / (1 + 2**-0.5), id="a ring around a hole"),
    ],
)
def test_width_is_the_diameter_of_the_largest_circle(polygon, width_m):
    assert measure_width_m(polygon) == pytest.approx(width_m, rel=0.03)


def test_polygon_without_area_has_no_width():
    assert measure_width_m(shapely.Polygon([(0, 0), (1, 0), (0, 0)])) == 0.0


def test_area_of_a_face_is_that_of_borders_straight_in_degrees():
    # at 60° N two sides of a slit 40 km long and 1 cm high, one of them with a vertex halfway:
    # the geodesic between its ends leaves the parallel by 54 m, and an area of 1.4 km²
    high = 0.01 / 111_412.3
    slit = shapely.Polygon(
        [(0, 60), (0.72, 60), (0.72, 60 + high), (0.36, 60 + high), (0, 60 + high)]
    )
    assert measure_area_m2(slit) == pytest.approx(0.72 * 55_800.0 * 0.01, rel=1e-4)


def test_area_of_a_square_and_of_what_is_left_around_a_hole():
    assert measure_area_m2(zoo.square(0, 0)) == pytest.approx(zoo.SQUARE_M2, rel=1e-8)
    assert measure_area_m2(zoo.WITH_HOLE["A"]) == pytest.approx(8 * zoo.SQUARE_M2, rel=1e-8)


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        pytest.param(metres((0, 0), (0.3, 0), (0.3, 0.5), (0, 0.5)), "0.15 m²", id="small"),
        pytest.param(metres((0, 0), (30, 0), (30, 20), (0, 20)), "600 m²", id="hundreds"),
        pytest.param(metres((0, 0), (300, 0), (300, 70), (0, 70)), "21000 m²", id="thousands"),
        pytest.param(metres((0, 0), (1000, 0), (1000, 420), (0, 420)), "0.42 km²", id="large"),
    ],
)
def test_area_in_words(polygon, words):
    assert area_words(polygon) == words


@pytest.mark.parametrize(
    ("names", "words"),
    [
        pytest.param((), "", id="none"),
        pytest.param(("A",), "A", id="one"),
        pytest.param(("A", "B"), "A and B", id="two"),
        pytest.param(("A", "B", "C"), "A, B and C", id="three"),
        pytest.param(tuple("ABCDEFGH"), "A, B, C, D, E, F, G and H", id="eight"),
        pytest.param(tuple("ABCDEFGHIJ"), "A, B, C, D, E, F, G, H and 2 more", id="ten"),
    ],
)
def test_names_in_words(names, words):
    assert list_words(names) == words


def test_fault_is_placed_inside_its_shape():
    fault = make_fault("gap", ("A",), zoo.WITH_HOLE["A"], "a ring")
    assert zoo.WITH_HOLE["A"].contains(shapely.Point(fault.lon, fault.lat))
    assert make_fault("gap", ("A",), zoo.square(0, 0), "", width_m=7.0).width_m == 7.0


def test_kinds_are_counted_in_words():
    kinds = ["gap", "unmatched_vertex", "gap", "overlap"]
    faults = [Fault(kind, (), 0.0, 0.0, 0.0, 0.0, "") for kind in kinds]
    assert count_kinds(faults) == "2 gaps, 1 overlap, 1 unmatched vertex"
    assert count_kinds([]) == ""


def test_every_kind_has_words_for_one_and_for_many():
    kinds = ["gap", "overlap", "sliver", "unmatched_vertex", "invalid", "duplicate_code"]
    for kind in [*kinds, "multipart", "outside", "nesting"]:
        fault = Fault(kind, (), 0.0, 0.0, 0.0, 0.0, "")
        one, two = count_kinds([fault]), count_kinds([fault] * 2)
        assert (one[:2], two[:2]) == ("1 ", "2 ")
        assert one[2:] != two[2:]


def test_equal_areas_are_listed_by_code():
    b, a = (Fault("gap", (code,), 5.0, 1.0, 0.0, 0.0, "") for code in "BA")
    large = Fault("gap", ("Z",), 6.0, 1.0, 0.0, 0.0, "")
    assert sort_faults([b, a, large]) == [large, a, b]
