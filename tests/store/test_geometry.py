"""Polygons and positions come back bit for bit, in the order they were given."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from gridgis.spatial.lattice import to_degrees
from gridgis.store import tables
from gridgis.store.geometry import from_multipolygon_wkb, to_multipolygon_wkb, to_point_wkb

SQUARE = shapely.Polygon([(0, 0), (1, 0), (1, 1), (0, 1)])
DONUT = shapely.Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], holes=[[(1, 1), (1, 2), (2, 2), (2, 1)]])
TWO_PARTS = shapely.MultiPolygon([SQUARE, shapely.box(5, 5, 6, 6)])
ONE_PART = shapely.MultiPolygon([SQUARE])

lattice_points = st.tuples(
    st.integers(-180 * 10**9, 180 * 10**9), st.integers(-90 * 10**9, 90 * 10**9)
)


@pytest.mark.parametrize(
    ("given_polygon", "expected"),
    [
        pytest.param(SQUARE, SQUARE, id="a polygon"),
        pytest.param(DONUT, DONUT, id="a polygon with a hole"),
        pytest.param(TWO_PARTS, TWO_PARTS, id="two parts"),
        pytest.param(ONE_PART, SQUARE, id="one part comes back as a polygon"),
    ],
)
def test_polygons_come_back(given_polygon, expected):
    (back,) = from_multipolygon_wkb(to_multipolygon_wkb([given_polygon]))
    assert type(back) is type(expected)
    assert shapely.to_wkb(back) == shapely.to_wkb(expected)


def test_a_column_of_polygons_keeps_its_order_and_its_empty_rows():
    wkb = to_multipolygon_wkb([TWO_PARTS, SQUARE, DONUT])
    back = from_multipolygon_wkb([wkb[0], None, wkb[1], None, wkb[2]])
    assert list(back) == [TWO_PARTS, None, SQUARE, None, DONUT]


def test_a_column_without_rows():
    assert to_multipolygon_wkb([]) == []
    assert list(from_multipolygon_wkb([])) == []
    assert list(from_multipolygon_wkb([None, None])) == [None, None]


def test_a_point_is_written_lon_first():
    (wkb,) = to_point_wkb([-77.0365], [38.8977])
    assert shapely.from_wkb(wkb) == shapely.Point(-77.0365, 38.8977)


@given(st.lists(lattice_points, min_size=3, max_size=8, unique=True))
def test_every_vertex_comes_back_bit_for_bit(corners):
    polygon = shapely.Polygon(to_degrees(corners))
    (back,) = from_multipolygon_wkb(to_multipolygon_wkb([polygon]))
    assert shapely.get_coordinates(back).tobytes() == shapely.get_coordinates(polygon).tobytes()


def test_both_databases_give_back_the_bytes_they_were_given(store, now):
    # Ends of the range, numbers that no short decimal hits, and a negative zero.
    corners = np.array([[-180, -90], [180, 1 / 3], [np.nextafter(0.1, 1), 90], [-0.0, 5e-324]])
    wkb = to_multipolygon_wkb([shapely.Polygon(corners)])[0]
    with store.writing() as tx:
        tx.execute(insert(tables.layer).values(code="a", name="a"))
        tx.execute(
            insert(tables.edition).values(
                id=1,
                layer="a",
                number=1,
                valid_from=now,
                recorded_at=now,
                digest="",
                grid_count=0,
                area_m2=0.0,
                source={},
                outline=wkb,
            )
        )
    with store.reading() as tx:
        assert tx.scalar(select(tables.edition.c.outline)) == wkb


@pytest.mark.postgis
def test_postgis_refuses_a_kind_that_the_column_does_not_hold(postgis_store):
    with postgis_store.writing() as tx, pytest.raises(DBAPIError, match="does not match column"):
        tx.execute(
            insert(tables.residents).values(
                lon=0.0,
                lat=0.0,
                residents=1.0,
                area_code="a",
                position=to_multipolygon_wkb([SQUARE])[0],
            )
        )
