"""Points with attributes from a vector file or from a table with two columns of coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import shapely
from geopandas import GeoDataFrame

from gridgis.files.tabular import read_positions, read_table
from gridgis.files.vector import VectorFile, read_vector

__all__ = ["PointFile", "read_points"]

_TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})


@dataclass(frozen=True)
class PointFile:
    """A layer of points, and by row number why a row of a table has none."""

    file: VectorFile
    reasons: Mapping[int, str]


def read_points(
    path: Path,
    *,
    lon: str | None = None,
    lat: str | None = None,
    crs: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    layer_name: str | None = None,
) -> PointFile:
    """Read points with their attributes.

    Parameters
    ----------
    path
        Any file that `read_vector` reads, or a CSV or TSV table.
    lon, lat
        Columns of a table; x and y when `crs` is given. Guessed where one pair is plain.
    crs, datum, encoding, layer_name
        As in `read_vector` and `read_positions`.

    Raises
    ------
    InvalidInput, CrsError, GeometryError
        As `read_vector` and `read_table` do.
    """
    if path.suffix.lower() not in _TABLE_SUFFIXES:
        file = read_vector(path, crs=crs, datum=datum, encoding=encoding, layer_name=layer_name)
        return PointFile(file, {})
    table = read_table(path, encoding=encoding)
    positions = read_positions(table, lon=lon, lat=lat, crs=crs, datum=datum)
    reasons = dict(positions.reasons)
    points = shapely.points(positions.lon, positions.lat)
    points[[number in reasons for number in table.rows.index]] = None
    frame = GeoDataFrame(table.rows, geometry=points, crs="EPSG:4326")
    file = VectorFile(frame, "EPSG:4326", table.encoding, (), table.digest, "table")
    return PointFile(file, reasons)
