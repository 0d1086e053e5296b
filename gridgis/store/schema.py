"""The schema of the database: which revision it has, and how it gets to another."""

from sqlalchemy import Connection, column, inspect, select, table, text
from sqlalchemy.exc import DBAPIError

from gridgis.errors import ConfigError
from gridgis.store.dialect import lock

REVISIONS = ("0001", "0002")
"""The revisions of `migrations`, oldest first; here because Alembic takes long to import."""

_INSUFFICIENT_PRIVILEGE = "42501"
VERSION_TABLE = "gridgis_schema"
"""Not Alembic's usual name, which another program in the same PostgreSQL database may use."""


def upgrade(tx: Connection, name: str) -> list[str]:
    """Bring the schema to the newest revision; returns the revisions applied, oldest first.

    Raises
    ------
    ConfigError
        If the database named `name` belongs to another program or to a newer gridgis, or lacks
        what gridgis needs.
    """
    from gridgis.store import migrations  # noqa: PLC0415  # Alembic takes long to import

    lock(tx, "schema")
    found = _find_revision(tx)
    if found is None:
        _require_ours(tx, name)
    else:
        _require_known(found, name)
    _require_fit(tx, name)
    try:
        migrations.upgrade(tx, version_table=VERSION_TABLE)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            raise ConfigError(
                f"this user may not create tables in {name}; have an administrator run "
                "GRANT CREATE ON SCHEMA public TO the user"
            ) from error
        raise
    return list(REVISIONS if found is None else REVISIONS[REVISIONS.index(found) + 1 :])


def downgrade(tx: Connection, revision: str) -> None:
    """Take the schema back to `revision`."""
    from gridgis.store import migrations  # noqa: PLC0415  # Alembic takes long to import

    lock(tx, "schema")
    migrations.downgrade(tx, revision, version_table=VERSION_TABLE)


def require_current(tx: Connection, name: str) -> None:
    """Raise ConfigError unless the database named `name` has the newest revision."""
    found = _find_revision(tx)
    if found is None:
        raise ConfigError(f"database {name} is not set up; run gridgis init")
    _require_known(found, name)
    if found != REVISIONS[-1]:
        raise ConfigError(
            f"database {name} has schema {found} and gridgis needs {REVISIONS[-1]}; "
            "run gridgis init"
        )


def _find_revision(tx: Connection) -> str | None:
    if not inspect(tx).has_table(VERSION_TABLE):
        return None
    revision: str | None = tx.scalar(
        select(column("version_num")).select_from(table(VERSION_TABLE))
    )
    return revision


def _require_known(revision: str, name: str) -> None:
    if revision not in REVISIONS:
        raise ConfigError(
            f"database {name} has schema {revision}, made by a newer gridgis; upgrade gridgis"
        )


def _require_ours(tx: Connection, name: str) -> None:
    # A PostgreSQL database is made for sharing; an SQLite file with tables is someone's own.
    if tx.dialect.name == "sqlite" and set(inspect(tx).get_table_names()) - {VERSION_TABLE}:
        raise ConfigError(
            f"database {name} holds tables of another program; name a new file for gridgis"
        )


def _require_fit(tx: Connection, name: str) -> None:
    if tx.dialect.name == "sqlite":
        if not _has_rtree(tx):
            raise ConfigError("the SQLite of this Python has no R*Tree; use PostGIS instead")
        return
    encoding = tx.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise ConfigError(
            f"database {name} has the encoding {encoding}; create it with ENCODING 'UTF8'"
        )
    _require_postgis(tx, name)


def _has_rtree(tx: Connection) -> bool:
    return bool(tx.scalar(text("SELECT 1 FROM pragma_module_list WHERE name = 'rtree'")))


def _require_postgis(tx: Connection, name: str) -> None:
    if tx.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")):
        return
    if not tx.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")):
        raise ConfigError(
            f"the server of {name} has no PostGIS; install its package (on Debian "
            "postgresql-15-postgis-3, with the number of your PostgreSQL)"
        )
    try:
        with tx.begin_nested():
            tx.execute(text("CREATE EXTENSION postgis"))
    except DBAPIError as error:
        raise ConfigError(
            f"database {name} has no PostGIS and this user may not add it; "
            "have an administrator run CREATE EXTENSION postgis in it"
        ) from error
