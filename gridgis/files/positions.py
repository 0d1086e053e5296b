"""Positions of the rows of a table: the columns that hold them, and the rows that have none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import InvalidInput
from gridgis.files.crs import WORLD, parse_datum, settle_crs, short_label, to_wgs84
from gridgis.parse import parse_number
from gridgis.spatial import datum as shift

_LON_NAMES = ("lon", "lng", "longitude", "x", "经度")
_LAT_NAMES = ("lat", "lat", "latitude", "y", "纬度")
_PLAIN_NUMBER = r"^-?[0-9]{1,17}(\.[0-9]{1,17})?$"
_PLANE = np.array([0.0, 0.0, 1e5, 1e5])


@dataclass(frozen=True)
class Positions:
    """Positions of n rows.

    Attributes
    ----------
    lon, lat
        WGS84 degrees, float64 of shape (n,), NaN in both where a row has no usable position.
    reasons
        (row, reason) of each such row, rows counted from 1, in order.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    reasons: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True)
class PositionCrs:
    """What the numbers of two columns are: x and y of a CRS, or degrees of a datum."""

    crs: CRS
    datum: shift.Datum = "wgs84"


def settle_position_crs(
    crs: str | None,
    datum: str | None,
    name: str,
    *,
    declared: CRS | None = None,
    must_declare: bool = False,
) -> PositionCrs:
    """Decide what the positions of a table are in.

    Parameters
    ----------
    crs, datum
        What the user says.
    name
        The table, for messages.
    declared
        What the file says, if it is of a kind that can.
    must_declare
        Whether silence is refused, as of GeoParquet whose CRS is not known; else it means WGS84
        degrees.

    Raises
    ------
    CrsError
        If the CRS or the datum is not known, missing or contradicted.
    """
    settled = settle_crs(
        name=name,
        declared=declared,
        default=None if must_declare else CRS.from_epsg(4326),
        crs=crs,
        datum=datum,
        bounds=WORLD if declared is None or declared.is_geographic else _PLANE,
    )
    return PositionCrs(settled, parse_datum(datum) if datum is not None else "wgs84")


def find_position_columns(
    names: Sequence[str], *, lon: str | None, lat: str | None, name: str
) -> tuple[str, str]:
    """Find the columns of lon and lat (x and y).

    Parameters
    ----------
    names
        The columns of the table.
    lon, lat
        Their names if the user gave them; both or neither.
    name
        The table, for messages.

    Raises
    ------
    InvalidInput
        If a named column is not there, or there is not exactly one pair among the usual names
        (lon/lat, lng/lat, longitude/latitude, x/y, 经度/纬度, in any case).
    """
    listed = ", ".join(names)
    if (lon is None) != (lat is None):
        raise InvalidInput("--lon and --lat belong together; give both")
    if lon is not None and lat is not None:
        for column in (lon, lat):
            if column not in names:
                raise InvalidInput(f"{name} has no column {column!r}; its columns are {listed}")
        return lon, lat
    found = {column.strip().lower(): column for column in names}
    pairs = [
        (found[first], found[second])
        for first, second in zip(_LON_NAMES, _LAT_NAMES, strict=True)
        if first in found and second in found
    ]
    if len(pairs) == 1:
        return pairs[0]
    problem = "no column pair that is plainly lon and lat" if not pairs else "several such pairs"
    raise InvalidInput(f"{name} has {problem}; pass --lon and --lat (its columns are {listed})")


def parse_numbers(
    cells: pa.ChunkedArray, column: str
) -> tuple[NDArray[np.float64], dict[int, str]]:
    """Read n cells of text as numbers, as `gridgis.parse.parse_number` does, but all at once.

    Returns
    -------
    numbers, problems
        float64 of shape (n,), NaN where a cell is not a number; why, by position from 0.
    """
    trimmed = pc.utf8_trim_whitespace(pc.fill_null(cells, ""))
    is_plain = pc.match_substring_regex(trimmed, _PLAIN_NUMBER)
    missing = pa.scalar(None, trimmed.type)
    numbers = pc.cast(pc.if_else(is_plain, trimmed, missing), pa.float64()).to_numpy().copy()
    is_empty = pc.equal(trimmed, "").to_numpy()
    problems = dict.fromkeys(np.flatnonzero(is_empty).tolist(), f"{column} is empty")
    for position in np.flatnonzero(~is_plain.to_numpy() & ~is_empty).tolist():
        try:
            numbers[position] = parse_number(trimmed[position].as_py(), column)
        except InvalidInput as error:
            problems[position] = str(error)
    return numbers, problems


def locate_rows(
    x: tuple[NDArray[np.float64], dict[int, str]],
    y: tuple[NDArray[np.float64], dict[int, str]],
    *,
    columns: tuple[str, str],
    settled: PositionCrs,
    first_row: int = 1,
) -> Positions:
    """Bring the numbers of n rows to WGS84 and say which rows have no usable position, and why.

    Parameters
    ----------
    x, y
        Numbers (n,) with NaN where there is none, and the reasons for those, by position from 0.
    columns
        Names of the two columns, for the reasons.
    settled
        What the numbers are.
    first_row
        Number of the first row.
    """
    (xs, x_problems), (ys, y_problems) = x, y
    problems = {**y_problems, **x_problems}
    _find_unusable(xs, ys, columns, settled.crs, problems)
    usable = np.ones(len(xs), bool)
    usable[list(problems)] = False
    if problems:
        lon, lat = np.full(len(xs), np.nan), np.full(len(xs), np.nan)
        lon[usable], lat[usable] = to_wgs84(xs[usable], ys[usable], settled.crs)
    else:
        lon, lat = to_wgs84(xs, ys, settled.crs)
    for position in np.flatnonzero(usable & np.isnan(lon)):
        shown = f"{columns[0]} {xs[position]:.12g}, {columns[1]} {ys[position]:.12g}"
        problems[int(position)] = f"{shown} has no place in {short_label(settled.crs)}"
    if settled.datum != "wgs84":
        lon, lat = shift.to_wgs84(lon, lat, settled.datum)
    reasons = [(first_row + position, problems[position]) for position in sorted(problems)]
    return Positions(lon, lat, reasons)


def check_numbers(numbers: NDArray[np.float64], column: str) -> dict[int, str]:
    """Say which of n numbers of a typed column are missing, by position from 0."""
    return {int(position): f"{column} is empty" for position in np.flatnonzero(np.isnan(numbers))}


def _find_unusable(
    xs: NDArray[np.float64],
    ys: NDArray[np.float64],
    columns: tuple[str, str],
    crs: CRS,
    problems: dict[int, str],
) -> None:
    """Add the rows whose numbers are infinite or outside degrees to `problems`."""
    is_degrees = crs.is_geographic
    limit_x, limit_y = (180.0, 90.0) if is_degrees else (np.inf, np.inf)
    bad = (np.abs(xs) > limit_x) | (np.abs(ys) > limit_y) | np.isinf(xs) | np.isinf(ys)
    for position in np.flatnonzero(bad):
        if int(position) not in problems:
            x, y = float(xs[position]), float(ys[position])
            problems[int(position)] = _why_outside(x, y, columns)


def _why_outside(x: float, y: float, columns: tuple[str, str]) -> str:
    x_name, y_name = columns
    if abs(y) > 90 and abs(y) <= 180 and abs(x) <= 90:
        return f"{y_name} {y:.12g} is outside -90 to 90; {x_name} and {y_name} look swapped"
    if abs(x) > 180:
        return f"{x_name} {x:.12g} is outside -180 to 180; if it is projected, pass --crs"
    return f"{y_name} {y:.12g} is outside -90 to 90; if it is projected, pass --crs"
