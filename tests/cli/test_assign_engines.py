"""`gridgis assign --engine dask`: what the options mean; the rows of the local engine."""

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridgis.services import scaleout

OUT = ("--layer", "town", "-o", "out")


@pytest.fixture
def points(tmp_path):
    seeded = np.random.default_rng(4)
    lon, lat = seeded.uniform(-0.0005, 0.0025, (2, 1000))
    times = pa.array(seeded.integers(1_700_000_000, 1_730_000_000, 1000) * 1000)
    columns = {"lon": lon, "lat": lat, "time": times.cast(pa.timestamp("ms", "UTC"))}
    pq.write_table(pa.table(columns), tmp_path / "in.parquet", row_group_size=250)
    return tmp_path / "in.parquet"


@pytest.mark.xdist_group("dask")
def test_a_cluster_of_its_own_gives_the_rows_of_the_local_engine(
    gridgis, town, points, tmp_path, monkeypatch
):
    monkeypatch.setattr(scaleout, "_PARTITION_ROWS", 500)
    outcome = gridgis("assign", points, *OUT, "--engine", "dask", "--by", "month,grid")
    assert outcome.code == 0, outcome.err
    assert outcome.out == ""
    local = gridgis("assign", points, "--layer", "town", "-o", "local.parquet")
    assert outcome.err.splitlines()[-1] == local.err.splitlines()[-1]
    parts = [pq.read_table(path) for path in sorted((tmp_path / "out").glob("*.parquet"))]
    assert len(parts) == 2
    assert pa.concat_tables(parts).equals(pq.read_table(tmp_path / "local.parquet"))
    header, *lines = (tmp_path / "out" / "summary.csv").read_text().splitlines()
    assert header == "month,town_grid,count"
    assert sum(int(line.split(",")[2]) for line in lines) == 1000


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(["--by", "grid"], "--by goes with --engine dask", id="counts"),
        pytest.param(["--scheduler", "x"], "--scheduler goes with --engine dask", id="scheduler"),
        pytest.param(["--engine", "dask", "--time", "time"], "--time goes with --by", id="time"),
        pytest.param(["--engine", "dask", "--by", "week"], "like grid,month", id="unknown-period"),
        pytest.param(
            ["--engine", "dask", "--encoding", "GBK"], "--encoding is for text", id="encoding"
        ),
        pytest.param(
            ["--engine", "dask", "--by", "month", "--time", "lon"],
            "has no column 'lon' of dates or times; those it has are: time",
            id="no-time",
        ),
    ],
)
def test_options_that_do_not_go_together(gridgis, town, points, tmp_path, options, words):
    outcome = gridgis("assign", points, *OUT, *options)
    assert outcome.code == 2
    assert words in outcome.refusals[0]
    assert not (tmp_path / "out").exists()


def test_without_dask_the_way_out_is_said(gridgis, town, points, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = gridgis("assign", points, *OUT, "--engine", "dask")
    assert outcome.code == 78
    assert "pip install 'gridgis[dask]'" in outcome.refusals[0]


def test_text_is_not_for_the_cluster(gridgis, town, tmp_path):
    (tmp_path / "in.csv").write_text("lon,lat\n0,0\n")
    outcome = gridgis("assign", "in.csv", *OUT, "--engine", "dask")
    assert outcome.code == 2
    assert "in.csv is not a Parquet file" in outcome.refusals[0]


def test_no_bar_where_there_is_no_terminal(gridgis, town, points):
    outcome = gridgis("assign", points, "--layer", "town", "-o", "out.parquet")
    assert outcome.err.count("\n") == 1
