import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from gridgis.errors import GeometryError
from gridgis.spatial.clean import clean
from gridgis.spatial.lattice import to_degrees, to_lattice
from tests import zoo

NO_CHANGES = ()


def with_last_corner(lon):
    corners = np.array([[0, 0], [1, 0], [1, 1], [lon, 1], [0, 0]])
    return shapely.transform(shapely.box(0, 0, 1, 1), lambda _: corners)


@pytest.mark.parametrize(
    ("polygon", "changes"),
    [
        pytest.param(zoo.square(0, 0), NO_CHANGES, id="a square on the lattice"),
        pytest.param(zoo.WITH_HOLE["A"], NO_CHANGES, id="a ring"),
        pytest.param(zoo.MULTIPART["A"], NO_CHANGES, id="two parts"),
        pytest.param(shapely.reverse(zoo.WITH_HOLE["A"]), NO_CHANGES, id="the other way round"),
        pytest.param(zoo.ANTIMERIDIAN["A"], NO_CHANGES, id="up to the 180th meridian"),
        pytest.param(shapely.box(-180, -90, 180, 90), NO_CHANGES, id="the whole globe"),
        pytest.param(
            shapely.force_3d(zoo.square(0, 0), 12.5), ("heights dropped",), id="with heights"
        ),
        pytest.param(
            shapely.from_wkt("POLYGON M ((0 0 1, 1 0 2, 1 1 3, 0 0 1))"),
            ("measures dropped",),
            id="with measures",
        ),
        pytest.param(
            shapely.transform(
                shapely.force_3d(zoo.square(0, 0), 1.0),
                lambda corners: corners * [1, 1, math.nan],
                include_z=True,
            ),
            ("heights dropped",),
            id="with a height that is not a number",
        ),
        pytest.param(
            shapely.Polygon([(0, 0), (1, 0), (1, 0), (1, 1)]),
            ("1 repeated vertex removed",),
            id="a vertex that stands twice",
        ),
        pytest.param(
            shapely.Polygon([(0, 0), (1, 0), (1, 1e-10), (1, 2e-10), (1, 1)]),
            ("2 repeated vertices removed",),
            id="vertices nearer than the lattice",
        ),
        pytest.param(
            shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 0, 2 + 1e-10, 1)]),
            ("a detail thinner than 0.1 mm removed",),
            id="a part thinner than the lattice",
        ),
        pytest.param(
            shapely.Polygon(
                shapely.box(0, 0, 1, 1).exterior, [shapely.box(0.3, 0.3, 0.3 + 1e-10, 0.6).exterior]
            ),
            ("a detail thinner than 0.1 mm removed",),
            id="a hole thinner than the lattice",
        ),
    ],
)
def test_usable_polygon_is_flat_valid_oriented_and_says_what_changed(polygon, changes):
    cleaned = clean(polygon)
    assert cleaned.changes == changes
    made = cleaned.polygon
    assert made.is_valid
    assert shapely.get_coordinate_dimension(made) == 2
    assert all(part.exterior.is_ccw for part in shapely.get_parts(made))
    assert not any(hole.is_ccw for part in shapely.get_parts(made) for hole in part.interiors)
    assert made.symmetric_difference(shapely.force_2d(polygon)).area < 1e-9


def test_single_part_becomes_a_polygon():
    assert clean(shapely.MultiPolygon([zoo.square(0, 0)])).polygon == zoo.square(0, 0)


@pytest.mark.parametrize(
    ("polygon", "said"),
    [
        pytest.param(None, "has no geometry", id="nothing"),
        pytest.param(shapely.Point(0, 0), "is a Point, not a polygon", id="a point"),
        pytest.param(
            shapely.GeometryCollection([zoo.square(0, 0)]),
            "is a GeometryCollection, not a polygon",
            id="a collection",
        ),
        pytest.param(shapely.Polygon(), "is an empty polygon", id="an empty polygon"),
        pytest.param(
            with_last_corner(math.nan),
            "has a coordinate that is not a finite number",
            id="a coordinate that is not a number",
        ),
        pytest.param(
            with_last_corner(math.inf),
            "has a coordinate that is not a finite number",
            id="a coordinate at infinity",
        ),
        pytest.param(
            shapely.box(179.5, 0, 180.5, 1),
            "has a vertex at 180.5, 0",
            id="across the 180th meridian",
        ),
        pytest.param(
            shapely.box(397_000, 137_000, 398_000, 138_000),
            "has a vertex at 398000, 137000, outside lon -180 to 180, lat -90 to 90",
            id="metres",
        ),
        pytest.param(shapely.box(0, 0, 1e300, 1), r"vertex at 1e\+300, 0", id="beyond integers"),
        pytest.param(
            zoo.BOW_TIE,
            r"has an invalid border: Self-intersection\[0.0005 0.0005\]",
            id="a bow tie, with its place",
        ),
        pytest.param(
            shapely.box(0, 0, 1e-10, 1), "is thinner than 0.1 mm", id="thinner than the lattice"
        ),
    ],
)
def test_unusable_polygon_is_refused_in_words(polygon, said):
    with pytest.raises(GeometryError, match=said):
        clean(polygon)


corners = st.tuples(st.floats(-1e-8, 1e-8), st.floats(-1e-8, 1e-8))


@given(st.lists(corners, min_size=3, max_size=8), st.sampled_from([(0.0, 0.0), (-77.0, 39.0)]))
def test_tiny_polygon_is_refused_or_comes_out_valid_on_the_lattice(shape, place):
    polygon = shapely.Polygon(np.array(shape) + place)
    assume(polygon.is_valid and polygon.area > 0)
    try:
        made = clean(polygon).polygon
    except GeometryError:
        return
    vertices = shapely.get_coordinates(made)
    np.testing.assert_array_equal(vertices, to_degrees(to_lattice(vertices)))
    assert made.is_valid
    assert made.area > 0
    assert clean(made).polygon == made
    assert clean(made).changes == NO_CHANGES
