"""Points in Parquet and GeoParquet, part by part, so that a table larger than memory can pass."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.files.features import to_series, to_text
from gridgis.files.geoparquet import find_geometry_column
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

_CHUNK_ROWS = 1 << 19
_CHUNK_BYTES = 32 << 20
_CHUNK_CELLS = 1 << 22
_LEAST_CHUNK_ROWS = 1 << 10
_BUFFER_BYTES = 1 << 20
_POINT = 0
_POINT_HEAD = np.void(b"\x01\x01\x00\x00\x00")
_POINT_WKB = np.dtype([("head", "V5"), ("x", "<f8"), ("y", "<f8")])

Numbers = tuple[NDArray[np.float64], dict[int, str]]


@dataclass(frozen=True)
class PointChunk:
    """Rows of a Parquet file that follow each other, all columns as they are.

    `first_row` is the number of the first, from 1 in the file.
    """

    first_row: int
    rows: pa.Table


class PointFile:
    """An opened Parquet file whose columns of positions are settled; read by one thread."""

    def __init__(
        self, name: str, parquet: pq.ParquetFile, columns: tuple[str, ...], settled: PositionCrs
    ) -> None:
        self.name = name
        self.schema: pa.Schema = parquet.schema_arrow
        self.group_rows: list[int] = [
            parquet.metadata.row_group(group).num_rows for group in range(parquet.num_row_groups)
        ]
        self._parquet = parquet
        self._columns, self._settled = columns, settled
        self._chunk_rows = _choose_chunk_rows(parquet.metadata)

    @property
    def row_count(self) -> int:
        """Rows of the file."""
        return sum(self.group_rows)

    def read_chunks(
        self, *, first_row: int = 1, groups: range | None = None, chunk_rows: int | None = None
    ) -> Iterator[PointChunk]:
        """Read rows, always cut at the same places, so that reading can go on behind any chunk.

        Parameters
        ----------
        first_row
            The first row of a chunk.
        groups
            Row groups to read; all without it.
        chunk_rows
            Rows of a chunk at most, instead of what the columns suggest.

        Raises
        ------
        InvalidInput
            If the file is damaged.
        """
        wanted = range(len(self.group_rows)) if groups is None else groups
        row = 1 + sum(self.group_rows[: wanted.start])
        most = chunk_rows or self._chunk_rows
        with _naming_damage(self.name):
            for run in _join_small_groups(self.group_rows, wanted, most):
                run_rows = sum(self.group_rows[group] for group in run)
                if row + run_rows <= first_row:
                    row += run_rows
                    continue
                for batch in self._parquet.iter_batches(most, row_groups=list(run)):
                    if row >= first_row:
                        yield PointChunk(row, self._to_table(batch))
                    row += batch.num_rows

    def locate(self, chunk: PointChunk) -> Positions:
        """Read the positions of some rows; any thread may."""
        cells = (chunk.rows.column(column).combine_chunks() for column in self._columns)
        return _locate(tuple(cells), chunk.first_row, self._columns, self._settled, self.name)

    def _to_table(self, batch: pa.RecordBatch) -> pa.Table:
        return pa.Table.from_batches([batch]).replace_schema_metadata(self.schema.metadata)


def is_parquet(path: str | Path) -> bool:
    """Whether a file starts as Parquet does."""
    with check_file(path).open("rb") as file:
        return file.read(4) == b"PAR1"


@contextmanager
def open_parquet(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file.

    Raises
    ------
    InvalidInput
        If it is not Parquet, or damaged.
    """
    with ExitStack() as opened:
        with _naming_damage(path.name):
            # neither mapped nor read by row group: either may be larger than memory
            parquet = opened.enter_context(pq.ParquetFile(path, buffer_size=_BUFFER_BYTES))
        yield parquet


@contextmanager
def open_points(
    path: str | Path,
    *,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
) -> Iterator[PointFile]:
    """Open a Parquet file whose rows have positions.

    Parameters
    ----------
    path
        A file with columns of lon and lat (numbers or text), or a GeoParquet file of points.
    lon, lat
        The columns, or x and y when `crs` is given. Without them the geometry column is taken, or
        else the pair of columns that is plain.
    crs, datum
        As in `read_positions`; a GeoParquet file's own CRS may not be contradicted.

    Raises
    ------
    InvalidInput, CrsError
        If the file is not Parquet or damaged, or columns, CRS or datum are not settled.
    """
    file = check_file(path)
    with open_parquet(file) as parquet:
        with _naming_damage(file.name):
            schema = parquet.schema_arrow
        columns, settled = _choose_columns(
            schema, file.name, lon=lon, lat=lat, crs=crs, datum=datum
        )
        yield PointFile(file.name, parquet, columns, settled)


def append_codes(
    rows: pa.Table, columns: Mapping[str, tuple[Sequence[str], NDArray[np.int32]]]
) -> pa.Table:
    """Return n rows with columns of codes of ours behind their own.

    Parameters
    ----------
    rows
        n rows.
    columns
        By name: codes, and which of them each row has, (n,), -1 for none.
    """
    for name, (codes, which) in columns.items():
        rows = rows.append_column(name, _to_dictionary(codes, which))
    return rows


def check_new_columns(schema: pa.Schema, columns: Iterable[str], name: str) -> pa.Schema:
    """Return the schema with text columns of ours behind its own.

    Raises
    ------
    InvalidInput
        If it has a column of that name already.
    """
    for column in columns:
        if column in schema.names:
            raise InvalidInput(f"{name} has a column {column!r} already; rename it")
        schema = schema.append(pa.field(column, pa.string()))
    return schema


def prepare_rejects_header(schema: pa.Schema) -> bytes:
    """Make the header of the list of rejected rows."""
    return _write_lines([["row", "reason", *schema.names]])[0]


def prepare_rejects(chunk: PointChunk, positions: Positions) -> list[tuple[int, bytes]]:
    """Give the rows without a usable position: their number, and a line of text.

    The line begins with the reason and has a line end. Its cells are as `read_as_text` makes them.
    """
    numbers = [row for row, _ in positions.reasons]
    if not numbers:
        return []
    taken = chunk.rows.take(pa.array([row - chunk.first_row for row in numbers], pa.int64()))
    cells = _to_text_rows(taken, pd.Index(numbers, dtype="int64")).to_numpy().tolist()
    reasons = [reason for _, reason in positions.reasons]
    lines = _write_lines([[reason, *row] for reason, row in zip(reasons, cells, strict=True)])
    return list(zip(numbers, lines, strict=True))


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


@contextmanager
def _naming_damage(name: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{name} is not a Parquet file or is damaged; write it again") from error


def _choose_chunk_rows(metadata: pq.FileMetaData) -> int:
    """Choose how many rows are read at a time, so that wide rows take no more memory."""
    file_bytes: int = sum(
        metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups)
    )
    by_bytes: int = _CHUNK_BYTES * metadata.num_rows // max(file_bytes, 1)
    by_cells: int = _CHUNK_CELLS // max(metadata.num_columns, 1)
    return max(_LEAST_CHUNK_ROWS, min(_CHUNK_ROWS, by_bytes, by_cells))


def _join_small_groups(group_rows: Sequence[int], groups: range, most: int) -> Iterator[range]:
    """Cut row groups into runs of at most so many rows, or of one group."""
    start = groups.start
    total = 0
    for group in groups:
        if group > start and total + group_rows[group] > most:
            yield range(start, group)
            start, total = group, 0
        total += group_rows[group]
    if start < groups.stop:
        yield range(start, groups.stop)


def _to_dictionary(codes: Sequence[str], which: NDArray[np.int32]) -> pa.DictionaryArray:
    """Make a column whose dictionary is the codes that occur: of a nation's they are few."""
    used = np.flatnonzero(np.bincount(which + 1, minlength=len(codes) + 1)[1:])
    renumbered = np.full(len(codes) + 1, -1, np.int32)
    renumbered[used] = np.arange(len(used), dtype=np.int32)
    numbers = renumbered[which]
    dictionary = pa.array([codes[number] for number in used.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), dictionary)


def _write_lines(rows: Iterable[Sequence[str]]) -> list[bytes]:
    lines: list[bytes] = []
    for row in rows:
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerow(row)
        lines.append(text.getvalue().removesuffix("\r\n").encode() + b"\n")
    return lines


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
    cells: tuple[pa.Array, ...],
    first_row: int,
    columns: tuple[str, ...],
    settled: PositionCrs,
    name: str,
) -> Positions:
    if len(columns) == 1:
        x, y = _read_plain_points(cells[0]) or _read_points(cells[0], columns[0])
        shown = ("x", "y")
    else:
        x, y = (
            _to_numbers(column, label, name) for column, label in zip(cells, columns, strict=True)
        )
        shown = (columns[0], columns[1])
    return locate_rows(x, y, columns=shown, settled=settled, first_row=first_row)


def _read_plain_points(cells: pa.Array) -> tuple[Numbers, Numbers] | None:
    """Read WKB that is nothing but points of two numbers, all at once; None where it is not."""
    if cells.null_count or not (
        pa.types.is_binary(cells.type) or pa.types.is_large_binary(cells.type)
    ):
        return None
    lengths = pc.binary_length(cells).to_numpy()
    content = b"" if not (lengths == _POINT_WKB.itemsize).all() else _join_bytes(cells)
    points = np.frombuffer(content, _POINT_WKB)
    is_plain = len(points) == len(cells) and (points["head"] == _POINT_HEAD).all()
    x, y = points["x"].astype(np.float64), points["y"].astype(np.float64)
    if not is_plain or np.isnan(x).any() or np.isnan(y).any():
        return None
    return (x, {}), (y, {})


def _join_bytes(cells: pa.Array) -> memoryview:
    """Return the bytes of binary cells of one length, one behind the other."""
    values = memoryview(cells.buffers()[2] or b"")
    width = np.int64 if pa.types.is_large_binary(cells.type) else np.int32
    start = int(np.frombuffer(cells.buffers()[1], width)[cells.offset]) if len(cells) else 0
    return values[start : start + len(cells) * _POINT_WKB.itemsize]


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
