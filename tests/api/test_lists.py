"""Lists by pages, batches, and service points near a place."""

import json

import numpy as np
import orjson
import pytest
from pyproj import Geod
from starlette.testclient import TestClient

from tests.api.conftest import serving
from tests.dc import WHITE_HOUSE

WGS84 = Geod(ellps="WGS84")


def walk(client, path, member):
    """Follow the next links to the end; returns every item and the number of pages."""
    items, pages = [], 0
    while path is not None:
        page = client.get(path).json()
        items += page[member]
        path = page["next"]
        pages += 1
        assert path is None or path.startswith("/api/v1/")
    return items, pages


@pytest.mark.parametrize(
    ("path", "member", "count", "limit"),
    [
        pytest.param("/api/v1/service-points", "service_points", 130, 7, id="points"),
        pytest.param("/api/v1/service-points", "service_points", 130, 65, id="points-without-rest"),
        pytest.param("/api/v1/service-points", "service_points", 130, 1000, id="points-in-one"),
        pytest.param(
            "/api/v1/service-points?kind=library", "service_points", 26, 5, id="libraries"
        ),
        pytest.param("/api/v1/incidents", "incidents", 2897, 500, id="incidents"),
        pytest.param("/api/v1/incidents?category=HOMICIDE", "incidents", None, 2, id="homicides"),
    ],
)
def test_next_links_walk_everything_once(client, path, member, count, limit):
    mark = "&" if "?" in path else "?"
    items, pages = walk(client, f"{path}{mark}limit={limit}", member)
    codes = [item["code"] for item in items]
    assert len(codes) == len(set(codes))
    if count is None:
        assert codes
    else:
        assert len(codes) == count
    assert pages == max(1, -(-len(codes) // limit)), "no empty page at the end"
    if member == "service_points":
        assert codes == sorted(codes)
    else:
        assert [i["occurred_at"] for i in items] == sorted(i["occurred_at"] for i in items)


def test_links_hold_the_prefix_that_a_proxy_adds(client):
    behind = TestClient(client.app, root_path="/grids")
    page = behind.get("/grids/api/v1/service-points?limit=5&kind=library").json()
    assert page["next"].startswith("/grids/api/v1/service-points?limit=5&kind=library&after=")
    assert len(behind.get(page["next"]).json()["service_points"]) == 5


def test_incidents_by_time_box_and_category(client):
    def codes(query):
        return {
            i["code"] for i in walk(client, f"/api/v1/incidents?limit=1000&{query}", "incidents")[0]
        }

    everything = codes("")
    before, after = codes("to=2016-08-01"), codes("from=2016-08-01")
    assert before | after == everything
    assert not before & after
    west, east = codes("bbox=-77.2,38.7,-77.03,39.1"), codes("bbox=-77.03,38.7,-76.8,39.1")
    assert west | east == everything
    theft = codes("category=THEFT/OTHER")
    assert 0 < len(theft) < len(everything)
    # midnight of 1 August in New York, not in UTC
    first = client.get("/api/v1/incidents?from=2016-08-01&limit=1").json()["incidents"][0]
    assert first["occurred_at"] >= "2016-08-01T04:00:00Z"


def test_incidents_name_their_grids(client):
    for incident in client.get("/api/v1/incidents?limit=20").json()["incidents"]:
        place = f"lon={incident['lon']}&lat={incident['lat']}&at={incident['occurred_at']}"
        answer = client.get(f"/api/v1/lookup?{place}").json()
        assert incident["grids"] == {r["layer"]: r["grid"]["code"] for r in answer["results"]}


class TestNearest:
    def test_distances_are_geodesic_and_ascending(self, client):
        lon, lat = WHITE_HOUSE
        everything = walk(client, "/api/v1/service-points?limit=1000", "service_points")[0]
        _, _, metres = WGS84.inv(
            [lon] * 130, [lat] * 130, [p["lon"] for p in everything], [p["lat"] for p in everything]
        )
        expected = sorted(
            zip(np.round(metres, 1).tolist(), (p["code"] for p in everything), strict=True)
        )
        found = client.get(f"/api/v1/service-points/nearest?lon={lon}&lat={lat}&limit=10").json()[
            "service_points"
        ]
        assert [(p["distance_m"], p["code"]) for p in found] == expected[:10]

    def test_minutes_are_those_of_the_circle(self, client):
        lon, lat = WHITE_HOUSE
        found = client.get(
            f"/api/v1/service-points/nearest?lon={lon}&lat={lat}&limit=100&minutes=15"
        ).json()["service_points"]
        for point in found:
            # 5 km/h over a way 1.5 times as long: 55.6 m a minute, 833.3 m in 15
            assert point["minutes"] == pytest.approx(
                point["distance_m"] / (5000 / 60 / 1.5), abs=0.06
            )
            assert point["within"] is (point["distance_m"] <= 833.3)
            assert point["method"] == "circle"
        assert {point["within"] for point in found} == {True, False}

    def test_only_of_a_kind(self, client):
        found = client.get(
            "/api/v1/service-points/nearest?lon=-77&lat=38.9&kind=fire_station&limit=100"
        ).json()["service_points"]
        assert len(found) == 34
        assert {point["kind"] for point in found} == {"fire_station"}

    def test_none_of_a_kind(self, client):
        answer = client.get("/api/v1/service-points/nearest?lon=-77&lat=38.9&kind=x")
        assert answer.json() == {"service_points": []}


@pytest.mark.parametrize("minutes", [5, 15, 30])
def test_an_area_is_a_circle_and_says_so(client, minutes):
    point = client.get("/api/v1/service-points?limit=1").json()["service_points"][0]
    answer = client.get(f"/api/v1/service-points/{point['code']}/area?minutes={minutes}")
    assert answer.headers["content-type"] == "application/geo+json"
    (feature,) = answer.json()["features"]
    assert feature["properties"] == {
        "minutes": minutes,
        "mode": "walk",
        "method": "circle",
        "status": "ok",
    }
    ring = feature["geometry"]["coordinates"]
    while isinstance(ring[0][0], list):
        ring = ring[0]
    for lon, lat in ring:
        metres = WGS84.inv(point["lon"], point["lat"], lon, lat)[2]
        assert metres == pytest.approx(5000 * minutes / 60 / 1.5, rel=0.01)


class TestBatch:
    def test_a_hundred_thousand_streamed_answers_equal_single_ones(self, client):
        rng = np.random.default_rng(11)
        lon = np.round(rng.uniform(-77.13, -76.90, 100_000), 6)
        lat = np.round(rng.uniform(38.78, 39.0, 100_000), 6)
        points = np.column_stack([lon, lat]).tolist()
        body = orjson.dumps({"points": points, "layer": "anc", "accuracy_m": 20})
        answer = client.post(
            "/api/v1/lookup/batch", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code == 200
        assert "content-length" not in answer.headers, "streamed"
        answers = orjson.loads(answer.content)["answers"]
        assert len(answers) == 100_000
        assert [[a["lon"], a["lat"]] for a in answers] == points
        for number in rng.integers(0, 100_000, 300).tolist():
            x, y = points[number]
            single = client.get(f"/api/v1/lookup?lon={x}&lat={y}&layer=anc&accuracy_m=20")
            assert orjson.dumps(answers[number]) == single.content

    def test_all_layers_a_time_and_a_datum(self, client):
        given = {"points": [list(WHITE_HOUSE)], "at": "2016-07-01", "datum": "gcj02"}
        answer = client.post("/api/v1/lookup/batch", json=given).json()["answers"]
        single = client.get(
            "/api/v1/lookup",
            params={
                "lon": WHITE_HOUSE[0],
                "lat": WHITE_HOUSE[1],
                "at": "2016-07-01",
                "datum": "gcj02",
            },
        ).json()
        assert answer == [single]
        assert len(single["results"]) == 3

    def test_no_points_no_answers(self, client):
        answer = client.post("/api/v1/lookup/batch", json={"points": []})
        assert json.loads(answer.content) == {"answers": []}


class TestCoverage:
    def test_the_grids_add_up_to_the_city(self, client):
        for layer in ("anc", "ward", "police"):
            answer = client.get(f"/api/v1/coverage?layer={layer}").json()
            grids = answer["grids"]
            assert sum(g["residents"] for g in grids) == pytest.approx(answer["residents"])
            assert sum(g["covered"] for g in grids) == pytest.approx(answer["covered"])
            # 601,723 people, but for those whose census area reaches over the outline
            assert answer["residents"] == pytest.approx(601_723, rel=1e-3)
            assert answer["share"] == pytest.approx(
                answer["covered"] / answer["residents"], abs=1e-6
            )
            assert all(0 <= g["covered"] <= g["residents"] + 1e-9 for g in grids)

    def test_more_minutes_and_more_points_cover_more(self, client):
        def share(query):
            return client.get(f"/api/v1/coverage?layer=ward&{query}").json()["share"]

        shares = [share(f"minutes={minutes}") for minutes in (1, 5, 15, 60)]
        assert shares == sorted(shares)
        assert shares[0] < 0.1
        assert shares[-1] > 0.99
        assert share("kind=police_station") < share("")
        assert share("kind=nothing") == 0.0


def test_a_database_without_anything(sqlite_store, tmp_path):
    with serving(f"sqlite:///{sqlite_store._path}", tmp_path / "cache") as client:
        assert client.get("/api/v1/layers").json() == {"layers": [], "next": None}
        assert client.get("/api/v1/lookup?lon=0&lat=0").json()["results"] == []
        assert client.get("/api/v1/incidents").json() == {"incidents": [], "next": None}
        assert client.get("/readyz").json()["layers"] == []
        assert client.get("/api/v1/page").json()["sources"] == []
