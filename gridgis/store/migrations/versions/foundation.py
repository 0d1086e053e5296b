"""Create layers, editions, grids, people, service points, incidents, audit and outbox."""

# ruff: noqa: S608  # the names put into SQL here are the constants below

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    "layer",
    "level",
    "edition",
    "grid",
    "responsibility",
    "service_point",
    "service_area",
    "residents",
    "incident",
    "incident_grid",
    "audit",
    "outbox",
    "revision",
)
_SPATIAL = (
    ("edition", "outline"),
    ("grid", "polygon"),
    ("service_point", "position"),
    ("service_area", "polygon"),
    ("residents", "position"),
    ("incident", "position"),
)
_BOXED = ("service_point", "incident")
_TOPICS = ("lookup", "points", "incidents")


def upgrade() -> None:
    """Create everything."""
    _create_grid_tables()
    _create_people_tables()
    _create_point_tables()
    _create_incident_tables()
    _create_record_tables()
    if _is_postgresql():
        for table, column in _SPATIAL:
            op.create_index(f"ix_{table}_{column}", table, [column], postgresql_using="gist")
    else:
        for table in _BOXED:
            _create_boxes(table)


def downgrade() -> None:
    """Drop everything, with what it holds."""
    if not _is_postgresql():
        for table in _BOXED:
            op.execute(f"DROP TABLE {table}_box")
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_grid_tables() -> None:
    op.create_table(
        "layer",
        sa.Column("code", _code(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_layer"),
    )
    op.create_table(
        "level",
        sa.Column("layer", _code(), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("code", _code(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("layer", "rank", name="pk_level"),
        sa.UniqueConstraint("layer", "code", name="uq_level_layer_code"),
        sa.ForeignKeyConstraint(["layer"], ["layer.code"], name="fk_level_layer"),
    )
    op.create_table(
        "edition",
        sa.Column("id", _id(), autoincrement=False, nullable=False),
        sa.Column("layer", _code(), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("valid_from", _moment(), nullable=False),
        sa.Column("recorded_at", _moment(), nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("grid_count", sa.Integer, nullable=False),
        sa.Column("area_m2", sa.Double, nullable=False),
        sa.Column("source", sa.JSON, nullable=False),
        sa.Column("outline", _geometry("MULTIPOLYGON"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
        sa.UniqueConstraint("layer", "number", name="uq_edition_layer_number"),
        sa.UniqueConstraint("layer", "valid_from", name="uq_edition_layer_valid_from"),
        sa.ForeignKeyConstraint(["layer"], ["layer.code"], name="fk_edition_layer"),
    )
    op.create_table(
        "grid",
        _identity(),
        sa.Column("edition_id", _id(), nullable=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sa.Column("code", _code(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("parent", _code()),
        sa.Column("area_m2", sa.Double, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("polygon", _geometry("MULTIPOLYGON")),
        sa.PrimaryKeyConstraint("id", name="pk_grid"),
        sa.UniqueConstraint("edition_id", "code", name="uq_grid_edition_id_code"),
        sa.ForeignKeyConstraint(
            ["edition_id"],
            ["edition.id"],
            name="fk_grid_edition_id",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["edition_id", "parent"],
            ["grid.edition_id", "grid.code"],
            name="fk_grid_edition_id_parent",
        ),
    )
    op.create_index("ix_grid_edition_id_parent", "grid", ["edition_id", "parent"])


def _create_people_tables() -> None:
    op.create_table(
        "responsibility",
        _identity(),
        sa.Column("layer", _code(), nullable=False),
        sa.Column("grid", _code(), nullable=False),
        sa.Column("role", _code(), nullable=False),
        sa.Column("member", _code(), nullable=False),
        sa.Column("phone", sa.Text),
        sa.Column("valid_from", _moment(), nullable=False),
        sa.Column("valid_to", _moment()),
        sa.Column("recorded_from", _moment(), nullable=False),
        sa.Column("recorded_to", _moment()),
        sa.PrimaryKeyConstraint("id", name="pk_responsibility"),
        sa.ForeignKeyConstraint(["layer"], ["layer.code"], name="fk_responsibility_layer"),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from < valid_to", name="ck_responsibility_valid_period"
        ),
        sa.CheckConstraint(
            "recorded_to IS NULL OR recorded_from <= recorded_to",
            name="ck_responsibility_recorded_period",
        ),
    )
    op.create_index(
        "ix_responsibility_layer_grid_role", "responsibility", ["layer", "grid", "role"]
    )


def _create_point_tables() -> None:
    op.create_table(
        "service_point",
        _identity(),
        sa.Column("code", _code(), nullable=False),
        sa.Column("kind", _code(), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("lon", sa.Double, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("phone", sa.Text),
        sa.Column("hours", sa.Text),
        sa.Column("services", sa.JSON, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("position", _geometry("POINT"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_point"),
        sa.UniqueConstraint("code", name="uq_service_point_code"),
    )
    op.create_table(
        "service_area",
        _identity(),
        sa.Column("point", _code(), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("mode", _code(), nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("speed_kmh", sa.Double, nullable=False),
        sa.Column("radius_m", sa.Double),
        sa.Column("computed_at", _moment(), nullable=False),
        sa.Column("polygon", _geometry("MULTIPOLYGON"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_area"),
        sa.UniqueConstraint("point", "minutes", "mode", name="uq_service_area_point_minutes_mode"),
        sa.ForeignKeyConstraint(["point"], ["service_point.code"], name="fk_service_area_point"),
    )
    op.create_table(
        "residents",
        _identity(),
        sa.Column("lon", sa.Double, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("residents", sa.Double, nullable=False),
        sa.Column("area_code", _code(), nullable=False),
        sa.Column("position", _geometry("POINT"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_residents"),
    )


def _create_incident_tables() -> None:
    op.create_table(
        "incident",
        _identity(),
        sa.Column("source", _code(), nullable=False),
        sa.Column("code", _code(), nullable=False),
        sa.Column("category", _code(), nullable=False),
        sa.Column("occurred_at", _moment(), nullable=False),
        sa.Column("lon", sa.Double, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("attributes", sa.JSON, nullable=False),
        sa.Column("position", _geometry("POINT"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
        sa.UniqueConstraint("source", "code", name="uq_incident_source_code"),
    )
    op.create_index(
        "ix_incident_occurred_at_source_code", "incident", ["occurred_at", "source", "code"]
    )
    op.create_table(
        "incident_grid",
        sa.Column("incident_id", _id(), autoincrement=False, nullable=False),
        sa.Column("layer", _code(), nullable=False),
        sa.Column("edition", sa.Integer, nullable=False),
        sa.Column("grid", _code()),
        sa.PrimaryKeyConstraint("incident_id", "layer", name="pk_incident_grid"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_grid_incident_id"
        ),
        sa.ForeignKeyConstraint(
            ["layer", "edition"],
            ["edition.layer", "edition.number"],
            name="fk_incident_grid_layer_edition",
        ),
    )
    op.create_index("ix_incident_grid_layer_grid", "incident_grid", ["layer", "grid"])


def _create_record_tables() -> None:
    op.create_table(
        "audit",
        sa.Column("number", _id(), autoincrement=False, nullable=False),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit"),
    )
    op.create_table(
        "outbox",
        _identity(),
        sa.Column("at", _moment(), nullable=False),
        sa.Column("topic", _code(), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    revision_table = op.create_table(
        "revision",
        sa.Column("topic", _code(), nullable=False),
        sa.Column("number", _id(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name="pk_revision"),
    )
    op.bulk_insert(revision_table, [{"topic": topic, "number": 0} for topic in _TOPICS])


def _create_boxes(table: str) -> None:
    """Keep the positions of `table` in an R*Tree, by trigger."""
    op.execute(
        f"CREATE VIRTUAL TABLE {table}_box USING rtree(id, min_lon, max_lon, min_lat, max_lat)"
    )
    box = "NEW.id, NEW.lon, NEW.lon, NEW.lat, NEW.lat"
    op.execute(
        f"CREATE TRIGGER {table}_box_insert AFTER INSERT ON {table} BEGIN"
        f" INSERT INTO {table}_box VALUES ({box}); END"
    )
    op.execute(
        f"CREATE TRIGGER {table}_box_update AFTER UPDATE OF lon, lat ON {table} BEGIN"
        f" DELETE FROM {table}_box WHERE id = OLD.id;"
        f" INSERT INTO {table}_box VALUES ({box}); END"
    )
    op.execute(
        f"CREATE TRIGGER {table}_box_delete AFTER DELETE ON {table} BEGIN"
        f" DELETE FROM {table}_box WHERE id = OLD.id; END"
    )


def _is_postgresql() -> bool:
    return bool(op.get_context().dialect.name == "postgresql")


def _id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger() if _is_postgresql() else sa.Integer()


def _identity() -> sa.Column[Any]:
    return sa.Column("id", _id(), sa.Identity(), nullable=False)


def _code() -> sa.types.TypeEngine[Any]:
    return sa.Text(collation="C") if _is_postgresql() else sa.Text()


def _moment() -> sa.types.TypeEngine[Any]:
    return sa.DateTime(timezone=True) if _is_postgresql() else sa.BigInteger()


def _geometry(kind: str) -> sa.types.TypeEngine[Any]:
    return _PostgisGeometry(kind) if _is_postgresql() else sa.LargeBinary()


class _PostgisGeometry(sa.types.UserDefinedType[Any]):
    """A typed geometry column as it stood at this revision."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        return f"geometry({self.kind},4326)"
