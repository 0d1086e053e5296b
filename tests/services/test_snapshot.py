"""The snapshot follows the database, whole or not at all, and goes on without it."""

import threading
from pathlib import Path

import pytest

from gridgis.errors import NotFound
from gridgis.services.editions import EditionViews
from gridgis.services.lookup import Question, look_up
from gridgis.services.snapshot import SnapshotKeeper
from gridgis.store import audit
from tests.tiny import at, publish_grids, staff
from tests.zoo import SIDE, TWO_BY_TWO, square

NOW = at("2026-01-01")
IN_A = (SIDE / 2, SIDE / 2)


@pytest.fixture
def store(sqlite_store):
    publish_grids(sqlite_store, TWO_BY_TWO, now=NOW)
    return sqlite_store


@pytest.fixture
def keeper(store, tmp_path):
    return SnapshotKeeper(store, EditionViews(store, tmp_path / "cache"), clock=lambda: NOW)


def who(snapshot):
    (result,) = look_up(snapshot, *IN_A, Question(NOW))["results"]
    return result["responsible"][0]["member"]


def test_a_roster_is_seen_after_a_refresh_and_the_old_snapshot_stays_as_it_was(
    store, keeper, tmp_path
):
    old = keeper.current
    staff(store, tmp_path, "code,name\nA,Ada\n", now=NOW)
    assert who(keeper.current) is None
    keeper.refresh()
    assert who(keeper.current) == "Ada"
    assert who(old) is None
    assert keeper.current.revision > old.revision


def test_a_new_edition_is_seen_after_a_refresh(store, keeper):
    publish_grids(store, {"Z": square(0, 0)}, valid_from="2025-06-01", now=NOW)
    keeper.refresh()
    (result,) = look_up(keeper.current, *IN_A, Question(NOW))["results"]
    assert (result["edition"], result["grid"]["code"]) == (2, "Z")


def test_a_roster_that_says_nothing_new_swaps_nothing(store, keeper, tmp_path):
    staff(store, tmp_path, "code,name,valid_from\nA,Ada,2026-01-01\n", now=NOW)
    keeper.refresh()
    before = keeper.current
    staff(store, tmp_path, "code,name,valid_from\nA,Ada,2026-01-01\n", now=NOW)
    keeper.refresh()
    assert keeper.current is before


def test_what_lookups_do_not_need_swaps_nothing(store, keeper):
    before = keeper.current
    with store.writing() as tx:
        audit.announce(tx, at=NOW, topic="incidents", payload={})
    keeper.refresh()
    assert keeper.current is before


def test_it_follows_by_itself(store, keeper, tmp_path):
    keeper.start()
    try:
        staff(store, tmp_path, "code,name\nA,Ada\n", now=NOW)
        waiting = threading.Event()
        for _ in range(200):
            if who(keeper.current) == "Ada":
                break
            waiting.wait(0.05)
        assert who(keeper.current) == "Ada"
    finally:
        keeper.stop()


def test_without_the_database_it_goes_on_and_says_since_when(store, keeper, tmp_path, caplog):
    path = Path(store._path)
    path.rename(tmp_path / "away.db")
    keeper.start()
    try:
        waiting = threading.Event()
        for _ in range(200):
            if keeper.stale_since is not None:
                break
            waiting.wait(0.05)
        waiting.wait(0.6)  # it asks twice more and does not complain each time
        assert keeper.stale_since == NOW
        assert who(keeper.current) is None
        assert caplog.text.count("cannot be renewed") == 1
        (tmp_path / "away.db").rename(path)
        for _ in range(200):
            if keeper.stale_since is None:
                break
            waiting.wait(0.05)
        assert keeper.stale_since is None
    finally:
        keeper.stop()


def test_editions_are_found_by_time_and_by_number(store, keeper):
    publish_grids(store, TWO_BY_TWO, valid_from="2030-01-01", now=NOW)
    keeper.refresh()
    snapshot = keeper.current
    first, second = snapshot.editions["town"]
    assert snapshot.edition_at("town", at("2029-12-31")) == first
    assert snapshot.edition_at("town", at("2030-01-01")) == second
    assert snapshot.edition_at("town", at("2019-12-31")) is None
    assert snapshot.valid_to(first) == at("2030-01-01")
    assert snapshot.valid_to(second) is None
    assert snapshot.find_edition("town", 2) == second
    with pytest.raises(NotFound, match="no edition 3"):
        snapshot.find_edition("town", 3)


class TestIndexOnDisk:
    def test_a_damaged_index_is_built_anew_and_never_believed(self, store, keeper, tmp_path):
        (kept,) = (tmp_path / "cache").rglob("*.npy")
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
        fresh = SnapshotKeeper(store, EditionViews(store, tmp_path / "cache"), clock=lambda: NOW)
        (result,) = look_up(fresh.current, *IN_A, Question(NOW))["results"]
        assert result["grid"]["code"] == "A"

    def test_a_folder_that_cannot_be_written_costs_no_answer(self, store, tmp_path):
        blocked = tmp_path / "blocked"
        blocked.write_text("a file where the folder would be")
        keeper = SnapshotKeeper(store, EditionViews(store, blocked), clock=lambda: NOW)
        (result,) = look_up(keeper.current, *IN_A, Question(NOW))["results"]
        assert result["grid"]["code"] == "A"
        assert blocked.read_text() == "a file where the folder would be"

    def test_equal_editions_share_one(self, store, keeper, tmp_path):
        publish_grids(store, TWO_BY_TWO, valid_from="2025-01-01", now=NOW)
        keeper.refresh()
        snapshot = keeper.current
        first, second = (snapshot.view(edition) for edition in snapshot.editions["town"])
        assert first.edition.digest == second.edition.digest
        assert len(list((tmp_path / "cache").rglob("*.npy"))) == 1
