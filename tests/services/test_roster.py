"""The roster in memory answers as a look through all its rows would."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from gridgis.model.people import Responsibility
from gridgis.services.roster import Roster
from tests.tiny import at

START = at("2026-01-01")
hours = st.integers(0, 40)


@st.composite
def responsibilities(draw):
    since, recorded = draw(hours), draw(hours)
    lasts = draw(st.none() | st.integers(1, 20))
    held = draw(st.none() | st.integers(0, 20))
    return Responsibility(
        layer="town",
        grid=draw(st.sampled_from("ABC")),
        role=draw(st.sampled_from(["cleaner", "doctor"])),
        member=draw(st.sampled_from(["Ada", "Ben"])),
        phone=None,
        valid_from=START + timedelta(hours=since),
        valid_to=None if lasts is None else START + timedelta(hours=since + lasts),
        recorded_from=START + timedelta(hours=recorded),
        recorded_to=None if held is None else START + timedelta(hours=recorded + held),
    )


@given(rows=st.lists(responsibilities(), max_size=12), when=hours, known=st.none() | hours)
def test_holders_and_roles_equal_those_of_a_look_through_all_rows(rows, when, known):
    roster = Roster(rows)
    moment = START + timedelta(hours=when)
    known_at = None if known is None else START + timedelta(hours=known)

    def counts(row):
        known_then = row.recorded_to is None if known_at is None else row.is_known_at(known_at)
        return known_then and row.is_valid_at(moment)

    for grid in "ABC":
        expected = [row for row in rows if row.grid == grid and counts(row)]
        found = roster.holders("town", grid, moment, known_at)
        assert sorted(found, key=repr) == sorted(expected, key=repr)
        assert [(r.role, r.member) for r in found] == sorted((r.role, r.member) for r in expected)
    of_a_and_b = {row.role for row in rows if row.grid in "AB" and counts(row)}
    assert roster.roles_at("town", frozenset("AB"), moment, known_at) == sorted(of_a_and_b)
    # asked again, from what was kept
    assert roster.roles_at("town", frozenset("AB"), moment, known_at) == sorted(of_a_and_b)


def test_another_layer_is_another_roster():
    row = Responsibility("town", "A", "cleaner", "Ada", None, START, None, START)
    roster = Roster([row])
    assert roster.holders("town", "A", START) == [row]
    assert roster.holders("city", "A", START) == []
    assert roster.roles("town") == ["cleaner"]
    assert roster.roles("city") == []


def test_roles_of_one_level_do_not_depend_on_what_was_asked_before():
    rows = [
        Responsibility("town", "A", "manager", "Ada", None, START, None, START),
        Responsibility("town", "P", "chief", "Ben", None, START, None, START),
    ]
    lower, upper = frozenset("A"), frozenset("P")
    one, other = Roster(rows), Roster(rows)
    assert one.roles_at("town", lower, START) == ["manager"]
    assert one.roles_at("town", upper, START) == ["chief"]
    assert other.roles_at("town", upper, START) == ["chief"]
    assert other.roles_at("town", lower, START) == ["manager"]
