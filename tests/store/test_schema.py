"""The schema on both databases: up, down, up again, and refused where it cannot be used."""

import sqlite3
import uuid

import geoalchemy2  # noqa: F401 - an inspector knows the type geometry once it is imported
import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import inspect, make_url, text

from gridgis.errors import ConfigError
from gridgis.store import migrations, schema, tables
from gridgis.store.database import Store


@pytest.fixture
def empty(empty_url):
    opened = Store(empty_url)
    yield opened
    opened.close()


def _is_own(name, kind, _parents):
    # Parts of R*Tree and of PostGIS are tables, too.
    return kind != "table" or not (name == "spatial_ref_sys" or "_box" in name)


def _is_gist(index):
    return index.dialect_options["postgresql"]["using"] == "gist"


def _find_differences(store):
    def is_for_this_database(part, _name, kind, _reflected, _compared):
        return kind != "index" or store.dialect == "postgresql" or not _is_gist(part)

    options = {
        "include_name": _is_own,
        "include_object": is_for_this_database,
        "version_table": schema.VERSION_TABLE,
    }
    with store.reading() as tx:
        return compare_metadata(MigrationContext.configure(tx, opts=options), tables.metadata)


def _list_tables(store):
    with store.reading() as tx:
        names = inspect(tx).get_table_names()
    return {name for name in names if _is_own(name, "table", {})} - {schema.VERSION_TABLE}


def test_revisions_are_those_of_alembic():
    script = ScriptDirectory.from_config(migrations.configure(version_table="any"))
    assert [step.revision for step in script.walk_revisions()][::-1] == list(schema.REVISIONS)


def test_up_down_up(empty):
    assert empty.upgrade() == ["0001", "0002"]
    assert _list_tables(empty) == set(tables.metadata.tables)
    assert empty.upgrade() == []
    empty.downgrade()
    assert _list_tables(empty) == set()
    assert empty.upgrade() == ["0001", "0002"]
    empty.require_current()


def test_one_step_down_and_up(store):
    store.downgrade("0001")
    with pytest.raises(
        ConfigError, match="has schema 0001 and gridgis needs 0002; run gridgis init"
    ):
        store.require_current()
    assert store.upgrade() == ["0002"]
    store.require_current()


def test_migrated_schema_is_that_of_the_tables(store):
    assert _find_differences(store) == []


def test_a_missing_column_would_be_seen(store):
    with store.writing() as tx:
        tx.execute(text("ALTER TABLE residents DROP COLUMN area_code"))
    assert [change[0] for change in _find_differences(store)] == ["add_column"]


def test_a_column_of_another_type_would_be_seen(store):
    with store.writing() as tx:
        tx.execute(text("ALTER TABLE residents DROP COLUMN position"))
        tx.execute(text("ALTER TABLE residents ADD COLUMN position INTEGER NOT NULL DEFAULT 1"))
    changes = [change for group in _find_differences(store) for change in group]
    assert "modify_type" in {change[0] for change in changes if isinstance(change, tuple)}


def test_indexes_and_constraints_are_those_of_the_tables(store):
    with store.reading() as tx:
        found = inspect(tx)
        for name, table in tables.metadata.tables.items():
            checks = {check["name"] for check in found.get_check_constraints(name)}
            assert checks == {
                check.name
                for check in table.constraints
                if type(check).__name__ == "CheckConstraint"
            }
            indexes = {
                index["name"]
                for index in found.get_indexes(name)
                if not index.get("duplicates_constraint")
            }
            assert indexes == {
                index.name
                for index in table.indexes
                if store.dialect == "postgresql" or not _is_gist(index)
            }


@pytest.mark.postgis
def test_qgis_finds_every_geometry_with_type_and_index(postgis_store):
    listed = text(
        "SELECT f_table_name, f_geometry_column, type, srid FROM geometry_columns ORDER BY 1, 2"
    )
    indexed = text("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%USING gist%' ORDER BY 1")
    with postgis_store.reading() as tx:
        assert [tuple(row) for row in tx.execute(listed)] == [
            ("edition", "outline", "MULTIPOLYGON", 4326),
            ("grid", "polygon", "MULTIPOLYGON", 4326),
            ("incident", "position", "POINT", 4326),
            ("residents", "position", "POINT", 4326),
            ("service_area", "polygon", "MULTIPOLYGON", 4326),
            ("service_point", "position", "POINT", 4326),
        ]
        assert list(tx.scalars(indexed)) == [
            "edition",
            "grid",
            "incident",
            "residents",
            "service_area",
            "service_point",
        ]


@pytest.mark.postgis
def test_an_empty_postgresql_database_is_not_set_up(postgis_url):
    store = Store(postgis_url)
    with pytest.raises(ConfigError, match=r"is not set up; run gridgis init$"):
        store.require_current()
    store.close()


def test_an_empty_sqlite_file_is_not_set_up(tmp_path):
    (tmp_path / "new.db").touch()
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(ConfigError, match=r"new\.db is not set up; run gridgis init$"):
        store.require_current()
    store.close()


def test_a_schema_of_the_future_is_refused(store):
    with store.writing() as tx:
        tx.execute(text("UPDATE gridgis_schema SET version_num = '9999'"))
    for use in (store.require_current, store.upgrade):
        with pytest.raises(ConfigError, match="has schema 9999, made by a newer gridgis"):
            use()


def test_a_file_of_another_program_is_left_alone(tmp_path):
    path = tmp_path / "parcels.gpkg"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE parcels (id INTEGER)")
    other.close()
    store = Store(f"sqlite:///{path}")
    with pytest.raises(ConfigError, match=r"parcels\.gpkg holds tables of another program"):
        store.upgrade()
    with store.reading() as tx:
        assert inspect(tx).get_table_names() == ["parcels"]
    store.close()


def test_sqlite_without_rtree_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "_has_rtree", lambda tx: False)
    store = Store(f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(ConfigError, match=r"has no R\*Tree; use PostGIS instead"):
        store.upgrade()
    store.close()


@pytest.fixture
def plain_user(postgis_server):
    """Name a role that may log in and do nothing else."""
    role = f"plain_{uuid.uuid4().hex[:8]}"
    password = make_url(postgis_server).password or ""
    name, secret = sql.Identifier(role), sql.Literal(password)
    with psycopg.connect(postgis_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, secret))
        yield role
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


@pytest.mark.postgis
def test_a_user_who_may_not_add_postgis_is_told_who_may(plain_user, postgis_url):
    store = Store(_as_user(postgis_url, plain_user))
    with pytest.raises(ConfigError, match="have an administrator run CREATE EXTENSION postgis"):
        store.upgrade()
    store.close()


@pytest.mark.postgis
def test_a_user_who_may_not_create_tables_is_told_how_to(plain_user, postgis_url):
    owner = make_url(postgis_url).set(drivername="postgresql").render_as_string(False)
    with psycopg.connect(owner) as connection:
        connection.execute("CREATE EXTENSION postgis")
    store = Store(_as_user(postgis_url, plain_user))
    with pytest.raises(ConfigError, match="GRANT CREATE ON SCHEMA public"):
        store.upgrade()
    store.close()


@pytest.mark.postgis
def test_a_server_without_postgis_says_what_to_install(postgis_url, monkeypatch):
    # The server at hand has PostGIS, so its lists are asked for a name that no server has.
    monkeypatch.setattr(schema, "text", lambda asked: text(asked.replace("'postgis'", "'nothing'")))
    store = Store(postgis_url)
    with pytest.raises(ConfigError, match="has no PostGIS; install its package"):
        store.upgrade()
    store.close()


@pytest.mark.postgis
def test_a_database_without_unicode_is_refused(postgis_server):
    name = f"gridgis_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgis_server, autocommit=True) as connection:
        connection.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'"
        )
        store = Store(make_url(postgis_server).set(database=name).render_as_string(False))
        with pytest.raises(ConfigError, match="has the encoding SQL_ASCII; create it with"):
            store.upgrade()
        store.close()
        connection.execute(f"DROP DATABASE {name}")


def _as_user(url, user):
    return make_url(url).set(username=user).render_as_string(False)
