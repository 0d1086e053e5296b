"""GeoJSON (RFC 7946, with the older `crs` member), also one feature a line; read and written."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import shapely
from geopandas import GeoDataFrame
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import CrsError, GeometryError, InvalidInput
from gridgis.files.crs import WGS84, parse_crs, short_label
from gridgis.files.features import Features, collect_columns
from gridgis.files.output import replacing

_KEY = re.compile(r'"(?:[^"\\]|\\.)*+"(\s*+:)?')
_GEOMETRY_TYPES = frozenset(
    {
        "Point",
        "MultiPoint",
        "LineString",
        "MultiLineString",
        "Polygon",
        "MultiPolygon",
        "GeometryCollection",
    }
)
_REASONS = (
    ("closed linestring", "a ring does not end where it starts"),
    ("nvalid number of points", "a ring has too few points"),
    ("point array must contain", "a line has too few points"),
    ("cannot use at()", "it is not a GeoJSON geometry"),
    ("key 'coordinates'", "it has no coordinates"),
    ("key 'geometries'", "it has no geometries"),
    ("more than three", "a position has more than three numbers"),
    ("found one", "a position has one number"),
    ("type_error", "a coordinate is not a number, or the lists are nested wrongly"),
    ("Unknown geometry type", "its type is not one of GeoJSON"),
)


def parse_json(text: str, name: str) -> Any:
    """Parse JSON strictly: no NaN, no endless nesting, no key twice in one object.

    Raises
    ------
    InvalidInput
        If it is not JSON of that kind; names the line.
    """
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(_why_not_json(text, name, error)) from error
    keys_written = sum(1 for match in _KEY.finditer(text) if match[1])
    if keys_written != _count_keys(tree):
        raise InvalidInput(
            f"{name}: {_find_doubled_key(text)}; each key may stand once in an object"
        )
    return tree


def read_geojson(tree: Any, name: str) -> Features:
    """Read a FeatureCollection, a Feature or a bare geometry.

    Returns
    -------
    features
        A feature's `id` becomes the column ``id`` unless there is a property of that name.

    Raises
    ------
    InvalidInput, GeometryError, CrsError
        If it is not GeoJSON; names the feature, counted from 1.
    """
    items = _find_features(tree, name)
    rows, geometries = [], []
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict) or item.get("type") != "Feature":
            raise InvalidInput(f"{name} feature {number} is not a GeoJSON Feature")
        properties = item.get("properties") or {}
        if not isinstance(properties, dict):
            raise InvalidInput(f"{name} feature {number}: its properties are not an object")
        rows.append({"id": item["id"], **properties} if "id" in item else properties)
        geometries.append(item.get("geometry"))
    declared = _read_crs(tree, name)
    is_unknown = isinstance(tree, dict) and "crs" in tree and tree["crs"] is None
    return Features(
        kind="GeoJSON",
        columns=collect_columns(rows),
        geometries=parse_geometries(geometries, name),
        declared=declared,
        default=None if is_unknown else CRS.from_epsg(4326),
    )


def read_lines(text: str, name: str) -> Features:
    """Read newline-delimited GeoJSON (RFC 8142, with or without record separators)."""
    features = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip("\x1e \t\r")
        if stripped:
            features.append(parse_json(stripped, f"{name} line {number}"))
    read = read_geojson({"type": "FeatureCollection", "features": features}, name)
    return Features("GeoJSONSeq", read.columns, read.geometries, default=read.default)


def is_lines(text: str) -> bool:
    """Whether the first line is a whole object and more follows: each line is a feature."""
    first, _, rest = text.lstrip("\x1e \t\r\n").partition("\n")
    if not rest.strip() or not first.rstrip().endswith("}"):
        return False
    try:
        return isinstance(orjson.loads(first.strip("\x1e \t\r")), dict)
    except orjson.JSONDecodeError:
        return False


def parse_geometries(items: list[Any], name: str) -> NDArray[np.object_]:
    """Read n GeoJSON geometry objects; None stays None.

    Raises
    ------
    GeometryError
        If one cannot be read; names the feature and why.
    """
    texts = np.array([None if item is None else orjson.dumps(item) for item in items], dtype=object)
    geometries: NDArray[np.object_] = shapely.from_geojson(texts, on_invalid="ignore")
    unread = np.flatnonzero(shapely.is_missing(geometries) & (texts != np.array(None)))
    if len(unread):
        number = unread[0]
        reason = _why_not_geometry(texts[number])
        raise GeometryError(
            f"{name} feature {number + 1}: its geometry cannot be read ({reason}); correct it"
        )
    return geometries


def write_geojson(path: str | Path, frame: GeoDataFrame) -> None:
    """Write a frame as a FeatureCollection, whole or not at all.

    Parameters
    ----------
    path
        The file to write or replace.
    frame
        n features, attribute columns and one geometry column. A CRS other than WGS84 is written as
        the `crs` member of GeoJSON 2008, which `read_vector`, GDAL and QGIS honour.

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
    columns = [[_to_json(cell) for cell in attributes[name]] for name in attributes.columns]
    rows = list(zip(*columns, strict=True)) if columns else [()] * len(frame)
    shapes = shapely.to_geojson(frame.geometry.to_numpy())
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.write(b'{"type":"FeatureCollection",' + _crs_member(frame.crs) + b'"features":[')
        for number, (row, shape) in enumerate(zip(rows, shapes, strict=True)):
            properties = orjson.dumps(dict(zip(map(str, attributes.columns), row, strict=True)))
            file.write(b",\n" if number else b"\n")
            file.write(b'{"type":"Feature","properties":' + properties + b',"geometry":')
            file.write((shape or "null").encode() + b"}")
        file.write(b"\n]}\n")


def _crs_member(crs: CRS) -> bytes:
    name = short_label(crs)
    if name == WGS84:
        return b""
    if not name.startswith("EPSG:"):
        raise CrsError(f"{name} has no EPSG code, which GeoJSON needs; write a GeoPackage")
    urn = f"urn:ogc:def:crs:EPSG::{name.removeprefix('EPSG:')}"
    return b'"crs":' + orjson.dumps({"type": "name", "properties": {"name": urn}}) + b","


def _to_json(cell: Any) -> Any:
    if isinstance(cell, np.generic):
        cell = cell.item()
    if isinstance(cell, str | bool | int | list | dict):
        return cell
    if cell is None or pd.isna(cell):
        return None
    return cell if isinstance(cell, float) else str(cell)


def _find_features(tree: Any, name: str) -> list[Any]:
    kind = tree.get("type") if isinstance(tree, dict) else None
    if kind == "FeatureCollection":
        features = tree.get("features")
        if not isinstance(features, list):
            raise InvalidInput(f"{name} is a FeatureCollection without a list of features")
        return features
    if kind == "Feature":
        return [tree]
    if kind in _GEOMETRY_TYPES:
        return [{"type": "Feature", "geometry": tree}]
    if isinstance(tree, dict) and ("spatialReference" in tree or "geometryType" in tree):
        raise InvalidInput(f"{name} is Esri JSON, not GeoJSON; export it as GeoJSON")
    raise InvalidInput(f"{name} is JSON but not GeoJSON; a FeatureCollection is needed")


def _read_crs(tree: dict[str, Any], name: str) -> CRS | None:
    member = tree.get("crs")
    if member is None:
        return None
    properties = member.get("properties") if isinstance(member, dict) else None
    text = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(text, str):
        raise CrsError(
            f"{name}: its crs member does not name a CRS; remove it and pass --crs EPSG:n"
        )
    return parse_crs(text, f"{name}: its crs member")


def _why_not_json(text: str, name: str, error: orjson.JSONDecodeError) -> str:
    where = f"{name} line {error.lineno}"
    if "depth" in error.msg or "recursion" in error.msg:
        return f"{name} is nested too deeply"
    if re.match(r"[+-]?(NaN|Infinity)", text[max(error.pos - 1, 0) :].lstrip("-+ ,[:")):
        return (
            f"{where}: NaN and Infinity are not numbers of JSON; remove the feature or write null"
        )
    if error.pos >= len(text.rstrip()) - 1:
        return f"{name} is cut off at line {error.lineno}; fetch it again"
    return f"{where} column {error.colno} is not JSON ({error.msg})"


def _why_not_geometry(text: bytes) -> str:
    try:
        shapely.from_geojson(text)
    except shapely.errors.GEOSException as error:
        for part, reason in _REASONS:
            if part in str(error):
                return reason
    return "it is not a GeoJSON geometry"


def _count_keys(tree: Any) -> int:
    count, waiting = 0, [tree]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            count += len(item)
            waiting.extend(value for value in item.values() if isinstance(value, dict | list))
        elif item and isinstance(item[0], dict | list):
            waiting.extend(item)
    return count


def _find_doubled_key(text: str) -> str:
    doubled: list[str] = []

    def collect(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [key for key, _ in pairs]
        doubled.extend(key for key in names if names.count(key) > 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=collect)
    return f"the key {doubled[0]!r} stands twice in one object"
