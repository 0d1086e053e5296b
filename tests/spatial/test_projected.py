"""Polygons of a projected CRS come to degrees with their borders closed."""

import pytest
import shapely

from gridgis.spatial.projected import bring_to_degrees


def test_a_t_junction_in_a_projected_file_is_named_with_its_place():
    # A and B meet at x = 500,100 on the south side of D, which has no vertex there
    polygons = {
        "A": shapely.box(500_000, 0, 500_100, 100),
        "B": shapely.box(500_100, 0, 500_200, 100),
        "D": shapely.box(500_000, 100, 500_200, 200),
    }
    moved, added = bring_to_degrees(polygons, "EPSG:32650")
    assert [(vertex.lacking, vertex.owner) for vertex in added] in ([("D", "A")], [("D", "B")])
    # 100 m east of the meridian 117° E and 100 m north of the equator
    assert added[0].lon == pytest.approx(117 + 100 / 0.9996 / 111_319.49, abs=1e-8)
    assert added[0].lat == pytest.approx(100 / 0.9996 / 110_574.28, abs=1e-8)
    assert shapely.get_num_coordinates(moved["D"]) == 6


def test_degrees_of_wgs84_and_cgcs2000_stay_as_they_are():
    polygon = shapely.box(117, 0, 117.001, 0.001)
    for crs in ("EPSG:4326", "EPSG:4490"):
        moved, added = bring_to_degrees({"A": polygon}, crs)
        assert moved["A"] is polygon
        assert added == []
