import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.spatial.index import GridIndex
from gridgis.spatial.lattice import distance_m
from tests.spatial.index import oracle
from tests.spatial.index.sets import UNIT, jagged_grids, polygon, world_grids
from tests.tilings import PLACES, tilings

MILLIMETRE = 1e-3


@pytest.fixture
def row_of_three():
    """Three squares of 0.01 degree in a row on the equator, coded a, b, c from west to east."""
    return GridIndex.build(
        ["a", "b", "c"], [shapely.box(x / 100, 0, (x + 1) / 100, 0.01) for x in range(3)]
    )


@pytest.mark.parametrize(
    ("point", "nearest", "grid", "neighbour"),
    [
        pytest.param((0.012, 0.005), (0.01, 0.005), 1, 0, id="nearest-in-the-west"),
        pytest.param((0.018, 0.005), (0.02, 0.005), 1, 2, id="nearest-in-the-east"),
        pytest.param((0.015, 0.001), (0.015, 0.0), 1, -1, id="nearest-is-the-outside"),
        pytest.param((0.004, 0.005), (0.0, 0.005), 0, -1, id="outside-nearer-than-the-neighbour"),
        pytest.param((0.015, 0.012), (0.015, 0.01), -1, 1, id="from-outside-to-an-edge"),
        pytest.param((0.033, 0.014), (0.03, 0.01), -1, 2, id="from-outside-to-a-corner"),
        pytest.param((0.01, 0.013), (0.01, 0.01), -1, 0, id="from-outside-to-a-corner-of-two"),
        pytest.param((0.01, 0.005), (0.01, 0.005), 0, 1, id="on-a-shared-border"),
        pytest.param((0.03, 0.005), (0.03, 0.005), 2, -1, id="on-the-outline"),
    ],
)
def test_distance_and_neighbour_in_a_row_of_squares(row_of_three, point, nearest, grid, neighbour):
    border = row_of_three.border(*point)
    assert (border.grid, border.neighbour) == (grid, neighbour)
    assert border.distance_m == pytest.approx(distance_m(*point, *nearest), abs=MILLIMETRE)


def test_distance_is_exactly_zero_on_a_border_and_not_one_step_off():
    index = GridIndex.build(
        ["a", "b"], [polygon((0, 0), (30, 20), (0, 20)), polygon((0, 0), (30, 0), (30, 20))]
    )
    on_the_diagonal = [(0, 0), (3, 2), (15, 10), (30, 20)]
    assert [index.border(x * UNIT, y * UNIT).distance_m for x, y in on_the_diagonal] == [0.0] * 4
    assert 0 < index.border(4 * UNIT, 2 * UNIT).distance_m < 2e-4


def test_of_equally_near_neighbours_the_smallest_number_is_named():
    columns = [polygon((x, -90), (x + 20, -90), (x + 20, 90), (x, 90)) for x in (-30, -10, 10)]
    index = GridIndex.build(["z", "m", "k"], columns)
    border = index.border(0.0, 0.0)
    assert (index.codes[border.grid], index.codes[border.neighbour]) == ("m", "k")


def test_nothing_within_reach_is_infinitely_far(row_of_three):
    far = row_of_three.border(0.005, 0.005, max_m=100.0)
    assert far == (0, math.inf, -1)
    assert row_of_three.border(0.005, 0.005, max_m=600.0).distance_m < 600.0
    assert row_of_three.border(90.0, 45.0, max_m=1000.0) == (-1, math.inf, -1)


def test_from_another_continent_the_nearest_grid_is_named(row_of_three):
    border = row_of_three.border(8.0, 0.005)
    assert (border.grid, border.neighbour) == (-1, 2)
    assert border.distance_m == pytest.approx(distance_m(8.0, 0.005, 0.03, 0.005), rel=1e-3)


@given(tilings(merged=True), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_distance_is_geodesic_to_the_millimetre_and_the_neighbour_lies_there(tiling, seed):
    polygons = list(tiling.polygons.values())
    low, high = shapely.total_bounds(polygons).reshape(2, 2)
    margin = 0.3 * (high - low)
    points = np.random.default_rng(seed).uniform(low - margin, high + margin, (8, 2))
    assert_measures_truly(polygons, np.clip(points, (-180, -90), (180, 90)))


@pytest.mark.parametrize("lat", [0.0, 30.0, -45.0, 60.0, 75.0, 85.0])
def test_distance_within_500_m_is_geodesic_at_every_latitude(lat):
    height = 0.027  # 3 km
    width = height / math.cos(math.radians(lat))
    bounds = np.round([100.0, lat, 100.0 + width, lat + height], 9)
    points = np.random.default_rng(6).uniform(bounds[:2], bounds[2:], (40, 2))
    assert_measures_truly(jagged_grids(bounds, 3, 3), points)


def test_one_point_is_measured_like_many():
    polygons = world_grids()
    index = GridIndex.build([f"{n:02}" for n in range(len(polygons))], polygons)
    points = np.random.default_rng(2).uniform((-180, -90), (180, 90), (200, 2))
    many = list(zip(*(column.tolist() for column in index.border_many(*points.T)), strict=True))
    assert [tuple(index.border(*point)) for point in points] == many


def test_a_point_beside_a_border_of_72_degrees_is_measured():
    index = GridIndex.build(
        ["n", "s"],
        [
            shapely.Polygon([(-36, -6), (36, 6), (36, 40), (-36, 40)]),
            shapely.Polygon([(-36, -6), (-36, -40), (36, -40), (36, 6)]),
        ],
    )
    lon, lat = 12.0, 2.003
    distances, _ = oracle.measure(
        [shapely.Polygon([(-36, -6), (36, 6), (36, 40), (-36, 40)])], 0, lon, lat
    )
    border = index.border(lon, lat)
    assert (border.grid, border.neighbour) == (0, 1)
    assert 300 < border.distance_m < 400
    assert border.distance_m == pytest.approx(distances.min(), abs=MILLIMETRE)


@pytest.mark.parametrize(("west", "south"), PLACES)
def test_distance_is_the_same_to_the_last_bit_from_any_raster(west, south):
    lon, lat = west + 0.0031, south + 0.0022
    near = shapely.box(*np.round([west, south, west + 0.01, south + 0.01], 9))
    far = shapely.box(20, 0, 21, 1)
    alone = GridIndex.build(["a"], [near]).border(lon, lat)
    assert GridIndex.build(["a", "b"], [near, far]).border(lon, lat) == alone


def assert_measures_truly(polygons, points):
    """Compare distance and neighbour of each point with the geodesic search over all borders."""
    index = GridIndex.build([f"{n:02}" for n in range(len(polygons))], polygons)
    points = np.round(points, 9)
    for lon, lat in points:
        border = index.border(lon, lat)
        distances, beyond = oracle.measure(polygons, border.grid, lon, lat)
        assert border.distance_m == pytest.approx(distances.min(), abs=MILLIMETRE)
        assert border.neighbour in beyond[distances < distances.min() + 2 * MILLIMETRE]
