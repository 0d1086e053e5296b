"""Incidents: recorded once, found by time, place and kind, each with the grid it was in."""

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from gridgis.errors import NotFound
from gridgis.model.grids import Grid, Layer, Level
from gridgis.model.incidents import Incident, IncidentGrid
from gridgis.store import editions, incidents


@pytest.fixture
def tx(store, now):
    with store.writing() as opened:
        for code in ("anc", "ward"):
            editions.save_layer(opened, Layer(code, code, (Level(1, code, code),)))
            editions.add_edition(
                opened,
                layer=code,
                valid_from=now,
                recorded_at=now,
                grids=[Grid("1", "one", 1, None, 1.0, shapely.box(0, 0, 1, 1))],
                outline=shapely.box(0, 0, 1, 1),
                digest="",
                source={},
            )
        yield opened


@pytest.fixture
def reported(now):
    """Give five incidents: a and b at the same time, then c, d, e an hour apart, going east."""
    return [
        Incident(
            "police",
            code,
            "theft" if number % 2 else "other",
            now + timedelta(hours=max(number, 1)),
            -77.0 + number / 10,
            38.9,
            {"offence": "盗窃", "number": number},
        )
        for number, code in enumerate("abcde")
    ]


def _codes(found):
    return [incident.code for incident in found]


def test_incidents_come_back_by_time_source_and_code(tx, reported):
    other = replace(reported[0], source="fire", code="z")
    assert incidents.save_incidents(tx, [*reversed(reported), other], []) == (6, 0)
    assert incidents.load_incidents(tx) == [other, *reported]


def test_what_is_there_already_stays_as_it_is(tx, reported):
    incidents.save_incidents(tx, reported[:2], [])
    changed = [replace(incident, category="new") for incident in reported]
    assert incidents.save_incidents(tx, changed, []) == (3, 2)
    assert incidents.load_incidents(tx) == reported[:2] + changed[2:]


def test_an_incident_given_twice_is_recorded_once(tx, reported):
    assert incidents.save_incidents(tx, [reported[0]] * 2, []) == (1, 1)


def test_no_incidents(tx):
    assert incidents.save_incidents(tx, [], []) == (0, 0)
    assert incidents.load_incidents(tx) == []
    assert incidents.load_homes(tx, []) == {}
    assert incidents.count_by_grid(tx, "anc") == {}


@pytest.mark.parametrize(
    ("question", "codes"),
    [
        pytest.param({"category": "theft"}, "bd", id="of a category"),
        pytest.param({"bbox": (-76.9, 38.9, -76.7, 38.9)}, "bcd", id="in a box with its border"),
        pytest.param({"bbox": (-76.9, 38.9, -76.700000001, 39)}, "bc", id="in a box a hair less"),
        pytest.param({"limit": 3}, "abc", id="the first page"),
    ],
)
def test_incidents_are_found(tx, reported, question, codes):
    incidents.save_incidents(tx, reported, [])
    assert _codes(incidents.load_incidents(tx, **question)) == list(codes)


def test_a_period_includes_its_start_and_excludes_its_end(tx, reported):
    incidents.save_incidents(tx, reported, [])
    since, until = reported[2].occurred_at, reported[4].occurred_at
    assert _codes(incidents.load_incidents(tx, since=since, until=until)) == ["c", "d"]
    assert _codes(incidents.load_incidents(tx, since=until)) == ["e"]
    assert _codes(incidents.load_incidents(tx, until=since)) == ["a", "b"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_pages_follow_one_another_without_gap_or_repeat(tx, reported, size):
    incidents.save_incidents(tx, reported, [])
    read, after = [], None
    while page := incidents.load_incidents(tx, after=after, limit=size):
        read += page
        after = (page[-1].occurred_at, page[-1].source, page[-1].code)
    assert read == reported


def test_homes_come_back_by_incident_and_layer(tx, reported):
    a, b, c, *_ = reported
    homes = [
        IncidentGrid("police", "a", "anc", 1, "1"),
        IncidentGrid("police", "a", "ward", 1, "1"),
        IncidentGrid("police", "b", "anc", 1, None),
    ]
    incidents.save_incidents(tx, reported, homes)
    assert incidents.load_homes(tx, [a, b, c]) == {
        ("police", "a"): {"anc": "1", "ward": "1"},
        ("police", "b"): {"anc": None},
        ("police", "c"): {},
    }


def test_the_same_code_of_another_source_is_another_incident(tx, reported):
    incidents.save_incidents(
        tx,
        [reported[0], replace(reported[0], source="fire")],
        [IncidentGrid("fire", "a", "anc", 1, "1"), IncidentGrid("police", "a", "anc", 1, None)],
    )
    assert incidents.load_homes(tx, incidents.load_incidents(tx)) == {
        ("fire", "a"): {"anc": "1"},
        ("police", "a"): {"anc": None},
    }


def test_a_home_found_anew_takes_the_place_of_the_old(tx, reported):
    incidents.save_incidents(tx, reported, [IncidentGrid("police", "a", "anc", 1, None)])
    incidents.save_incidents(tx, [], [IncidentGrid("police", "a", "anc", 1, "1")])
    assert incidents.load_homes(tx, reported[:1]) == {("police", "a"): {"anc": "1"}}


def test_incidents_are_counted_by_grid_of_a_layer(tx, reported):
    grids = {"a": "2", "b": "1", "c": "2", "d": None}
    homes = [IncidentGrid("police", code, "anc", 1, grid) for code, grid in grids.items()]
    other = IncidentGrid("police", "e", "ward", 1, "1")
    incidents.save_incidents(tx, reported, [*homes, other])
    assert incidents.count_by_grid(tx, "anc") == {"1": 1, "2": 2}
    assert incidents.count_by_grid(tx, "ward") == {"1": 1}


@pytest.mark.parametrize(
    ("home", "message"),
    [
        pytest.param(("police", "x", "anc", 1), "no incident x of source police", id="incident"),
        pytest.param(("police", "a", "anc", 2), "layer anc has no edition 2", id="edition"),
        pytest.param(("police", "a", "fire", 1), "layer fire has no edition 1", id="layer"),
    ],
)
def test_a_home_of_what_is_not_there_is_not_found(tx, reported, home, message):
    with pytest.raises(NotFound, match=message):
        incidents.save_incidents(tx, reported, [IncidentGrid(*home, "1")])
