"""The plain lookup is answered ahead of the router: with the same bytes, or not at all."""

import pytest

from tests.api.conftest import refused

ADDRESS = "/api/v1/lookup"


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("lon=-77.0365&lat=38.8977", id="inside"),
        pytest.param("lon=-77.2&lat=38.9", id="outside"),
        pytest.param("lon=-77.03650000049&lat=38.8977", id="between lattice points"),
        pytest.param("lon=-77&lat=38.9", id="whole degrees"),
        pytest.param("lon=180&lat=-90", id="at the end of the world"),
        pytest.param("lon=-0&lat=0.0", id="minus zero"),
        pytest.param("lon=-77.0365&lat=38.8977&layer=police", id="one layer"),
    ],
)
def test_the_direct_answer_is_that_of_the_router(client, monkeypatch, place):
    routed = client.get(f"{ADDRESS}?{place}&accuracy_m=0")
    assert routed.status_code == 200

    def explode(*_args, **_kwargs):
        raise AssertionError("the router was asked")

    monkeypatch.setattr("api.routes.lookup.look_up", explode)
    direct = client.get(f"{ADDRESS}?{place}")
    assert direct.content == routed.content
    assert set(direct.headers) == set(routed.headers)
    assert direct.headers["content-type"] == routed.headers["content-type"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        pytest.param("lon=-181&lat=38.9", 422, "invalid_parameter", id="beyond 180"),
        pytest.param("lon=-77&lat=90.000001", 422, "invalid_parameter", id="beyond 90"),
        pytest.param("lon=-77&lat=38.9&lat=38.9", 422, "invalid_parameter", id="named twice"),
        pytest.param("lon=-77&lat=38.9&layer=", 422, "invalid_parameter", id="empty layer"),
        pytest.param("lon=-77&lat=38.9&layer=none", 404, "not_found", id="unknown layer"),
        pytest.param("lon=-77&lat=38.9&x=1", 422, "invalid_parameter", id="unknown name"),
    ],
)
def test_what_is_not_plain_is_refused_by_the_router(client, query, status, code):
    assert refused(client.get(f"{ADDRESS}?{query}"), status, code)


def test_only_its_own_path_and_method_are_answered(client):
    place = "lon=-77.0365&lat=38.8977"
    assert client.get(f"/elsewhere{ADDRESS}?{place}").status_code == 404
    assert client.get(f"{ADDRESS}/?{place}", follow_redirects=False).status_code != 200
    assert client.post(f"{ADDRESS}?{place}").status_code == 405
