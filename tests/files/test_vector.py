from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import shapely
from geopandas import GeoDataFrame

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.vector import read_vector, write_geojson, write_geopackage
from tests.files.builders import (
    collection,
    feature,
    geoparquet,
    put,
    ring,
    shapefile,
    square,
    zipped,
)

Save = Callable[[str, Any], Path]

TOPOLOGY = {
    "type": "Topology",
    "objects": {"grids": {"type": "Polygon", "arcs": [[0]], "properties": {"code": "A"}}},
    "arcs": [ring(1, 2)],
}
KML = (
    '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    "<Placemark><name>A</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
    "1,2 2,2 2,3 1,3 1,2</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
    "</Document></kml>"
)


def make_every_kind(folder: Path, save: Save) -> dict[str, Path]:
    polygons = [shapely.Polygon(ring(1, 2))]
    frame = GeoDataFrame({"code": ["A"]}, geometry=polygons, crs=4326)
    write_geopackage(folder / "grids.gpkg", frame)
    parts = shapefile([{"code": b"A"}], [(1, 2)])
    return {
        "GeoJSON": save("grids.geojson", collection(square(1, 2, code="A"))),
        "TopoJSON": save("grids.topojson", TOPOLOGY),
        "KML": save("grids.kml", KML),
        "GeoPackage": folder / "grids.gpkg",
        "Shapefile": put(folder, parts),
        "zipped Shapefile": save(
            "grids.zip", zipped({f"city/deep/g{suffix}": part for suffix, part in parts.items()})
        ),
        "KMZ": save("grids.kmz", zipped({"doc.kml": KML.encode()})),
        "GeoParquet": save("grids.parquet", geoparquet()),
        "GeoJSONSeq": save(
            "grids.geojsonl",
            "\n".join(orjson.dumps(square(x, 2, code="A")).decode() for x in (1, 3)),
        ),
    }


def test_every_kind_gives_the_same_polygon(tmp_path: Path, save: Save) -> None:
    expected = shapely.Polygon(ring(1, 2))
    for kind, path in make_every_kind(tmp_path, save).items():
        file = read_vector(path)
        assert file.kind == {"zipped Shapefile": "Shapefile", "KMZ": "KML"}.get(kind, kind)
        assert file.crs == "EPSG:4326", kind
        assert file.frame.crs == 4326, kind
        assert file.frame.index.tolist() == list(range(1, len(file.frame) + 1)), kind
        assert shapely.equals(file.frame.geometry.iloc[0], expected), kind
        label = "name" if kind in {"KML", "KMZ"} else "code"
        assert file.frame[label].iloc[0] == "A", kind


def test_the_kind_is_told_by_content_not_by_name(save: Save) -> None:
    assert read_vector(save("grids.shp", collection(square(1, 2)))).kind == "GeoJSON"


def test_digest_is_of_the_bytes(save: Save, tmp_path: Path) -> None:
    path = save("grids.geojson", collection(square(1, 2)))
    assert read_vector(path).digest == sha256(path.read_bytes()).hexdigest()
    parts = shapefile([{"code": b"A"}], [(1, 2)])
    whole = b"".join(parts[suffix] for suffix in (".shp", ".shx", ".dbf", ".prj"))
    assert read_vector(put(tmp_path, parts)).digest == sha256(whole).hexdigest()


def test_null_geometry_is_kept_as_none(save: Save, tmp_path: Path) -> None:
    file = read_vector(save("g.geojson", collection(feature(None, code="A"), square(1, 2))))
    assert file.frame.geometry.iloc[0] is None
    shapes = shapefile([{"code": b"A"}, {"code": b"B"}], [None, (1, 2)])
    assert read_vector(put(tmp_path, shapes)).frame.geometry.isna().tolist() == [True, False]


def test_heights_are_dropped_and_noted(save: Save) -> None:
    tall = [[*position, 55.0] for position in ring(1, 2)]
    file = read_vector(
        save("g.geojson", collection(feature({"type": "Polygon", "coordinates": [tall]})))
    )
    assert not file.frame.geometry.iloc[0].has_z
    assert file.notes == ("Z or M values were dropped",)


def test_an_attribute_called_geometry_is_renamed_and_noted(save: Save) -> None:
    file = read_vector(
        save("g.geojson", collection(feature(None) | {"properties": {"geometry": "round"}}))
    )
    assert file.frame["geometry_"].tolist() == ["round"]
    assert "geometry_" in file.notes[0]


@pytest.mark.parametrize(
    ("content", "phrase"),
    [
        pytest.param(b"", "is empty", id="empty-file"),
        pytest.param(b"\x00\x01\x02\x03" * 9, "is not a GeoJSON, TopoJSON", id="garbage"),
        pytest.param(b"<!DOCTYPE html><html></html>", "is a web page", id="web-page"),
        pytest.param(b"<html lang='zh'><body>", "is a web page", id="web-page-without-doctype"),
        pytest.param(b"<OGRVRTDataSource/>", "is XML (OGRVRTDataSource) but not KML", id="vrt"),
        pytest.param(b"a,b\n1,2\n", "is not a GeoJSON, TopoJSON", id="table"),
        pytest.param(b"PAR1 and then nothing", "is a damaged Parquet file", id="cut-parquet"),
        pytest.param(b"PK\x03\x04 and no more", "is a broken zip archive", id="cut-zip"),
        pytest.param(b"SQLite format 3\x00" + bytes(200), "not a GeoPackage", id="plain-sqlite"),
        pytest.param(zipped({"a.txt": b"x"}), "holds no shapefile", id="zip-of-something-else"),
    ],
)
def test_a_file_of_no_kind_is_refused(save: Save, content: bytes, phrase: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_vector(save("upload.geojson", content))
    assert phrase in str(caught.value)
    assert "upload.geojson" in str(caught.value)


def test_the_refusal_of_a_part_names_the_way_out(save: Save) -> None:
    with pytest.raises(InvalidInput, match=r"name the \.shp beside it"):
        read_vector(save("grids.dbf", b"\x03~\x01\x01"))
    with pytest.raises(InvalidInput, match="gridgis assign"):
        read_vector(save("points.csv", b"lon,lat\n1,2\n"))


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder"):
        read_vector(tmp_path)


# datum


def test_gcj02_is_brought_to_wgs84(save: Save) -> None:
    # Tian'anmen: the published pair of the two datums
    path = save("g.geojson", collection(square(116.39747107, 39.90831122, 0.01)))
    file = read_vector(path, datum="GCJ02")
    corner = shapely.get_coordinates(file.frame.geometry.iloc[0])[0]
    assert np.allclose(corner, [116.39123, 39.90691], atol=1e-7)
    assert file.crs == "EPSG:4326"
    assert "from GCJ02 to WGS84" in file.notes[0]


def test_datum_wgs84_changes_nothing_and_settles_degrees(tmp_path: Path) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)], prj=None))
    file = read_vector(path, datum="wgs84")
    assert file.crs == "EPSG:4326"
    assert file.frame.total_bounds.tolist() == [116, 39, 117, 40]


# writing


def test_geojson_written_reads_back_as_it_was(tmp_path: Path) -> None:
    polygon = shapely.Polygon(ring(116.123456789, 39.987654321, 0.000000001))
    frame = GeoDataFrame(
        {"code": ["001", "002"], "count": [5, 6], "share": [0.1, np.nan], "open": [True, False]},
        geometry=[polygon, None],
        crs=4326,
    )
    write_geojson(tmp_path / "out.geojson", frame)
    file = read_vector(tmp_path / "out.geojson")
    assert file.frame["code"].tolist() == ["001", "002"]
    assert file.frame["count"].tolist() == [5, 6]
    assert file.frame["share"].isna().tolist() == [False, True]
    assert file.frame["open"].tolist() == [True, False]
    assert file.frame.geometry.iloc[0].equals_exact(polygon, 0)
    assert file.frame.geometry.iloc[1] is None


def test_geojson_in_another_crs_says_so(tmp_path: Path) -> None:
    frame = GeoDataFrame(geometry=[shapely.Polygon(ring(400000, 130000))], crs=26985)
    write_geojson(tmp_path / "out.geojson", frame)
    assert read_vector(tmp_path / "out.geojson").crs == "EPSG:26985"


def test_geopackage_written_reads_back_as_it_was(tmp_path: Path) -> None:
    polygon = shapely.Polygon(ring(500000.125, 4000000.5))
    frame = GeoDataFrame(
        {"code": ["001", "002"], "名称": ["东街", None], "count": [5, 6]},
        geometry=[polygon, polygon],
        crs=4547,
    )
    write_geopackage(tmp_path / "out.gpkg", frame)
    file = read_vector(tmp_path / "out.gpkg")
    assert file.crs == "EPSG:4547"
    assert file.frame["code"].tolist() == ["001", "002"]
    assert file.frame["名称"].tolist() == ["东街", None]
    assert file.frame["count"].tolist() == [5, 6]
    assert shapely.equals_exact(file.frame.geometry.to_numpy(), polygon).all()


@pytest.mark.parametrize("write", [write_geojson, write_geopackage])
def test_a_frame_without_crs_is_not_written(tmp_path: Path, write: Callable[..., None]) -> None:
    frame = GeoDataFrame(geometry=[shapely.Point(1, 2)])
    with pytest.raises(CrsError, match="the frame has no CRS"):
        write(tmp_path / "out", frame)
    assert list(tmp_path.iterdir()) == []
