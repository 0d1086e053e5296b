"""Opening, reading and writing a database; what goes wrong is said in one sentence."""

import sqlite3
import subprocess
import sys
import textwrap

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from gridgis.errors import ConfigError, Conflict
from gridgis.model.grids import Layer, Level
from gridgis.store import audit, editions, sqlite_file
from gridgis.store.database import Store

LAYER = Layer("police", "Police", (Level(1, "psa", "PSA"),))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("gridgis.db", "is not a database URL", id="a bare file name"),
        pytest.param("mysql://host/db", "begins with 'mysql'", id="another database"),
        pytest.param(
            "postgresql+psycopg2://host/db", r"begins with 'postgresql\+psycopg2'", id="driver"
        ),
        pytest.param("sqlite://", "names no file", id="SQLite in memory"),
        pytest.param("sqlite:///:memory:", "names no file", id="SQLite in memory by name"),
        pytest.param("sqlite:////nowhere/gridgis.db", "folder /nowhere of", id="no such folder"),
        pytest.param("sqlite:////tmp", "names the folder /tmp", id="a folder"),
    ],
)
def test_an_unusable_url_is_refused_before_any_connection(url, message):
    with pytest.raises(ConfigError, match=message):
        Store(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_the_password_is_never_shown(scheme):
    store = Store(f"{scheme}://planner:secret@127.0.0.1:1/gridgis")
    assert store.dialect == "postgresql"
    with pytest.raises(ConfigError, match=r"planner:\*\*\*@127.0.0.1:1/gridgis cannot be opened"):
        store.require_current()


def test_a_missing_file_is_not_created_by_looking(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'gridgis.db'}")
    for use in (store.require_current, store.downgrade):
        with pytest.raises(ConfigError, match=r"gridgis\.db does not exist; run gridgis init"):
            use()
    assert list(tmp_path.iterdir()) == []


def test_a_path_of_strange_letters_is_taken_as_it_is(tmp_path):
    folder = tmp_path / "网格 100%"
    folder.mkdir()
    store = Store(f"sqlite:///{folder / 'a b.db'}")
    store.upgrade()
    store.require_current()
    store.close()
    assert (folder / "a b.db").exists()


@pytest.mark.parametrize("use", [Store.upgrade, Store.require_current])
def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path, use):
    path = tmp_path / "grids.csv"
    content = "code,name\n1,one\n" * 100
    path.write_text(content)
    store = Store(f"sqlite:///{path}")
    with pytest.raises(ConfigError, match=r"grids\.csv.*file is not a database"):
        use(store)
    assert path.read_text() == content


def test_sqlite_is_durable_and_lets_readers_and_a_writer_work_side_by_side(sqlite_store):
    with sqlite_store.writing() as tx:
        assert tx.scalar(text("PRAGMA journal_mode")) == "wal"
        assert tx.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert tx.scalar(text("PRAGMA foreign_keys")) == 1


def test_what_was_written_is_there_for_the_next(store):
    with store.writing() as tx:
        editions.save_layer(tx, LAYER)
    with store.reading() as tx:
        assert editions.load_layers(tx) == [LAYER]


def test_an_exception_leaves_nothing_behind(store, now):
    def write_and_fail():
        with store.writing() as tx:
            editions.save_layer(tx, LAYER)
            audit.announce(tx, at=now, topic="lookup", payload={})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    with store.reading() as tx:
        assert editions.load_layers(tx) == []
        assert audit.load_revisions(tx)["lookup"] == 0


def test_reading_cannot_write(store):
    with store.reading() as tx, pytest.raises(DBAPIError, match=r"read-?only"):
        editions.save_layer(tx, LAYER)
    with store.writing() as tx:
        editions.save_layer(tx, LAYER)


def test_reading_sees_one_state_while_others_write(store):
    with store.reading() as tx:
        assert editions.load_layers(tx) == []
        with store.writing() as other:
            editions.save_layer(other, LAYER)
        assert editions.load_layers(tx) == []
    with store.reading() as tx:
        assert editions.load_layers(tx) == [LAYER]


def test_a_closed_store_opens_again(store):
    store.close()
    store.require_current()


def test_a_program_that_keeps_the_file_locked_is_a_conflict(sqlite_store, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite_file, "BUSY_TIMEOUT_MS", 10)
    other = sqlite3.connect(tmp_path / "gridgis.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Conflict, match=r"another program keeps .* locked"), sqlite_store.writing():
        pass
    other.execute("ROLLBACK")
    other.close()
    with sqlite_store.writing() as tx:
        editions.save_layer(tx, LAYER)


def test_two_processes_that_write_lose_nothing(sqlite_store):
    program = textwrap.dedent(
        """
        import sys
        from datetime import UTC, datetime
        from gridgis.store import audit
        from gridgis.store.database import Store

        store = Store(sys.argv[1])
        at = datetime(2026, 11, 22, 8, tzinfo=UTC)
        for count in range(50):
            with store.writing() as tx:
                audit.record(
                    tx, at=at, actor=sys.argv[2], action="count", subject="test", detail={}
                )
                audit.announce(tx, at=at, topic="lookup", payload={"count": count})
        """
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", program, sqlite_store.name, name])
        for name in ("one", "two")
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    with sqlite_store.reading() as tx:
        assert audit.load_revisions(tx)["lookup"] == 100
        actors = [entry.actor for entry in audit.load_audit(tx, limit=1000)]
        assert audit.find_audit_break(tx) is None
    assert (actors.count("one"), actors.count("two")) == (50, 50)


def test_not_a_number_is_refused_alike_on_both_databases(store, now):
    with store.writing() as tx, pytest.raises(Exception, match="not JSON compliant"):
        audit.announce(tx, at=now, topic="lookup", payload={"share": float("nan")})


def test_a_time_without_zone_is_refused_alike_on_both_databases(store, now):
    with store.writing() as tx, pytest.raises(Exception, match="has no zone"):
        audit.announce(tx, at=now.replace(tzinfo=None), topic="lookup", payload={})
