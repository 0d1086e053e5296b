"""The tables, as SQLAlchemy Core sees them; `migrations` creates them, with their triggers.

Editions, grids and audit rows are never changed once written, responsibilities only closed once;
triggers on both databases hold that. Text that is a key or gives an order has the collation "C" on
PostgreSQL, so that both databases sort by code point, as Python does.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from gridgis.store.geometry import WkbGeometry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """A time in UTC: ``timestamptz`` on PostgreSQL, integer microseconds since 1970 on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database."""
        is_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(DateTime(timezone=True) if is_postgresql else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a time without zone, which the two databases would read differently."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time {value.isoformat()} has no zone")
        return value if dialect.name == "postgresql" else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the time in UTC."""
        if value is None:
            return None
        if dialect.name == "postgresql":
            in_utc: datetime = value.astimezone(UTC)
            return in_utc
        return _EPOCH + int(value) * _MICROSECOND


_Id = BigInteger().with_variant(Integer(), "sqlite")
_Code = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _spatial_index(table: str, column: str) -> Index:
    return Index(f"ix_{table}_{column}", column, postgresql_using="gist").ddl_if("postgresql")


layer = Table(
    "layer",
    metadata,
    Column("code", _Code, primary_key=True),
    Column("name", Text, nullable=False),
)

level = Table(
    "level",
    metadata,
    Column("layer", _Code, ForeignKey("layer.code"), primary_key=True),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("code", _Code, nullable=False),
    Column("name", Text, nullable=False),
    UniqueConstraint("layer", "code"),
)

edition = Table(
    "edition",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=False),
    Column("layer", _Code, ForeignKey("layer.code"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("valid_from", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("digest", Text, nullable=False),
    Column("grid_count", Integer, nullable=False),
    Column("area_m2", Double, nullable=False),
    Column("source", JSON, nullable=False),
    Column("outline", WkbGeometry("MULTIPOLYGON"), nullable=False),
    UniqueConstraint("layer", "number"),
    UniqueConstraint("layer", "valid_from"),
    _spatial_index("edition", "outline"),
)

grid = Table(
    "grid",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    # The grids are written before their edition, whose row then seals them: hence deferred.
    Column(
        "edition_id",
        _Id,
        ForeignKey("edition.id", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
    Column("rank", Integer, nullable=False),
    Column("code", _Code, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent", _Code),
    Column("area_m2", Double, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("polygon", WkbGeometry("MULTIPOLYGON")),
    UniqueConstraint("edition_id", "code"),
    ForeignKeyConstraint(["edition_id", "parent"], ["grid.edition_id", "grid.code"]),
    # Without it SQLite looks through all grids for children at every insert: O(n²).
    Index(None, "edition_id", "parent"),
    _spatial_index("grid", "polygon"),
)

responsibility = Table(
    "responsibility",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("layer", _Code, ForeignKey("layer.code"), nullable=False),
    Column("grid", _Code, nullable=False),
    Column("role", _Code, nullable=False),
    Column("member", _Code, nullable=False),
    Column("phone", Text),
    Column("valid_from", Moment, nullable=False),
    Column("valid_to", Moment),
    Column("recorded_from", Moment, nullable=False),
    Column("recorded_to", Moment),
    CheckConstraint("valid_to IS NULL OR valid_from < valid_to", name="valid_period"),
    CheckConstraint("recorded_to IS NULL OR recorded_from <= recorded_to", name="recorded_period"),
    Index(None, "layer", "grid", "role"),
)

service_point = Table(
    "service_point",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("code", _Code, nullable=False),
    Column("kind", _Code, nullable=False),
    Column("name", Text, nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("address", Text),
    Column("phone", Text),
    Column("hours", Text),
    Column("services", JSON, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("position", WkbGeometry("POINT"), nullable=False),
    UniqueConstraint("code"),
    _spatial_index("service_point", "position"),
)

service_area = Table(
    "service_area",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("point", _Code, ForeignKey("service_point.code"), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("mode", _Code, nullable=False),
    Column("method", Text, nullable=False),
    Column("speed_kmh", Double, nullable=False),
    Column("radius_m", Double),
    Column("computed_at", Moment, nullable=False),
    Column("polygon", WkbGeometry("MULTIPOLYGON"), nullable=False),
    UniqueConstraint("point", "minutes", "mode"),
    _spatial_index("service_area", "polygon"),
)

residents = Table(
    "residents",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("residents", Double, nullable=False),
    Column("area_code", _Code, nullable=False),
    Column("position", WkbGeometry("POINT"), nullable=False),
    _spatial_index("residents", "position"),
)

incident = Table(
    "incident",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("source", _Code, nullable=False),
    Column("code", _Code, nullable=False),
    Column("category", _Code, nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("lon", Double, nullable=False),
    Column("lat", Double, nullable=False),
    Column("attributes", JSON, nullable=False),
    Column("position", WkbGeometry("POINT"), nullable=False),
    UniqueConstraint("source", "code"),
    Index(None, "occurred_at", "source", "code"),
    _spatial_index("incident", "position"),
)

incident_grid = Table(
    "incident_grid",
    metadata,
    Column("incident_id", _Id, ForeignKey("incident.id"), primary_key=True, autoincrement=False),
    Column("layer", _Code, primary_key=True),
    Column("edition", Integer, nullable=False),
    Column("grid", _Code),
    ForeignKeyConstraint(["layer", "edition"], ["edition.layer", "edition.number"]),
    Index(None, "layer", "grid"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", _Id, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", _Id, Identity(), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("topic", _Code, nullable=False),
    Column("payload", JSON, nullable=False),
)

revision = Table(
    "revision",
    metadata,
    Column("topic", _Code, primary_key=True),
    Column("number", _Id, nullable=False),
)
