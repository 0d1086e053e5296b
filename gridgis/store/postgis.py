"""The geometry column of PostGIS; imported only where there is one."""

from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import ColumnElement, Dialect, LargeBinary, func


class PostgisWkb(Geometry):
    """A PostGIS geometry bound and read as plain WKB, without a GeoAlchemy2 element a row."""

    cache_ok = True

    def bind_expression(self, bindvalue: ColumnElement[Any]) -> ColumnElement[Any]:
        """Bind WKB."""
        return func.ST_GeomFromWKB(bindvalue, self.srid, type_=self)

    def column_expression(self, col: ColumnElement[Any]) -> ColumnElement[Any]:
        """Read WKB."""
        return func.ST_AsBinary(col, type_=LargeBinary())

    def bind_processor(self, dialect: Dialect) -> None:
        """Leave the bytes as they are."""
        return None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Leave the bytes as they are."""
        return None
