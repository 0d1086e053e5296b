"""The audit is a chain, and a topic's revision grows by one with each announcement."""

import pytest
from sqlalchemy import select, text

from gridgis.store import audit, tables


@pytest.fixture
def tx(store):
    with store.writing() as opened:
        yield opened


def _record(tx, now, count=1):
    return [
        audit.record(
            tx,
            at=now,
            actor="planner",
            action="import",
            subject=f"layer {number}",
            detail={"grids": number, "share": 0.1, "名": ["网格", None], 7: (1, 2)},
        )
        for number in range(count)
    ]


def _unguard(tx):
    """Do as someone would who owns the database."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("ALTER TABLE audit DISABLE TRIGGER USER"))
    else:
        for trigger in ("audit_keep", "audit_fixed"):
            tx.execute(text(f"DROP TRIGGER {trigger}"))


def test_the_newest_rows_come_first(tx, now):
    first, second, third = _record(tx, now, 3)
    assert audit.load_audit(tx, limit=2) == [third, second]
    assert audit.load_audit(tx, limit=9) == [third, second, first]
    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert [first.previous, second.previous] == ["", first.digest]


def test_detail_is_as_json_reads_it(tx, now):
    (entry,) = _record(tx, now)
    expected = {"grids": 0, "share": 0.1, "名": ["网格", None], "7": [1, 2]}
    assert entry.detail == expected
    assert audit.load_audit(tx, limit=1)[0].detail == expected


def test_the_digest_is_that_of_the_documented_content(tx, now):
    entry = audit.record(tx, at=now, actor="a", action="b", subject="c", detail={"d": 1})
    # printf '%s' '{"action": "b", "actor": "a", "at": "2026-11-22T08:00:00Z", "detail": {"d": 1},
    # "number": 1, "previous": "", "subject": "c"}' | sha256sum      (on one line)
    assert entry.digest == "ba6f10a1e3768ad1b8497a6f4fa6ed9912b150bb6d5384c0d2431b7393dba29c"


def test_a_whole_chain_has_no_break(tx, now):
    assert audit.find_audit_break(tx) is None
    _record(tx, now, 3)
    assert audit.find_audit_break(tx) is None


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        pytest.param("UPDATE audit SET actor = 'x' WHERE number = 2", 2, id="a row changed"),
        pytest.param("DELETE FROM audit WHERE number = 2", 3, id="a row taken out"),
        pytest.param("DELETE FROM audit WHERE number = 1", 2, id="the first row taken out"),
        pytest.param("UPDATE audit SET previous = 'x' WHERE number = 3", 3, id="a link changed"),
    ],
)
def test_tampering_is_found_at_its_row(tx, now, tampering, found):
    _record(tx, now, 4)
    _unguard(tx)
    tx.execute(text(tampering))
    assert audit.find_audit_break(tx) == found


def test_an_announcement_raises_the_revision_of_its_topic(tx, now):
    assert audit.load_revisions(tx) == {"incidents": 0, "lookup": 0, "points": 0}
    audit.announce(tx, at=now, topic="lookup", payload={"layer": "anc", "edition": 1})
    audit.announce(tx, at=now, topic="lookup", payload={"layer": "anc", "edition": 2})
    audit.announce(tx, at=now, topic="points", payload={})
    assert audit.load_revisions(tx) == {"incidents": 0, "lookup": 2, "points": 1}


def test_an_announcement_leaves_a_row_in_the_outbox(tx, now):
    audit.announce(tx, at=now, topic="lookup", payload={"layer": "anc"})
    columns = (tables.outbox.c.at, tables.outbox.c.topic, tables.outbox.c.payload)
    assert tx.execute(select(*columns)).all() == [(now, "lookup", {"layer": "anc"})]
