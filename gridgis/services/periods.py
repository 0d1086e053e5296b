"""Counts of rows by grid and by year, month or day, chunk by chunk and then together."""

import csv
import datetime
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridgis.errors import InvalidInput

GRID = "grid"
PERIODS = ("year", "month", "day")

_COUNT = "count"
_FIRST_DAY = datetime.date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Breakdown:
    """By what rows are counted: `GRID` and one of `PERIODS`, or one of the two, in this order.

    `time` is the column of the time; times with a zone are counted by the clock of `zone`.
    """

    by: tuple[str, ...] = ()
    time: str | None = None
    zone: str = "UTC"


def parse_breakdown(text: str, *, time: str | None, zone: str) -> Breakdown:
    """Read what a user counts by, such as ``grid,month``.

    Raises
    ------
    InvalidInput
        If it is anything else than a grid and a period.
    """
    by = tuple(part.strip() for part in text.split(",") if part.strip())
    periods = [part for part in by if part in PERIODS]
    known = {GRID, *PERIODS}
    if not by or len(set(by)) != len(by) or not known.issuperset(by) or len(periods) > 1:
        raise InvalidInput(f"--by {text!r} is not understood; write it like grid,month")
    if time is not None and not periods:
        raise InvalidInput("--time goes with --by year, month or day")
    return Breakdown(by, time, zone)


def settle_time(breakdown: Breakdown, schema: pa.Schema, name: str) -> Breakdown:
    """Find the column of the time, or check the one that was named.

    Raises
    ------
    InvalidInput
        If it is not there, holds no times, or none was named and there is not exactly one.
    """
    if not set(breakdown.by) & set(PERIODS):
        return breakdown
    times = [field.name for field in schema if _is_time(field.type)]
    if breakdown.time is None:
        if len(times) != 1:
            listed = ", ".join(times) or "none"
            raise InvalidInput(f"{name}: pass --time; its columns of times are: {listed}")
        return Breakdown(breakdown.by, times[0], breakdown.zone)
    if breakdown.time not in times:
        raise InvalidInput(
            f"{name} has no column {breakdown.time!r} of dates or times; those it has are: "
            f"{', '.join(times) or 'none'}"
        )
    return breakdown


def count_rows(
    rows: pa.Table, numbers: Mapping[str, NDArray[np.int32]], breakdown: Breakdown
) -> pa.Table:
    """Count n rows.

    Parameters
    ----------
    rows
        n rows.
    numbers
        By layer, the number of the grid of each row, (n,), -1 for none.
    breakdown
        With its time settled.

    Returns
    -------
    counts
        A whole number for each layer (where grids are counted by) and for the period, null for no
        time; ``count``. One row for each combination that occurs.
    """
    keys: dict[str, pa.Array] = {}
    for part in breakdown.by:
        if part == GRID:
            keys |= {layer: pa.array(of_layer) for layer, of_layer in numbers.items()}
        else:
            keys[part] = _number_periods(rows.column(breakdown.time), part, breakdown.zone)
    counts = pa.table(keys).group_by(list(keys), use_threads=False)
    return counts.aggregate([([], "count_all")]).rename_columns([*keys, _COUNT])


def add_counts(counts: Iterable[pa.Table]) -> pa.Table | None:
    """Add up counts of the same breakdown; None for none."""
    listed = list(counts)
    if not listed:
        return None
    whole = pa.concat_tables(listed)
    keys = whole.column_names[:-1]
    sums = whole.group_by(keys, use_threads=False).aggregate([(_COUNT, "sum")])
    return sums.rename_columns([*keys, _COUNT])


def write_counts(counts: pa.Table, codes: Mapping[str, Sequence[str]]) -> bytes:
    """Write counts as CSV: ``<layer>_grid`` of each layer, the period, ``count``.

    Rows are in the order of the columns; rows in no grid, or without a time, have an empty cell and
    come last.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    keys = counts.column_names[:-1]
    writer.writerow([*(f"{key}_grid" if key in codes else key for key in keys), _COUNT])
    lines = sorted(
        zip(*(counts.column(name).to_pylist() for name in counts.column_names), strict=True),
        key=lambda line: [(n is None or n < 0, n or 0) for n in line],
    )
    for *numbers, count in lines:
        cells = (_show(key, n, codes) for key, n in zip(keys, numbers, strict=True))
        writer.writerow([*cells, count])
    return text.getvalue().encode()


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind))


def _number_periods(times: pa.ChunkedArray, period: str, zone: str) -> pa.ChunkedArray:
    """Give years, months counted from January of the year 0, or days from 1970."""
    if pa.types.is_timestamp(times.type) and times.type.tz is not None:
        times = pc.local_timestamp(times.cast(pa.timestamp(times.type.unit, zone)))
    match period:
        case "year":
            numbers = pc.year(times)
        case "month":
            numbers = pc.add(pc.multiply(pc.year(times), 12), pc.subtract(pc.month(times), 1))
        case _:
            numbers = pc.floor_temporal(times, unit="day").cast(pa.date32()).cast(pa.int32())
    return numbers.cast(pa.int64())


def _show(key: str, number: int | None, codes: Mapping[str, Sequence[str]]) -> str:
    if number is None or (key in codes and number < 0):
        return ""
    match key:
        case "year":
            return f"{number:04d}"
        case "month":
            return f"{number // 12:04d}-{number % 12 + 1:02d}"
        case "day":
            return datetime.date.fromordinal(_FIRST_DAY + number).isoformat()
        case _:
            return codes[key][number]
