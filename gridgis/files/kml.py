"""KML: placemarks with their geometry and data; links in it are never followed."""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import shapely
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.features import Features, collect_columns
from gridgis.files.layers import choose_layer

_ODD_CHARACTER = re.compile(r"[^0-9eE+\-.,\s]")
_FOLDERS = frozenset({"Document", "Folder"})
_MULTI = {
    "Point": shapely.MultiPoint,
    "LineString": shapely.MultiLineString,
    "Polygon": shapely.MultiPolygon,
}


def read_kml(text: str, name: str, layer_name: str | None) -> Features:
    """Read every placemark, or those of one folder.

    Parameters
    ----------
    text
        The file; its XML declaration is ignored, it is decoded already.
    name
        The file, for messages.
    layer_name
        A folder's name; all folders are read when it is None.

    Returns
    -------
    features
        Columns ``name`` and ``description`` of the placemark, then its data fields, all text. A
        field of the same name takes the place of the placemark's own.

    Raises
    ------
    InvalidInput, GeometryError
        If it is not KML, has a DTD or entities, or a geometry cannot be read; names the placemark.
    """
    root = _parse(text, name)
    placemarks = list(_find_placemarks(root, ()))
    if layer_name is not None:
        folders = list(dict.fromkeys(folder for path, _ in placemarks for folder in path))
        chosen = choose_layer(folders, layer_name, name)
        placemarks = [(path, placemark) for path, placemark in placemarks if chosen in path]
    rows = [_read_data(placemark) for _, placemark in placemarks]
    geometries = np.empty(len(placemarks), dtype=object)
    for number, (_, placemark) in enumerate(placemarks, start=1):
        try:
            geometries[number - 1] = _read_geometry(placemark)
        except (ValueError, shapely.errors.GEOSException) as error:
            raise GeometryError(
                f"{name} placemark {number}: its geometry cannot be read ({error}); correct it"
            ) from error
    has_links = any(_tag(element) == "NetworkLink" for element in root.iter())
    return Features(
        kind="KML",
        columns=collect_columns(rows),
        geometries=geometries,
        default=CRS.from_epsg(4326),
        notes=("links to other files were not followed",) if has_links else (),
    )


def _parse(text: str, name: str) -> Element:
    try:
        root: Element = fromstring(text.lstrip("\ufeff \t\r\n"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise InvalidInput(
            f"{name} has a DTD or entities, which KML does not need; remove them"
        ) from error
    except (ParseError, ValueError) as error:
        raise InvalidInput(f"{name} is not well-formed XML ({error})") from error
    if _tag(root) != "kml":
        raise InvalidInput(f"{name} is XML ({_tag(root)}) but not KML")
    return root


def _find_placemarks(
    element: Element, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Element]]:
    """Walk in file order without recursion, so that deep nesting costs nothing but time."""
    waiting = [(path, element)]
    while waiting:
        folders, current = waiting.pop()
        tag = _tag(current)
        if tag == "Placemark":
            yield folders, current
            continue
        if tag in _FOLDERS:
            folders = (*folders, _text_of(current, "name") or "")
        waiting.extend((folders, child) for child in reversed(current))


def _read_data(placemark: Element) -> dict[str, str | None]:
    row: dict[str, str | None] = {
        "name": _text_of(placemark, "name"),
        "description": _text_of(placemark, "description"),
    }
    for element in placemark.iter():
        key = element.get("name")
        if key is None:
            continue
        if _tag(element) == "Data":
            row[key] = _text_of(element, "value")
        elif _tag(element) == "SimpleData":
            row[key] = element.text or ""
    return row


def _read_geometry(element: Element) -> Any:
    shapes = [shape for child in element if (shape := _build(child)) is not None]
    return shapes[0] if shapes else None


def _build(element: Element) -> Any:
    match _tag(element):
        case "Point":
            return shapely.Point(_read_positions(element)[0])
        case "LineString":
            return shapely.LineString(_read_positions(element))
        case "LinearRing":
            return shapely.LinearRing(_read_positions(element))
        case "Polygon":
            return _build_polygon(element)
        case "MultiGeometry":
            return _collect([shape for child in element if (shape := _build(child)) is not None])
    return None


def _build_polygon(element: Element) -> shapely.Polygon:
    shells = [_read_ring(child) for child in element if _tag(child) == "outerBoundaryIs"]
    holes = [_read_ring(child) for child in element if _tag(child) == "innerBoundaryIs"]
    if len(shells) != 1:
        raise ValueError("a polygon needs one outer boundary")
    return shapely.Polygon(shells[0], holes)


def _read_ring(boundary: Element) -> NDArray[np.float64]:
    rings = [element for element in boundary if _tag(element) == "LinearRing"]
    if len(rings) != 1:
        raise ValueError("a boundary needs one ring")
    ring = _read_positions(rings[0])
    if (ring[0] != ring[-1]).any():
        raise ValueError("a ring does not end where it starts")
    return ring


def _collect(shapes: list[Any]) -> Any:
    kinds = {shape.geom_type for shape in shapes}
    if len(kinds) == 1 and (multi := _MULTI.get(kinds.pop())) is not None:
        return multi(shapes)
    return shapely.GeometryCollection(shapes)


def _read_positions(element: Element) -> NDArray[np.float64]:
    """Read ``lon,lat[,height]`` separated by white space; the height is left out."""
    text = _text_of(element, "coordinates") or ""
    if _ODD_CHARACTER.search(text):
        raise ValueError("a coordinate is not a number")
    positions = [word.split(",")[:2] for word in text.split()]
    if not positions or any(len(position) != 2 for position in positions):
        raise ValueError("positions are written lon,lat without a space after the comma")
    return np.array(positions, np.float64)


def _text_of(element: Element, tag: str) -> str | None:
    for child in element:
        if _tag(child) == tag:
            return "".join(child.itertext()).strip()
    return None


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
