from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from gridgis.errors import CrsError, GeometryError, InvalidInput
from gridgis.files.vector import read_vector
from tests.files.builders import collection, feature, ring, square

Save = Callable[[str, Any], Path]


def test_columns_keep_text_whole_numbers_and_order(save: Save) -> None:
    path = save(
        "g.geojson",
        collection(
            square(1, 2, code="007", residents=12, open=True, share=1),
            square(2, 2, code="8", residents=None, open=False, share=0.5, extra={"a": [1]}),
        ),
    )
    frame = read_vector(path).frame
    assert list(frame.columns) == ["code", "residents", "open", "share", "extra", "geometry"]
    assert frame["code"].tolist() == ["007", "8"]
    assert frame["residents"].iloc[0] == 12
    assert str(frame["residents"].dtype) == "Int64"
    assert frame["open"].tolist() == [True, False]
    assert frame["share"].tolist() == [1.0, 0.5]
    assert frame["extra"].tolist() == [None, '{"a":[1]}']


def test_the_id_of_a_feature_is_a_column_unless_there_is_one(save: Save) -> None:
    with_id = {**square(1, 2, code="A"), "id": "42"}
    assert read_vector(save("a.geojson", collection(with_id))).frame["id"].tolist() == ["42"]
    both = {**square(1, 2, id="own"), "id": "42"}
    assert read_vector(save("b.geojson", collection(both))).frame["id"].tolist() == ["own"]


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(square(1, 2), id="bare-feature"),
        pytest.param(square(1, 2)["geometry"], id="bare-geometry"),
        pytest.param({**square(1, 2), "properties": None}, id="null-properties"),
    ],
)
def test_a_single_feature_is_read(save: Save, tree: Any) -> None:
    frame = read_vector(save("g.geojson", tree)).frame
    assert shapely.equals(frame.geometry.tolist(), shapely.Polygon(ring(1, 2))).tolist() == [True]


def test_an_empty_collection_has_no_features(save: Save) -> None:
    file = read_vector(save("g.geojson", collection()))
    assert len(file.frame) == 0
    assert file.crs == "EPSG:4326"


@pytest.mark.parametrize(
    ("start", "encoding"),
    [
        pytest.param(b"\xef\xbb\xbf", "utf-8", id="byte-order-mark"),
        pytest.param(b"\n \t", "utf-8", id="white-space"),
        pytest.param(b"", "utf-16", id="utf-16"),
        pytest.param(b"", "gb18030", id="gbk"),
    ],
)
def test_text_encodings_are_found(save: Save, start: bytes, encoding: str) -> None:
    text = '{"type":"Feature","properties":{"name":"杏花岭区"},"geometry":null}'
    file = read_vector(save("g.geojson", start + text.encode(encoding)))
    assert file.frame["name"].tolist() == ["杏花岭区"]
    assert file.encoding == (None if encoding == "utf-8" else encoding)


def test_a_line_a_feature_with_record_separators(save: Save) -> None:
    line = '{"type":"Feature","properties":{"code":"%d"},"geometry":null}'
    text = "".join(f"\x1e{line % number}\r\n" for number in (1, 2)) + "\n"
    file = read_vector(save("g.geojsons", text))
    assert file.kind == "GeoJSONSeq"
    assert file.frame["code"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        pytest.param('{"type": "FeatureCollection", "features": [', "is cut off", id="cut"),
        pytest.param('{"a": NaN}', "line 1: NaN and Infinity are not numbers", id="nan"),
        pytest.param('{"a":\n -Infinity}', "line 2: NaN and Infinity", id="infinity"),
        pytest.param('{"a": 1e999}', "is not JSON", id="too-large-a-number"),
        pytest.param('{"a": 1,\n\n oops}', "line 3 column 2 is not JSON", id="garbage"),
        pytest.param("[" * 5000 + "]" * 5000, "is nested too deeply", id="deep"),
        pytest.param('{"type": 1, "type": 2}', "the key 'type' stands twice", id="doubled-key"),
        pytest.param(
            '{"a": {"b": ":", "b": 2}}', "the key 'b' stands twice", id="doubled-inner-key"
        ),
        pytest.param("[1, 2]", "is JSON but not GeoJSON", id="a-list"),
        pytest.param('{"hello": 1}', "is JSON but not GeoJSON", id="something-else"),
        pytest.param(
            '{"type":"FeatureCollection"}', "without a list of features", id="no-features"
        ),
        pytest.param('{"geometryType": "esriGeometryPolygon"}', "is Esri JSON", id="esri"),
        pytest.param(
            '{"type":"FeatureCollection","features":[{"type":"Feature"},{"type":"Polygon"}]}',
            "feature 2 is not a GeoJSON Feature",
            id="a-geometry-for-a-feature",
        ),
        pytest.param(
            '{"type":"Feature","properties":[1],"geometry":null}',
            "feature 1: its properties are not an object",
            id="list-of-properties",
        ),
        pytest.param('{"type":"Feature"}\n{"type":"Fea', "line 2 is cut off", id="cut-line"),
    ],
)
def test_what_is_not_geojson_is_refused(save: Save, text: str, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_vector(save("g.geojson", text))
    assert phrase in str(caught.value)


def test_keys_are_counted_as_they_are_written(save: Save) -> None:
    properties = {'a"b\\': '": {"', "b": [{"c": '":'}, {"c": "\\"}], "": "杏:"}
    frame = read_vector(save("g.geojson", collection(feature(None, **properties)))).frame
    assert frame['a"b\\'].tolist() == ['": {"']


@pytest.mark.parametrize(
    ("geometry", "phrase"),
    [
        pytest.param({"type": "Polygon"}, "it has no coordinates", id="no-coordinates"),
        pytest.param({"type": "Square", "coordinates": []}, "its type is not one of", id="type"),
        pytest.param(
            {"type": "Polygon", "coordinates": [ring(1, 2)[:-1]]},
            "a ring does not end where it starts",
            id="open-ring",
        ),
        pytest.param(
            {"type": "Polygon", "coordinates": ring(1, 2)}, "nested wrongly", id="flat-ring"
        ),
        pytest.param({"type": "Point", "coordinates": ["1", "2"]}, "not a number", id="text"),
        pytest.param({"type": "Point", "coordinates": [None, 2]}, "not a number", id="null"),
        pytest.param({"type": "Point", "coordinates": [1]}, "has one number", id="one-number"),
        pytest.param({"type": "Point", "coordinates": [1, 2, 3, 4]}, "more than three", id="four"),
        pytest.param(
            {"type": "LineString", "coordinates": [[1, 2]]}, "too few points", id="short-line"
        ),
        pytest.param("POINT (1 2)", "it is not a GeoJSON geometry", id="wkt"),
    ],
)
def test_a_broken_geometry_is_refused_naming_the_feature(
    save: Save, geometry: Any, phrase: str
) -> None:
    path = save("g.geojson", collection(square(1, 2), feature(geometry)))
    with pytest.raises(GeometryError) as caught:
        read_vector(path)
    assert str(caught.value).startswith("g.geojson feature 2: its geometry cannot be read (")
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("member", "phrase"),
    [
        pytest.param(None, "does not say its coordinate reference system", id="null"),
        pytest.param(
            {"type": "link", "properties": {"href": "http://127.0.0.1/crs"}},
            "its crs member does not name a CRS",
            id="link",
        ),
        pytest.param(
            {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::999999"}},
            "EPSG:999999 is not a known",
            id="unknown",
        ),
    ],
)
def test_a_crs_member_that_settles_nothing_is_refused(save: Save, member: Any, phrase: str) -> None:
    with pytest.raises(CrsError, match=phrase):
        read_vector(save("g.geojson", collection(square(1, 2), crs=member)))


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "OGC:CRS84"])
def test_names_of_degrees_are_degrees(save: Save, name: str) -> None:
    member = {"type": "name", "properties": {"name": name}}
    assert read_vector(save("g.geojson", collection(square(1, 2), crs=member))).crs == "EPSG:4326"


def test_a_layer_name_is_refused_where_there_is_one_layer(save: Save) -> None:
    with pytest.raises(InvalidInput, match="leave out --layer-name"):
        read_vector(save("g.geojson", collection()), layer_name="grids")
