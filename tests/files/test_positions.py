from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput
from gridgis.files.tabular import read_positions, read_table

Save = Callable[[str, Any], Path]


def positions(save: Save, text: str, **options: Any) -> tuple[list[float], list[float], Any]:
    found = read_positions(read_table(save("t.csv", text)), **options)
    return found.lon.tolist(), found.lat.tolist(), found.reasons


@pytest.mark.parametrize("header", ["lon,lat", "LNG,Lat", "longitude,latitude", "x,y", "经度,纬度"])
def test_plain_columns_are_found(save: Save, header: str) -> None:
    assert positions(save, f"{header}\n116.5,39.25\n") == ([116.5], [39.25], [])


@pytest.mark.parametrize(
    ("header", "phrase"),
    [
        pytest.param("a,b", r"no column pair .* \(its columns are a, b\)", id="none"),
        pytest.param("lon,lat,x,y", "several such pairs; pass --lon and --lat", id="two-pairs"),
        pytest.param("lon,y", "no column pair", id="halves-of-two-pairs"),
    ],
)
def test_columns_that_are_not_plain_are_asked_for(save: Save, header: str, phrase: str) -> None:
    with pytest.raises(InvalidInput, match=phrase):
        positions(save, f"{header}\n")


def test_named_columns_must_be_there_and_come_in_pairs(save: Save) -> None:
    assert positions(save, "a,b\n1,2\n", lon="a", lat="b") == ([1], [2], [])
    with pytest.raises(InvalidInput, match="has no column 'c'; its columns are a, b"):
        positions(save, "a,b\n1,2\n", lon="a", lat="c")
    with pytest.raises(InvalidInput, match="give both"):
        positions(save, "a,b\n1,2\n", lon="a")


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        pytest.param("", "39", "lon is empty", id="empty"),
        pytest.param("  ", "39", "lon is empty", id="blank"),
        pytest.param("116", "", "lat is empty", id="empty-lat"),
        pytest.param("nan", "39", "lon 'nan' is not a number", id="nan"),
        pytest.param("inf", "39", "lon 'inf' is not a number", id="inf"),
        pytest.param("1_1_3", "39", "lon '1_1_3' is not a number", id="underscores"),
        pytest.param("１１６", "39", "is not a number", id="full-width-digits"),
        pytest.param("116°", "39", "is not a number", id="degree-sign"),
        pytest.param("1e400", "39", "lon '1e400' is too large", id="beyond-all-numbers"),
        pytest.param("181", "39", "lon 181 is outside -180 to 180", id="lon-out-of-range"),
        pytest.param("200", "100", "lon 200 is outside -180 to 180", id="both-out-of-range"),
        pytest.param("39.9", "116.4", "lon and lat look swapped", id="swapped"),
        pytest.param("120", "90.5", "lat 90.5 is outside -90 to 90", id="lat-out-of-range"),
        pytest.param("397700.46", "137000", "if it is projected, pass --crs", id="projected"),
    ],
)
def test_a_row_without_a_usable_position_has_a_reason(
    save: Save, lon: str, lat: str, reason: str
) -> None:
    found = read_positions(read_table(save("t.csv", f"lon,lat\n1,2\n{lon},{lat}\n3,4\n")))
    assert pd.isna(found.lon).tolist() == [False, True, False]
    assert pd.isna(found.lat).tolist() == [False, True, False]
    [(row, given)] = found.reasons
    assert row == 2
    assert reason in given


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        pytest.param("-77.0365", -77.0365, id="plain"),
        pytest.param(" 12 ", 12.0, id="spaces"),
        pytest.param("+12.5", 12.5, id="plus"),
        pytest.param(".5", 0.5, id="no-zero"),
        pytest.param("1.2e1", 12.0, id="exponent"),
        pytest.param("116.397128000000001", 116.397128000000001, id="many-digits"),
        pytest.param("0.30000000000000004", 0.30000000000000004, id="last-bit"),
    ],
)
def test_numbers_are_read_exactly(save: Save, cell: str, number: float) -> None:
    assert positions(save, f"lon,lat\n{cell},0\n")[0] == [number]


@settings(deadline=None)
@given(st.floats(-180, 180, allow_subnormal=False))
def test_every_way_of_writing_a_number_reads_back(
    tmp_path_factory: pytest.TempPathFactory, number: float
) -> None:
    path = tmp_path_factory.mktemp("tables") / "t.csv"
    path.write_text(f"lon,lat\n{number!r},0\n{number:.9f},0\n{number:+.5e},0\n")
    found = read_positions(read_table(path)).lon.tolist()
    assert found == [number, float(f"{number:.9f}"), float(f"{number:+.5e}")]


def test_projected_columns_with_thousands_commas(save: Save) -> None:
    # the White House in NAD83 / Maryland, and its lon and lat
    text = 'x,y\n"396,830.00","136,646.5"\nabc,5\n'
    lon, lat, reasons = positions(save, text, crs="EPSG:26985")
    assert lon[0] == pytest.approx(-77.0365, abs=1e-3)
    assert lat[0] == pytest.approx(38.8977, abs=1e-3)
    assert reasons == [(2, "x 'abc' is not a number; write it like -77.0365")]


def test_a_position_without_a_place_in_its_crs_is_a_reject(save: Save) -> None:
    _, _, reasons = positions(save, "x,y\n1e30,1e30\n", crs="EPSG:4547")
    assert reasons == [(1, "x 1e+30, y 1e+30 has no place in EPSG:4547")]


def test_a_datum_is_taken_off(save: Save) -> None:
    lon, lat, reasons = positions(save, "lon,lat\n116.39747107,39.90831122\n,1\n", datum="gcj02")
    assert lon[0] == pytest.approx(116.39123, abs=1e-7)
    assert lat[0] == pytest.approx(39.90691, abs=1e-7)
    assert reasons == [(2, "lon is empty")]


def test_cgcs2000_degrees_are_wgs84_degrees(save: Save) -> None:
    assert positions(save, "x,y\n116.123456789,39.5\n", crs="EPSG:4490")[0] == [116.123456789]


def test_datum_and_plane_are_refused_together(save: Save) -> None:
    with pytest.raises(InvalidInput, match="leave out --datum"):
        positions(save, "x,y\n1,2\n", crs="EPSG:26985", datum="gcj02")


def test_an_empty_table_has_no_positions(save: Save) -> None:
    assert positions(save, "lon,lat\n") == ([], [], [])
