"""`gridgis assign`: every row and column kept, in order; rejects with reasons; CSV and Parquet."""

import csv

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from pyproj import Geod, Transformer

from tests.dc import FOLDER, NOW

INCIDENTS = FOLDER / "crime_incidents.csv"
LAYERS = ("anc", "ward", "police")


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture(scope="module")
def incidents():
    return read(INCIDENTS)


def test_rows_columns_and_bytes_of_cells_are_kept(gridgis, dc, tmp_path, incidents):
    out = tmp_path / "out.csv"
    outcome = gridgis("assign", INCIDENTS, "--layer", ",".join(LAYERS), "-o", out)
    assert outcome.code == 0
    assert outcome.out == ""
    assert "anc_grid: 2,897 of 2,897 rows are in a grid" in outcome.err
    width = len(incidents[0])
    written = out.read_bytes().splitlines()
    source = INCIDENTS.read_bytes().splitlines()
    assert len(written) == len(source) == 2898
    # the bytes of the input are the beginning of every line of the output
    assert all(ours.startswith(theirs + b",") for ours, theirs in zip(written, source, strict=True))
    rows = read(out)
    assert rows[0][width:] == ["anc_grid", "ward_grid", "police_grid"]
    column = {name: n for n, name in enumerate(rows[0])}
    assert sum(r[column["ward_grid"]] != r[column["ward"]] for r in rows[1:]) == 6
    assert all(r[column["anc_grid"]][:2] == r[column["anc"]] for r in rows[1:])
    assert not (tmp_path / "out.csv.rejects.csv").exists()


def test_rows_without_position_are_kept_and_listed(gridgis, dc, tmp_path):
    (tmp_path / "in.csv").write_text(
        "id,lon,lat,note\n"
        '1,-77.0365,38.8977,"a, quoted"\n'
        "2,,38.9,no lon\n"
        "3,-77.0,abc,no number\n"
        "4,38.9,-177.0,swapped\n"
        "5,0,0,outside\n"
        "6,-77.0365,38.8977,=1+1\n"
    )
    outcome = gridgis("assign", "in.csv", "--layer", "ward", "-o", "out.csv")
    assert outcome.code == 0, "rejected rows do not change the exit code"
    assert "3 rows have no usable position" in outcome.err
    assert "out.csv.rejects.csv" in outcome.err
    assert (tmp_path / "out.csv").read_text() == (
        "id,lon,lat,note,ward_grid\n"
        '1,-77.0365,38.8977,"a, quoted",2\n'
        "2,,38.9,no lon,\n"
        "3,-77.0,abc,no number,\n"
        "4,38.9,-177.0,swapped,\n"
        "5,0,0,outside,\n"
        "6,-77.0365,38.8977,=1+1,2\n"
    )
    header, *rejects = read(tmp_path / "out.csv.rejects.csv")
    assert header == ["row", "reason", "id", "lon", "lat", "note"]
    assert [(r[0], r[2]) for r in rejects] == [("2", "2"), ("3", "3"), ("4", "4")]
    assert rejects[0][1] == "lon is empty"
    assert "lat 'abc' is not a number" in rejects[1][1]
    assert "look swapped" in rejects[2][1]


def test_rejects_of_an_earlier_run_do_not_stay(gridgis, dc, tmp_path):
    (tmp_path / "in.csv").write_text("lon,lat\n,\n")
    gridgis("assign", "in.csv", "--layer", "ward", "-o", "out.csv")
    assert (tmp_path / "out.csv.rejects.csv").exists()
    (tmp_path / "in.csv").write_text("lon,lat\n-77.0365,38.8977\n")
    gridgis("assign", "in.csv", "--layer", "ward", "-o", "out.csv")
    assert not (tmp_path / "out.csv.rejects.csv").exists()


def test_parquet_gives_the_same_grids_and_keeps_types(gridgis, dc, tmp_path, incidents):
    table = pa_csv.read_csv(INCIDENTS)
    pq.write_table(table, tmp_path / "in.parquet")
    outcome = gridgis("assign", "in.parquet", "--layer", "anc,ward", "-o", "out.parquet")
    assert outcome.code == 0
    written = pq.read_table(tmp_path / "out.parquet")
    assert written.column_names == [*table.column_names, "anc_grid", "ward_grid"]
    assert written.select(table.column_names).equals(pq.read_table(tmp_path / "in.parquet"))
    gridgis("assign", INCIDENTS, "--layer", "anc,ward", "-o", "out.csv")
    from_text = read(tmp_path / "out.csv")[1:]
    assert written["anc_grid"].to_pylist() == [row[-2] for row in from_text]
    assert written["ward_grid"].to_pylist() == [row[-1] for row in from_text]


def test_a_parquet_row_without_position_is_listed_too(gridgis, dc, tmp_path):
    table = pa.table({"id": [1, 2], "lon": [-77.0365, None], "lat": [38.8977, 38.9]})
    pq.write_table(table, tmp_path / "in.parquet")
    outcome = gridgis("assign", "in.parquet", "--layer", "ward", "-o", "out.parquet")
    assert outcome.code == 0
    assert pq.read_table(tmp_path / "out.parquet")["ward_grid"].to_pylist() == ["2", None]
    header, reject = read(tmp_path / "out.parquet.rejects.csv")
    assert header == ["row", "reason", "id", "lon", "lat"]
    assert reject[:3] == ["2", "lon is empty", "2"]


def test_metres_with_thousands_commas_give_the_same_grids(
    gridgis, dc, dc_snapshot, tmp_path, incidents
):
    header, *rows = incidents
    x, y = header.index("x_epsg26985"), header.index("y_epsg26985")
    with (tmp_path / "in.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "x", "y"])
        writer.writerows([row[0], f"{float(row[x]):,.1f}", f"{float(row[y]):,.1f}"] for row in rows)
    outcome = gridgis(
        *("assign", "in.csv", "--layer", "anc,ward,police", "--crs", "EPSG:26985"),
        *("--lon", "x", "--lat", "y", "-o", "out.csv"),
    )
    assert outcome.code == 0
    metres = read(tmp_path / "out.csv")[1:]
    assert metres[0][:3] == ["16118195", "401,553.0", "138,614.0"], (
        "cells are written back unchanged"
    )
    gridgis("assign", INCIDENTS, "--layer", "anc,ward,police", "-o", "degrees.csv")
    degrees = read(tmp_path / "degrees.csv")[1:]
    # x and y are whole metres; grids meet in the middle of streets, where incidents are placed: a
    # place may change sides where it is moved further than its border is away
    moved_m = distance_moved_m(rows, header)
    assert moved_m.max() < 1.0
    lon, lat = (
        np.array([float(row[header.index(name)]) for row in rows]) for name in ("lon", "lat")
    )
    for layer, column in zip(LAYERS, (-3, -2, -1), strict=True):
        view = dc_snapshot.view(dc_snapshot.edition_at(layer, NOW))
        _, border_m, _ = view.index.border_many(lon, lat)
        differs = np.array([a[column] != b[column] for a, b in zip(metres, degrees, strict=True)])
        assert (border_m[differs] <= moved_m[differs]).all()
        assert differs.mean() < 0.1


def distance_moved_m(rows, header):
    """Metres between the two positions that each incident has."""
    columns = (header.index(name) for name in ("x_epsg26985", "y_epsg26985", "lon", "lat"))
    x, y, lon, lat = ([float(row[column]) for row in rows] for column in columns)
    plane = Transformer.from_crs("EPSG:26985", "EPSG:4326", always_xy=True)
    return np.array(Geod(ellps="WGS84").inv(*plane.transform(x, y), lon, lat)[2])


def test_the_edition_of_a_time_is_used(gridgis, dc, tmp_path):
    (tmp_path / "in.csv").write_text("lon,lat\n-77.0365,38.8977\n")
    outcome = gridgis("assign", "in.csv", "--layer", "ward", "--at", "2012-01-01", "-o", "out.csv")
    assert outcome.code == 4
    assert "no edition in force at 2012-01-01T05:00:00Z" in outcome.refusals[0]
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize(
    ("columns", "output", "words"),
    [
        pytest.param(
            "lon,lat,ward_grid", "out.csv", "already; rename it", id="a-column-of-that-name"
        ),
        pytest.param("lon,lat", "in.csv", "is the input itself", id="onto-itself"),
        pytest.param("lon,lat", "out.parquet", "name the output out.csv", id="text-to-parquet"),
        pytest.param("lon,lat", "no/such/folder.csv", "cannot be written", id="no-folder"),
        pytest.param("lon,lat,x,y", "out.csv", "pass --lon and --lat", id="two-pairs-of-columns"),
    ],
)
def test_outputs_that_cannot_be(gridgis, dc, tmp_path, columns, output, words):
    (tmp_path / "in.csv").write_text(f"{columns}\n{','.join('0' for _ in columns.split(','))}\n")
    before = (tmp_path / "in.csv").read_bytes()
    outcome = gridgis("assign", "in.csv", "--layer", "ward", "-o", output)
    assert outcome.code == 2
    (line,) = outcome.refusals
    assert words in line
    assert (tmp_path / "in.csv").read_bytes() == before
    assert output == "in.csv" or not (tmp_path / output).exists()
