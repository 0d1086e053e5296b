"""What is published or recorded cannot be changed by SQL either."""

import sqlite3
from dataclasses import asdict

import pytest
import shapely
from sqlalchemy import delete, insert, text
from sqlalchemy.exc import DBAPIError

from gridgis.model.grids import Grid, Layer, Level
from gridgis.model.people import RosterRow
from gridgis.store import audit, editions, people, tables

TABLES = ("edition", "grid", "responsibility", "audit")


def _fill(store, now):
    with store.writing() as tx:
        editions.save_layer(tx, Layer("ward", "Ward", (Level(1, "ward", "Ward"),)))
        editions.add_edition(
            tx,
            layer="ward",
            valid_from=now,
            recorded_at=now,
            grids=[Grid("1", "one", 1, None, 1.0, shapely.box(0, 0, 1, 1))],
            outline=shapely.box(0, 0, 1, 1),
            digest="d",
            source={},
        )
        row = RosterRow(1, "1", "councillor", "Ann", None, now, None)
        people.replace_roster(tx, "ward", [row], now=now)
        audit.record(tx, at=now, actor="cli", action="import", subject="ward", detail={})
    return store


@pytest.fixture
def filled(store, now):
    return _fill(store, now)


def _refuse(store, statement, message):
    with store.writing() as tx, pytest.raises(DBAPIError, match=message):
        tx.execute(text(statement) if isinstance(statement, str) else statement)


@pytest.mark.parametrize("table", TABLES)
def test_a_row_cannot_be_deleted(filled, table):
    _refuse(filled, delete(tables.metadata.tables[table]), f"{table} rows are never changed")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.postgis
def test_a_table_cannot_be_emptied_on_postgis(postgis_store, now, table):
    _refuse(_fill(postgis_store, now), f"TRUNCATE {table} CASCADE", "rows are never changed")


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        pytest.param("UPDATE edition SET digest = 'x'", "edition rows are", id="edition"),
        pytest.param("UPDATE grid SET name = 'x'", "grid rows are", id="grid"),
        pytest.param("UPDATE audit SET actor = 'x'", "audit rows are", id="audit"),
        pytest.param("UPDATE responsibility SET member = 'x'", "closed once", id="member"),
        pytest.param(
            "UPDATE responsibility SET recorded_to = recorded_from, valid_to = recorded_from",
            "closed once",
            id="a period changed while closing",
        ),
        pytest.param(
            "UPDATE responsibility SET recorded_to = NULL", "closed once", id="closing with nothing"
        ),
    ],
)
def test_a_row_cannot_be_changed(filled, statement, message):
    _refuse(filled, statement, message)


def test_a_responsibility_is_closed_once(filled):
    close = "UPDATE responsibility SET recorded_to = recorded_from"
    with filled.writing() as tx:
        tx.execute(text(close))
    _refuse(filled, close, "closed once")


def test_a_published_edition_takes_no_further_grid(filled):
    _refuse(
        filled,
        "INSERT INTO grid (id, edition_id, rank, code, name, area_m2, attributes)"
        " VALUES (99, 1, 1, '2', 'two', 1.0, '{}')",
        "the edition of this grid is published",
    )


@pytest.mark.parametrize(
    ("number", "previous"),
    [
        pytest.param(3, None, id="a number left out"),
        pytest.param(2, "forged", id="another predecessor"),
    ],
)
def test_an_audit_row_must_follow_the_last(filled, number, previous):
    with filled.reading() as tx:
        (last,) = audit.load_audit(tx, limit=1)
    row = {**asdict(last), "number": number, "previous": previous or last.digest}
    _refuse(filled, insert(tables.audit).values(row), "an audit row must follow the last one")


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            "INSERT OR REPLACE INTO edition SELECT 9, layer, number, valid_from + 1, recorded_at,"
            " 'x', grid_count, area_m2, source, outline FROM edition",
            id="an edition with the number of another",
        ),
        pytest.param(
            "INSERT OR REPLACE INTO edition SELECT 9, layer, 9, valid_from, recorded_at,"
            " 'x', grid_count, area_m2, source, outline FROM edition",
            id="an edition with the date of another",
        ),
        pytest.param(
            "INSERT OR REPLACE INTO grid SELECT id, 9, rank, code, 'x', parent, area_m2,"
            " attributes, polygon FROM grid",
            id="a grid taken from an edition",
        ),
        pytest.param(
            "INSERT OR REPLACE INTO responsibility SELECT id, layer, grid, role, 'x', phone,"
            " valid_from, valid_to, recorded_from, recorded_to FROM responsibility",
            id="a responsibility",
        ),
        pytest.param(
            "INSERT OR REPLACE INTO audit SELECT number, at, 'x', action, subject, detail,"
            " previous, digest FROM audit",
            id="an audit row",
        ),
    ],
)
def test_other_programs_cannot_replace_a_row_on_sqlite(sqlite_store, now, statement):
    path = _fill(sqlite_store, now).name.removeprefix("sqlite:///")
    other = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match=r"rows are never changed|must follow"):
        other.execute(statement)
    other.close()
