"""What every vector reader hands over: attribute columns, geometries, and the CRS declared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import GeometryError, InvalidInput

_EXACT_INTEGERS = 2.0**53
_INT64 = 2**63


@dataclass(frozen=True)
class Features:
    """n features as a file holds them, before the CRS is settled.

    `columns` are n cells each, in file order; `geometries` are n shapely geometries or None.
    """

    kind: str
    columns: Mapping[str, list[Any]]
    geometries: NDArray[np.object_]
    declared: CRS | None = None
    default: CRS | None = None
    encoding: str | None = None
    notes: tuple[str, ...] = ()


def collect_columns(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Turn rows of named cells into columns, in order of appearance; None where a row has none."""
    columns: dict[str, list[Any]] = {}
    count = 0
    for row in rows:
        for name, cell in row.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = []
            column.extend([None] * (count - len(column)))
            column.append(cell)
        count += 1
    for column in columns.values():
        column.extend([None] * (count - len(column)))
    return columns


def to_series(cells: list[Any], index: pd.Index) -> pd.Series:
    """Make a column of one type: text, whole numbers, numbers, true/false, or mixed as it is.

    Missing cells stay missing and never turn whole numbers into fractions: a code 101 beside an
    empty cell stays 101. Nested cells become JSON text, dates and times ISO text.
    """
    cells = [_to_cell(cell) for cell in cells]
    kinds = {type(cell) for cell in cells if cell is not None}
    has_missing = any(cell is None for cell in cells)
    dtype: Any = object
    if kinds == {bool}:
        dtype = "boolean" if has_missing else "bool"
    elif kinds == {int}:
        if all(-_INT64 <= cell < _INT64 for cell in cells if cell is not None):
            dtype = "Int64" if has_missing else "int64"
    elif kinds and kinds <= {int, float}:
        dtype = "float64"
    series: pd.Series = pd.Series(cells, index=index, dtype=dtype)
    return series


def to_text(column: pd.Series) -> pd.Series:
    """Write the cells of a column as the text of codes and names.

    Parameters
    ----------
    column
        n cells of a vector file or a table.

    Returns
    -------
    text
        n str, same index; '' for a missing cell, whole numbers without a fraction, no white space
        around.

    Raises
    ------
    InvalidInput
        If a whole number is too large to have been read exactly; names column and row.
    """
    return pd.Series(
        [_to_code(cell, column.name, row) for row, cell in column.items()],
        index=column.index,
        dtype=object,
        name=column.name,
    )


def from_wkb(cells: Iterable[bytes | None], name: str) -> NDArray[np.object_]:
    """Read n cells of WKB; None stays None.

    Raises
    ------
    GeometryError
        If a cell is not WKB; names the row.
    """
    wkb = np.array(list(cells), dtype=object)
    # coordinates that are NaN are found, and refused by name, after this
    with np.errstate(invalid="ignore"):
        geometries: NDArray[np.object_] = shapely.from_wkb(wkb, on_invalid="ignore")
    unread = np.flatnonzero(shapely.is_missing(geometries) & (wkb != np.array(None)))
    if len(unread):
        raise GeometryError(
            f"{name} row {unread[0] + 1}: its geometry cannot be read (not closed, or NaN in it); "
            "repair the file"
        )
    return geometries


def _to_cell(cell: Any) -> Any:
    if isinstance(cell, dict | list):
        return orjson.dumps(cell).decode()
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    return cell


def _to_code(cell: Any, column: Any, row: Any) -> str:
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or pd.isna(cell):
        return ""
    if isinstance(cell, float | np.floating):
        number = float(cell)
        if abs(number) >= _EXACT_INTEGERS:
            raise InvalidInput(
                f"column {column} row {row} is a number too large to be exact; write codes as text"
            )
        return str(int(number)) if number.is_integer() else repr(number)
    return str(cell)
