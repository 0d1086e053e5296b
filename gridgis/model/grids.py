"""Layers, their levels, editions, and the tree of grids in an edition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Level:
    """One rank of a layer's tree; rank 1 is the top, the highest rank holds the polygons."""

    rank: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A family of grids that tile one boundary; `levels` from the top down."""

    code: str
    name: str
    levels: tuple[Level, ...]

    @property
    def leaf(self) -> Level:
        """The lowest level, whose grids are stored as polygons."""
        return self.levels[-1]


@dataclass(frozen=True, slots=True)
class Grid:
    """One grid of an edition.

    `polygon` is a lon/lat Polygon or MultiPolygon on the lattice for a leaf grid, None above.
    `area_m2` is geodesic; an upper grid has the sum of its children.
    """

    code: str
    name: str
    rank: int
    parent: str | None
    area_m2: float
    polygon: Any = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edition:
    """A published, numbered, never-changing state of a layer, in force from `valid_from`.

    It stays in force until the next edition's `valid_from`. `digest` is the SHA-256 of its grids'
    codes, parents and polygons. `source` says where the borders came from (authority, url, licence,
    date, crs, datum, file digest).
    """

    id: int
    layer: str
    number: int
    valid_from: datetime
    recorded_at: datetime
    digest: str
    grid_count: int
    area_m2: float
    source: Mapping[str, Any] = field(default_factory=dict)
