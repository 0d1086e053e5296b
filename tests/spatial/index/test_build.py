import pytest
import shapely

from gridgis.errors import GeometryError, InvalidInput
from gridgis.spatial.index import GridIndex, layout
from tests.spatial.index.sets import UNIT, polygon

SQUARE = polygon((0, 0), (10, 0), (10, 10), (0, 10))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(polygon((0, 0), (10, 0), (10, 10), (0, 10)), id="the-same"),
        pytest.param(polygon((2, 2), (8, 2), (8, 8), (2, 8)), id="wholly-inside"),
        pytest.param(polygon((-5, -5), (15, -5), (15, 15), (-5, 15)), id="wholly-around"),
        pytest.param(polygon((5, 5), (15, 5), (15, 15), (5, 15)), id="across-a-corner"),
        pytest.param(polygon((9, 0), (20, 0), (20, 10), (9, 10)), id="by-one-step"),
        pytest.param(polygon((0, 0), (10, 0), (10, 5), (0, 5)), id="lower-half-on-the-same-edges"),
        pytest.param(polygon((0, 10), (10, 10), (5, 9)), id="on-a-shared-edge-from-inside"),
        pytest.param(polygon((-5, 5), (15, 4), (15, 6)), id="across-without-a-vertex-inside"),
    ],
)
def test_grids_that_overlap_are_refused_by_name(other):
    with pytest.raises(GeometryError, match=r"grids '[ab]' and '[ab]' overlap near -?[0-9.e-]+, "):
        GridIndex.build(["b", "a"], [SQUARE, other])


def test_the_message_names_the_two_grids_and_no_third():
    squares = [polygon((x, 0), (x + 10, 0), (x + 10, 10), (x, 10)) for x in (0, 10, 20)]
    with pytest.raises(GeometryError) as refusal:
        GridIndex.build(
            ["left", "middle", "right", "late"], [*squares, polygon((21, 2), (28, 2), (25, 8))]
        )
    assert "'right'" in str(refusal.value)
    assert "'late'" in str(refusal.value)
    assert "middle" not in str(refusal.value)


def test_two_grids_that_overlap_beside_a_third_are_named():
    beside = polygon((3, 1), (3, 3), (3, 4), (4, 1))
    bent = polygon((1, 1), (0, 1), (0, 2), (2, 3), (3, 4), (3, 2), (3, 1))
    over = polygon((0, 1), (2, 0), (3, 1), (3, 4))
    with pytest.raises(GeometryError, match="grids 'bent' and 'over' overlap near "):
        GridIndex.build(["beside", "bent", "over"], [beside, bent, over])


def test_an_overlap_of_a_thousand_grids_is_found_wherever_it_is():
    squares = [
        polygon((x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10), unit=10_000)
        for x in range(0, 320, 10)
        for y in range(0, 320, 10)
    ]
    codes = [f"{n:04}" for n in range(len(squares))]
    assert len(GridIndex.build(codes, squares)) == 1024
    x, y, _, _ = (round(bound / UNIT) for bound in squares[700].bounds)
    moved = polygon((x - 1, y), (x + 100_000, y), (x + 100_000, y + 100_000), (x, y + 100_000))
    with pytest.raises(GeometryError, match="grids '0668' and '0700' overlap near "):
        GridIndex.build(codes, [*squares[:700], moved, *squares[701:]])


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(polygon((10, 10), (20, 10), (20, 20)), id="touching-at-a-vertex"),
        pytest.param(polygon((10, 2), (20, 2), (20, 8), (10, 8)), id="t-junctions-on-an-edge"),
        pytest.param(polygon((10, 5), (20, 0), (20, 10)), id="touching-an-edge-with-a-vertex"),
        pytest.param(polygon((11, 0), (20, 0), (20, 10), (11, 10)), id="gap-of-one-step"),
        pytest.param(
            shapely.MultiPolygon(
                [polygon((12, 0), (15, 0), (15, 5)), polygon((-9, 0), (-2, 0), (-5, 5))]
            ),
            id="in-two-parts",
        ),
    ],
)
def test_grids_that_only_touch_are_accepted(other):
    index = GridIndex.build(["a", "b"], [SQUARE, other])
    inner = shapely.get_parts(other)[0].representative_point()
    assert index.locate(inner.x, inner.y) == 1
    assert index.locate(5 * UNIT, 5 * UNIT) == 0


def test_a_grid_in_the_hole_of_another_is_accepted():
    ring = shapely.Polygon(SQUARE.exterior, [polygon((2, 2), (8, 2), (8, 8), (2, 8)).exterior])
    index = GridIndex.build(["a", "b"], [ring, polygon((2, 2), (8, 2), (8, 8), (2, 8))])
    assert [index.locate(x * UNIT, 5 * UNIT) for x in (1, 2, 5, 8, 9)] == [0, 0, 1, 0, 0]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param(shapely.Point(0, 0), "grid 'b' is not a polygon", id="point"),
        pytest.param(None, "grid 'b' is not a polygon", id="nothing"),
        pytest.param(shapely.Polygon(), "grid 'b' is empty", id="empty"),
        pytest.param(
            polygon((0, 0), (9, 9), (9, 0), (0, 9)), "grid 'b' is not valid", id="bow-tie"
        ),
        pytest.param(
            shapely.box(20, 20, 20 + UNIT / 3, 21),
            "grid 'b' is not valid",
            id="thinner-than-the-lattice",
        ),
        pytest.param(shapely.box(170, 0, 190, 10), "grid 'b' reaches beyond ±180", id="beyond-180"),
        pytest.param(shapely.box(30, 100, 31, 120), "grid 'b' reaches beyond", id="axes-swapped"),
    ],
)
def test_a_grid_that_cannot_be_used_is_named(bad, message):
    with pytest.raises(GeometryError, match=message):
        GridIndex.build(["a", "b"], [SQUARE, bad])


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        pytest.param(["a", "a"], "grid code 'a' occurs more than once", id="code-twice"),
        pytest.param(["a"], "1 codes do not fit 2 polygons", id="code-missing"),
    ],
)
def test_codes_that_cannot_be_used_are_refused(codes, message):
    with pytest.raises(InvalidInput, match=message):
        GridIndex.build(codes, [SQUARE, polygon((10, 0), (20, 0), (20, 10))])


def test_no_grids_are_refused():
    with pytest.raises(InvalidInput, match="there are no grids"):
        GridIndex.build([], [])


def test_a_set_too_large_for_its_offsets_is_refused(monkeypatch):
    monkeypatch.setattr(layout, "MAX_WORDS", 1000)
    with pytest.raises(InvalidInput, match="too large for one index"):
        GridIndex.build(["a"], [shapely.box(0, 0, 1, 1)])
