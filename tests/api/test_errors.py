"""Every refusal is a problem in words with a stable code; an unforeseen error tells nothing."""

import json
import logging
from pathlib import Path

import pytest

from api.errors import STATUSES
from api.middleware import MAX_BODY_BYTES
from gridgis import errors
from gridgis.cli import EXIT_CODES
from tests.api.conftest import refused, serving

LOOKUP = "/api/v1/lookup?lon=-77.0365&lat=38.8977"
GEOJSON = "/api/v1/layers/anc/grids.geojson"


def walk(base):
    for error in base.__subclasses__():
        yield error
        yield from walk(error)


@pytest.mark.parametrize("error", [errors.GridgisError, *walk(errors.GridgisError)])
def test_every_error_has_a_status_an_exit_code_and_a_place_in_the_tree(error):
    assert any(base in STATUSES for base in error.__mro__)
    assert any(base in EXIT_CODES for base in error.__mro__)
    assert error.__name__ in errors.__doc__


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param("lat=38.9", "parameter lon is missing", id="lon-missing"),
        pytest.param("lon=-77&lat=", "lat '' is not a number", id="lat-empty"),
        pytest.param("lon=nan&lat=38.9", "lon 'nan' is not a number", id="nan"),
        pytest.param("lon=inf&lat=38.9", "lon 'inf' is not a number", id="infinity"),
        pytest.param("lon=1e999&lat=38.9", "lon '1e999' is too large", id="beyond-floats"),
        pytest.param("lon=1_0&lat=38.9", "is not a number", id="underscore"),
        pytest.param("lon=0x10&lat=38.9", "is not a number", id="hexadecimal"),
        pytest.param("lon=%EF%BC%91&lat=38.9", "is not a number", id="fullwidth-digit"),
        pytest.param("lon=-77,0&lat=38.9", "is not a number", id="decimal-comma"),
        pytest.param("lon=true&lat=38.9", "is not a number", id="boolean"),
        pytest.param("lon[]=1&lat=38.9", "lon", id="brackets"),
        pytest.param(
            "lon=38.9&lat=-97.04", "outside -90 to 90 degrees; lon comes first", id="swapped"
        ),
        pytest.param("lon=180.0000001&lat=0", "outside -180 to 180 degrees", id="just-beyond"),
        pytest.param("lon=-77&lat=38.9&lon=-78", "parameter lon is given 2 times", id="doubled"),
        pytest.param("lon=-77&lat=38.9&layer=anc&layer=", "given 2 times", id="doubled-empty"),
        pytest.param("lon=-77&lat=38.9&lng=1", "there is no parameter lng here", id="unknown"),
        pytest.param("lon=-77&lat=38.9&LAYER=anc", "there is no parameter LAYER", id="other-case"),
        pytest.param("lon=-77&lat=38.9&at=0.5", "at '0.5' is not a time", id="time-as-number"),
        pytest.param("lon=-77&lat=38.9&at=2026-01-01T08:00:00", "its zone", id="naive-time"),
        pytest.param("lon=-77&lat=38.9&at=2026-02-30", "is not a time", id="no-such-day"),
        pytest.param("lon=-77&lat=38.9&at=1899-12-31", "from 1900", id="too-early"),
        pytest.param("lon=-77&lat=38.9&at=", "at '' is not a time", id="empty-time"),
        pytest.param("lon=-77&lat=38.9&at=now", "at 'now' is not a time", id="word-for-a-time"),
        pytest.param("lon=-77&lat=38.9&known_at=yesterday", "known_at", id="known-at"),
        pytest.param("lon=-77&lat=38.9&datum=mars", "parameter datum", id="datum"),
        pytest.param("lon=-77&lat=38.9&accuracy_m=-1", "accuracy_m", id="negative-accuracy"),
        pytest.param("lon=-77&lat=38.9&accuracy_m=nan", "accuracy_m", id="nan-accuracy"),
        pytest.param("lon=-77&lat=38.9&layer=", "parameter layer", id="empty-layer"),
        pytest.param("lon=-77&lat=38.9&layer=a%00b", "control character", id="nul"),
        pytest.param("lon=-77&lat=38.9&layer=" + "x" * 121, "parameter layer", id="long-layer"),
    ],
)
def test_odd_parameters_of_a_lookup(client, query, words):
    assert words in refused(client.get(f"/api/v1/lookup?{query}"), 422, "invalid_parameter")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("/healthz?x=1", "no parameter x", id="health"),
        pytest.param("/readyz?x=1", "no parameter x", id="ready"),
        pytest.param("/api/v1/page?x=1", "no parameter x", id="page"),
        pytest.param("/api/v1/layers?at=2026-01-01", "no parameter at", id="layers"),
        pytest.param("/api/v1/layers/anc/editions?x", "no parameter x", id="editions"),
        pytest.param(f"{GEOJSON}?bbox=1,2,3", "is not west,south,east,north", id="three-numbers"),
        pytest.param(f"{GEOJSON}?bbox=-76,38,-77,39", "out of order", id="turned-around"),
        pytest.param(f"{GEOJSON}?bbox=a,b,c,d", "is not a number", id="no-numbers"),
        pytest.param(f"{GEOJSON}?bbox=-77,38,-76,99", "outside -90 to 90", id="beyond-the-pole"),
        pytest.param(f"{GEOJSON}?edition=one", "is not a whole number", id="edition-word"),
        pytest.param(f"{GEOJSON}?edition=0", "parameter edition", id="edition-zero"),
        pytest.param(f"{GEOJSON}?edition=1.0", "is not a whole number", id="edition-fraction"),
        pytest.param("/api/v1/service-points?limit=0", "parameter limit", id="limit-zero"),
        pytest.param("/api/v1/service-points?limit=1001", "parameter limit", id="limit-too-large"),
        pytest.param(
            "/api/v1/service-points?limit=-5", "is not a whole number", id="limit-negative"
        ),
        pytest.param("/api/v1/service-points?kind=%00", "control character", id="kind-nul"),
        pytest.param("/api/v1/service-points?after=%00", "control character", id="after-nul"),
        pytest.param(
            "/api/v1/service-points/nearest?lon=0&lat=0&minutes=61", "minutes", id="minutes"
        ),
        pytest.param("/api/v1/service-points/nearest?lon=0&lat=0&limit=101", "limit", id="nearest"),
        pytest.param("/api/v1/service-points/x%00y/area", "control character", id="point-nul"),
        pytest.param("/api/v1/service-points/x/area?mode=fly", "parameter mode", id="mode"),
        pytest.param("/api/v1/coverage", "parameter layer is missing", id="coverage-of-what"),
        pytest.param("/api/v1/coverage?layer=anc&minutes=", "whole number", id="empty-minutes"),
        pytest.param("/api/v1/incidents?from=x", "from 'x' is not a time", id="from"),
        pytest.param("/api/v1/incidents?since=2016-01-01", "no parameter since", id="inner-name"),
        pytest.param("/api/v1/incidents?after=abc", "follow those instead", id="no-cursor"),
        pytest.param('/api/v1/incidents?after=["x",1,2]', "follow those instead", id="odd-cursor"),
        pytest.param("/api/v1/incidents?after={}", "follow those instead", id="cursor-object"),
        pytest.param("/api/v1/incidents?category=a%0Ab", "control character", id="category"),
    ],
)
def test_odd_parameters_elsewhere(client, path, words):
    assert words in refused(client.get(path), 422, "invalid_parameter")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param("/api/v1/nothing", "nothing at /api/v1/nothing", id="path"),
        pytest.param("/nothing.html", "nothing at /nothing.html", id="page"),
        pytest.param("/../../etc/passwd", "nothing at", id="above-the-root"),
        pytest.param("/%2e%2e/%2e%2e/pyproject.toml", "nothing at", id="escaped-above-the-root"),
        pytest.param(f"{LOOKUP}&layer=fire", "the layers are: anc, police, ward", id="layer"),
        pytest.param("/api/v1/layers/fire/editions", "no layer 'fire'", id="editions"),
        pytest.param(f"{GEOJSON}?level=x", "its levels are: anc, smd", id="level"),
        pytest.param(f"{GEOJSON}?edition=9", "no edition 9", id="edition"),
        pytest.param(f"{GEOJSON}?at=2012-01-01", "no edition in force at", id="before-any"),
        pytest.param("/api/v1/grids/anc/9Z99", "no grid '9Z99'", id="grid"),
        pytest.param("/api/v1/service-points/x/area", "no service point 'x'", id="point"),
        pytest.param("/api/v1/coverage?layer=fire", "no layer 'fire'", id="coverage"),
    ],
)
def test_what_is_not_there(client, path, words):
    assert words in refused(client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/api/v1/lookup", "/api/v1/layers", "/api/v1/incidents", "/healthz"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_http_only_reads(client, method, path):
    answer = client.request(method, path)
    detail = refused(answer, 405, "method_not_allowed")
    assert detail == f"{method} is not possible at {path}"
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    ("function", "address"),
    [
        pytest.param("look_up_if_ready", LOOKUP, id="answering ahead of the router"),
        pytest.param("look_up", f"{LOOKUP}&accuracy_m=1", id="answering behind the router"),
    ],
)
def test_an_error_nobody_foresaw_tells_only_its_id(client, monkeypatch, caplog, function, address):
    def explode(*_args, **_kwargs):
        raise RuntimeError("password=secret at /var/lib")

    monkeypatch.setattr(f"api.routes.lookup.{function}", explode)
    with caplog.at_level(logging.ERROR):
        answer = client.get(address)
    detail = refused(answer, 500, "internal_error")
    request_id = answer.headers["x-request-id"]
    assert detail == f"an internal error; tell the operator the request id {request_id}"
    assert "secret" not in answer.text
    (record,) = [r for r in caplog.records if r.levelno == logging.ERROR]
    assert request_id in record.getMessage()
    assert "password=secret" in caplog.text, "the operator finds the trace under the id"
    # 500s have the security headers too
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_log_names_the_path_but_never_the_place(client, caplog):
    with caplog.at_level(logging.INFO, logger="gridgis.requests"):
        answer = client.get(LOOKUP)
    (record,) = [r for r in caplog.records if r.name == "gridgis.requests"]
    assert record.getMessage().startswith("GET /api/v1/lookup 200 ")
    assert answer.headers["x-request-id"] in record.getMessage()
    assert "77.0365" not in record.getMessage()


def test_two_requests_have_two_ids(client):
    ids = {client.get("/healthz").headers["x-request-id"] for _ in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize("path", ["/healthz", LOOKUP, "/api/v1/nothing", "/"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy, "no other host is named"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"


class TestBodies:
    def post(self, client, content, kind="application/json"):
        headers = {} if kind is None else {"content-type": kind}
        return client.post("/api/v1/lookup/batch", content=content, headers=headers)

    @pytest.mark.parametrize(
        "kind",
        [None, "text/plain", "application/geo+json", "multipart/form-data", "application/jsonx"],
    )
    def test_not_json(self, client, kind):
        assert "application/json" in refused(self.post(client, b"{}", kind), 415, "not_json")

    @pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
    def test_json_by_another_writing(self, client, kind):
        assert self.post(client, b'{"points": []}', kind).json() == {"answers": []}

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            pytest.param(b"", "not JSON", id="nothing"),
            pytest.param(b"{", "not JSON", id="cut-short"),
            pytest.param(b"\xff\xfe", "not JSON", id="no-utf-8"),
            pytest.param(b"[" * 100_000, "not JSON", id="nested-without-end"),
            pytest.param(b'{"points": [[NaN, 1]]}', "not JSON", id="nan"),
            pytest.param(b'{"points": [[Infinity, 1]]}', "not JSON", id="infinity"),
            pytest.param(b"[]", "is not an object", id="a-list"),
            pytest.param(b'"points"', "is not an object", id="a-text"),
            pytest.param(b"null", "is not an object", id="null"),
            pytest.param(b"{}", 'is not an object with "points"', id="no-points"),
            pytest.param(b'{"points": {"0": [1, 2]}}', "is not a list", id="points-an-object"),
            pytest.param(b'{"points": null}', "is not a list", id="points-null"),
            pytest.param(b'{"points": [1, 2]}', "points[0] is not [lon, lat]", id="flat"),
            pytest.param(b'{"points": [[1, 2], [1]]}', "points[1] is not [lon, lat]", id="half"),
            pytest.param(b'{"points": [[1, 2, 3]]}', "points[0] is not [lon, lat]", id="height"),
            pytest.param(b'{"points": [["1", "2"]]}', "points[0] is not [lon, lat]", id="texts"),
            pytest.param(b'{"points": [[true, false]]}', "points[0] is not", id="booleans"),
            pytest.param(b'{"points": [[[1], [2]]]}', "points[0] is not", id="nested"),
            pytest.param(b'{"points": [[null, 2]]}', "points[0] is not", id="null-in-a-pair"),
            pytest.param(b'{"points": [[38.9, -97]]}', "lon comes first", id="swapped"),
            pytest.param(b'{"points": [[0, 0], [0, 90.1]]}', "points[1] is [0, 90.1]", id="beyond"),
            pytest.param(b'{"points": [[1e308, 0]]}', "outside", id="huge"),
            pytest.param(b'{"points": [], "lyr": 1}', "no field 'lyr'", id="unknown-field"),
            pytest.param(b'{"points": [], "layer": ["anc"]}', "layer is not a text", id="layers"),
            pytest.param(b'{"points": [], "at": 5}', "at is not a text", id="time-as-number"),
            pytest.param(b'{"points": [], "at": "5"}', "at '5' is not a time", id="odd-time"),
            pytest.param(b'{"points": [], "datum": {}}', "datum is not one of", id="datum"),
            pytest.param(b'{"points": [], "accuracy_m": true}', "accuracy_m", id="accuracy"),
            pytest.param(b'{"points": [], "accuracy_m": -1}', "accuracy_m", id="negative"),
        ],
    )
    def test_odd_bodies(self, client, content, words):
        assert words in refused(self.post(client, content), 422, "invalid_parameter")

    def test_an_unknown_layer_is_refused_before_the_stream_begins(self, client):
        answer = self.post(client, b'{"points": [[0, 0]], "layer": "fire"}')
        assert "no layer 'fire'" in refused(answer, 404, "not_found")

    def test_a_body_over_the_limit_by_its_length(self, client):
        answer = self.post(client, b" " * (MAX_BODY_BYTES + 1))
        assert "send it in parts" in refused(answer, 413, "too_large")

    def test_a_body_over_the_limit_that_does_not_say_its_length(self, client):
        chunks = (b" " * (1 << 20) for _ in range(MAX_BODY_BYTES // (1 << 20) + 1))
        assert "32 MiB" in refused(self.post(client, chunks), 413, "too_large")


@pytest.mark.postgis
@pytest.mark.xdist_group("dc-postgis")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/service-points?kind=%00",
        "/api/v1/service-points?after=%00",
        "/api/v1/service-points/%00/area",
        "/api/v1/incidents?category=%00",
        '/api/v1/incidents?after=["2016-01-01T00:00:00Z","a%00","b"]',
        "/api/v1/lookup?lon=0&lat=0&layer=%00",
        "/api/v1/grids/anc/%00",
        "/api/v1/service-points/nearest?lon=0&lat=0&kind=%00",
        '/api/v1/incidents?after=["2016-01-01T00:00:00Z","%5Cu0000","b"]',
    ],
)
def test_a_nul_never_reaches_postgresql(dc_postgis, dc_cache, path):
    with serving(dc_postgis, dc_cache) as client:
        refused(client.get(path), 422, "invalid_parameter")


def test_database_gone_while_serving(dc_url, dc_cache):
    database = Path(dc_url.removeprefix("sqlite:///"))
    with serving(dc_url, dc_cache) as client:
        assert client.get("/api/v1/service-points").status_code == 200
        before = client.get(LOOKUP).json()
        database.rename(database.with_suffix(".away"))
        keeper = client.app.state.wiring.keeper
        deadline_polls = 100
        while keeper.stale_since is None and deadline_polls:
            keeper._stop.wait(0.1)
            deadline_polls -= 1
        ready = client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["stale_since"] == "2026-11-22T08:00:00Z"
        assert client.get(LOOKUP).json() == before
        detail = refused(client.get("/api/v1/service-points"), 503, "unavailable")
        assert detail == "the database cannot be reached at present; ask again in a while"
        database.with_suffix(".away").rename(database)
        while keeper.stale_since is not None and deadline_polls:
            keeper._stop.wait(0.1)
            deadline_polls -= 1
        assert client.get("/readyz").json()["stale_since"] is None
        assert client.get("/api/v1/service-points").status_code == 200


def test_problems_are_json_of_utf8(client):
    answer = client.get("/api/v1/layers/网格/editions")
    assert "网格" in refused(answer, 404, "not_found")
    assert json.loads(answer.content.decode("utf-8"))
