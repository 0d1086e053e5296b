"""TopoJSON: arcs shared by neighbours, decoded to plain geometries."""

from collections.abc import Callable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.features import Features, collect_columns
from gridgis.files.layers import choose_layer

Coordinates = NDArray[np.float64]


def read_topojson(tree: dict[str, Any], name: str, layer_name: str | None) -> Features:
    """Read one object of a topology.

    Parameters
    ----------
    tree
        The parsed file; `objects`, `arcs` and perhaps `transform`.
    name
        The file, for messages.
    layer_name
        The object to read; needed where there are several.

    Raises
    ------
    InvalidInput, GeometryError
        If it is not a topology, or a geometry names an arc that is not there; names the feature.
    """
    objects = tree.get("objects")
    if not isinstance(objects, dict) or not objects:
        raise InvalidInput(f"{name} is a TopoJSON without objects")
    chosen = objects[choose_layer(list(objects), layer_name, name)]
    items = chosen.get("geometries") if _type_of(chosen) == "GeometryCollection" else [chosen]
    if not isinstance(items, list):
        raise InvalidInput(f"{name} is a TopoJSON whose object has no geometries")
    arcs, place = _read_arcs(tree, name)
    rows, geometries = [], np.empty(len(items), dtype=object)
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise InvalidInput(f"{name} feature {number} is not a TopoJSON geometry")
        properties = item.get("properties") or {}
        rows.append({"id": item["id"], **properties} if "id" in item else properties)
        try:
            geometries[number - 1] = _build(item, arcs, place)
        except (LookupError, TypeError, ValueError, shapely.errors.GEOSException) as error:
            raise GeometryError(
                f"{name} feature {number}: its geometry cannot be read ({error}); export it again"
            ) from error
    return Features(
        kind="TopoJSON",
        columns=collect_columns(rows),
        geometries=geometries,
        default=CRS.from_epsg(4326),
    )


def _read_arcs(
    tree: dict[str, Any], name: str
) -> tuple[list[Coordinates], Callable[[Any], Coordinates]]:
    """Decode the arcs, and return how a quantised position is placed."""
    transform = tree.get("transform")
    try:
        if transform is None:
            return [_to_positions(arc) for arc in tree["arcs"]], _to_positions
        scale = np.array(transform["scale"], np.float64)
        origin = np.array(transform["translate"], np.float64)
        arcs = [np.cumsum(_to_positions(arc), axis=0) * scale + origin for arc in tree["arcs"]]
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"{name} is a TopoJSON whose arcs cannot be read; export it again"
        ) from error
    return arcs, lambda positions: _to_positions(positions) * scale + origin


def _to_positions(items: Any) -> Coordinates:
    positions = np.array([item[:2] for item in items], np.float64)
    return positions.reshape(-1, 2)


def _build(
    item: dict[str, Any], arcs: list[Coordinates], place: Callable[[Any], Coordinates]
) -> Any:
    kind = _type_of(item)
    if kind is None:
        return None
    if kind == "GeometryCollection":
        return shapely.GeometryCollection(
            [_build(part, arcs, place) for part in item["geometries"]]
        )
    if kind == "Point":
        return shapely.Point(place([item["coordinates"]])[0])
    if kind == "MultiPoint":
        return shapely.MultiPoint(place(item["coordinates"]))
    if kind not in _FROM_ARCS:
        raise ValueError(f"{kind} is not a type of TopoJSON")
    return _FROM_ARCS[kind](item["arcs"], arcs)


def _build_polygon(rings: list[list[int]], arcs: list[Coordinates]) -> shapely.Polygon:
    if not rings:
        return shapely.Polygon()
    shell, *holes = (_join(ring, arcs) for ring in rings)
    return shapely.Polygon(shell, holes)


def _join(numbers: list[int], arcs: list[Coordinates]) -> Coordinates:
    """Join arcs end to end; ``~n`` is arc n backwards, and a shared end stands once."""
    parts = []
    for position, number in enumerate(numbers):
        forward = number if number >= 0 else ~number
        if forward >= len(arcs):
            raise ValueError(f"arc {forward} is not in the file")
        arc = arcs[forward] if number >= 0 else arcs[forward][::-1]
        parts.append(arc[1:] if position else arc)
    return np.concatenate(parts)


_FROM_ARCS: dict[Any, Callable[[Any, list[Coordinates]], Any]] = {
    "LineString": lambda line, arcs: shapely.LineString(_join(line, arcs)),
    "MultiLineString": lambda lines, arcs: shapely.MultiLineString(
        [_join(line, arcs) for line in lines]
    ),
    "Polygon": _build_polygon,
    "MultiPolygon": lambda parts, arcs: shapely.MultiPolygon(
        [_build_polygon(part, arcs) for part in parts]
    ),
}


def _type_of(item: Any) -> Any:
    return item.get("type") if isinstance(item, dict) else None
