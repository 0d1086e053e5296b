from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.parquet import (
    PointBatch,
    append_columns,
    is_parquet,
    read_point_batches,
    rejected_rows,
    write_batches,
)
from gridgis.files.tabular import write_rejects

Save = Callable[[str, Any], Path]


def make(path: Path, columns: Mapping[str, Any], crs: Any = "omitted") -> Path:
    """A Parquet file; a column ``geom`` makes it GeoParquet."""
    table = pa.table(dict(columns))
    if "geom" in columns:
        column = {"encoding": "WKB", "geometry_types": ["Point"]}
        if crs != "omitted":
            column["crs"] = crs
        geo = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": column}}
        table = table.replace_schema_metadata({"geo": orjson.dumps(geo)})
    pq.write_table(table, path)
    return path


def read(path: Path, **options: Any) -> list[PointBatch]:
    return list(read_point_batches(path, **options))


def lonlat(batches: list[PointBatch]) -> tuple[list[float], list[float]]:
    return (
        np.concatenate([batch.positions.lon for batch in batches]).tolist(),
        np.concatenate([batch.positions.lat for batch in batches]).tolist(),
    )


@pytest.mark.parametrize(
    "dtype",
    [
        pytest.param(pa.float64(), id="double"),
        pytest.param(pa.float32(), id="float"),
        pytest.param(pa.int32(), id="whole"),
        pytest.param(pa.string(), id="text"),
        pytest.param(pa.decimal128(30, 2), id="decimal"),
    ],
)
def test_columns_of_any_number_type(tmp_path: Path, dtype: pa.DataType) -> None:
    columns = {"lon": pa.array([116, 117]).cast(dtype), "lat": pa.array([39, 40]).cast(dtype)}
    assert lonlat(read(make(tmp_path / "p.parquet", columns))) == ([116, 117], [39, 40])


def test_rows_are_numbered_through_the_batches(tmp_path: Path) -> None:
    lon = [1.0, None, 3.0, 200.0, float("nan")]
    path = make(tmp_path / "p.parquet", {"lon": lon, "lat": [1.0, 2.0, None, 4.0, 5.0]})
    batches = read(path, batch_rows=2)
    assert [batch.first_row for batch in batches] == [1, 3, 5]
    assert [reason for batch in batches for reason in batch.positions.reasons] == [
        (2, "lon is empty"),
        (3, "lat is empty"),
        (4, "lon 200 is outside -180 to 180; if it is projected, pass --crs"),
        (5, "lon is empty"),
    ]


def test_points_of_geoparquet(tmp_path: Path) -> None:
    shapes = [shapely.Point(116, 39).wkb, None, shapely.box(0, 0, 1, 1).wkb, b"junk"]
    shapes.append(shapely.Point().wkb)
    [batch] = read(make(tmp_path / "p.parquet", {"geom": shapes, "lon": [0.0] * 5}))
    assert batch.positions.lon[0] == 116
    assert np.isnan(batch.positions.lon[1:]).all()
    assert batch.positions.reasons == [
        (2, "geom is empty"),
        (3, "geom is a Polygon, not a Point"),
        (4, "geom cannot be read"),
        (5, "geom is empty"),
    ]


def test_named_columns_are_preferred_to_geometry(tmp_path: Path) -> None:
    columns = {"geom": [shapely.Point(1, 2).wkb], "a": [116.0], "b": [39.0]}
    path = make(tmp_path / "p.parquet", columns)
    assert lonlat(read(path, lon="a", lat="b")) == ([116], [39])


def test_the_crs_of_geoparquet_is_honoured(tmp_path: Path) -> None:
    # the White House in NAD83 / Maryland
    points = {"geom": [shapely.Point(396830.0, 136646.5).wkb]}
    path = make(tmp_path / "p.parquet", points, crs=CRS.from_epsg(26985).to_json_dict())
    lon, lat = lonlat(read(path))
    assert lon[0] == pytest.approx(-77.0365, abs=1e-3)
    assert lat[0] == pytest.approx(38.8977, abs=1e-3)
    with pytest.raises(CrsError, match="declares EPSG:26985 but --crs says EPSG:4326"):
        read(path, crs="EPSG:4326")


def test_geoparquet_whose_crs_is_not_known_is_asked_for(tmp_path: Path) -> None:
    path = make(tmp_path / "p.parquet", {"geom": [shapely.Point(116, 39).wkb]}, crs=None)
    with pytest.raises(CrsError, match="pass --crs"):
        read(path)
    assert lonlat(read(path, crs="EPSG:4490")) == ([116], [39])


@pytest.mark.parametrize(
    ("columns", "phrase"),
    [
        pytest.param({"a": [1.0]}, "no column pair", id="no-position"),
        pytest.param(
            {"lon": [True], "lat": [1.0]}, "'lon' holds bool, not numbers", id="no-number"
        ),
    ],
)
def test_columns_that_hold_no_positions_are_refused(
    tmp_path: Path, columns: dict[str, Any], phrase: str
) -> None:
    with pytest.raises(InvalidInput, match=phrase):
        read(make(tmp_path / "p.parquet", columns))


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "p.parquet", {"lon": [1.0], "lat": [2.0]})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InvalidInput, match=r"p\.parquet is not a Parquet file or is damaged"):
        read(path)
    with pytest.raises(InvalidInput, match="no such file"):
        read(tmp_path / "nowhere.parquet")


def test_what_is_written_is_the_input_with_our_columns(tmp_path: Path) -> None:
    columns = {"geom": [shapely.Point(116, 39).wkb, None], "n": [1, None], "t": ["007", ""]}
    path = make(tmp_path / "p.parquet", columns)
    out = tmp_path / "out.parquet"
    write_batches(
        out,
        (
            append_columns(points.batch, {"anc_grid": ["2A"]}, name=path.name)
            for points in read_point_batches(path, batch_rows=1)
        ),
    )
    written, original = pq.read_table(out), pq.read_table(path)
    assert written.drop_columns(["anc_grid"]).equals(original)
    assert written.column("anc_grid").to_pylist() == ["2A", "2A"]
    assert written.schema.metadata == original.schema.metadata
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_a_file_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    empty = pa.array([], pa.float64())
    path = make(tmp_path / "p.parquet", {"lon": empty, "lat": empty})
    write_batches(tmp_path / "out.parquet", (points.batch for points in read(path)))
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["lon", "lat"]


def test_a_column_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    [points] = read(make(tmp_path / "p.parquet", {"lon": [1.0], "lat": [2.0]}))
    with pytest.raises(InvalidInput, match="has a column 'lon' already"):
        append_columns(points.batch, {"lon": ["x"]}, name="p.parquet")


def test_nothing_is_written_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="there is nothing to write"):
        write_batches(tmp_path / "out.parquet", [])
    assert list(tmp_path.iterdir()) == []


def test_rejected_rows_are_written_as_text(tmp_path: Path) -> None:
    columns = {"code": ["007", "8", "9"], "lon": [1.0, None, 300.0], "lat": [2.0, 2.5, 2.0]}
    batches = read(make(tmp_path / "p.parquet", columns), batch_rows=2)
    rows = pd.concat([rejected_rows(points) for points in batches])
    reasons = [reason for points in batches for reason in points.positions.reasons]
    write_rejects(tmp_path / "r.csv", reasons, rows)
    assert (tmp_path / "r.csv").read_text() == (
        "row,reason,code,lon,lat\n"
        "2,lon is empty,8,,2.5\n"
        '3,"lon 300 is outside -180 to 180; if it is projected, pass --crs",9,300,2\n'
    )


def test_is_parquet(save: Save, tmp_path: Path) -> None:
    assert is_parquet(make(tmp_path / "p.csv", {"a": [1]}))
    assert not is_parquet(save("t.parquet", "a,b\n"))
