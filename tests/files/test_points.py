"""Points come from a vector file or a table, with the same attributes and places."""

import json

import pytest

from gridgis.errors import InvalidInput
from gridgis.files.points import read_points

GEOJSON = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "社区警务室"},
                "geometry": {"type": "Point", "coordinates": [113.5, 34.75]},
            }
        ],
    }
)
TABLE = "name,经度,纬度\n社区警务室,113.5,34.75\n无处,abc,34.75\n"


def test_a_table_gives_the_same_points_as_a_vector_file(tmp_path):
    (tmp_path / "points.geojson").write_text(GEOJSON, encoding="utf-8")
    (tmp_path / "points.csv").write_text(TABLE, encoding="gbk")
    of_vector = read_points(tmp_path / "points.geojson")
    of_table = read_points(tmp_path / "points.csv")
    assert of_table.file.frame.geometry[1].equals(of_vector.file.frame.geometry[1])
    assert of_table.file.frame["name"][1] == of_vector.file.frame["name"][1] == "社区警务室"
    assert of_vector.reasons == {}


def test_a_row_without_a_place_has_its_reason(tmp_path):
    (tmp_path / "points.csv").write_text(TABLE, encoding="utf-8")
    points = read_points(tmp_path / "points.csv")
    assert points.file.frame.geometry[2] is None
    assert list(points.reasons) == [2]
    assert "'abc' is not a number" in points.reasons[2]


def test_columns_of_a_projected_crs_are_named(tmp_path):
    # the square centre of UTM zone 50 N: 500 km east of its meridian at 117° E, on the equator
    (tmp_path / "points.csv").write_text('name,e,n\nA,"500,000.0",0\n', encoding="utf-8")
    points = read_points(tmp_path / "points.csv", lon="e", lat="n", crs="EPSG:32650")
    place = points.file.frame.geometry[1]
    assert (place.x, place.y) == pytest.approx((117.0, 0.0), abs=1e-9)


def test_a_table_without_coordinates_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("name\nA\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="--lon"):
        read_points(tmp_path / "points.csv")
