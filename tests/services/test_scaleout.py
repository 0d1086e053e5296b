"""Assigning on a Dask cluster: the rows of a local run, whatever happens to a worker."""

import os
import shutil
import signal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from distributed import Client, LocalCluster

from gridgis.errors import ConfigError, InvalidInput
from gridgis.services import scaleout
from gridgis.services.assigning import PositionColumns
from gridgis.services.periods import Breakdown
from gridgis.services.scaleout import assign_partitions, find_partitions
from gridgis.spatial.index import GridIndex
from tests.zoo import TWO_BY_TWO

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]

BY_MONTH = Breakdown(("grid", "month"), "time")
GROUPS, GROUP_ROWS = 12, 500


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as running:
        yield running


@pytest.fixture(scope="module")
def indexes():
    return {"town": GridIndex.build(list(TWO_BY_TWO), list(TWO_BY_TWO.values()))}


@pytest.fixture
def table():
    seeded = np.random.default_rng(8)
    rows = GROUPS * GROUP_ROWS
    lon, lat = seeded.uniform(-0.0005, 0.0025, (2, rows))
    times = (
        pa.array(seeded.integers(1_700_000_000, 1_730_000_000, rows))
        .cast(pa.timestamp("s"))
        .cast(pa.timestamp("us"))
    )
    lon = pa.array(lon, mask=np.arange(rows) % 100 == 0)
    return pa.table({"id": np.arange(rows), "lon": lon, "lat": lat, "time": times})


@pytest.fixture
def source(table, tmp_path, monkeypatch):
    """One file, each of whose row groups is a partition."""
    monkeypatch.setattr(scaleout, "_PARTITION_ROWS", GROUP_ROWS)
    path = tmp_path / "in.parquet"
    pq.write_table(table, path, row_group_size=GROUP_ROWS)
    return path


def assign(cluster, source, output, indexes, *, breakdown=BY_MONTH, **options):
    return assign_partitions(
        indexes,
        source,
        output,
        columns=PositionColumns(),
        breakdown=breakdown,
        scheduler=cluster.scheduler_address,
        **options,
    )


def read_parts(output):
    return pa.concat_tables(pq.read_table(path) for path in sorted(output.rglob("*.parquet")))


def expect(table, indexes):
    """Give the grids of all rows, and the counts as lines of text, without any of our streaming."""
    numbers = indexes["town"].locate_many(table["lon"].to_numpy(), table["lat"].to_numpy())
    grids = np.array(["A", "B", "C", "D", ""], object)[numbers]
    months = table["time"].to_pandas().dt.strftime("%Y-%m").to_numpy()
    keys, counts = np.unique(
        np.char.add(grids.astype(str), [f",{m}" for m in months]), return_counts=True
    )
    lines = [f"{key},{count}" for key, count in zip(keys, counts, strict=True)]
    return [grid or None for grid in grids], lines


def check(output, table, indexes):
    grids, lines = expect(table, indexes)
    written = read_parts(output)
    assert written.drop_columns(["town_grid"]).equals(table)
    assert written["town_grid"].to_pylist() == grids
    header, *counted = (output / "summary.csv").read_text().splitlines()
    assert header == "town_grid,month,count"
    assert sorted(counted) == sorted(lines)
    assert not list(output.rglob(".*")), "nothing unfinished stays"


def test_the_rows_are_those_of_a_local_run(cluster, source, table, indexes, tmp_path):
    steps = []
    counted = assign(cluster, source, tmp_path / "out", indexes, show_progress=steps.append)
    check(tmp_path / "out", table, indexes)
    assert (counted.rows, counted.rejects) == (len(table), len(table) // 100)
    assert steps[-1] == 1
    parts = [f"part-{number:05d}.parquet" for number in range(GROUPS)]
    assert sorted(p.name for p in (tmp_path / "out").glob("*.parquet")) == parts
    rejects = (tmp_path / "out" / "part-00001.parquet.rejects.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in rejects] == ["row", "501", "601", "701", "801", "901"]


def test_a_run_done_twice_doubles_nothing(cluster, source, table, indexes, tmp_path):
    assign(cluster, source, tmp_path / "out", indexes)
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assign(cluster, source, tmp_path / "out", indexes)
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == first


def test_a_worker_that_is_killed_loses_and_doubles_nothing(
    cluster, source, table, indexes, tmp_path
):
    with Client(cluster) as client:
        workers = client.run(os.getpid)
    assert len(workers) == 2
    killed = []

    def kill(_):
        if not killed:
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    assign(cluster, source, tmp_path / "out", indexes, show_progress=kill)
    assert killed
    check(tmp_path / "out", table, indexes)


def test_all_workers_killed_at_once_lose_nothing(cluster, source, table, indexes, tmp_path):
    with Client(cluster) as client:
        client.wait_for_workers(2)
        workers = client.run(os.getpid)
    killed = []

    def kill(_):
        while workers and not killed[2:]:
            killed.append(workers.popitem()[1])
            os.kill(killed[-1], signal.SIGKILL)

    assign(cluster, source, tmp_path / "out", indexes, show_progress=kill)
    assert len(killed) == 2
    check(tmp_path / "out", table, indexes)


def test_files_of_a_folder_keep_their_names(cluster, table, indexes, tmp_path):
    folder = tmp_path / "in"
    for number, name in enumerate(["2024/a.parquet", "2024/b.parquet", "2025/a.parquet"]):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.slice(number * 2000, 2000), folder / name)
    (folder / "_metadata.parquet").write_bytes(b"no data")
    assign(cluster, folder, tmp_path / "out", indexes)
    check(tmp_path / "out", table, indexes)
    found = sorted(
        str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.parquet")
    )
    assert found == ["2024/a.parquet", "2024/b.parquet", "2025/a.parquet"]
    matched = find_partitions(folder / "*" / "a.parquet")
    assert [partition.name for partition in matched] == ["2024/a.parquet", "2025/a.parquet"]


def test_a_partition_that_cannot_be_used_is_named(cluster, table, indexes, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    pq.write_table(table, folder / "a.parquet")
    pq.write_table(table.drop_columns(["lon"]), folder / "b.parquet")
    with pytest.raises(InvalidInput, match=r"b\.parquet has no column pair"):
        assign(cluster, folder, tmp_path / "out", indexes)


@pytest.mark.parametrize(
    ("output", "words"),
    [
        pytest.param("in", "lies in the input", id="onto-itself"),
        pytest.param("in/out", "lies in the input", id="inside-itself"),
        pytest.param("in/a.parquet", "is a file", id="onto-a-file"),
        pytest.param("other", "holds old.parquet, which is not of this job", id="onto-others"),
    ],
)
def test_outputs_that_cannot_be(cluster, table, indexes, tmp_path, output, words):
    (tmp_path / "in").mkdir()
    (tmp_path / "other").mkdir()
    pq.write_table(table, tmp_path / "in" / "a.parquet")
    shutil.copy(tmp_path / "in" / "a.parquet", tmp_path / "other" / "old.parquet")
    with pytest.raises(InvalidInput, match=words):
        assign(cluster, tmp_path / "in", tmp_path / output, indexes)


def test_nothing_to_do_is_said(tmp_path):
    with pytest.raises(InvalidInput, match="names no Parquet file"):
        find_partitions(tmp_path)
    with pytest.raises(InvalidInput, match="no such file or folder"):
        find_partitions(tmp_path / "nowhere")


def test_a_scheduler_that_does_not_answer_is_named(source, indexes, tmp_path, monkeypatch):
    monkeypatch.setattr(scaleout, "_SCHEDULER_TIMEOUT", "100ms")
    with pytest.raises(ConfigError, match="no Dask scheduler answers at tcp://127"):
        assign_partitions(
            indexes,
            source,
            tmp_path / "out",
            columns=PositionColumns(),
            breakdown=Breakdown(),
            scheduler="tcp://127.0.0.1:9",
        )


def test_an_index_travels_whole(indexes):
    import pickle  # noqa: PLC0415

    index = indexes["town"]
    copy = pickle.loads(pickle.dumps(index))  # noqa: S301
    assert (copy.codes, copy.digest) == (index.codes, index.digest)
    assert copy.locate(0.0005, 0.0005) == index.locate(0.0005, 0.0005) == 0
