"""Points of a table → grids of stated editions; every row and column kept, in order."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from gridgis.errors import InvalidInput
from gridgis.files import parquet, tabular
from gridgis.services.catalogue import open_edition
from gridgis.services.snapshot import Snapshot
from gridgis.spatial.index import GridIndex

_PARQUET_SUFFIXES = (".parquet", ".geoparquet", ".pq")
_TABLE_SUFFIXES = (".csv", ".tsv", ".txt")


@dataclass(frozen=True)
class PositionColumns:
    """Which columns hold the position, and in which CRS or datum; None is found or WGS84."""

    lon: str | None = None
    lat: str | None = None
    crs: str | None = None
    datum: str | None = None


@dataclass(frozen=True)
class Assigned:
    """How many rows there were, how many found a grid by layer, and how many had no position."""

    rows: int
    found: Mapping[str, int]
    rejects: int


def assign_file(
    snapshot: Snapshot,
    source: Path,
    output: Path,
    *,
    layers: Sequence[str],
    at: datetime,
    columns: PositionColumns,
    encoding: str | None = None,
) -> Assigned:
    """Add ``<layer>_grid`` for each layer to a CSV or Parquet file, by the edition in force then.

    The output has every row and column of the input, in order; the new cells are empty where no
    grid covers the point. Rows without a usable position are kept too, and listed with the reason
    in ``<output>.rejects.csv``, which is removed when there are none.

    Raises
    ------
    InvalidInput
        If the file cannot be used, or already has such a column.
    NotFound
        If there is no such layer, or no edition in force at `at`.
    """
    indexes = {layer: open_edition(snapshot, layer, at=at).index for layer in layers}
    if source.resolve() == output.resolve():
        raise InvalidInput(f"{output} is the input itself; name another file with -o")
    is_parquet = parquet.is_parquet(source)
    if is_parquet and output.suffix.lower() in _TABLE_SUFFIXES:
        raise InvalidInput(f"{source.name} is Parquet; name the output {output.stem}.parquet")
    if not is_parquet and output.suffix.lower() in _PARQUET_SUFFIXES:
        raise InvalidInput(f"{source.name} is a table of text; name the output {output.stem}.csv")
    if is_parquet:
        return _assign_parquet(source, output, indexes, columns)
    return _assign_table(source, output, indexes, columns, encoding)


def name_column(layer: str) -> str:
    """Return the name of the column that holds a layer's grid."""
    return f"{layer}_grid"


def rejects_path(output: Path) -> Path:
    """Return where the rows without a usable position are listed."""
    return output.with_name(f"{output.name}.rejects.csv")


def _assign_table(
    source: Path,
    output: Path,
    indexes: Mapping[str, GridIndex],
    columns: PositionColumns,
    encoding: str | None,
) -> Assigned:
    table = tabular.read_table(source, encoding=encoding)
    positions = tabular.read_positions(
        table, lon=columns.lon, lat=columns.lat, crs=columns.crs, datum=columns.datum
    )
    cells, found = _locate(indexes, positions)
    rows = tabular.add_columns(table, cells)
    tabular.write_table(output, rows, like=table)
    _write_rejects(output, positions.reasons, table.rows, like=table)
    return Assigned(len(rows), found, len(positions.reasons))


def _assign_parquet(
    source: Path, output: Path, indexes: Mapping[str, GridIndex], columns: PositionColumns
) -> Assigned:
    rows = 0
    found = dict.fromkeys(indexes, 0)
    reasons: list[tuple[int, str]] = []
    rejected: list[pd.DataFrame] = []

    def assigned_batches() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for points in parquet.read_point_batches(
            source, lon=columns.lon, lat=columns.lat, crs=columns.crs, datum=columns.datum
        ):
            cells, found_here = _locate(indexes, points.positions)
            rows += points.batch.num_rows
            for layer, count in found_here.items():
                found[layer] += count
            if points.positions.reasons:
                reasons.extend(points.positions.reasons)
                rejected.append(parquet.rejected_rows(points))
            yield parquet.append_columns(points.batch, cells, name=source.name)

    parquet.write_batches(output, assigned_batches())
    _write_rejects(output, reasons, pd.concat(rejected) if rejected else pd.DataFrame(), like=None)
    return Assigned(rows, found, len(reasons))


def _locate(
    indexes: Mapping[str, GridIndex], positions: tabular.Positions
) -> tuple[dict[str, Sequence[str | None]], dict[str, int]]:
    cells: dict[str, Sequence[str | None]] = {}
    found = {}
    for layer, index in indexes.items():
        numbers = index.locate_many(positions.lon, positions.lat)
        # the last name is None, which is what -1 picks
        names = np.array([*index.codes, None], dtype=object)
        cells[name_column(layer)] = names[numbers].tolist()
        found[layer] = int((numbers >= 0).sum())
    return cells, found


def _write_rejects(
    output: Path,
    reasons: Sequence[tuple[int, str]],
    rows: pd.DataFrame,
    *,
    like: tabular.Table | None,
) -> None:
    path = rejects_path(output)
    if reasons:
        tabular.write_rejects(path, reasons, rows, like=like)
    else:
        path.unlink(missing_ok=True)
