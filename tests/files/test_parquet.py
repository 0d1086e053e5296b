from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import CRS

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.parquet import (
    PointChunk,
    append_codes,
    check_new_columns,
    is_parquet,
    open_points,
    prepare_rejects,
    prepare_rejects_header,
)
from gridgis.files.positions import Positions

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


@dataclass(frozen=True)
class Read:
    """A chunk with its positions."""

    chunk: PointChunk
    positions: Positions


def read(path: Path, *, chunk_rows: int = 2, first_row: int = 1, **options: Any) -> list[Read]:
    with open_points(path, **options) as points:
        return [
            Read(chunk, points.locate(chunk))
            for chunk in points.read_chunks(chunk_rows=chunk_rows, first_row=first_row)
        ]


def lonlat(chunks: list[Read]) -> tuple[list[float], list[float]]:
    return (
        np.concatenate([chunk.positions.lon for chunk in chunks]).tolist(),
        np.concatenate([chunk.positions.lat for chunk in chunks]).tolist(),
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


def test_rows_are_numbered_through_the_chunks(tmp_path: Path) -> None:
    lon = [1.0, None, 3.0, 200.0, float("nan")]
    path = make(tmp_path / "p.parquet", {"lon": lon, "lat": [1.0, 2.0, None, 4.0, 5.0]})
    chunks = read(path)
    assert [read.chunk.first_row for read in chunks] == [1, 3, 5]
    assert [reason for read in chunks for reason in read.positions.reasons] == [
        (2, "lon is empty"),
        (3, "lat is empty"),
        (4, "lon 200 is outside -180 to 180; if it is projected, pass --crs"),
        (5, "lon is empty"),
    ]


def test_points_of_geoparquet(tmp_path: Path) -> None:
    shapes = [shapely.Point(116, 39).wkb, None, shapely.box(0, 0, 1, 1).wkb, b"junk"]
    shapes.append(shapely.Point().wkb)
    path = make(tmp_path / "p.parquet", {"geom": shapes, "lon": [0.0] * 5})
    [whole] = read(path, chunk_rows=5)
    assert whole.positions.lon[0] == 116
    assert np.isnan(whole.positions.lon[1:]).all()
    assert whole.positions.reasons == [
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


def test_our_columns_follow_and_nothing_else_changes(tmp_path: Path) -> None:
    columns = {"geom": [shapely.Point(116, 39).wkb, None], "n": [1, None], "t": ["007", ""]}
    path = make(tmp_path / "p.parquet", columns)
    [whole] = read(path)
    written = append_codes(
        whole.chunk.rows, {"anc_grid": (["2A", "2B"], np.array([1, -1], np.int32))}
    )
    assert written.drop_columns(["anc_grid"]).equals(pq.read_table(path))
    assert written.column("anc_grid").to_pylist() == ["2B", None]
    assert written.schema.metadata == pq.read_table(path).schema.metadata


def test_the_dictionary_holds_the_codes_that_occur(tmp_path: Path) -> None:
    [whole] = read(make(tmp_path / "p.parquet", {"lon": [1.0, 2.0], "lat": [1.0, 2.0]}))
    codes = [f"{number}" for number in range(9)]
    rows = append_codes(whole.chunk.rows, {"g": (codes, np.array([7, 3], np.int32))})
    assert rows["g"].combine_chunks().dictionary.to_pylist() == ["3", "7"]
    assert rows["g"].to_pylist() == ["7", "3"]


@pytest.mark.parametrize("group_rows", [3, 10, 100])
@pytest.mark.parametrize("chunk_rows", [1, 4, 10, 1000])
def test_reading_goes_on_behind_any_chunk(tmp_path: Path, group_rows: int, chunk_rows: int) -> None:
    table = pa.table({"lon": np.arange(50.0), "lat": np.arange(50.0)})
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=group_rows)
    whole = [read.chunk for read in read(tmp_path / "p.parquet", chunk_rows=chunk_rows)]
    assert pa.concat_tables([chunk.rows for chunk in whole]).equals(table)
    assert max(chunk.rows.num_rows for chunk in whole) <= chunk_rows
    for done, chunk in enumerate(whole):
        rest = read(tmp_path / "p.parquet", chunk_rows=chunk_rows, first_row=chunk.first_row)
        assert [read.chunk for read in rest] == whole[done:]


def test_some_row_groups_keep_their_row_numbers(tmp_path: Path) -> None:
    table = pa.table({"lon": np.arange(10.0), "lat": np.arange(10.0)})
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=3)
    with open_points(tmp_path / "p.parquet") as points:
        chunks = list(points.read_chunks(groups=range(1, 3)))
    assert chunks[0].first_row == 4
    assert pa.concat_tables([c.rows for c in chunks])["lon"].to_pylist() == [3, 4, 5, 6, 7, 8]


def test_points_of_geoparquet_read_at_once_are_those_read_one_by_one(tmp_path: Path) -> None:
    places = np.random.default_rng(3).uniform(-80, 80, (100, 2))
    points = [point.wkb for point in shapely.points(places)]
    plain = make(tmp_path / "p.parquet", {"geom": points})
    odd = make(tmp_path / "q.parquet", {"geom": [*points, None]})
    assert lonlat(read(plain, chunk_rows=64)) == (places[:, 0].tolist(), places[:, 1].tolist())
    [first, second] = read(odd, chunk_rows=64)
    assert np.concatenate([first.positions.lon, second.positions.lon[:-1]]).tolist() == (
        places[:, 0].tolist()
    )


def test_a_file_without_rows_has_no_chunks(tmp_path: Path) -> None:
    empty = pa.array([], pa.float64())
    assert read(make(tmp_path / "p.parquet", {"lon": empty, "lat": empty})) == []


def test_a_column_that_is_there_is_not_overwritten() -> None:
    with pytest.raises(InvalidInput, match="has a column 'lon' already"):
        check_new_columns(pa.schema({"lon": pa.float64()}), ["lon"], "p.parquet")


def test_rejected_rows_are_written_as_text(tmp_path: Path) -> None:
    columns = {"code": ["007", "8", "9"], "lon": [1.0, None, 300.0], "lat": [2.0, 2.5, 2.0]}
    path = make(tmp_path / "p.parquet", columns)
    lines = [line for part in read(path) for line in prepare_rejects(part.chunk, part.positions)]
    assert lines == [
        (2, b"lon is empty,8,,2.5\n"),
        (3, b'"lon 300 is outside -180 to 180; if it is projected, pass --crs",9,300,2\n'),
    ]
    assert prepare_rejects_header(pq.read_schema(path)) == b"row,reason,code,lon,lat\n"


def test_is_parquet(save: Save, tmp_path: Path) -> None:
    assert is_parquet(make(tmp_path / "p.csv", {"a": [1]}))
    assert not is_parquet(save("t.parquet", "a,b\n"))
