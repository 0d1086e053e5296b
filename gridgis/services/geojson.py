"""Grids of an edition as GeoJSON bytes, made once and kept: an edition never changes."""

import gzip
import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import orjson
import shapely

from gridgis.model.grids import Grid
from gridgis.services.editions import EditionView

Bbox = tuple[float, float, float, float]
_KEPT_COLLECTIONS = 24


@dataclass(frozen=True)
class Encoded:
    """A GeoJSON FeatureCollection as bytes, plain and gzipped; `digest` is of the plain ones."""

    plain: bytes
    gzipped: bytes
    digest: str


class GridCollections:
    """Encodes grids of editions and keeps the latest whole levels; safe between threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], Encoded] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, view: EditionView, rank: int, bbox: Bbox | None = None) -> Encoded:
        """Encode the grids of one level, those that meet `bbox` where it is given."""
        if bbox is not None:
            return _encode(view, rank, bbox)
        key = (f"{view.layer.code}/{view.edition.number}/{view.edition.digest}", rank)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = _encode(view, rank, None)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT_COLLECTIONS:
                self._kept.popitem(last=False)
            return self._kept[key]


def to_feature(view: EditionView, grid: Grid, polygon: Any) -> dict[str, Any]:
    """Make one feature; its coordinates are the lattice points themselves."""
    return {
        "type": "Feature",
        "id": grid.code,
        "properties": {
            "code": grid.code,
            "name": grid.name,
            "level": view.level_of(grid).code,
            "parent": grid.parent,
            "area_m2": round(grid.area_m2, 1),
        },
        "geometry": shapely.geometry.mapping(polygon),
    }


def _encode(view: EditionView, rank: int, bbox: Bbox | None) -> Encoded:
    polygons = view.polygons(rank)
    if bbox is not None:
        window = shapely.box(*bbox)
        shapely.prepare(window)
        polygons = {code: p for code, p in polygons.items() if window.intersects(p)}
    collection = {
        "type": "FeatureCollection",
        "layer": view.layer.code,
        "edition": view.edition.number,
        "features": [to_feature(view, view.grids[code], p) for code, p in polygons.items()],
    }
    plain = orjson.dumps(collection)
    digest = hashlib.sha256(plain).hexdigest()
    return Encoded(plain, gzip.compress(plain, compresslevel=6, mtime=0), digest)
