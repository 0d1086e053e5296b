"""Geometry in the database: WKB on SQLite and PostGIS alike, converted a whole column at a time.

WKB holds the doubles as they are, so a coordinate comes back bit for bit on both databases.
Polygons are stored as MultiPolygon, because a typed PostGIS column (which QGIS needs) can hold only
one kind.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from geoalchemy2 import Geometry
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import ColumnElement, Dialect, LargeBinary, func
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
            return dialect.type_descriptor(_PostgisWkb(self.kind, srid=SRID, spatial_index=False))
        return dialect.type_descriptor(LargeBinary())


class _PostgisWkb(Geometry):
    """A PostGIS geometry bound and read as plain WKB, without a GeoAlchemy2 element a row."""

    cache_ok = True

    def bind_expression(self, bindvalue: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.ST_GeomFromWKB(bindvalue, SRID, type_=self)

    def column_expression(self, col: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.ST_AsBinary(col, type_=LargeBinary())

    def bind_processor(self, dialect: Dialect) -> None:
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        return None


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
