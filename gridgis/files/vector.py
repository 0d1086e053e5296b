"""Polygons, lines and points with attributes: every kind of vector file that gridgis knows.

The kind is told by the first bytes, never by the name. Nothing is fetched: a name is the name of a
regular file, and what a file refers to is not followed.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray

from gridgis.errors import InvalidInput
from gridgis.files import crs as reference
from gridgis.files.archive import unpack
from gridgis.files.coordinates import check_finite, check_place, drop_heights, find_bounds
from gridgis.files.encoding import decode
from gridgis.files.features import Features, to_series
from gridgis.files.geojson import is_lines, parse_json, read_geojson, read_lines, write_geojson
from gridgis.files.geopackage import read_geopackage, write_geopackage
from gridgis.files.geoparquet import read_geoparquet
from gridgis.files.kml import read_kml
from gridgis.files.layers import refuse_layer_name
from gridgis.files.shapefile import (
    PARTS,
    choose_parts,
    find_parts,
    read_shapefile,
    refuse_extra_layer,
)
from gridgis.files.source import READABLE, Source, find_kind, open_source
from gridgis.files.topojson import read_topojson
from gridgis.spatial.datum import Datum, to_wgs84

__all__ = ["VectorFile", "read_vector", "write_geojson", "write_geopackage"]


@dataclass(frozen=True)
class VectorFile:
    """One layer of a vector file.

    Attributes
    ----------
    frame
        n features; index = their number in the file, from 1. Columns as in the file (text stays
        text, whole numbers stay whole), then ``geometry``: 2-D, x before y (lon before lat), in
        `crs`, of any type, None where the file has none.
    crs
        ``EPSG:n``, or the WKT of a CRS without a code; pyproj reads both.
    encoding
        Of the attribute text, where it had to be settled; None for kinds that are always UTF-8.
    notes
        What was assumed or changed, one sentence each.
    digest
        SHA-256 of the file; of a loose shapefile, of .shp .shx .dbf .prj .cpg one after the other.
    kind
        GeoJSON, GeoJSONSeq, TopoJSON, KML, GeoPackage, Shapefile or GeoParquet.
    """

    frame: GeoDataFrame
    crs: str
    encoding: str | None
    notes: tuple[str, ...]
    digest: str
    kind: str


def read_vector(
    path: str | Path,
    *,
    crs: str | None = None,
    datum: str | None = None,
    encoding: str | None = None,
    layer_name: str | None = None,
) -> VectorFile:
    """Read one layer of a vector file.

    Parameters
    ----------
    path
        A GeoJSON (also one feature a line), TopoJSON, KML (KMZ), GeoPackage, Shapefile (.shp beside
        its parts, or a .zip) or GeoParquet file.
    crs
        ``EPSG:n`` for a file that does not say its own; it may not contradict one that does.
    datum
        ``gcj02`` or ``bd09`` for degrees shifted as online maps in China do; they are brought to
        WGS84. ``wgs84`` says that they are not shifted. Any of them implies degrees.
    encoding
        Of the text, when it is neither UTF-8 nor GB18030 or is found wrongly.
    layer_name
        Which layer, where a file has several.

    Raises
    ------
    InvalidInput
        If there is no such file, it is of no kind above or damaged, or its layer or encoding is not
        settled.
    CrsError
        If the CRS is missing, unknown or contradicted.
    GeometryError
        If a geometry cannot be read, or coordinates are not finite, swapped, or do not fit the CRS.
    """
    source = open_source(path)
    features, digest = _read_features(source, encoding, layer_name)
    geometries, height_notes = drop_heights(features.geometries)
    check_finite(geometries, source.name)
    settled = reference.settle_crs(
        name=source.name,
        declared=features.declared,
        default=features.default,
        crs=crs,
        datum=datum,
        bounds=find_bounds(geometries),
    )
    notes = (*features.notes, *height_notes, *check_place(geometries, settled, source.name))
    if datum is not None and (name := reference.parse_datum(datum)) != "wgs84":
        geometries = _unshift(geometries, name)
        notes = (*notes, f"coordinates were brought from {name.upper()} to WGS84")
    frame, column_notes = _to_frame(features, geometries)
    code = reference.label(settled)
    return VectorFile(
        frame=frame.set_crs(code),
        crs=code,
        encoding=features.encoding,
        notes=(*notes, *column_notes),
        digest=digest,
        kind=features.kind,
    )


def _read_features(
    source: Source, encoding: str | None, layer_name: str | None
) -> tuple[Features, str]:
    """Read by kind; returns the features and the digest of all bytes that were read."""
    match find_kind(source.content):
        case "json":
            return _read_json(source, encoding, layer_name), source.digest
        case "xml":
            return _read_kml(source.content, source.name, encoding, layer_name), source.digest
        case "sqlite":
            return read_geopackage(source, layer_name), source.digest
        case "parquet":
            refuse_layer_name(layer_name, "GeoParquet", source.name)
            return read_geoparquet(source), source.digest
        case "shapefile":
            refuse_extra_layer(layer_name, source)
            parts = find_parts(source)
            content = b"".join(parts.get(suffix, b"") for suffix in PARTS)
            return read_shapefile(parts, source.name, encoding), sha256(content).hexdigest()
        case "zip":
            return _read_zip(source, encoding, layer_name), source.digest
        case "html":
            raise InvalidInput(
                f"{source.name} is a web page, not map data; download the file itself"
            )
    raise InvalidInput(f"{source.name} is not a {READABLE} file{_hint(source)}")


def _read_json(source: Source, encoding: str | None, layer_name: str | None) -> Features:
    text, used = decode(source.content, source.name, encoding)
    if is_lines(text):
        refuse_layer_name(layer_name, "GeoJSON", source.name)
        return _with_encoding(read_lines(text, source.name), used)
    tree = parse_json(text, source.name)
    if isinstance(tree, dict) and tree.get("type") == "Topology":
        return _with_encoding(read_topojson(tree, source.name, layer_name), used)
    refuse_layer_name(layer_name, "GeoJSON", source.name)
    return _with_encoding(read_geojson(tree, source.name), used)


def _read_kml(content: bytes, name: str, encoding: str | None, layer_name: str | None) -> Features:
    text, used = decode(content, name, encoding)
    return _with_encoding(read_kml(text, name, layer_name), used)


def _read_zip(source: Source, encoding: str | None, layer_name: str | None) -> Features:
    members = unpack(
        source.content, source.name, is_wanted=lambda suffix: suffix in {*PARTS, ".kml"}
    )
    suffixes = {path.suffix.lower() for path in members}
    if ".kml" in suffixes and ".shp" not in suffixes:
        # the main document of a KMZ is doc.kml, or else the first
        main = members.get(PurePosixPath("doc.kml")) or next(iter(members.values()))
        return _read_kml(main, source.name, encoding, layer_name)
    parts = choose_parts(members, source.name, layer_name)
    return read_shapefile(parts, source.name, encoding)


def _with_encoding(features: Features, encoding: str) -> Features:
    """Record an encoding that is not the usual one, and say so."""
    if encoding in {"utf-8", "utf-8-sig"}:
        return features
    return Features(
        kind=features.kind,
        columns=features.columns,
        geometries=features.geometries,
        declared=features.declared,
        default=features.default,
        encoding=encoding,
        notes=(*features.notes, f"text read as {encoding.upper()}"),
    )


def _unshift(geometries: NDArray[np.object_], datum: Datum) -> NDArray[np.object_]:
    def convert(positions: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(positions[:, 0], positions[:, 1], datum))

    unshifted: NDArray[np.object_] = shapely.transform(geometries, convert)
    return unshifted


def _to_frame(
    features: Features, geometries: NDArray[np.object_]
) -> tuple[GeoDataFrame, tuple[str, ...]]:
    index = pd.RangeIndex(1, len(geometries) + 1)
    names = {name: name for name in features.columns}
    notes: tuple[str, ...] = ()
    if "geometry" in names:
        names["geometry"] = "geometry_"
        notes = ("the attribute geometry is called geometry_ here",)
    series = {names[name]: to_series(cells, index) for name, cells in features.columns.items()}
    frame = GeoDataFrame(pd.DataFrame(series, index=index), geometry=list(geometries))
    return frame, notes


def _hint(source: Source) -> str:
    suffix = source.path.suffix.lower()
    if suffix in {".dbf", ".shx", ".prj", ".cpg"}:
        return "; name the .shp beside it"
    if suffix in {".csv", ".tsv", ".txt", ".xlsx"}:
        return "; a table of points is read by `gridgis assign` and `gridgis import`"
    return ""
