import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import GeometryError
from gridgis.spatial.circle import circle, find_nearest, spread, within_circles
from gridgis.spatial.lattice import WGS84, distance_m, to_degrees, to_lattice

# one degree along the equator, a circle of radius 6 378 137 m: 6378137 · π / 180
EQUATOR_DEGREE_M = 111_319.490_793_27
# one degree along a meridian from the equator (tables of the WGS84 ellipsoid)
MERIDIAN_DEGREE_M = 110_574.388_558

longitudes = st.floats(-179.0, 179.0)
latitudes = st.floats(-80.0, 80.0)


def test_corner_due_east_on_the_equator_is_one_degree_away():
    corners = shapely.get_coordinates(circle(10.0, 0.0, EQUATOR_DEGREE_M, vertices=4))
    east = corners[corners[:, 0].argmax()]
    assert east == pytest.approx([11.0, 0.0], abs=1e-9)


def test_first_corner_is_due_north():
    corners = shapely.get_coordinates(circle(10.0, 0.0, MERIDIAN_DEGREE_M, vertices=4))
    assert corners[0] == pytest.approx([10.0, 1.0], abs=1e-9)


@given(longitudes, latitudes, st.floats(1.0, 20_000.0), st.integers(3, 128))
def test_circle_is_a_simple_lattice_polygon_with_corners_at_the_radius(
    lon, lat, radius_m, vertices
):
    if abs(lon) > 178.0:
        lon = math.copysign(178.0, lon)
    polygon = circle(lon, lat, radius_m, vertices=vertices)
    corners = shapely.get_coordinates(polygon)[:-1]
    assert polygon.is_valid
    assert polygon.exterior.is_ccw
    assert len(corners) == vertices
    np.testing.assert_array_equal(corners, to_degrees(to_lattice(corners)))
    # the lattice moves a corner by at most 0.08 mm
    for corner in corners:
        assert distance_m(lon, lat, *corner) == pytest.approx(radius_m, abs=1e-4)


@pytest.mark.parametrize(
    ("lon", "lat", "radius_m", "vertices", "said"),
    [
        pytest.param(0.0, 0.0, 0.5, 64, "radius 0.5 m", id="smaller than a metre"),
        pytest.param(0.0, 0.0, math.nan, 64, "radius nan m", id="radius is not a number"),
        pytest.param(0.0, 0.0, 1e6 + 1, 64, "use 1 to 1,000,000 m", id="larger than 1000 km"),
        pytest.param(0.0, 0.0, 100.0, 2, "2 corners", id="two corners"),
        pytest.param(181.0, 0.0, 100.0, 64, "centre 181.0, 0.0", id="centre outside longitudes"),
        pytest.param(0.0, math.nan, 100.0, 64, "centre 0.0, nan", id="centre without latitude"),
        pytest.param(179.999, 0.0, 1000.0, 64, "180th meridian", id="across the 180th meridian"),
        pytest.param(0.0, 89.999, 1000.0, 64, "reaches a pole", id="around the north pole"),
        pytest.param(0.0, -89.999, 1000.0, 64, "reaches a pole", id="around the south pole"),
    ],
)
def test_circle_that_cannot_be_drawn_is_refused_in_words(lon, lat, radius_m, vertices, said):
    with pytest.raises(GeometryError, match=said):
        circle(lon, lat, radius_m, vertices=vertices)


# At the equator 0.003° x 0.002° is 334 m x 221 m: at 120 m, three columns and two rows.
#   lat .0015   4  5  6
#   lat .0005   1  2  3
#         lon .0005 .0015 .0025
BLOCK = shapely.box(0.0, 0.0, 0.003, 0.002)


def test_rectangle_gets_a_point_in_the_middle_of_each_cell():
    lon, lat, residents = spread(BLOCK, 60.0, 120.0)
    assert lon.tolist() == [0.0005, 0.0015, 0.0025, 0.0005, 0.0015, 0.0025]
    assert lat.tolist() == [0.0005, 0.0005, 0.0005, 0.0015, 0.0015, 0.0015]
    assert residents.tolist() == [10.0] * 6


def test_hole_gets_no_points():
    courtyard = shapely.box(0.001, 0.001, 0.002, 0.002)
    lon, lat, residents = spread(shapely.difference(BLOCK, courtyard), 60.0, 120.0)
    assert (0.0015, 0.0015) not in set(zip(lon, lat, strict=True))
    assert residents.tolist() == [12.0] * 5


def test_parts_of_one_area_share_its_count():
    islands = shapely.union(
        shapely.box(0.0, 0.0, 0.001, 0.001), shapely.box(0.002, 0, 0.003, 0.001)
    )
    lon, _, residents = spread(islands, 7.0, 120.0)
    assert lon.tolist() == [0.0005, 0.0025]
    assert residents.tolist() == [3.5, 3.5]


def test_polygon_between_the_cell_centres_gets_one_point_inside():
    # a thin L along the west and south sides, which no cell centre of 334 m x 334 m meets
    thin = shapely.Polygon(
        [(0, 0), (0.003, 0), (0.003, 0.0001), (0.0001, 0.0001), (0.0001, 0.003), (0, 0.003)]
    )
    lon, lat, residents = spread(thin, 5.0, 400.0)
    assert residents.tolist() == [5.0]
    assert shapely.contains_xy(thin, lon[0], lat[0])


@given(
    st.floats(-170.0, 170.0),
    st.floats(-70.0, 70.0),
    st.floats(0.0, 1e9),
    st.floats(30.0, 500.0),
)
def test_spread_keeps_the_sum_and_stays_inside(lon, lat, weight, spacing_m):
    place = circle(lon, lat, 400.0, vertices=7)
    first = spread(place, weight, spacing_m)
    assert math.fsum(first[2]) == pytest.approx(weight, rel=1e-15, abs=1e-9)
    assert shapely.covers(place.buffer(1e-9), shapely.points(first[0], first[1])).all()
    for one, again in zip(first, spread(place, weight, spacing_m), strict=True):
        np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize(
    ("polygon", "weight", "spacing_m", "said"),
    [
        pytest.param(shapely.Polygon(), 1.0, 50.0, "empty polygon", id="no area"),
        pytest.param(BLOCK, -1.0, 50.0, "count -1", id="fewer than nobody"),
        pytest.param(BLOCK, math.inf, 50.0, "count inf", id="infinitely many"),
        pytest.param(BLOCK, 1.0, 0.0, "spacing 0.0 m", id="no spacing"),
        pytest.param(BLOCK, 1.0, 0.01, "10,000,000", id="a spacing of a centimetre"),
    ],
)
def test_count_that_cannot_be_spread_is_refused_in_words(polygon, weight, spacing_m, said):
    with pytest.raises(GeometryError, match=said):
        spread(polygon, weight, spacing_m)


@pytest.mark.parametrize(
    ("lon", "lat", "radius_m", "expected"),
    [
        pytest.param(1.0, 0.0, EQUATOR_DEGREE_M + 1e-3, True, id="a millimetre inside the rim"),
        pytest.param(1.0, 0.0, EQUATOR_DEGREE_M - 1e-3, False, id="a millimetre outside the rim"),
        pytest.param(0.0, 1.0, MERIDIAN_DEGREE_M + 1e-3, True, id="inside along the meridian"),
        pytest.param(0.0, 1.0, MERIDIAN_DEGREE_M - 1e-3, False, id="outside along the meridian"),
        pytest.param(0.0, 0.0, 1.0, True, id="the centre itself"),
        pytest.param(math.nan, 0.0, 1.0, False, id="a point without a longitude"),
        pytest.param(0.0, math.inf, 1.0, False, id="a point at infinity"),
    ],
)
def test_within_one_circle_around_null_island(lon, lat, radius_m, expected):
    assert within_circles([lon], [lat], [0.0], [0.0], radius_m).tolist() == [expected]


def test_circles_reach_across_the_180th_meridian():
    # 0.002° of the equator: 222.6 m
    assert within_circles([-179.999], [0.0], [179.999], [0.0], 223.0).tolist() == [True]
    assert within_circles([-179.999], [0.0], [179.999], [0.0], 222.0).tolist() == [False]


def test_each_circle_has_its_own_radius():
    inside = within_circles([0.001, 1.001], [0.0, 0.0], [0.0, 1.0], [0.0, 0.0], [200.0, 100.0])
    assert inside.tolist() == [True, False]


def test_no_circle_holds_no_point():
    assert within_circles([0.0, 1.0], [0.0, 1.0], [], [], 833.0).tolist() == [False, False]


def test_radius_out_of_range_is_refused():
    with pytest.raises(GeometryError, match="radius 0 m"):
        within_circles([0.0], [0.0], [0.0], [0.0], 0.0)


def test_nearest_of_two_centres_on_the_equator():
    number, found_m = find_nearest([0.25, 0.75, 2.0], [0.0] * 3, [0.0, 1.0], [0.0, 0.0])
    assert number.tolist() == [0, 1, 1]
    degrees = np.array([0.25, 0.25, 1.0])
    np.testing.assert_allclose(found_m, degrees * EQUATOR_DEGREE_M, atol=1e-6)


def test_first_of_equal_centres_is_nearest():
    number, _ = find_nearest([0.0], [0.0], [5.0, 5.0], [1.0, 1.0])
    assert number.tolist() == [0]


def test_nothing_is_nearest_without_a_position_or_a_centre():
    number, found_m = find_nearest([math.nan, 0.0], [0.0, 0.0], [1.0], [1.0])
    assert number.tolist() == [-1, 0]
    assert found_m[0] == math.inf
    number, found_m = find_nearest([0.0], [0.0], [], [])
    assert (number.tolist(), found_m.tolist()) == ([-1], [math.inf])


@given(
    st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)), min_size=1, max_size=20),
    st.lists(st.tuples(st.floats(-0.05, 0.05), st.floats(-0.05, 0.05)), min_size=1, max_size=6),
    longitudes,
    latitudes,
    st.floats(1.0, 5_000.0),
)
def test_circles_and_nearest_agree_with_every_geodesic(points, centres, lon, lat, radius_m):
    points = np.add(points, [lon, lat])
    centres = np.add(centres, [lon, lat])
    every_m = np.array([[distance_m(*point, *centre) for centre in centres] for point in points])
    inside = within_circles(points[:, 0], points[:, 1], centres[:, 0], centres[:, 1], radius_m)
    np.testing.assert_array_equal(inside, every_m.min(axis=1) <= radius_m)
    _, found_m = find_nearest(points[:, 0], points[:, 1], centres[:, 0], centres[:, 1])
    np.testing.assert_allclose(found_m, every_m.min(axis=1), atol=1e-3)


def test_ten_thousand_points_agree_with_every_geodesic_of_thirty_circles():
    random = np.random.default_rng(7)
    lon, lat = random.uniform(112.0, 112.3, 10_000), random.uniform(37.8, 38.1, 10_000)
    centres_lon, centres_lat = random.uniform(112.0, 112.3, 30), random.uniform(37.8, 38.1, 30)
    every_m = np.array(
        [
            WGS84.inv(lon, lat, np.full_like(lon, east), np.full_like(lat, north))[2]
            for east, north in zip(centres_lon, centres_lat, strict=True)
        ]
    )
    number, found_m = find_nearest(lon, lat, centres_lon, centres_lat)
    np.testing.assert_array_equal(number, every_m.argmin(axis=0))
    np.testing.assert_allclose(found_m, every_m.min(axis=0), atol=1e-6)
    inside = within_circles(lon, lat, centres_lon, centres_lat, 833.0)
    np.testing.assert_array_equal(inside, every_m.min(axis=0) <= 833.0)
