"""GeoParquet: the CRS and the geometry column that the file's own metadata name."""

from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS
from pyproj.exceptions import CRSError

from gridgis.errors import CrsError, InvalidInput
from gridgis.files.crs import check_map_crs
from gridgis.files.features import Features, from_wkb
from gridgis.files.source import Source


@dataclass(frozen=True)
class GeometryColumn:
    """The main geometry column of a GeoParquet file: WKB in `crs`, None where that is not known."""

    name: str
    crs: CRS | None


def find_geometry_column(schema: pa.Schema, name: str) -> GeometryColumn | None:
    """Find what the ``geo`` metadata of a Parquet schema say; None where there are none.

    Raises
    ------
    InvalidInput, CrsError
        If they cannot be understood, or geometries are not WKB.
    """
    text = (schema.metadata or {}).get(b"geo")
    if text is None:
        return None
    try:
        meta: dict[str, Any] = orjson.loads(text)
        column = meta["primary_column"]
        described = meta["columns"][column]
        encoding = described["encoding"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise InvalidInput(
            f"{name}: its GeoParquet metadata cannot be understood; write it again"
        ) from error
    if encoding != "WKB" or column not in schema.names:
        raise InvalidInput(
            f"{name}: its geometries are {encoding}, not WKB; write it again with WKB"
        )
    return GeometryColumn(column, _read_crs(described, name))


def read_geoparquet(source: Source) -> Features:
    """Read a GeoParquet file.

    Raises
    ------
    InvalidInput
        If it is damaged, or has no GeoParquet metadata.
    """
    try:
        table = pq.read_table(pa.BufferReader(source.content))
    except (pa.ArrowException, OSError) as error:
        raise InvalidInput(f"{source.name} is a damaged Parquet file; write it again") from error
    geometry = find_geometry_column(table.schema, source.name)
    if geometry is None:
        raise InvalidInput(f"{source.name} is Parquet without geometry (no GeoParquet metadata)")
    kept = [name for name in table.column_names if name != geometry.name]
    return Features(
        kind="GeoParquet",
        columns={name: table.column(name).to_pylist() for name in kept},
        geometries=from_wkb(table.column(geometry.name).to_pylist(), source.name),
        declared=geometry.crs,
    )


def _read_crs(described: dict[str, Any], name: str) -> CRS | None:
    if "crs" not in described:
        return CRS.from_epsg(4326)
    if described["crs"] is None:
        return None
    try:
        return check_map_crs(CRS.from_json_dict(described["crs"]), f"{name}: its CRS")
    except (CRSError, TypeError, AttributeError) as error:
        raise CrsError(f"{name}: its CRS cannot be understood; write it again") from error
