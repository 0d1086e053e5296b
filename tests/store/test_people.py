"""The roster: the truth from its first date on, with what was said before kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridgis.errors import InvalidInput, NotFound
from gridgis.model.grids import Layer, Level
from gridgis.model.people import Responsibility, RosterRow
from gridgis.store import editions, people
from gridgis.store.people import RosterChange

DAY_ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def day(number):
    return None if number is None else DAY_ZERO + timedelta(days=number)


def row(member, since, until=None, *, grid="2A08", role="commissioner", phone=None):
    return RosterRow(1, grid, role, member, phone, day(since), day(until))


@pytest.fixture
def tx(store):
    with store.writing() as opened:
        for code in ("anc", "ward"):
            editions.save_layer(opened, Layer(code, code, (Level(1, code, code),)))
        yield opened


@pytest.fixture
def take(tx):
    """Replace the roster of ANC grids, with the recorded time as a number of days."""

    def take(*rows, on=100):
        return people.replace_roster(tx, "anc", rows, now=day(on))

    return take


def _present(tx):
    """List what is held true now as (member, first day, last day)."""
    return [_summary(held) for held in people.load_responsibilities(tx) if not held.recorded_to]


def _known(tx, on):
    """List what was held true on a day of recorded time."""
    held = people.load_responsibilities(tx)
    return [_summary(entry) for entry in held if entry.is_known_at(day(on))]


def _summary(held):
    until = held.valid_to and (held.valid_to - DAY_ZERO).days
    return held.member, (held.valid_from - DAY_ZERO).days, until


def test_a_first_roster_is_recorded_whole(tx, take):
    assert take(row("Ann", 0, 10, phone="311"), row("Bob", 10)) == RosterChange(2, 0, 0)
    assert people.load_responsibilities(tx) == [
        Responsibility("anc", "2A08", "commissioner", "Ann", "311", day(0), day(10), day(100)),
        Responsibility("anc", "2A08", "commissioner", "Bob", None, day(10), None, day(100)),
    ]


def test_the_same_roster_again_changes_nothing(tx, take):
    rows = row("Ann", 0, 10), row("Bob", 10), row("", 0, grid="2A09")
    take(*rows)
    before = people.load_responsibilities(tx)
    assert take(*rows, on=101) == RosterChange(added=0, ended=0, unchanged=2)
    assert people.load_responsibilities(tx) == before


def test_a_row_that_stands_twice_is_recorded_once(tx, take):
    assert take(row("Ann", 0), row("Ann", 0)) == RosterChange(1, 0, 0)
    assert _present(tx) == [("Ann", 0, None)]


def test_a_successor_ends_the_one_before(tx, take):
    take(row("Ann", 0))
    assert take(row("Bob", 50), on=101) == RosterChange(added=1, ended=1, unchanged=0)
    assert _present(tx) == [("Ann", 0, 50), ("Bob", 50, None)]
    # What was said before the change can be said again.
    assert _known(tx, on=100) == [("Ann", 0, None)]
    assert _known(tx, on=101) == [("Ann", 0, 50), ("Bob", 50, None)]
    assert _known(tx, on=99) == []


def test_a_correction_of_the_past_replaces_what_was_recorded(tx, take):
    take(row("Ann", 10))
    assert take(row("Anna", 10), on=101) == RosterChange(added=1, ended=1, unchanged=0)
    assert _present(tx) == [("Anna", 10, None)]
    assert _known(tx, on=100) == [("Ann", 10, None)]


def test_a_vacancy_ends_the_one_before_and_records_nobody(tx, take):
    take(row("Ann", 0))
    assert take(row("", 50), on=101) == RosterChange(added=0, ended=1, unchanged=0)
    assert _present(tx) == [("Ann", 0, 50)]


def test_what_ended_before_the_first_date_stays(tx, take):
    take(row("Ann", 0, 10), row("Bob", 10, 20))
    assert take(row("Cyd", 20), on=101) == RosterChange(added=1, ended=0, unchanged=0)
    assert _present(tx) == [("Ann", 0, 10), ("Bob", 10, 20), ("Cyd", 20, None)]


def test_pairs_that_are_not_named_stay(tx, take):
    take(row("Ann", 0), row("Bob", 0, role="deputy"), row("Cyd", 0, grid="2A09"))
    people.replace_roster(tx, "ward", [row("Dan", 0)], now=day(100))
    assert take(row("Eve", 50), on=101) == RosterChange(added=1, ended=1, unchanged=0)
    assert sorted(_present(tx)) == [
        ("Ann", 0, 50),
        ("Bob", 0, None),
        ("Cyd", 0, None),
        ("Dan", 0, None),
        ("Eve", 50, None),
    ]


def test_two_members_may_hold_a_role_together(tx, take):
    take(row("Ann", 0), row("Bob", 0))
    assert take(row("Ann", 0), row("Cyd", 0), on=101) == RosterChange(1, 1, 1)
    assert _present(tx) == [("Ann", 0, None), ("Cyd", 0, None)]


def test_another_phone_is_a_change(tx, take):
    take(row("Ann", 0, phone="1"))
    assert take(row("Ann", 0, phone="2"), on=101) == RosterChange(1, 1, 0)


def test_an_empty_roster_changes_nothing(take):
    assert take() == RosterChange(0, 0, 0)


def test_recorded_time_never_runs_backwards(tx, take):
    take(row("Ann", 0), on=100)
    take(row("Bob", 50), on=90)  # by a computer whose clock is behind
    assert _known(tx, on=95) == []
    assert _known(tx, on=100) == [("Ann", 0, 50), ("Bob", 50, None)]


def test_a_roster_of_an_unknown_layer_is_not_found(tx):
    with pytest.raises(NotFound, match="there is no layer fire; import its grids first"):
        people.replace_roster(tx, "fire", [row("Ann", 0)], now=day(0))


@pytest.mark.parametrize("until", [0, -1])
def test_a_period_that_does_not_last_is_refused(take, until):
    with pytest.raises(InvalidInput, match=r"row 1: valid_to 20.* is not after valid_from 2026-01"):
        take(row("Ann", 0, until))


def test_responsibilities_come_back_in_order_and_by_layer(tx, take):
    take(row("Bob", 5), row("Ann", 5), row("Zoe", 0, 5), row("Kim", 0, grid="1A"))
    people.replace_roster(tx, "ward", [row("Dan", 0)], now=day(100))
    assert [held.member for held in people.load_responsibilities(tx)] == [
        "Kim",
        "Zoe",
        "Ann",
        "Bob",
        "Dan",
    ]
    assert [held.member for held in people.load_responsibilities(tx, "ward")] == ["Dan"]


days = st.integers(0, 6)
rows = st.builds(
    lambda member, since, lasting, grid: row(
        member, since, None if lasting is None else since + lasting, grid=grid
    ),
    st.sampled_from(["", "Ann", "Bob"]),
    days,
    st.none() | st.integers(1, 4),
    st.sampled_from(["1", "2"]),
)


def _holders(held, grid, number):
    """Name who holds the role in a grid on a day, by brute force."""
    return {one.member for one in held if one.grid == grid and one.is_valid_at(day(number))}


def _expect(before, roster, grid, number):
    stated = [one for one in roster if one.grid == grid]
    if not stated or day(number) < min(one.valid_from for one in stated):
        return before
    return {
        one.member
        for one in stated
        if one.member
        and one.valid_from <= day(number)
        and (one.valid_to is None or day(number) < one.valid_to)
    }


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(rows, max_size=4), min_size=1, max_size=4))
def test_every_answer_is_that_of_the_last_roster_and_past_answers_stay(sqlite_store, rosters):
    moments = [(grid, number) for grid in "12" for number in range(12)]
    expected = dict.fromkeys(moments, frozenset())
    answers = []
    with sqlite_store.writing() as tx:
        example = tx.begin_nested()
        editions.save_layer(tx, Layer("anc", "ANC", (Level(1, "smd", "SMD"),)))
        for count, roster in enumerate(rosters):
            people.replace_roster(tx, "anc", roster, now=day(100 + count))
            expected = {
                (grid, number): _expect(before, roster, grid, number)
                for (grid, number), before in expected.items()
            }
            answers.append(expected)
            again = people.replace_roster(tx, "anc", roster, now=day(100 + count))
            assert (again.added, again.ended) == (0, 0)
        held = people.load_responsibilities(tx)
        example.rollback()
    for count, answer in enumerate(answers):
        known = [one for one in held if one.is_known_at(day(100 + count))]
        assert {moment: _holders(known, *moment) for moment in moments} == answer
