"""Geometry in the database: WKB on SQLite and PostGIS alike, converted a whole column at a time.

WKB holds the doubles as they are, so a coordinate comes back bit for bit on both databases.
Polygons are stored as MultiPolygon, because a typed PostGIS column (which QGIS needs) can hold only
one kind.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator, TypeEngine

SRID = 4326


class WkbGeometry(TypeDecorator[bytes]):
    """A geometry column as WKB bytes: ``geometry(kind, 4326)`` on PostGIS, a blob on SQLite."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database."""
        if dialect.name == "postgresql":
            # GeoAlchemy2 takes a while to import, and SQLite does without
            from gridgis.store.postgis import PostgisWkb  # noqa: PLC0415

            return dialect.type_descriptor(PostgisWkb(self.kind, srid=SRID, spatial_index=False))
        return dialect.type_descriptor(LargeBinary())


def to_multipolygon_wkb(polygons: Sequence[Any]) -> list[bytes]:
    """Write n Polygons or MultiPolygons as WKB MultiPolygons; vertices keep their order."""
    shapes = np.asarray(polygons, dtype=object)
    is_single = shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON
    multi = shapes.copy()
    multi[is_single] = shapely.multipolygons(
        shapes[is_single], indices=np.arange(np.count_nonzero(is_single))
    )
    return [bytes(wkb) for wkb in shapely.to_wkb(multi)]


def from_multipolygon_wkb(wkb: Sequence[bytes | None]) -> NDArray[np.object_]:
    """Read n WKB MultiPolygons; one with a single part comes back as Polygon, None as None."""
    shapes = np.asarray(shapely.from_wkb(np.asarray(wkb, dtype=object)), dtype=object)
    is_single = shapely.get_num_geometries(shapes) == 1
    shapes[is_single] = shapely.get_geometry(shapes[is_single], 0)
    return shapes


def to_point_wkb(lon: ArrayLike, lat: ArrayLike) -> list[bytes]:
    """Write n positions in degrees as n WKB Points."""
    return [bytes(wkb) for wkb in shapely.to_wkb(shapely.points(lon, lat))]
