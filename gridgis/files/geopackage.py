"""GeoPackages: one layer read or written through GDAL."""

import tempfile
from pathlib import Path

import pyarrow as pa
import shapely
from geopandas import GeoDataFrame
from pyproj import CRS
from pyproj.exceptions import CRSError

from gridgis.errors import CrsError, InvalidInput
from gridgis.files import gdal
from gridgis.files.crs import check_map_crs, label
from gridgis.files.features import Features, from_wkb
from gridgis.files.output import replacing
from gridgis.files.source import Source

_APPLICATION_ID = slice(68, 72)
_APPLICATION_IDS = frozenset({b"GPKG", b"GP10", b"GP11"})


def read_geopackage(source: Source, layer_name: str | None) -> Features:
    """Read one layer of a GeoPackage.

    Parameters
    ----------
    source
        The file. Changes that a program keeps in a ``-wal`` file beside it are read too.
    layer_name
        The layer; needed where there are several with geometry.

    Raises
    ------
    InvalidInput
        If it is another kind of SQLite file, damaged, or the layer is not settled.
    """
    if source.content[_APPLICATION_ID] not in _APPLICATION_IDS:
        raise InvalidInput(f"{source.name} is an SQLite file but not a GeoPackage")
    with tempfile.TemporaryDirectory(prefix="gridgis-") as folder:
        path = Path(folder) / "layers.gpkg"
        path.write_bytes(source.content)
        journal = source.path.with_name(source.path.name + "-wal")
        if journal.is_file():
            path.with_name("layers.gpkg-wal").write_bytes(journal.read_bytes())
        table, geometry, crs = gdal.read_layer(path, source.name, layer_name=layer_name)
    geometries = from_wkb(table.column(geometry).to_pylist(), source.name)
    kept = [field.name for field in table.schema if field.name != geometry and not _is_blob(field)]
    dropped = [field.name for field in table.schema if field.name != geometry and _is_blob(field)]
    return Features(
        kind="GeoPackage",
        columns={name: table.column(name).to_pylist() for name in kept},
        geometries=geometries,
        declared=_read_crs(crs, source.name),
        notes=tuple(f"column {name} holds binary data and was left out" for name in dropped),
    )


def write_geopackage(path: str | Path, frame: GeoDataFrame, *, layer_name: str = "grids") -> None:
    """Write a frame as the one layer of a new GeoPackage, whole or not at all.

    Parameters
    ----------
    path
        The file to write or replace.
    frame
        n features with a CRS; attribute columns of text, numbers or true/false.
    layer_name
        Its name in the file.

    Raises
    ------
    CrsError
        If the frame has no CRS.
    InvalidInput
        If the file cannot be written.
    """
    if frame.crs is None:
        raise CrsError(f"{path} cannot be written: the frame has no CRS")
    attributes = frame.drop(columns=frame.geometry.name)
    table = pa.Table.from_pandas(attributes, preserve_index=False).replace_schema_metadata(None)
    wkb = pa.array(shapely.to_wkb(frame.geometry.to_numpy()), pa.binary())
    table = table.append_column("geom", wkb)
    with replacing(path) as temporary, tempfile.TemporaryDirectory(prefix="gridgis-") as folder:
        made = Path(folder) / "layers.gpkg"
        gdal.write_layer(
            table,
            made,
            layer=layer_name,
            geometry="geom",
            geometry_type=_common_type(frame),
            crs=label(CRS.from_user_input(frame.crs)),
        )
        temporary.write_bytes(made.read_bytes())


def _common_type(frame: GeoDataFrame) -> str:
    kinds = set(frame.geometry.geom_type.dropna())
    return kinds.pop() if len(kinds) == 1 else "Unknown"


def _is_blob(field: pa.Field) -> bool:
    return bool(pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type))


def _read_crs(text: str | None, name: str) -> CRS | None:
    if not text:
        return None
    try:
        crs = CRS.from_user_input(text)
    except CRSError as error:
        raise CrsError(f"{name}: its CRS cannot be understood; pass --crs EPSG:n") from error
    # a GeoPackage writes -1 and 0 for "not known", which GDAL gives these names
    if crs.name.lower().startswith("undefined"):
        return None
    return check_map_crs(crs, f"{name}: its layer")
