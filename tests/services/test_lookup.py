"""Answers in valid time and recorded time, fallbacks, borders, and places outside."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from gridgis.errors import NotFound
from gridgis.services.lookup import (
    Question,
    find_responsible,
    look_up,
    look_up_many,
    position_in_wgs84,
)
from tests.dc import NOW, WHITE_HOUSE
from tests.tiny import at, publish_grids, snapshot_of, staff
from tests.zoo import SIDE, SQUARE_M2, TWO_BY_TWO, polygon, square

IN_A, IN_B = (SIDE * 0.25, SIDE * 0.5), (SIDE * 1.75, SIDE * 0.5)


def ask(snapshot, place, when, **more):
    question = Question(at(when), **more)
    (result,) = look_up(snapshot, *place, question)["results"]
    return result


def members(snapshot, place, when, **more):
    return [entry["member"] for entry in ask(snapshot, place, when, **more)["responsible"]]


class TestWhen:
    """The roster of one square, changed and corrected; every answer of the past stays known."""

    @pytest.fixture
    def told(self, sqlite_store, tmp_path):
        publish_grids(sqlite_store, TWO_BY_TWO, now=at("2020-01-01"))
        # told in January: Ada from 1 January on
        january = "code,name,role,valid_from\nA,Ada,manager,2026-01-01\n"
        staff(sqlite_store, tmp_path, january, now=at("2026-01-05"))
        # told on 10 March: since 1 March it has been Ben
        march = "code,name,role,valid_from\nA,Ben,manager,2026-03-01\n"
        staff(sqlite_store, tmp_path, march, now=at("2026-03-10"))
        # told on 20 March: no, it was Cai from 1 March to 8 March, and Ben after
        corrected = (
            "code,name,role,valid_from,valid_to\n"
            "A,Cai,manager,2026-03-01,2026-03-08\nA,Ben,manager,2026-03-08,\n"
        )
        staff(sqlite_store, tmp_path, corrected, now=at("2026-03-20"))
        return snapshot_of(sqlite_store, tmp_path, now=at("2026-04-01"))

    @pytest.mark.parametrize(
        ("when", "known", "who"),
        [
            pytest.param("2026-02-15", None, "Ada", id="before-any-change"),
            pytest.param("2026-03-03", None, "Cai", id="on-3-march-as-we-know-now"),
            pytest.param("2026-03-03", "2026-03-05", "Ada", id="on-3-march-as-said-then"),
            pytest.param("2026-03-03", "2026-03-15", "Ben", id="on-3-march-as-said-after-10-march"),
            pytest.param("2026-03-03", "2026-03-20", "Cai", id="a-recording-counts-from-its-time"),
            pytest.param("2026-03-08", None, "Ben", id="a-period-excludes-its-end"),
            pytest.param("2026-03-01", None, "Cai", id="a-period-includes-its-start"),
            pytest.param("2026-03-12", "2026-03-15", "Ben", id="unchanged-by-the-correction"),
            pytest.param("2026-02-15", "2026-01-05", "Ada", id="known-from-the-very-time"),
        ],
    )
    def test_who_was_responsible_and_what_did_we_say(self, told, when, known, who):
        known_at = None if known is None else at(known)
        assert members(told, IN_A, when, known_at=known_at) == [who]

    def test_nobody_was_known_before_the_first_recording(self, told):
        answer = ask(told, IN_A, "2026-02-15", known_at=at("2026-01-04"))
        assert answer["grid"]["code"] == "A"
        (entry,) = answer["responsible"]
        assert entry["member"] is None
        assert entry["reason_code"] == "vacant_chain"


class TestEditions:
    @pytest.fixture
    def snapshot(self, sqlite_store, tmp_path):
        # the later edition comes in first; code A is reused for what was B's place
        swapped = {"A": square(1, 0), "B": square(0, 0)}
        unswapped = {"A": square(0, 0), "B": square(1, 0)}
        publish_grids(sqlite_store, swapped, valid_from="2026-06-01", now=at("2026-01-01"))
        publish_grids(sqlite_store, unswapped, valid_from="2025-01-01", now=at("2026-02-01"))
        return snapshot_of(sqlite_store, tmp_path, now=at("2026-03-01"))

    @pytest.mark.parametrize(
        ("when", "edition", "code"),
        [
            pytest.param("2026-03-01", 2, "A", id="the-one-in-force-though-numbered-later"),
            pytest.param("2026-05-31T23:59:59", 2, "A", id="to-the-last-second"),
            pytest.param("2026-06-01", 1, "B", id="from-the-very-moment"),
            pytest.param("2030-01-01", 1, "B", id="while-no-later-one-is-known"),
        ],
    )
    def test_the_border_in_force_then_decides(self, snapshot, when, edition, code):
        answer = ask(snapshot, IN_A, when)
        assert (answer["edition"], answer["grid"]["code"]) == (edition, code)

    def test_before_the_first_edition_it_says_so(self, snapshot):
        answer = ask(snapshot, IN_A, "2024-12-31")
        assert (answer["edition"], answer["grid"], answer["certainty"]) == (None, None, "outside")
        assert answer["nearest"] is None
        assert answer["responsible"] == []
        assert "its first begins at 2025-01-01T00:00:00Z" in answer["reason"]

    def test_an_edition_recorded_later_was_not_known_then(self, snapshot):
        answer = ask(snapshot, IN_A, "2026-03-01", known_at=at("2026-01-15"))
        assert answer["edition"] is None
        assert "recorded by then" in answer["reason"]
        assert ask(snapshot, IN_A, "2026-07-01", known_at=at("2026-01-15"))["edition"] == 1


class TestRoles:
    """Two levels: town T over A and B; A has a cleaner and a doctor, B has only a cleaner."""

    @pytest.fixture
    def snapshot(self, sqlite_store, tmp_path):
        two = {"A": square(0, 0), "B": square(1, 0)}
        parents = {"A": ("T",), "B": ("T",)}
        publish_grids(
            sqlite_store, two, levels=("town", "grid"), parents=parents, now=at("2020-01-01")
        )
        roster = (
            "code,name,role,phone,valid_from\n"
            "A,Ada,cleaner,1,2026-01-01\nA,Dan,doctor,2,2026-01-01\n"
            "B,Ben,cleaner,3,2026-01-01\nT,Mia,mayor,9,2026-01-01\n"
            "A,Zoe,cleaner,4,2026-01-01\n"
        )
        staff(sqlite_store, tmp_path, roster, now=at("2026-01-01"))
        return snapshot_of(sqlite_store, tmp_path, now=at("2026-02-01"))

    def test_all_roles_and_holders_by_role_then_name(self, snapshot):
        found = ask(snapshot, IN_A, "2026-02-01")["responsible"]
        assert [(e["role"], e["member"], e["phone"]) for e in found] == [
            ("cleaner", "Ada", "1"),
            ("cleaner", "Zoe", "4"),
            ("doctor", "Dan", "2"),
        ]
        assert all(entry["reason"] is None for entry in found)

    def test_a_role_that_others_have_falls_back_to_whoever_is_above(self, snapshot):
        own, fallback = ask(snapshot, IN_B, "2026-02-01")["responsible"]
        assert own["member"] == "Ben"
        assert (fallback["member"], fallback["role"], fallback["grid"]) == ("Mia", "mayor", "T")
        assert fallback["reason"] == "GRID B has no doctor; TOWN T answers"
        assert fallback["vacant"] == {"role": "doctor", "level": "grid", "grid": "B"}

    def test_a_level_without_roles_of_its_own_is_answered_for_from_above(self, snapshot):
        # before the roster of the grids began, with only the mayor known at that time
        view = snapshot.view(snapshot.edition_at("town", at("2026-02-01")))
        only_mayor = replace(
            snapshot,
            roster=type(snapshot.roster)(
                row
                for grid in ("T",)
                for row in snapshot.roster.holders("town", grid, at("2026-02-01"))
            ),
        )
        (entry,) = find_responsible(
            only_mayor.roster, view, view.chain("A"), Question(at("2026-02-01"))
        )
        assert (entry["member"], entry["reason_code"]) == ("Mia", "vacant_grid")
        assert entry["reason"] == "GRID A has no member of its own; TOWN T answers"

    def test_the_upper_grid_itself_has_its_own(self, snapshot):
        view = snapshot.view(snapshot.edition_at("town", at("2026-02-01")))
        (entry,) = find_responsible(
            snapshot.roster, view, view.chain("T"), Question(at("2026-02-01"))
        )
        assert (entry["member"], entry["reason"]) == ("Mia", None)


class TestVacanciesOfTheCity:
    """SMD 1C01 has no commissioner, its ANC has a chair; 3C04 has neither."""

    def answer(self, snapshot, code):
        view = snapshot.view(snapshot.edition_at("anc", NOW))
        return find_responsible(snapshot.roster, view, view.chain(code), Question(NOW))

    def test_the_chair_answers_for_a_vacant_district(self, dc_snapshot):
        (entry,) = self.answer(dc_snapshot, "1C01")
        assert (entry["role"], entry["member"], entry["grid"]) == ("chair", "William Simpson", "1C")
        assert entry["reason"] == "SMD 1C01 has no commissioner; ANC 1C answers"
        assert entry["reason_code"] == "vacant_role"

    def test_nobody_in_the_chain_is_said_in_one_entry(self, dc_snapshot):
        (entry,) = self.answer(dc_snapshot, "3C04")
        assert entry == {
            "role": None,
            "member": None,
            "phone": None,
            "grid": "3C04",
            "acting_for": None,
            "reason": "nobody is named for SMD 3C04, ANC 3C",
            "reason_code": "vacant_chain",
            "vacant": {"role": None, "level": "smd", "grid": "3C04"},
        }

    def test_no_grid_of_the_city_is_without_an_answer(self, dc_snapshot):
        for layer in dc_snapshot.layers:
            view = dc_snapshot.view(dc_snapshot.edition_at(layer, NOW))
            for code in view.grids:
                chain = view.chain(code)
                assert find_responsible(dc_snapshot.roster, view, chain, Question(NOW))


class TestBorders:
    @pytest.fixture
    def snapshot(self, sqlite_store, tmp_path):
        publish_grids(sqlite_store, TWO_BY_TWO, now=at("2020-01-01"))
        return snapshot_of(sqlite_store, tmp_path, now=at("2026-01-01"))

    @pytest.mark.parametrize(
        ("place", "code"),
        [
            pytest.param((SIDE, SIDE), "A", id="a-corner-of-four-is-the-smallest-codes"),
            pytest.param((SIDE, SIDE * 1.5), "C", id="an-edge-of-two-is-the-smaller-codes"),
            pytest.param((0, 0), "A", id="the-outer-corner-counts-in"),
            pytest.param((SIDE * 2, SIDE * 1.3), "D", id="the-outer-edge-counts-in"),
        ],
    )
    def test_a_place_on_a_border_is_in_and_ambiguous(self, snapshot, place, code):
        answer = ask(snapshot, place, "2026-01-01")
        assert (answer["grid"]["code"], answer["certainty"]) == (code, "ambiguous")
        assert answer["border"]["distance_m"] == 0.0

    def test_accuracy_makes_a_near_place_ambiguous(self, snapshot):
        # a quarter of a square from the western border: 27.83 m
        answer = ask(snapshot, (SIDE * 0.75, SIDE * 0.5), "2026-01-01", accuracy_m=27.8)
        assert answer["border"] == {"distance_m": 27.83, "neighbour": "B"}
        assert answer["certainty"] == "certain"
        nearer = ask(snapshot, (SIDE * 0.75, SIDE * 0.5), "2026-01-01", accuracy_m=27.9)
        assert nearer["certainty"] == "ambiguous"

    def test_outside_it_names_the_nearest_and_nobody_responsible(self, snapshot):
        # half a square east of B: 55.66 m
        answer = ask(snapshot, (SIDE * 2.5, SIDE * 0.5), "2026-01-01", accuracy_m=1000)
        assert answer["grid"] is None
        assert answer["chain"] == answer["responsible"] == []
        assert answer["certainty"] == "outside"
        assert answer["nearest"] == {"code": "B", "name": "Grid B", "distance_m": 55.66}

    def test_positions_go_to_the_nearest_lattice_point(self, snapshot):
        answer = look_up(snapshot, 4e-10, SIDE * 0.1234567894, Question(at("2026-01-01")))
        assert (answer["lon"], answer["lat"]) == (0.0, 0.000123457)

    def test_areas_are_those_of_the_ellipsoid(self, snapshot):
        view = snapshot.view(snapshot.edition_at("town", at("2026-01-01")))
        assert view.grids["A"].area_m2 == pytest.approx(SQUARE_M2, rel=1e-6)


def test_the_white_house_in_every_layer(dc_snapshot):
    answer = look_up(dc_snapshot, *WHITE_HOUSE, Question(NOW))
    found = {
        r["layer"]: (r["grid"]["code"], r["responsible"][0]["member"]) for r in answer["results"]
    }
    assert found == {
        "anc": ("2A01", "Patrick Kennedy"),
        "police": ("207", "District 2 (2D)"),
        "ward": ("2", "Jack Evans"),
    }
    assert answer["at"] == "2026-11-22T08:00:00Z"


def test_the_answer_has_the_fields_of_the_contract_in_their_order(dc_snapshot):
    answer = look_up(dc_snapshot, *WHITE_HOUSE, Question(NOW, layers=["anc"]))
    assert list(answer) == ["lon", "lat", "at", "results"]
    (result,) = answer["results"]
    assert list(result) == [
        *("layer", "edition", "grid", "chain", "responsible", "border", "certainty")
    ]
    assert result["chain"] == [
        {"level": "smd", "code": "2A01", "name": "SMD 2A01"},
        {"level": "anc", "code": "2A", "name": "ANC 2A"},
    ]
    assert list(result["responsible"][0])[:6] == [
        *("role", "member", "phone", "grid", "acting_for", "reason")
    ]


def test_many_equal_one_by_one(dc_snapshot):
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(-77.13, -76.90, 5000), rng.uniform(38.78, 39.0, 5000)
    question = Question(NOW, accuracy_m=20.0)
    together = [a for block in look_up_many(dc_snapshot, lon, lat, question) for a in block]
    singly = [look_up(dc_snapshot, x, y, question) for x, y in zip(lon, lat, strict=True)]
    assert orjson.dumps(together) == orjson.dumps(singly)
    kinds = {result["certainty"] for answer in singly for result in answer["results"]}
    assert kinds == {"certain", "ambiguous", "outside"}


def test_an_unknown_layer_is_refused_with_the_known_ones(dc_snapshot):
    with pytest.raises(NotFound, match="no layer 'fire'; the layers are: anc, police, ward"):
        look_up(dc_snapshot, *WHITE_HOUSE, Question(NOW, layers=["anc", "fire"]))


def test_a_layer_asked_twice_is_answered_once(dc_snapshot):
    answer = look_up(dc_snapshot, *WHITE_HOUSE, Question(NOW, layers=["ward", "ward"]))
    assert [result["layer"] for result in answer["results"]] == ["ward"]


def test_a_position_in_wgs84_is_not_touched():
    assert position_in_wgs84(0.1 + 0.2, 38.9, "wgs84") == (0.1 + 0.2, 38.9)


def test_a_position_in_gcj02_is_brought_back():
    # Tiananmen, 116.3975 39.9087 in WGS84, is about 116.40374 39.91010 on maps in GCJ-02
    lon, lat = position_in_wgs84(116.40374, 39.91010, "gcj02")
    assert (lon, lat) == (pytest.approx(116.3975, abs=2e-4), pytest.approx(39.9087, abs=2e-4))


def test_a_multipart_grid_is_one_grid(sqlite_store, tmp_path):
    parts = polygon((0, 0), (1, 0), (1, 1), (0, 1)).union(polygon((2, 0), (3, 0), (3, 1), (2, 1)))
    publish_grids(sqlite_store, {"A": parts, "B": square(1, 0)}, now=at("2020-01-01"))
    snapshot = snapshot_of(sqlite_store, tmp_path, now=at("2026-01-01"))
    found = [ask(snapshot, (SIDE * x, SIDE * 0.5), "2026-01-01") for x in (0.5, 1.5, 2.5)]
    assert [answer["grid"]["code"] for answer in found] == ["A", "B", "A"]
