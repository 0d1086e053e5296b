"""Points of many Parquet partitions → grids, on a Dask cluster.

A partition is a file of a folder, or a run of row groups of one file. Each is a task that reads,
finds the grids and writes by itself; the index goes to each worker once. A partition is written
under a name of its own and then put in its place, and what a task counts is taken once, so a
worker that dies, and a task that is done twice, lose and double nothing.
"""

import glob
import logging
import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from gridgis.errors import ConfigError, Conflict, InvalidInput
from gridgis.files import parquet
from gridgis.files.output import replacing
from gridgis.files.rowgroups import MAGIC
from gridgis.services.assigning import (
    Assigned,
    Indexes,
    PositionColumns,
    Progress,
    assign_chunk,
    describe_piece,
    end_parquet,
    name_column,
    number_rejects,
    rejects_path,
    sum_notes,
)
from gridgis.services.periods import (
    Breakdown,
    add_counts,
    count_rows,
    settle_time,
    write_counts,
)
from gridgis.services.pipeline import count_cores

SUMMARY = "summary.csv"

_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_PARTITION_ROWS = 1_000_000
_MEMORY_LIMIT = "2GiB"
_SCHEDULER_TIMEOUT = "10s"
_ATTEMPTS = 3
_UNFINISHED = ".*.unfinished"


@dataclass(frozen=True)
class Partition:
    """Some rows of a Parquet file; `name` is what it is called in the output folder.

    `groups` are the row groups, from the first up to but without the second; None for all.
    """

    name: str
    path: Path
    groups: tuple[int, int] | None = None


@dataclass(frozen=True)
class Job:
    """What is done with every partition."""

    output: Path
    columns: PositionColumns
    breakdown: Breakdown


@dataclass(frozen=True)
class PartitionResult:
    """What a partition had, and its counts if there is a breakdown."""

    assigned: Assigned
    counts: pa.Table | None


def find_partitions(source: Path) -> list[Partition]:
    """Find the partitions of a folder, a pattern (``2025-*/*.parquet``) or one file, by name.

    Files of a folder keep their names, with the folders between; those that begin with ``.`` or
    ``_`` are no partitions. The row groups of one file become ``part-00000.parquet`` and so on.

    Raises
    ------
    InvalidInput
        If there is none, or a file is not Parquet.
    """
    if source.is_file():
        return _cut_file(source.resolve())
    magic = [place for place, step in enumerate(source.parts) if glob.has_magic(step)]
    if source.is_dir():
        root = source.resolve()
        files = [path for path in root.rglob("*") if path.suffix.lower() in _SUFFIXES]
    elif magic:
        root = Path(*source.parts[: magic[0]]).resolve()
        files = [Path(path).resolve() for path in glob.glob(str(source), recursive=True)]
    else:
        raise InvalidInput(f"no such file or folder: {source}")
    partitions = [
        Partition(str(path.relative_to(root)), path)
        for path in sorted(files)
        if path.is_file() and not path.name.startswith((".", "_"))
    ]
    if not partitions:
        raise InvalidInput(f"{source} names no Parquet file; name a folder of them, or one file")
    return partitions


def assign_partitions(
    indexes: Indexes,
    source: Path,
    output: Path,
    *,
    columns: PositionColumns,
    breakdown: Breakdown,
    scheduler: str | None = None,
    show_progress: Progress = lambda _: None,
) -> Assigned:
    """Add ``<layer>_grid`` to partitions, on a cluster; ``summary.csv`` has the counts asked for.

    Parameters
    ----------
    indexes
        By layer.
    source
        As in `find_partitions`; workers read it under the same path.
    output
        A folder that workers write to under the same path.
    columns, breakdown
        As of one file.
    scheduler
        ``tcp://host:port``; without it a cluster of this machine's processors runs for the job.

    Raises
    ------
    InvalidInput
        If a partition cannot be used, or `output` holds something else.
    ConfigError
        If Dask is not installed, or the scheduler cannot be reached.
    Conflict
        If a partition has ended the workers that had it, or they have gone.
    """
    partitions = find_partitions(source)
    _check_output(source, output, partitions)
    with parquet.open_points(partitions[0].path, **asdict(columns)) as points:
        parquet.check_new_columns(points.schema, map(name_column, indexes), points.name)
        breakdown = settle_time(breakdown, points.schema, points.name)
    job = Job(output.resolve(), columns, breakdown)
    with _connect(scheduler) as client:
        output.mkdir(parents=True, exist_ok=True)
        try:
            results = _run(client, partitions, indexes, job, show_progress)
        finally:
            for unfinished in output.rglob(_UNFINISHED):
                unfinished.unlink(missing_ok=True)
    counts = add_counts(result.counts for result in results if result.counts is not None)
    if counts is not None:
        with replacing(output / SUMMARY) as temporary:
            codes = {layer: index.codes for layer, index in indexes.items()}
            temporary.write_bytes(write_counts(counts, codes))
    return _add_up([result.assigned for result in results], indexes)


def assign_partition(partition: Partition, indexes: Indexes, job: Job) -> PartitionResult:
    """Do one partition, on a worker; doing it again changes nothing."""
    output = job.output / partition.name
    output.parent.mkdir(parents=True, exist_ok=True)
    groups = None if partition.groups is None else range(*partition.groups)
    notes, counts, rejects = [], [], []
    with parquet.open_points(partition.path, **asdict(job.columns)) as points:
        names = [name_column(layer) for layer in indexes]
        schema = parquet.check_new_columns(points.schema, names, points.name)
        header = parquet.prepare_rejects_header(points.schema)
        with _placing(output) as file:
            file.write(MAGIC)
            for chunk in points.read_chunks(groups=groups):
                piece, numbers = assign_chunk(points, chunk, indexes)
                notes.append(describe_piece(piece, place=file.tell()))
                file.writelines(piece.body)
                rejects.append(number_rejects(piece, chunk.first_row - 1))
                if job.breakdown.by:
                    counts.append(count_rows(chunk.rows, numbers, job.breakdown))
            file.write(end_parquet(schema, notes))
    _write_rejects(rejects_path(output), header, rejects)
    return PartitionResult(sum_notes(notes, indexes), add_counts(counts))


def _cut_file(path: Path) -> list[Partition]:
    """Cut a file into runs of row groups of about a million rows."""
    partitions: list[Partition] = []
    with parquet.open_parquet(path) as opened:
        rows = [opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)]
    start = total = 0
    for group, group_rows in enumerate(rows):
        total += group_rows
        if total >= _PARTITION_ROWS or group == len(rows) - 1:
            name = f"part-{len(partitions):05d}.parquet"
            partitions.append(Partition(name, path, (start, group + 1)))
            start, total = group + 1, 0
    return partitions or [Partition("part-00000.parquet", path)]


def _check_output(source: Path, output: Path, partitions: Sequence[Partition]) -> None:
    """Refuse an output that is the input, or holds what is not of this job."""
    if output.exists() and not output.is_dir():
        raise InvalidInput(f"{output} is a file; with --engine dask the output is a folder")
    within = source.resolve()
    if source.is_dir() and (output.resolve() == within or within in output.resolve().parents):
        raise InvalidInput(f"{output} lies in the input; name another folder with -o")
    ours = {partition.name for partition in partitions}
    for path in sorted(output.rglob("*")) if output.is_dir() else []:
        name = str(path.relative_to(output))
        if path.suffix.lower() in _SUFFIXES and name not in ours:
            raise InvalidInput(
                f"{output} holds {name}, which is not of this job; name a new folder"
            )


@contextmanager
def _connect(scheduler: str | None) -> Iterator[Any]:
    """Connect to a cluster, or run one of this machine for the time being."""
    try:
        from distributed import Client, LocalCluster  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "--engine dask needs Dask; install it with: pip install 'gridgis[dask]'"
        ) from error
    with ExitStack() as opened:
        if scheduler is None:
            scratch = opened.enter_context(
                tempfile.TemporaryDirectory(prefix="gridgis-", ignore_cleanup_errors=True)
            )
            cluster = LocalCluster(
                n_workers=max(2, count_cores()),
                threads_per_worker=1,
                processes=True,
                memory_limit=_MEMORY_LIMIT,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",  # an address there must be; without Bokeh, no page
                local_directory=scratch,
                silence_logs=logging.ERROR,
            )
            opened.enter_context(cluster)
            yield opened.enter_context(Client(cluster))
            return
        try:
            client = Client(scheduler, timeout=_SCHEDULER_TIMEOUT)
        except (OSError, ValueError, TimeoutError) as error:
            raise ConfigError(
                f"no Dask scheduler answers at {scheduler}; start one, or leave out --scheduler"
            ) from error
        yield opened.enter_context(client)


def _run(
    client: Any,
    partitions: Sequence[Partition],
    indexes: Indexes,
    job: Job,
    show_progress: Progress,
) -> list[PartitionResult]:
    """Do all partitions and return what each had, in order.

    The index that was scattered is gone when all workers have died; then it is scattered anew, for
    the partitions that are left.
    """
    from distributed import KilledWorker  # noqa: PLC0415

    results: dict[Partition, PartitionResult] = {}
    for _ in range(_ATTEMPTS):
        left = [partition for partition in partitions if partition not in results]
        try:
            for partition, result in _run_once(client, left, indexes, job):
                results[partition] = result
                show_progress(len(results) / len(partitions))
        except KilledWorker as error:
            raise Conflict(
                "a partition has ended every worker that took it; give the workers more memory"
            ) from error
        if len(results) == len(partitions):
            return [results[partition] for partition in partitions]
    raise Conflict("the workers of the cluster keep going away; see to them and run this again")


def _run_once(
    client: Any, partitions: Sequence[Partition], indexes: Indexes, job: Job
) -> Iterator[tuple[Partition, PartitionResult]]:
    """Do partitions and give the results as they come, those that were lost left out."""
    from distributed import as_completed  # noqa: PLC0415

    token = uuid.uuid4().hex
    try:
        scattered = client.scatter(dict(indexes), broadcast=True, hash=False)
    except OSError:  # a worker went away just now
        return
    futures = {
        client.submit(
            assign_partition, partition, scattered, job, key=f"assign-{token}-{partition.name}"
        ): partition
        for partition in partitions
    }
    for future in as_completed(futures):
        if not future.cancelled():
            yield futures[future], future.result()


@contextmanager
def _placing(output: Path) -> Iterator[Any]:
    """Open a file that takes its place when it is whole; no two tasks write the same one."""
    temporary = output.with_name(f".{output.name}.{uuid.uuid4().hex}.unfinished")
    try:
        with temporary.open("wb") as file:
            yield file
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)


def _write_rejects(path: Path, header: bytes, lines: Sequence[bytes]) -> None:
    if not any(lines):
        path.unlink(missing_ok=True)
        return
    with _placing(path) as file:
        file.writelines([header, *lines])


def _add_up(parts: Sequence[Assigned], layers: Mapping[str, Any]) -> Assigned:
    found = {layer: sum(part.found[layer] for part in parts) for layer in layers}
    return Assigned(sum(part.rows for part in parts), found, sum(part.rejects for part in parts))
