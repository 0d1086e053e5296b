"""The sample city's own labels judge what was loaded."""

import csv

import pytest

from gridgis.errors import NotFound
from gridgis.files.tabular import read_table
from gridgis.services.city import find_city, load_city
from gridgis.services.editions import EditionViews
from gridgis.services.importing import Actor, import_members
from gridgis.store import incidents as incident_rows
from gridgis.store import people as people_rows
from tests.dc import FOLDER, NOW, open_snapshot


@pytest.fixture(scope="module")
def labelled(dc_shared):
    """The official labels of each incident beside the grids it was given."""
    with dc_shared.reading() as tx:
        incidents = incident_rows.load_incidents(tx)
        homes = incident_rows.load_homes(tx, incidents)
    with (FOLDER / "crime_incidents.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(incidents) == 2897
    return [(row, homes["mpd", row["id"]]) for row in rows]


@pytest.mark.parametrize(
    ("layer", "level", "label", "labels", "differing", "percent"),
    [
        pytest.param("ward", "ward", "ward", 2897, 6, 99.79, id="wards-agree-but-for-6"),
        pytest.param("anc", "anc", "anc", 2897, 0, 100.00, id="commissions-agree-always"),
        pytest.param("police", "psa", "psa", 2894, 125, 95.68, id="psas-agree-but-for-125"),
        pytest.param(
            "police",
            "district",
            "police_district",
            2894,
            30,
            98.96,
            id="districts-agree-but-for-30",
        ),
    ],
)
def test_grids_agree_with_official_labels(
    labelled, dc_snapshot, layer, level, label, labels, differing, percent
):
    # An incident whose label is empty (3 have neither police district nor PSA) is not compared: the
    # share is that of the labels. The label of an upper level is compared with the grid's ancestor.
    view = dc_snapshot.view(dc_snapshot.edition_at(layer, NOW))

    def at_level(grid):
        return next(g.code for g in view.chain(grid) if view.level_of(g).code == level)

    pairs = [(row[label], at_level(grids[layer])) for row, grids in labelled if row[label]]
    wrong = sum(official != ours for official, ours in pairs)
    assert len(pairs) == labels
    assert wrong == differing
    assert round(100 * (1 - wrong / labels), 2) == percent


def test_every_incident_is_in_a_grid_of_every_layer(labelled):
    assert all(grids.keys() == {"anc", "police", "ward"} for _, grids in labelled)
    assert all(None not in grids.values() for _, grids in labelled)


def test_loading_again_changes_nothing_not_even_what_was_changed_since(dc_store, dc_cache):
    with dc_store.reading() as tx:
        before = people_rows.load_responsibilities(tx)
    told = []
    city = find_city("dc")
    views = EditionViews(dc_store, dc_cache)
    load_city(dc_store, views, city, now=NOW, actor="test", tell=told.append)
    with dc_store.reading() as tx:
        assert people_rows.load_responsibilities(tx) == before
    assert len(told) == 11
    assert all(line.endswith("was there") for line in told)


def test_a_roster_changed_by_hand_survives_loading_again(dc_store, dc_cache, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("code,name,role\n2A01,New Person,commissioner\n")
    city = find_city("dc")
    import_members(
        dc_store,
        open_snapshot(dc_store, dc_cache),
        read_table(path),
        layer="anc",
        actor=Actor("test", NOW, city.zone),
        commit=True,
    )
    views = EditionViews(dc_store, dc_cache)
    snapshot = load_city(dc_store, views, city, now=NOW, actor="test", tell=lambda _: None)
    assert [h.member for h in snapshot.roster.holders("anc", "2A01", NOW)] == ["New Person"]


def test_an_unknown_city_is_refused_with_the_known_ones():
    with pytest.raises(NotFound, match="no city 'atlantis'; there is: dc"):
        find_city("atlantis")
