"""Assigning in chunks: the same bytes however often a run was killed."""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridgis.errors import Conflict
from gridgis.files import blocks, parquet, textstream
from gridgis.services import assigning
from gridgis.services.assigning import rejects_path
from tests.dc import opening
from tests.services.assign_and_die import NOW, assign
from tests.tiny import publish_grids
from tests.zoo import TWO_BY_TWO

ROOT = Path(__file__).parents[2]
ROWS = 4000


@pytest.fixture
def town(sqlite_template, tmp_path):
    """Database with the layer `town` of four squares."""
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'town.db')}"
    with opening(url) as store:
        publish_grids(store, TWO_BY_TWO, now=NOW)
    return url


@pytest.fixture
def places():
    """Positions in and around the squares; every 50th row has none."""
    west, south, east, north = np.array([p.bounds for p in TWO_BY_TWO.values()]).T
    seeded = np.random.default_rng(5)
    lon = seeded.uniform(west.min() - 0.001, east.max() + 0.001, ROWS)
    lat = seeded.uniform(south.min() - 0.001, north.max() + 0.001, ROWS)
    lon[::50] = np.nan
    return lon, lat


@pytest.fixture(params=["csv", "parquet"])
def source(request, tmp_path, places):
    path = tmp_path / f"in.{request.param}"
    lon, lat = places
    if request.param == "parquet":
        columns = {"id": np.arange(ROWS), "lon": lon, "lat": lat, "note": ["a", ""] * (ROWS // 2)}
        pq.write_table(pa.table(columns), path, row_group_size=1500)
    else:
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "lon", "lat", "note"])
            for row, (x, y) in enumerate(zip(lon, lat, strict=True)):
                writer.writerow([row, "" if np.isnan(x) else x, y, ["a, b", "", 'q"'][row % 3]])
    return path


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 4096)
    monkeypatch.setattr(textstream, "_BLOCK_BYTES", 4096)
    monkeypatch.setattr(parquet, "_CHUNK_ROWS", 256)
    monkeypatch.setattr(parquet, "_LEAST_CHUNK_ROWS", 1)


def read_both(output):
    return output.read_bytes(), rejects_path(output).read_bytes()


def run_and_die(town, source, output, pieces):
    """Run in a process that dies after some pieces, and return its code."""
    program = [sys.executable, "-m", "tests.services.assign_and_die", town, source, output, pieces]
    return subprocess.run([str(part) for part in program], cwd=ROOT, check=False).returncode


def test_every_row_has_the_grid_that_covers_it(town, source, places, tmp_path, small_chunks):
    steps = []
    output = tmp_path / f"out{source.suffix}"
    counted = assign(town, source, output, show_progress=steps.append)
    lon, lat = places
    expected = [""] * ROWS
    for code, square in sorted(TWO_BY_TWO.items(), reverse=True):
        west, south, east, north = square.bounds
        for row in np.flatnonzero((west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)):
            expected[row] = code
    if source.suffix == ".csv":
        with output.open(newline="") as file:
            found = [row[-1] for row in csv.reader(file)][1:]
    else:
        found = [code or "" for code in pq.read_table(output)["town_grid"].to_pylist()]
    assert found == expected
    assert (counted.rows, counted.rejects) == (ROWS, ROWS // 50)
    assert counted.found == {"town": sum(code != "" for code in expected)}
    with rejects_path(output).open(newline="") as file:
        rejects = list(csv.reader(file))
    assert rejects[0] == ["row", "reason", "id", "lon", "lat", "note"]
    assert [int(row[0]) for row in rejects[1:]] == list(range(1, ROWS + 1, 50))
    assert [row[0] == str(int(row[2]) + 1) for row in rejects[1:]] == [True] * (ROWS // 50)
    assert steps == sorted(steps)
    assert steps[-1] == 1


@pytest.mark.parametrize("source", ["csv"], indirect=True)
def test_a_table_does_not_depend_on_its_chunks(town, source, tmp_path, monkeypatch):
    assign(town, source, tmp_path / "one.csv")
    monkeypatch.setattr(blocks, "_BLOCK_BYTES", 1000)
    monkeypatch.setattr(textstream, "_BLOCK_BYTES", 300)
    assign(town, source, tmp_path / "many.csv")
    assert read_both(tmp_path / "one.csv") == read_both(tmp_path / "many.csv")


def test_a_run_killed_again_and_again_ends_as_one_that_was_not(
    town, source, tmp_path, small_chunks
):
    whole = tmp_path / f"whole{source.suffix}"
    assign(town, source, whole)
    output = tmp_path / f"out{source.suffix}"
    for pieces in (1, 4, 6):
        assert run_and_die(town, source, output, pieces) == -signal.SIGKILL
        assert not output.exists()
        assert (tmp_path / f"out{source.suffix}.partial").is_dir()
    steps = []
    assign(town, source, output, show_progress=steps.append)
    assert read_both(output) == read_both(whole)
    assert steps[0] > 0.2, "what was done is not done again"
    assert not (tmp_path / f"out{source.suffix}.partial").exists()


def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(town, tmp_path, source, small_chunks):
    whole = tmp_path / f"whole{source.suffix}"
    assign(town, source, whole)
    output = tmp_path / f"out{source.suffix}"
    seeded = random.Random(11)
    program = [sys.executable, "-m", "tests.services.assign_and_die", town, source, output, 0]
    for _ in range(3):
        with subprocess.Popen([str(part) for part in program], cwd=ROOT) as running:
            folder = tmp_path / f"out{source.suffix}.partial"
            while running.poll() is None and not folder.exists():
                time.sleep(0.001)
            time.sleep(seeded.uniform(0, 0.2))
            running.kill()
    assign(town, source, output)
    assert read_both(output) == read_both(whole)


def test_a_changed_input_starts_anew(town, source, tmp_path, small_chunks):
    output = tmp_path / f"out{source.suffix}"
    assert run_and_die(town, source, output, 5) == -signal.SIGKILL
    if source.suffix == ".csv":
        source.write_text("id,lon,lat,note\n1,,,\n")
    else:
        pq.write_table(pq.read_table(source).slice(0, 1), source)
    steps = []
    assert assign(town, source, output, show_progress=steps.append).rows == 1
    assert len(steps) == 1


def test_a_file_that_changes_meanwhile_is_refused(town, source, tmp_path, small_chunks):
    output = tmp_path / f"out{source.suffix}"

    def change(_):
        os.utime(source, (1, 1))

    with pytest.raises(Conflict, match="was changed while it was read"):
        assign(town, source, output, show_progress=change)
    assert not output.exists()
    assert not (tmp_path / f"out{source.suffix}.partial").exists()


def test_an_interrupted_run_leaves_nothing(town, source, tmp_path, small_chunks):
    output = tmp_path / f"out{source.suffix}"

    def interrupt(share):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assign(town, source, output, show_progress=interrupt)
    left = {path.name for path in tmp_path.iterdir()} - {"cache"}
    assert left == {"town.db", source.name} | {n for n in left if n.startswith("town.db")}


def test_one_thread_gives_the_same_bytes(town, source, tmp_path, small_chunks, monkeypatch):
    assign(town, source, tmp_path / f"many{source.suffix}")
    monkeypatch.setattr(assigning, "count_cores", lambda: 1)
    assign(town, source, tmp_path / f"one{source.suffix}")
    assert read_both(tmp_path / f"one{source.suffix}") == (
        read_both(tmp_path / f"many{source.suffix}")
    )
