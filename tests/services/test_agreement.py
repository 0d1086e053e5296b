"""One lookup, two databases, and brute force: the same answer on every point."""

import numpy as np
import orjson
import pytest
import shapely

from gridgis.services.lookup import Question, look_up_many
from gridgis.spatial.lattice import to_degrees, to_lattice
from tests.dc import NOW, open_snapshot, opening

pytestmark = [pytest.mark.postgis, pytest.mark.xdist_group("dc-postgis")]


@pytest.fixture(scope="module")
def points(dc_snapshot):
    """10,000 random places and every vertex of the 296 districts, (n, 2) in lattice integers."""
    view = dc_snapshot.view(dc_snapshot.edition_at("anc", NOW))
    polygons = list(view.polygons(view.layer.leaf.rank).values())
    vertices = np.unique(to_lattice(shapely.get_coordinates(polygons)), axis=0)
    rng = np.random.default_rng(2026)
    west, south, east, north = view.bounds
    random = rng.uniform((west - 0.01, south - 0.01), (east + 0.01, north + 0.01), (10_000, 2))
    assert len(vertices) > 45_000
    return np.concatenate([to_lattice(random), vertices])


@pytest.fixture(scope="module")
def answers(dc_snapshot, points):
    return ask(dc_snapshot, points)


def ask(snapshot, points):
    lon, lat = to_degrees(points).T
    question = Question(NOW, accuracy_m=15.0)
    return [answer for block in look_up_many(snapshot, lon, lat, question) for answer in block]


def test_postgis_gives_the_same_bytes_as_sqlite(answers, points, dc_postgis, tmp_path):
    # a cache of its own, so that the index is built from what PostGIS holds
    with opening(dc_postgis) as store:
        theirs = ask(open_snapshot(store, tmp_path / "cache"), points)
    assert len(theirs) == len(points)
    for ours, other in zip(answers, theirs, strict=True):
        assert orjson.dumps(ours) == orjson.dumps(other)


@pytest.mark.parametrize("number", [0, 1, 2], ids=["anc", "police", "ward"])
def test_brute_force_agrees_on_every_point(dc_snapshot, answers, points, number):
    layer = list(dc_snapshot.layers)[number]
    view = dc_snapshot.view(dc_snapshot.edition_at(layer, NOW))
    polygons = view.polygons(view.layer.leaf.rank)
    codes = sorted(polygons)
    # lattice integers are below 2**53: exact as floats, and so is the predicate on them
    on_lattice = shapely.transform(
        [polygons[c] for c in codes], lambda p: to_lattice(p).astype(float)
    )
    places = shapely.points(points.astype(float))
    found, covering = shapely.STRtree(on_lattice).query(places, predicate="covered_by")
    smallest = np.full(len(points), len(codes))
    np.minimum.at(smallest, found, covering)
    expected = [codes[n] if n < len(codes) else None for n in smallest]
    results = (answer["results"][number] for answer in answers)
    grids = [None if r["grid"] is None else r["grid"]["code"] for r in results]
    assert grids == expected


def test_border_points_are_ambiguous_and_random_ones_of_all_kinds(answers):
    kinds = [answer["results"][0]["certainty"] for answer in answers]
    assert set(kinds[:10_000]) == {"certain", "ambiguous", "outside"}
    assert set(kinds[10_000:]) == {"ambiguous"}
    assert all(a["results"][0]["border"]["distance_m"] == 0.0 for a in answers[10_000:])
