"""Service points, their areas and the residents: saved by code, found by kind, box and page."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput, NotFound
from gridgis.model.points import ResidentPoint, ServiceArea, ServicePoint
from gridgis.store import points

STATION = ServicePoint(
    code="p1",
    kind="police_station",
    name="第一派出所",
    lon=-77.036500001,
    lat=38.897700001,
    address="1 Main St",
    phone="311",
    hours="Mo-Fr 08:00-17:00",
    services=("reports", "lost property"),
    attributes={"district": 1, "share": 0.1},
)
FIRE = ServicePoint("f1", "fire_station", "Engine 1", -77.1, 38.9)
CENTRE = ServicePoint("c1", "service_centre", "Centre", -77.0, 38.8)


@pytest.fixture
def tx(store):
    with store.writing() as opened:
        yield opened


def test_points_come_back_by_code(tx):
    assert points.save_points(tx, [STATION, FIRE, CENTRE]) == (3, 0)
    assert points.load_points(tx) == [CENTRE, FIRE, STATION]


def test_the_same_points_again_change_nothing(tx):
    points.save_points(tx, [STATION, FIRE])
    assert points.save_points(tx, [STATION, FIRE]) == (0, 0)


def test_a_point_that_moved_is_changed_and_found_in_its_new_place(tx):
    points.save_points(tx, [STATION, FIRE])
    moved = replace(STATION, lon=10.0, lat=20.0, services=())
    assert points.save_points(tx, [moved, FIRE, CENTRE]) == (1, 1)
    assert points.load_points(tx) == [CENTRE, FIRE, moved]
    assert points.load_points(tx, bbox=(10.0, 20.0, 10.0, 20.0)) == [moved]
    assert points.load_points(tx, bbox=(-77.04, 38.89, -77.03, 38.9)) == []


def test_of_a_code_given_twice_the_last_counts(tx):
    assert points.save_points(tx, [STATION, replace(STATION, name="new")]) == (1, 0)
    assert [point.name for point in points.load_points(tx)] == ["new"]


def test_no_points(tx):
    assert points.save_points(tx, []) == (0, 0)
    assert points.load_points(tx) == []


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        pytest.param({"kind": "fire_station"}, ["f1"], id="of a kind"),
        pytest.param({"kind": "school"}, [], id="of a kind that is not there"),
        pytest.param({"codes": ["p1", "c1", "x"]}, ["c1", "p1"], id="of some codes"),
        pytest.param({"codes": []}, [], id="of no codes"),
        pytest.param({"after": "c1"}, ["f1", "p1"], id="the page after"),
        pytest.param({"after": "c1", "limit": 1}, ["f1"], id="a short page after"),
        pytest.param({"limit": 2}, ["c1", "f1"], id="the first page"),
        pytest.param({"bbox": (-77.1, 38.8, -77.0, 38.9)}, ["c1", "f1", "p1"], id="on the border"),
        pytest.param(
            {"bbox": (-77.1, 38.8, -77.000000001, 38.899999999)}, ["p1"], id="a hair inside"
        ),
        pytest.param(
            {"bbox": (-78, 38, -76, 39), "kind": "service_centre"}, ["c1"], id="box and kind"
        ),
    ],
)
def test_points_are_found(tx, question, codes):
    points.save_points(tx, [STATION, FIRE, CENTRE])
    assert [point.code for point in points.load_points(tx, **question)] == codes


def test_any_number_of_codes_may_be_asked(tx):
    points.save_points(tx, [STATION])
    codes = [f"x{number}" for number in range(70_000)] + ["p1"]
    assert points.load_points(tx, codes=codes) == [STATION]


@pytest.mark.parametrize("bbox", [(1, 0, 0, 1), (0, 1, 1, 0)])
def test_a_box_that_is_turned_around_is_refused(tx, bbox):
    with pytest.raises(InvalidInput, match="turned around; give west, south, east, north"):
        points.load_points(tx, bbox=bbox)


# A few metres wide, so that 32-bit boxes (about a metre here) reach beyond many borders.
nearby = st.integers(-30_000, 30_000)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    places=st.lists(st.tuples(nearby, nearby), min_size=1, max_size=10),
    corners=st.tuples(nearby, nearby, nearby, nearby),
)
def test_a_box_finds_what_brute_force_finds(sqlite_store, places, corners):
    spots = [
        ServicePoint(f"{number}", "k", "", (108_900_000_000 + i) / 1e9, (34_300_000_000 + j) / 1e9)
        for number, (i, j) in enumerate(places)
    ]
    west, east = sorted((108_900_000_000 + corner) / 1e9 for corner in corners[:2])
    south, north = sorted((34_300_000_000 + corner) / 1e9 for corner in corners[2:])
    with sqlite_store.writing() as tx:
        example = tx.begin_nested()
        points.save_points(tx, spots)
        found = points.load_points(tx, bbox=(west, south, east, north))
        example.rollback()
    assert found == [
        spot for spot in spots if west <= spot.lon <= east and south <= spot.lat <= north
    ]


@pytest.fixture
def area(now):
    circle = shapely.Point(0, 0).buffer(0.01)
    return ServiceArea("p1", 15, "walk", "circle", 5.0, 833.3, now, circle)


def test_areas_come_back_by_mode_and_minutes(tx, area):
    points.save_points(tx, [STATION, FIRE])
    ring = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(2, 2, 3, 3)])
    by_street = replace(area, minutes=5, method="network", radius_m=None, polygon=ring)
    by_bicycle = replace(area, mode="bicycle")
    other = replace(area, point="f1")
    points.save_areas(tx, [area, by_street, by_bicycle, other])
    assert points.load_areas(tx, "p1") == [by_bicycle, by_street, area]
    assert points.load_areas(tx, "c1") == []
    assert points.load_all_areas(tx, minutes=15, mode="walk") == [other, area]


def test_an_area_computed_again_takes_the_place_of_the_old(tx, area):
    points.save_points(tx, [STATION])
    points.save_areas(tx, [area])
    anew = replace(area, radius_m=900.0, polygon=shapely.box(0, 0, 1, 1))
    points.save_areas(tx, [anew])
    assert points.load_areas(tx, "p1") == [anew]


def test_an_area_of_no_point_is_not_found(tx, area):
    with pytest.raises(NotFound, match="there is no service point p1; import it before its area"):
        points.save_areas(tx, [area])
    points.save_areas(tx, [])


def test_residents_come_back_as_columns_and_are_replaced_whole(tx):
    points.replace_residents(tx, [ResidentPoint(1.0, 2.0, 3.5, "a")])
    points.replace_residents(
        tx, [ResidentPoint(-77.1, 38.9, 12.25, "b"), ResidentPoint(-77.0, 38.8, 0.0, "b")]
    )
    lon, lat, residents = points.load_residents(tx)
    np.testing.assert_array_equal(lon, [-77.1, -77.0])
    np.testing.assert_array_equal(lat, [38.9, 38.8])
    np.testing.assert_array_equal(residents, [12.25, 0.0])


def test_no_residents(tx):
    points.replace_residents(tx, [])
    assert [column.shape for column in points.load_residents(tx)] == [(0,), (0,), (0,)]
