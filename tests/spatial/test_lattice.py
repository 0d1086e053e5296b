import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.spatial.lattice import (
    area_m2,
    distance_m,
    length_m,
    metres_per_degree,
    snap,
    snap_position,
    to_degrees,
    to_lattice,
)
from tests import zoo

# one degree along the equator of WGS84, radius 6,378,137 m, and along a meridian at the equator,
# radius of curvature a (1 - e²) = 6,335,439.327 m: times π / 180
EQUATOR_DEGREE_M = 6_378_137 * math.pi / 180
MERIDIAN_DEGREE_M = 6_335_439.327 * math.pi / 180

lattice_integers = st.integers(-180 * 10**9, 180 * 10**9)


@given(st.lists(lattice_integers, min_size=1, max_size=20))
def test_every_lattice_integer_of_the_globe_comes_back_from_degrees(integers):
    assert to_lattice(to_degrees(integers)).tolist() == integers


@given(lattice_integers)
def test_degrees_print_as_the_decimal_they_stand_for(integer):
    degrees = to_degrees(integer)
    written = repr(float(degrees))
    assert float(f"{degrees:.9f}") == degrees
    assert integer == round(float(written) * 10**9)
    assert float(f"{integer}e-9") == degrees


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [
        pytest.param(-77.0365, -77_036_500_000, id="Washington"),
        pytest.param(1e-9, 1, id="one step"),
        pytest.param(0.4e-9, 0, id="less than half a step"),
        pytest.param(0.5e-9, 0, id="a tie goes to the even side"),
        pytest.param(-180.0, -180_000_000_000, id="the 180th meridian"),
    ],
)
def test_degrees_round_to_lattice(degrees, expected):
    assert to_lattice(degrees) == expected


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_one_position_goes_where_arrays_go(lon, lat):
    on_lattice = to_degrees(to_lattice([lon, lat]))
    # as bytes: the answers are compared and kept as text, where 0.0 is not -0.0
    assert np.array(snap_position(lon, lat)).tobytes() == on_lattice.tobytes()


def test_shape_is_kept():
    assert to_degrees(to_lattice(np.zeros((3, 2)))).shape == (3, 2)
    assert to_lattice([]).shape == (0,)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_snap_moves_less_than_a_step_and_only_once(lon, lat):
    once = snap(shapely.Point(lon, lat))
    assert abs(once.x - lon) <= 0.51e-9
    assert abs(once.y - lat) <= 0.51e-9
    assert snap(once) == once


def test_square_of_a_hundred_metres_has_ten_thousand_square_metres():
    east, north = 100 / EQUATOR_DEGREE_M, 100 / MERIDIAN_DEGREE_M
    assert area_m2(shapely.box(0, 0, east, north)) == pytest.approx(10_000, rel=1e-3)
    # at 60° the parallel is half as long in a sphere; a sin² term apart on the ellipsoid:
    # radius a cos φ / sqrt(1 - e² sin² φ) with e² = 0.00669438 gives 55,800.0 m a degree,
    # radius a (1 - e²) / (1 - e² sin² φ)^1.5 gives 111,412.3 m
    north_box = shapely.box(10, 60, 10 + 100 / 55_800.0, 60 + 100 / 111_412.3)
    assert area_m2(north_box) == pytest.approx(10_000, rel=1e-3)


def test_square_of_the_zoo_has_its_area():
    assert area_m2(zoo.square(0, 0)) == pytest.approx(zoo.SQUARE_M2, rel=1e-6)


def test_hole_is_taken_off_and_parts_are_added():
    assert area_m2(zoo.WITH_HOLE["A"]) == pytest.approx(8 * zoo.SQUARE_M2, rel=1e-6)
    assert area_m2(zoo.MULTIPART["A"]) == pytest.approx(3 * zoo.SQUARE_M2, rel=1e-6)


def test_area_does_not_depend_on_the_direction_of_the_border():
    backwards = shapely.reverse(zoo.WITH_HOLE["A"])
    assert area_m2(backwards) == pytest.approx(float(area_m2(zoo.WITH_HOLE["A"])), rel=1e-12)


def test_area_of_an_array_has_its_shape_and_what_is_no_polygon_has_none():
    shapes = np.array([zoo.square(0, 0), shapely.Point(0, 0), shapely.LineString([(0, 0), (1, 1)])])
    assert area_m2(shapes).tolist() == [pytest.approx(zoo.SQUARE_M2, rel=1e-6), 0.0, 0.0]
    assert area_m2(zoo.square(0, 0)).shape == ()


def test_perimeter_of_a_square_and_length_of_its_border_agree():
    around_m = 2 * zoo.SIDE * (EQUATOR_DEGREE_M + MERIDIAN_DEGREE_M)
    assert length_m(zoo.square(0, 0)) == pytest.approx(around_m, rel=1e-6)
    assert length_m(zoo.square(0, 0).boundary) == pytest.approx(around_m, rel=1e-6)


def test_hole_counts_in_the_perimeter():
    one = length_m(zoo.square(0, 0))
    assert length_m(zoo.WITH_HOLE["A"]) == pytest.approx(3 * one + one, rel=1e-6)


def test_distance_crosses_the_180th_meridian():
    across_m = distance_m(179.9995, 0, -179.9995, 0)
    assert across_m == pytest.approx(0.001 * EQUATOR_DEGREE_M, rel=1e-9)


@pytest.mark.parametrize(
    ("lat", "east_m", "north_m"),
    [
        pytest.param(0.0, EQUATOR_DEGREE_M, MERIDIAN_DEGREE_M, id="equator"),
        pytest.param(60.0, 55_800.0, 111_412.3, id="60 degrees north"),
        pytest.param(-60.0, 55_800.0, 111_412.3, id="60 degrees south"),
        pytest.param(90.0, 0.0, 111_693.98, id="pole"),
    ],
)
def test_metres_per_degree(lat, east_m, north_m):
    assert metres_per_degree(lat) == pytest.approx((east_m, north_m), rel=1e-6, abs=1e-6)


@given(st.floats(-80, 80), st.floats(-170, 170), st.floats(0, 2 * math.pi))
def test_plane_of_metres_per_degree_agrees_with_the_geodesic_within_a_kilometre(lat, lon, turn):
    east_m, north_m = metres_per_degree(lat)
    dx_m, dy_m = 1000 * math.cos(turn), 1000 * math.sin(turn)
    geodesic_m = distance_m(lon, lat, lon + dx_m / east_m, lat + dy_m / north_m)
    # the parallels shorten by tan φ · 1 km / radius: 9e-4 at 80°, half of it on average
    assert geodesic_m == pytest.approx(1000, rel=2e-4 * (1 + abs(math.tan(math.radians(lat)))))
