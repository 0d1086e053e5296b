import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import shapely
from geopandas import GeoDataFrame

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.vector import read_vector, write_geopackage

Save = Callable[[str, Any], Path]


@pytest.fixture
def geopackage(tmp_path: Path) -> Path:
    polygons = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    frame = GeoDataFrame({"code": ["001", "002"]}, geometry=polygons, crs=4326)
    write_geopackage(tmp_path / "city.gpkg", frame)
    return tmp_path / "city.gpkg"


def connect(path: Path) -> sqlite3.Connection:
    """Open it with the functions that the triggers of its spatial index call."""
    connection = sqlite3.connect(path)
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda _: 1)
    return connection


def run(path: Path, *statements: str) -> None:
    with closing(connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def test_one_of_several_layers_is_chosen_by_name(geopackage: Path) -> None:
    run(
        geopackage,
        "CREATE TABLE roads (fid INTEGER PRIMARY KEY, geom POINT, name TEXT)",
        "INSERT INTO roads (name) VALUES ('东街')",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)"
        " VALUES ('roads', 'features', 'roads', 4326)",
        "INSERT INTO gpkg_geometry_columns VALUES ('roads', 'geom', 'POINT', 4326, 0, 0)",
    )
    with pytest.raises(InvalidInput, match=r"2 layers \(grids, roads\); pass --layer-name"):
        read_vector(geopackage)
    with pytest.raises(InvalidInput, match="no layer 'rails'"):
        read_vector(geopackage, layer_name="rails")
    roads = read_vector(geopackage, layer_name="roads").frame
    assert roads["name"].tolist() == ["东街"]
    assert roads.geometry.iloc[0] is None


def test_a_table_without_geometry_is_not_a_layer(geopackage: Path) -> None:
    run(
        geopackage,
        "CREATE TABLE members (fid INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier)"
        " VALUES ('members', 'attributes', 'members')",
    )
    assert read_vector(geopackage).frame["code"].tolist() == ["001", "002"]


def test_a_crs_that_is_not_known_is_asked_for(geopackage: Path) -> None:
    run(geopackage, "UPDATE gpkg_geometry_columns SET srs_id = 0")
    with pytest.raises(CrsError, match=r"city\.gpkg does not say its coordinate reference system"):
        read_vector(geopackage)
    assert read_vector(geopackage, crs="EPSG:4490").crs == "EPSG:4490"


def test_columns_of_whole_numbers_dates_and_bytes(geopackage: Path) -> None:
    run(
        geopackage,
        "ALTER TABLE grids ADD COLUMN residents INTEGER",
        "ALTER TABLE grids ADD COLUMN since DATE",
        "ALTER TABLE grids ADD COLUMN photo BLOB",
        "UPDATE grids SET residents = 12, since = '2024-03-01', photo = x'00ff' WHERE fid = 1",
    )
    file = read_vector(geopackage)
    assert file.frame["residents"].iloc[0] == 12
    assert str(file.frame["residents"].dtype) == "Int64"
    assert file.frame["since"].tolist() == ["2024-03-01", None]
    assert file.notes == ("column photo holds binary data and was left out",)


def test_what_another_program_has_not_yet_folded_in_is_read(geopackage: Path) -> None:
    with closing(connect(geopackage)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("UPDATE grids SET code = '003' WHERE fid = 2")
        connection.commit()
        assert read_vector(geopackage).frame["code"].tolist() == ["001", "003"]


def test_the_file_itself_is_not_touched(geopackage: Path) -> None:
    before = geopackage.read_bytes()
    read_vector(geopackage)
    assert geopackage.read_bytes() == before
    assert [path.name for path in geopackage.parent.iterdir()] == ["city.gpkg"]


def test_a_damaged_geopackage_is_refused(geopackage: Path) -> None:
    geopackage.write_bytes(geopackage.read_bytes()[:5000])
    with pytest.raises(InvalidInput, match=r"city\.gpkg cannot be read"):
        read_vector(geopackage)
