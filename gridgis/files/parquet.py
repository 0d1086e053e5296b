"""Points in Parquet and GeoParquet, batch by batch, so that a table larger than memory can pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.files.features import to_series, to_text
from gridgis.files.geoparquet import find_geometry_column
from gridgis.files.output import replacing
from gridgis.files.positions import (
    PositionCrs,
    Positions,
    check_numbers,
    find_position_columns,
    locate_rows,
    parse_numbers,
    settle_position_crs,
)
from gridgis.files.source import Source, check_file

_BATCH_ROWS = 100_000
_POINT = 0

Numbers = tuple[NDArray[np.float64], dict[int, str]]


@dataclass(frozen=True)
class PointBatch:
    """Rows of a Parquet file that follow each other, with their positions.

    `first_row` is the number of the first, from 1 in the file; `batch` has all columns as they are.
    """

    first_row: int
    batch: pa.RecordBatch
    positions: Positions


def is_parquet(path: str | Path) -> bool:
    """Whether a file starts as Parquet does."""
    with check_file(path).open("rb") as file:
        return file.read(4) == b"PAR1"


def read_point_batches(
    path: str | Path,
    *,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    batch_rows: int = _BATCH_ROWS,
) -> Iterator[PointBatch]:
    """Read the rows of a Parquet file with their positions.

    Parameters
    ----------
    path
        A file with columns of lon and lat (numbers or text), or a GeoParquet file of points.
    lon, lat
        The columns, or x and y when `crs` is given. Without them the geometry column is taken, or
        else the pair of columns that is plain.
    crs, datum
        As in `read_positions`; a GeoParquet file's own CRS may not be contradicted.
    batch_rows
        Rows a batch, at most.

    Yields
    ------
    points
        At least one batch, which is empty for a file without rows. The schema, with its metadata,
        is that of the file.

    Raises
    ------
    InvalidInput, CrsError
        If the file is not Parquet or damaged, or columns, CRS or datum are not settled.
    """
    file = check_file(path)
    try:
        with pa.memory_map(str(file)) as mapped:
            parquet = pq.ParquetFile(mapped)
            columns, settled = _choose_columns(
                parquet.schema_arrow, file.name, lon=lon, lat=lat, crs=crs, datum=datum
            )
            first_row = 1
            for batch in _walk(parquet, batch_rows):
                positions = _locate(batch, first_row, columns, settled, file.name)
                yield PointBatch(first_row, batch, positions)
                first_row += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(
            f"{file.name} is not a Parquet file or is damaged; write it again"
        ) from error


def append_columns(
    batch: pa.RecordBatch, columns: Mapping[str, Sequence[str | None]], *, name: str
) -> pa.RecordBatch:
    """Return a batch with text columns of ours behind its own.

    Raises
    ------
    InvalidInput
        If it has a column of that name already.
    """
    for column, cells in columns.items():
        if column in batch.schema.names:
            raise InvalidInput(f"{name} has a column {column!r} already; rename it")
        metadata = batch.schema.metadata
        batch = batch.append_column(column, pa.array(cells, pa.string()))
        batch = batch.replace_schema_metadata(metadata)
    return batch


def write_batches(path: str | Path, batches: Iterable[pa.RecordBatch]) -> None:
    """Write batches of one schema as a Parquet file, whole or not at all; metadata are kept.

    Raises
    ------
    InvalidInput
        If there is no batch, or the file cannot be written.
    """
    with replacing(path) as temporary:
        writer: pq.ParquetWriter | None = None
        try:
            for batch in batches:
                if writer is None:
                    writer = pq.ParquetWriter(str(temporary), batch.schema)
                writer.write_batch(batch)
        finally:
            if writer is not None:
                writer.close()
        if writer is None:
            raise InvalidInput(f"{path} cannot be written: there is nothing to write")


def rejected_rows(points: PointBatch) -> pd.DataFrame:
    """Return the rows without a usable position as text, by row number, for `write_rejects`."""
    numbers = [row for row, _ in points.positions.reasons]
    taken = points.batch.take(pa.array([row - points.first_row for row in numbers], pa.int64()))
    return _to_text_rows(pa.Table.from_batches([taken]), pd.Index(numbers, dtype="int64"))


def read_as_text(source: Source) -> pd.DataFrame:
    """Read a Parquet file whole with its cells as text; '' for null; index = row numbers from 1.

    Raises
    ------
    InvalidInput
        If it is damaged.
    """
    try:
        table = pq.read_table(pa.BufferReader(source.content))
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{source.name} is a damaged Parquet file; write it again") from error
    return _to_text_rows(table, pd.RangeIndex(1, table.num_rows + 1))


def _to_text_rows(table: pa.Table, index: pd.Index) -> pd.DataFrame:
    columns = {
        name: to_text(to_series(table.column(name).to_pylist(), index).rename(name))
        for name in table.column_names
    }
    return pd.DataFrame(columns, index=index)


def _walk(parquet: pq.ParquetFile, batch_rows: int) -> Iterator[pa.RecordBatch]:
    schema = parquet.schema_arrow
    if parquet.metadata.num_rows == 0:
        yield pa.RecordBatch.from_pylist([], schema=schema)
    for batch in parquet.iter_batches(batch_size=batch_rows):
        yield batch.replace_schema_metadata(schema.metadata)


def _choose_columns(
    schema: pa.Schema,
    name: str,
    *,
    lon: str | None,
    lat: str | None,
    crs: str | None,
    datum: str | None,
) -> tuple[tuple[str, ...], PositionCrs]:
    """Choose two columns of numbers, or one of geometry, and what they are in."""
    geometry = find_geometry_column(schema, name)
    if geometry is None or lon is not None or lat is not None:
        columns = find_position_columns(schema.names, lon=lon, lat=lat, name=name)
        return columns, settle_position_crs(crs, datum, name)
    settled = settle_position_crs(crs, datum, name, declared=geometry.crs, must_declare=True)
    return (geometry.name,), settled


def _locate(
    batch: pa.RecordBatch, first_row: int, columns: tuple[str, ...], settled: PositionCrs, name: str
) -> Positions:
    if len(columns) == 1:
        x, y = _read_points(batch.column(columns[0]), columns[0])
        shown = ("x", "y")
    else:
        x, y = (_to_numbers(batch.column(column), column, name) for column in columns)
        shown = (columns[0], columns[1])
    return locate_rows(x, y, columns=shown, settled=settled, first_row=first_row)


def _read_points(cells: pa.Array, column: str) -> tuple[Numbers, Numbers]:
    """Read a column of WKB; what is not a point has NaN and a reason."""
    wkb = np.array(cells.to_pylist(), dtype=object)
    with np.errstate(invalid="ignore"):
        points = shapely.from_wkb(wkb, on_invalid="ignore")
    is_point = (shapely.get_type_id(points) == _POINT) & ~shapely.is_empty(points)
    problems: dict[int, str] = {}
    for position in np.flatnonzero(~is_point):
        geometry = points[position]
        if wkb[position] is None or (geometry is not None and geometry.is_empty):
            problems[int(position)] = f"{column} is empty"
        elif geometry is None:
            problems[int(position)] = f"{column} cannot be read"
        else:
            problems[int(position)] = f"{column} is a {geometry.geom_type}, not a Point"
    points[~is_point] = None
    return (shapely.get_x(points), problems), (shapely.get_y(points), problems)


def _to_numbers(cells: pa.Array, column: str, name: str) -> Numbers:
    if pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type):
        return parse_numbers(pa.chunked_array([cells]), column)
    is_number = (
        pa.types.is_integer(cells.type)
        or pa.types.is_floating(cells.type)
        or pa.types.is_decimal(cells.type)
    )
    if not is_number:
        raise InvalidInput(
            f"{name} column {column!r} holds {cells.type}, not numbers; pass --lon and --lat"
        )
    numbers = cells.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return numbers, check_numbers(numbers, column)
