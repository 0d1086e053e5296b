from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gridgis.errors import CrsError
from gridgis.files.vector import read_vector
from tests.files.builders import WGS84_PRJ, collection, put, shapefile, square

Save = Callable[[str, Any], Path]


def test_a_declared_crs_is_honoured(save: Save, tmp_path: Path) -> None:
    member = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::26985"}}
    path = save("g.geojson", collection(square(400000, 130000), crs=member))
    assert read_vector(path).crs == "EPSG:26985"
    prj = WGS84_PRJ.replace("GCS_WGS_1984", "GCS_China_Geodetic_Coordinate_System_2000")
    prj = prj.replace("D_WGS_1984", "D_China_2000").replace("WGS_1984", "CGCS2000")
    prj = prj.replace("298.257223563", "298.257222101")
    parts = shapefile([{"code": b"A"}], [(116, 39)], prj=prj)
    assert read_vector(put(tmp_path, parts)).crs == "EPSG:4490"


def test_crs_can_be_given_where_none_is_declared(save: Save, tmp_path: Path) -> None:
    path = save("g.geojson", collection(square(400000, 130000)))
    assert read_vector(path, crs="EPSG:26985").crs == "EPSG:26985"
    loose = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)], prj=None))
    assert read_vector(loose, crs="epsg:4490").crs == "EPSG:4490"


def test_crs_given_and_declared_alike_is_accepted(save: Save, tmp_path: Path) -> None:
    loose = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)]))
    assert read_vector(loose, crs="EPSG:4326").crs == "EPSG:4326"
    # CGCS2000 is treated as the same datum as WGS84
    assert read_vector(loose, crs="EPSG:4490").crs == "EPSG:4326"


def test_a_city_meridian_keeps_its_own_definition(tmp_path: Path) -> None:
    gauss = (
        'PROJCS["city",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
        'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],'
        'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
    )
    parts = shapefile([{"code": b"A"}], [(500000, 3800000)], prj=gauss.format(meridian=108.9))
    assert read_vector(put(tmp_path, parts)).crs.startswith("PROJCRS")
    parts = shapefile([{"code": b"A"}], [(500000, 3800000)], prj=gauss.format(meridian=108.0))
    assert read_vector(put(tmp_path, parts)).crs == "EPSG:4545"


@pytest.mark.parametrize(
    ("options", "phrase"),
    [
        pytest.param(
            {}, "grids.shp does not say its coordinate reference system; pass --crs", id="no"
        ),
        pytest.param({"crs": "EPSG:999999"}, "EPSG:999999 is not a known", id="unknown-code"),
        pytest.param({"crs": "Mercator"}, "'Mercator' is not understood", id="a-name"),
        pytest.param({"crs": "/etc/passwd"}, "is not understood", id="a-path"),
        pytest.param({"crs": "EPSG:4978"}, "is not a map's CRS", id="geocentric"),
        pytest.param({"datum": "wgs72"}, "write wgs84, gcj02 or bd09", id="unknown-datum"),
        pytest.param(
            {"crs": "EPSG:4547", "datum": "gcj02"},
            "is in EPSG:4547, but --datum",
            id="plane-and-datum",
        ),
    ],
)
def test_a_crs_that_is_not_settled_is_refused(
    tmp_path: Path, options: dict[str, str], phrase: str
) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)], prj=None))
    with pytest.raises(CrsError) as caught:
        read_vector(path, **options)
    assert phrase in str(caught.value)


def test_a_contradicted_crs_is_refused_with_both_names(tmp_path: Path) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)]))
    with pytest.raises(CrsError, match=r"declares EPSG:4326 but --crs says EPSG:4547"):
        read_vector(path, crs="EPSG:4547")


def test_a_prj_that_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(116, 39)], prj="something else"))
    with pytest.raises(CrsError, match=r"its \.prj cannot be understood"):
        read_vector(path)
