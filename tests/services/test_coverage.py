"""Residents reached, counted by hand on two squares; and the sum of the sample city."""

import pytest

from gridgis.model.points import ResidentPoint, ServicePoint
from gridgis.services.catalogue import open_edition
from gridgis.services.coverage import describe_coverage, measure_coverage
from gridgis.store import points as point_rows
from tests.dc import NOW
from tests.tiny import at, publish_grids, snapshot_of
from tests.zoo import SIDE, square


def place(column, row):
    """A place in squares from the south-west, in degrees."""
    return column * SIDE, row * SIDE


def residents(column, row, count):
    return ResidentPoint(*place(column, row), count, "area")


@pytest.fixture
def view(sqlite_store, tmp_path):
    """Grids A and B side by side, 111.3 m wide each; a clinic near their border, in A.

    ::

        10 at the clinic    3: 44.5 m west of it    7: 89 m west of it       all in A
        20: 22.3 m east of the clinic, in B         4: 200 m east of B, in no grid
    """
    store = sqlite_store
    publish_grids(store, {"A": square(0, 0), "B": square(1, 0)}, now=at("2020-01-01"))
    clinic = ServicePoint("c", "clinic", "Clinic", *place(0.9, 0.5))
    with store.writing() as tx:
        point_rows.save_points(tx, [clinic])
        point_rows.replace_residents(
            tx,
            [
                residents(0.9, 0.5, 10),
                residents(0.5, 0.5, 3),
                residents(0.1, 0.5, 7),
                residents(1.1, 0.5, 20),
                residents(4.0, 0.5, 4),
            ],
        )
    snapshot = snapshot_of(store, tmp_path, now=at("2026-01-01"))
    return open_edition(snapshot, "town", at=at("2026-01-01"))


# a minute reaches 5000 / 60 / 1.5 = 55.6 m, two minutes 111.1 m
@pytest.mark.parametrize(
    ("minutes", "in_a", "in_b"),
    [
        pytest.param(1, 13, 20, id="a-minute-reaches-over-the-border-but-not-89-m"),
        pytest.param(2, 20, 20, id="two-minutes-reach-all"),
    ],
)
def test_residents_are_counted_where_they_live(sqlite_store, view, minutes, in_a, in_b):
    answer = describe_coverage(measure_coverage(sqlite_store, view, minutes=minutes, kind=None))
    assert answer["grids"] == [
        {"code": "A", "residents": 20.0, "covered": in_a, "share": in_a / 20},
        {"code": "B", "residents": 20.0, "covered": in_b, "share": in_b / 20},
    ]
    assert (answer["residents"], answer["covered"]) == (40.0, in_a + in_b)
    assert answer["share"] == (in_a + in_b) / 40
    assert answer["method"] == "circle"


def test_no_point_of_a_kind_covers_nobody(sqlite_store, view):
    answer = describe_coverage(measure_coverage(sqlite_store, view, minutes=60, kind="library"))
    assert (answer["covered"], answer["share"]) == (0.0, 0.0)


def test_where_nobody_lives_there_is_no_share(sqlite_store, view):
    with sqlite_store.writing() as tx:
        point_rows.replace_residents(tx, [residents(0.9, 0.5, 10)])
    coverage = measure_coverage(sqlite_store, view, minutes=1, kind=None)
    assert coverage.shares() == {"A": 1.0, "B": None}


def test_the_city_is_counted_alike_in_every_layer(dc_shared, dc_snapshot):
    totals = []
    for layer in dc_snapshot.layers:
        view = open_edition(dc_snapshot, layer, at=NOW)
        answer = describe_coverage(measure_coverage(dc_shared, view, minutes=15, kind=None))
        grids = answer["grids"]
        assert sum(g["residents"] for g in grids) == pytest.approx(answer["residents"], rel=1e-12)
        assert sum(g["covered"] for g in grids) == pytest.approx(answer["covered"], rel=1e-12)
        totals.append((answer["residents"], answer["covered"]))
    # the layers have the same outline, to a few square metres
    for other in totals[1:]:
        assert other == (
            pytest.approx(totals[0][0], rel=1e-3),
            pytest.approx(totals[0][1], rel=1e-3),
        )
