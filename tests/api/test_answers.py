"""Real answers of every route: their schema, their public fields, and what the description says."""

import json
import re

import pytest
import shapely
from pyproj import Geod

from api.schemas import answers
from gridgis.files.points import read_points
from gridgis.model.public import PUBLIC_FIELDS
from gridgis.parse import parse_zone
from gridgis.services.importing import Actor, import_points
from tests.api.conftest import refused, serving
from tests.dc import FOLDER, NOW, opening

WGS84 = Geod(ellps="WGS84")
LOOKUP = "/api/v1/lookup?lon=-77.0365&lat=38.8977"
ROUTES = {
    "lookup": (LOOKUP, answers.LookupAnswer),
    "lookup-outside": ("/api/v1/lookup?lon=-77.2&lat=38.9", answers.LookupAnswer),
    "lookup-before-any": (f"{LOOKUP}&at=2010-01-01", answers.LookupAnswer),
    "lookup-vacant": ("/api/v1/lookup?lon=-77.0708&lat=38.9345&layer=anc", answers.LookupAnswer),
    "layers": ("/api/v1/layers", answers.LayerList),
    "editions": ("/api/v1/layers/anc/editions", answers.EditionList),
    "grid": ("/api/v1/grids/anc/2A01", answers.GridAnswer),
    "upper-grid": ("/api/v1/grids/anc/2A", answers.GridAnswer),
    "points": ("/api/v1/service-points", answers.PointList),
    "nearest": ("/api/v1/service-points/nearest?lon=-77.0365&lat=38.8977", answers.NearPointList),
    "coverage": ("/api/v1/coverage?layer=ward", answers.CoverageAnswer),
    "incidents": ("/api/v1/incidents?limit=50", answers.IncidentList),
}

THINGS = {
    # what stands where in an answer: path of the object → the thing that it describes
    "lookup": "lookup",
    "lookup.results[]": "lookup result",
    "lookup.results[].grid": "grid name",
    "lookup.results[].chain[]": "grid name",
    "lookup.results[].responsible[]": "responsible",
    "lookup.results[].responsible[].vacant": "vacant",
    "lookup.results[].border": "border",
    "lookup.results[].nearest": "nearest grid",
    "layers.layers[]": "layer",
    "layers.layers[].levels[]": "level",
    "layers.layers[].edition": "edition",
    "layers.layers[].edition.source": "source",
    "editions.editions[]": "edition",
    "editions.editions[].source": "source",
    "grid": "grid",
    "grid.grid": "grid name",
    "grid.chain[]": "grid name",
    "grid.responsible[]": "responsible",
    "grid.responsible[].vacant": "vacant",
    "points.service_points[]": "service point",
    "nearest.service_points[]": "near service point",
    "coverage": "coverage",
    "coverage.grids[]": "grid coverage",
    "incidents.incidents[]": "incident",
    "grids.features[].properties": "grid feature",
    "area.features[].properties": "service area",
}
LISTS = {
    # lists are wrapped in these members, and incidents name their grids by layer
    "layers": {"layers", "next"},
    "editions": {"editions", "next"},
    "points": {"service_points", "next"},
    "nearest": {"service_points"},
    "incidents": {"incidents", "next"},
    "incidents.incidents[].grids": {"anc", "police", "ward"},
    "grids": {"type", "layer", "edition", "features"},
    "grids.features[]": {"type", "id", "properties", "geometry"},
    "grids.features[].geometry": {"type", "coordinates"},
    "area": {"type", "features"},
    "area.features[]": {"type", "id", "properties", "geometry"},
    "area.features[].geometry": {"type", "coordinates"},
    "page": {"version", "timezone", "languages", "basemap", "sources"},
    "page.basemap": {"url", "datum"},
    "page.sources[]": PUBLIC_FIELDS["source"] | {"layer"},
    "health": {"status"},
    "ready": {"status", "revision", "loaded_at", "stale_since", "layers"},
}
WALKED = {
    **{name: (path, name.split("-")[0]) for name, (path, _) in ROUTES.items()},
    "upper-grid": ("/api/v1/grids/anc/2A", "grid"),
    "grids": ("/api/v1/layers/anc/grids.geojson?level=anc", "grids"),
    "area": ("/api/v1/service-points/{point}/area", "area"),
    "page": ("/api/v1/page", "page"),
    "health": ("/healthz", "health"),
    "ready": ("/readyz", "ready"),
}


def objects(value, path):
    """Every JSON object in a value, with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from objects(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner, f"{path}[]")


@pytest.fixture(scope="module")
def point(client):
    return client.get("/api/v1/service-points?limit=1").json()["service_points"][0]["code"]


@pytest.mark.parametrize(("path", "schema"), ROUTES.values(), ids=ROUTES)
def test_answers_hold_their_schema(client, path, schema):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    schema.model_validate_json(answer.content, strict=True)


@pytest.mark.parametrize(("path", "name"), WALKED.values(), ids=WALKED)
def test_only_public_fields_are_given(client, point, path, name):
    answer = client.get(path.format(point=point))
    assert answer.status_code == 200
    seen = 0
    for place, given in objects(answer.json(), name):
        thing = THINGS.get(place)
        allowed = LISTS[place] if thing is None else PUBLIC_FIELDS[thing]
        assert given.keys() <= allowed, f"{place} shows {given.keys() - allowed}"
        seen += 1
    assert seen


def test_every_get_route_is_walked(described):
    readable = [path for path, methods in described["paths"].items() if "get" in methods]
    patterns = [re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path)) for path in readable]
    walked = [path.split("?")[0].format(point="x") for path, _ in WALKED.values()]
    for path, pattern in zip(readable, patterns, strict=True):
        assert any(re.fullmatch(pattern, one) for one in walked), f"{path} is not walked"


@pytest.mark.parametrize(
    ("schema", "thing"),
    [
        (answers.GridName, "grid name"),
        (answers.Responsible, "responsible"),
        (answers.Vacant, "vacant"),
        (answers.Border, "border"),
        (answers.Nearest, "nearest grid"),
        (answers.LookupAnswer, "lookup"),
        (answers.LayerAnswer, "lookup result"),
        (answers.LayerDescription, "layer"),
        (answers.LevelAnswer, "level"),
        (answers.EditionAnswer, "edition"),
        (answers.GridAnswer, "grid"),
        (answers.PointAnswer, "service point"),
        (answers.NearPoint, "near service point"),
        (answers.CoverageAnswer, "coverage"),
        (answers.GridCoverage, "grid coverage"),
        (answers.IncidentAnswer, "incident"),
    ],
)
def test_schemas_describe_exactly_the_public_fields(schema, thing):
    assert schema.model_fields.keys() == PUBLIC_FIELDS[thing]


@pytest.fixture(scope="module")
def described(client):
    return client.get("/api/v1/openapi.json").json()


class TestDescription:
    def test_the_routes_of_the_contract(self, described):
        assert set(described["paths"]) >= {
            "/healthz",
            "/readyz",
            "/api/v1/lookup",
            "/api/v1/lookup/batch",
            "/api/v1/layers",
            "/api/v1/layers/{layer}/editions",
            "/api/v1/layers/{layer}/grids.geojson",
            "/api/v1/grids/{layer}/{code}",
            "/api/v1/service-points",
            "/api/v1/service-points/nearest",
            "/api/v1/service-points/{code}/area",
            "/api/v1/coverage",
            "/api/v1/incidents",
        }

    def test_every_operation_says_what_it_does_and_what_it_refuses(self, described):
        assert described["openapi"].startswith("3.1")
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                assert method in ("get", "post"), path
                assert operation["summary"], path
                assert operation["description"].endswith("."), path
                assert operation["tags"], path
                assert "200" in operation["responses"], path
                content = operation["responses"]["422"]["content"]
                assert set(content) == {"application/problem+json"}, path
                for parameter in operation.get("parameters", ()):
                    assert parameter["schema"], path

    def test_operations_have_names_of_their_own(self, described):
        names = [o["operationId"] for m in described["paths"].values() for o in m.values()]
        assert len(names) == len(set(names))

    def test_path_parameters_are_declared(self, described):
        for path, methods in described["paths"].items():
            for operation in methods.values():
                inside = set(re.findall(r"{(\w+)}", path))
                declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
                assert inside == declared

    def test_every_reference_leads_somewhere(self, described):
        for reference in re.findall(r'"\$ref": ?"#/([^"]+)"', json.dumps(described)):
            place = described
            for part in reference.split("/"):
                place = place[part]
            assert place


class TestKept:
    """ETags, 304 and gzip."""

    @pytest.mark.parametrize(
        "path",
        [
            "/api/v1/layers",
            "/api/v1/layers/anc/editions",
            "/api/v1/grids/anc/2A01",
            "/api/v1/layers/anc/grids.geojson",
            "/api/v1/layers/anc/grids.geojson?bbox=-77.04,38.89,-77.03,38.90",
            "/api/v1/layers/anc/grids.geojson?edition=1",
        ],
    )
    def test_a_reader_that_has_it_is_told_so(self, client, path):
        first = client.get(path)
        tag = first.headers["etag"]
        for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
            again = client.get(path, headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tag
        assert client.get(path, headers={"if-none-match": '"other"'}).status_code == 200

    def test_different_answers_have_different_tags(self, client):
        tags = {
            client.get(f"/api/v1/layers/anc/grids.geojson{query}").headers["etag"]
            for query in ("", "?level=anc", "?bbox=-77.04,38.89,-77.03,38.90", "?bbox=0,0,1,1")
        }
        assert len(tags) == 4

    def test_only_a_numbered_edition_is_kept_for_ever(self, client):
        numbered = client.get("/api/v1/layers/anc/grids.geojson?edition=1")
        assert "immutable" in numbered.headers["cache-control"]
        in_force = client.get("/api/v1/layers/anc/grids.geojson")
        assert in_force.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize(
        ("accepted", "is_gzipped"),
        [
            pytest.param("gzip", True, id="gzip"),
            pytest.param("br, GZIP;q=0.5", True, id="gzip-among-others"),
            pytest.param("*", True, id="anything"),
            pytest.param("identity", False, id="plain"),
            pytest.param("gzip;q=0, *;q=0", False, id="anything-but-gzip"),
            pytest.param("", False, id="nothing-said"),
        ],
    )
    def test_gzip_for_those_who_take_it(self, client, accepted, is_gzipped):
        answer = client.get(
            "/api/v1/layers/ward/grids.geojson", headers={"accept-encoding": accepted}
        )
        assert (answer.headers.get("content-encoding") == "gzip") is is_gzipped
        assert answer.headers["vary"] == "Accept-Encoding"
        assert len(answer.json()["features"]) == 8

    def test_the_area_of_a_point_with_a_chinese_code(self, dc_url, dc_cache, tmp_path):
        path = tmp_path / "p.geojson"
        feature = {
            "type": "Feature",
            "properties": {"name": "解放门派出所"},
            "geometry": {"type": "Point", "coordinates": [-77.0, 38.9]},
        }
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        with opening(dc_url) as store:
            import_points(
                store,
                read_points(path),
                columns={},
                kind="police",
                actor=Actor("test", NOW, parse_zone("UTC")),
                commit=True,
            )
        with serving(dc_url, dc_cache) as client:
            answer = client.get("/api/v1/service-points/police-解放门派出所/area")
            assert answer.status_code == 200
            assert (
                client.get(
                    "/api/v1/service-points/police-解放门派出所/area",
                    headers={"if-none-match": answer.headers["etag"]},
                ).status_code
                == 304
            )


class TestGrids:
    def test_coordinates_are_those_of_the_file(self, client):
        answer = client.get("/api/v1/layers/ward/grids.geojson").json()
        assert answer["edition"] == 1
        source = json.loads((FOLDER / "wards.geojson").read_bytes())
        by_code = {str(f["properties"]["ward"]): f["geometry"] for f in source["features"]}
        for feature in answer["features"]:
            ours = shapely.geometry.shape(feature["geometry"])
            theirs = shapely.geometry.shape(by_code[feature["id"]])
            # vertex by vertex; a vertex may have been added where a neighbour has one
            assert {tuple(p) for p in shapely.get_coordinates(theirs)} <= {
                tuple(p) for p in shapely.get_coordinates(ours)
            }
            assert ours.symmetric_difference(theirs).area < 1e-12

    def test_levels_and_parents(self, client):
        leaves = client.get("/api/v1/layers/anc/grids.geojson").json()["features"]
        uppers = client.get("/api/v1/layers/anc/grids.geojson?level=anc").json()["features"]
        assert (len(leaves), len(uppers)) == (296, 40)
        assert {f["properties"]["level"] for f in leaves} == {"smd"}
        assert {f["properties"]["parent"] for f in leaves} == {f["id"] for f in uppers}
        assert {f["properties"]["parent"] for f in uppers} == {None}

    def test_a_box_gives_the_grids_that_meet_it(self, client):
        box = "-77.037,38.897,-77.036,38.898"
        found = client.get(f"/api/v1/layers/ward/grids.geojson?bbox={box}").json()["features"]
        assert [feature["id"] for feature in found] == ["2"]
        nowhere = client.get("/api/v1/layers/ward/grids.geojson?bbox=0,0,1,1").json()
        assert nowhere["features"] == []

    def test_one_grid_of_each_level(self, client):
        leaf = client.get("/api/v1/grids/anc/2A01").json()
        assert leaf["children"] == []
        assert leaf["responsible"][0]["member"] == "Patrick Kennedy"
        upper = client.get("/api/v1/grids/anc/2A").json()
        assert upper["chain"] == [{"level": "anc", "code": "2A", "name": "ANC 2A"}]
        assert upper["children"][0] == "2A01"
        parts = [client.get(f"/api/v1/grids/anc/{c}").json()["area_m2"] for c in upper["children"]]
        assert sum(parts) == pytest.approx(upper["area_m2"])

    def test_editions_and_layers(self, client):
        layers = client.get("/api/v1/layers").json()["layers"]
        assert [(layer["code"], len(layer["levels"])) for layer in layers] == [
            ("anc", 2),
            ("police", 2),
            ("ward", 1),
        ]
        assert layers[0]["levels"][0] == {"rank": 1, "code": "anc", "name": "ANC"}
        (edition,) = client.get("/api/v1/layers/anc/editions").json()["editions"]
        assert edition == layers[0]["edition"]
        assert (edition["number"], edition["grid_count"]) == (1, 296)
        assert (edition["valid_from"], edition["valid_to"]) == ("2013-01-01T05:00:00Z", None)
        source = json.loads((FOLDER / "smd.geojson").read_bytes())
        districts = [shapely.geometry.shape(feature["geometry"]) for feature in source["features"]]
        area_m2 = abs(WGS84.geometry_area_perimeter(shapely.union_all(districts))[0])
        assert edition["area_m2"] == pytest.approx(area_m2, rel=1e-8)
        assert edition["area_m2"] == pytest.approx(177.5e6, rel=1e-3)
        assert edition["source"]["licence"].startswith("CC BY 4.0")


def test_lookup_asked_for_a_time_and_an_accuracy(client):
    answer = client.get(f"{LOOKUP}&layer=anc&accuracy_m=200&at=2016-07-01").json()
    (result,) = answer["results"]
    assert answer["at"] == "2016-07-01T04:00:00Z"
    assert result["certainty"] == "ambiguous"
    known = client.get(f"{LOOKUP}&layer=anc&known_at=2020-01-01").json()["results"][0]
    assert known["reason"] == "no edition of layer anc for that time was recorded by then"


def test_an_unbuilt_page_or_a_built_one_is_served(client):
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    refused(client.get("/nothing"), 404, "not_found")


def test_head_answers_as_get_does_without_a_body(dc_url, dc_cache):
    with serving(dc_url, dc_cache) as client:
        for path in ("/healthz", "/api/v1/layers", "/api/v1/lookup?lon=-77&lat=38.9"):
            head, get = client.head(path), client.get(path)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-type"] == get.headers["content-type"]


def test_a_field_given_twice_in_a_body_is_refused(dc_url, dc_cache):
    with serving(dc_url, dc_cache) as client:
        answer = client.post(
            "/api/v1/lookup/batch",
            content=b'{"points":[[-77,38.9]],"points":[]}',
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 422
    assert "points is given 2 times" in answer.json()["detail"]


def test_far_outside_the_distance_is_that_over_the_earth(dc_url, dc_cache):
    with serving(dc_url, dc_cache) as client:
        answer = client.get("/api/v1/lookup?lon=116.39&lat=39.91&layer=ward").json()
    # Beijing to Washington: 11,160 km by the geodesic, 16,650 km on a flat map
    nearest_m = answer["results"][0]["nearest"]["distance_m"]
    assert nearest_m == pytest.approx(11_160_000, rel=1e-3)


def test_at_and_edition_exclude_each_other(dc_url, dc_cache):
    with serving(dc_url, dc_cache) as client:
        answer = client.get("/api/v1/layers/ward/grids.geojson?edition=1&at=2016-01-01")
    assert answer.status_code == 422
    assert answer.json()["detail"] == "at and edition are both given; give one of them"
