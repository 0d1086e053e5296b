"""Layers, editions and grids: what is published comes back the same."""

import threading
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
import shapely

from gridgis.errors import Conflict, InvalidInput, NotFound
from gridgis.model.grids import Grid, Layer, Level
from gridgis.store import editions

POLICE = Layer("police", "Police", (Level(1, "district", "District"), Level(2, "psa", "PSA")))
WARD = Layer("ward", "选区", (Level(1, "ward", "Ward"),))

# 1D (district) = 101 | 102, side by side; 102 has an island.
ISLAND = shapely.MultiPolygon([shapely.box(1, 0, 2, 1), shapely.box(3, 0, 3.5, 0.5)])
GRIDS = [
    Grid("102", "PSA 102", 2, "1D", 1.25, ISLAND, {"residents": 12, "note": "岛"}),
    Grid("1D", "First", 1, None, 2.25),
    Grid("101", "PSA 101", 2, "1D", 1.0, shapely.box(0, 0, 1, 1)),
]
OUTLINE = shapely.MultiPolygon([shapely.box(0, 0, 2, 1), shapely.box(3, 0, 3.5, 0.5)])
SOURCE = {"authority": "OCTO", "date": "2022-01-01", "digest": "ab", "crs": "EPSG:4326"}


@pytest.fixture
def tx(store):
    with store.writing() as opened:
        editions.save_layer(opened, POLICE)
        editions.save_layer(opened, WARD)
        yield opened


@pytest.fixture
def publish(tx, now):
    def publish(layer="police", *, valid_from=now, grids=GRIDS):
        return editions.add_edition(
            tx,
            layer=layer,
            valid_from=valid_from,
            recorded_at=now,
            grids=grids,
            outline=OUTLINE,
            digest="d1",
            source=SOURCE,
        )

    return publish


def test_layers_come_back_by_code(tx):
    assert editions.load_layers(tx) == [POLICE, WARD]


def test_a_layer_saved_again_takes_its_new_names(tx):
    renamed = Layer("ward", "Wards", (Level(1, "ward", "选区"),))
    editions.save_layer(tx, renamed)
    assert editions.load_layers(tx) == [POLICE, renamed]


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param((Level(1, "psa", "PSA"),), id="fewer"),
        pytest.param((Level(1, "psa", ""), Level(2, "district", "")), id="turned around"),
        pytest.param((*POLICE.levels, Level(3, "beat", "Beat")), id="more"),
    ],
)
def test_a_layer_with_other_levels_is_a_conflict_that_names_both(tx, levels):
    with pytest.raises(Conflict, match="layer police has the levels 1 district > 2 psa, not 1 "):
        editions.save_layer(tx, replace(POLICE, levels=levels))
    assert editions.load_layers(tx) == [POLICE, WARD]


def test_an_edition_counts_and_measures_its_leaf_grids(publish, now):
    edition = publish()
    assert (edition.layer, edition.number, edition.grid_count) == ("police", 1, 2)
    assert edition.area_m2 == 1.25 + 1.0
    assert (edition.valid_from, edition.recorded_at, edition.source) == (now, now, SOURCE)


def test_editions_come_back_as_they_were_given_by_layer_and_number(tx, publish, now):
    later, earlier = now + timedelta(days=5), now - timedelta(days=5)
    published = [publish("ward"), publish(valid_from=later), publish(valid_from=earlier)]
    assert [edition.number for edition in published] == [1, 1, 2]
    assert editions.load_editions(tx) == [published[1], published[2], published[0]]
    assert editions.load_editions(tx, "ward") == [published[0]]
    assert editions.load_editions(tx, "fire") == []


def test_a_time_is_the_same_in_every_zone_and_to_the_microsecond(tx, publish, now):
    moment = (now + timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=8)))
    publish(valid_from=moment)
    (edition,) = editions.load_editions(tx)
    assert edition.valid_from == moment
    assert edition.valid_from.utcoffset() == timedelta(0)


def test_grids_come_back_by_rank_then_code(tx, publish):
    edition = publish()
    assert editions.load_grids(tx, edition.id) == [GRIDS[1], GRIDS[2], GRIDS[0]]


def test_grids_without_polygons(tx, publish):
    edition = publish()
    expected = [replace(grid, polygon=None) for grid in (GRIDS[1], GRIDS[2], GRIDS[0])]
    assert editions.load_grids(tx, edition.id, with_polygons=False) == expected


def test_codes_sort_by_code_point_on_both_databases(tx, publish):
    codes = ["a-1", "B1", "b1", "Z", "a1", "网格", "É"]
    grids = [Grid(code, "", 1, None, 1.0, shapely.box(0, 0, 1, 1)) for code in codes]
    edition = publish("ward", grids=grids)
    assert [grid.code for grid in editions.load_grids(tx, edition.id)] == sorted(codes)


def test_each_edition_has_its_own_grids(tx, publish, now):
    first, second = publish(), publish(valid_from=now + timedelta(days=1), grids=GRIDS[1:])
    assert len(editions.load_grids(tx, first.id)) == 3
    assert len(editions.load_grids(tx, second.id)) == 2


def test_the_outline_comes_back(tx, publish):
    assert editions.load_outline(tx, publish().id) == OUTLINE


@pytest.mark.parametrize("load", [editions.load_grids, editions.load_outline])
def test_an_edition_that_does_not_exist_is_not_found(tx, load):
    with pytest.raises(NotFound, match="there is no edition with id 7"):
        load(tx, 7)


def test_an_unknown_layer_is_not_found(publish):
    with pytest.raises(NotFound, match="there is no layer fire; import its grids first"):
        publish("fire")


def test_two_editions_cannot_begin_at_the_same_time(publish, now):
    publish()
    with pytest.raises(
        Conflict, match="edition 1 of layer police is valid from 2026-11-22T08:00:00Z already"
    ):
        publish()
    assert publish(valid_from=now + timedelta(days=1)).number == 2


@pytest.mark.parametrize(
    ("grids", "message"),
    [
        pytest.param([*GRIDS, GRIDS[0]], "code 102 stands 2 times", id="a code twice"),
        pytest.param([GRIDS[0]], "parent 1D of grid 102 is not among", id="no parent"),
        pytest.param([], "an edition of layer police needs grids", id="no grids"),
    ],
)
def test_grids_that_make_no_tree_are_refused(tx, publish, grids, message):
    with pytest.raises(InvalidInput, match=message):
        publish(grids=grids)
    assert editions.load_editions(tx) == []


def test_of_two_who_publish_at_once_one_wins(store, now):
    with store.writing() as tx:
        editions.save_layer(tx, WARD)
    outcomes = []

    def publish():
        try:
            with store.writing() as tx:
                editions.add_edition(
                    tx,
                    layer="ward",
                    valid_from=now,
                    recorded_at=now,
                    grids=[Grid("1", "", 1, None, 1.0, shapely.box(0, 0, 1, 1))],
                    outline=shapely.box(0, 0, 1, 1),
                    digest="",
                    source={},
                )
            outcomes.append("published")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 3 + ["published"]
