"""The stories of the people who use it, from the file to the answer, by command line and HTTP."""

import csv
import json

import orjson
import pytest

from gridgis.store import audit
from tests.api.conftest import serving
from tests.dc import FOLDER, NOW, WHITE_HOUSE, opening
from tests.flows.servers import run_gridgis


@pytest.fixture
def run(dc_url, dc_cache, tmp_path):
    """Run a command in a process of its own, as a user does; it must succeed."""

    def call(*arguments, code=0):
        done = run_gridgis(dc_url, dc_cache, *arguments, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done

    return call


def test_a_dispatcher_asks_in_the_terminal_and_over_http(run, dc_url, dc_cache):
    printed = run("locate", *WHITE_HOUSE, "--json", "--at", "2026-11-22T08:00:00Z").stdout
    with serving(dc_url, dc_cache) as client:
        answer = client.get("/api/v1/lookup", params={"lon": WHITE_HOUSE[0], "lat": WHITE_HOUSE[1]})
        assert answer.content == printed.strip().encode()
        batch = client.post("/api/v1/lookup/batch", json={"points": [WHITE_HOUSE]})
        assert orjson.dumps(batch.json()["answers"][0]) == answer.content


def test_a_list_of_incidents_becomes_a_table_and_a_map(run, tmp_path):
    run("assign", FOLDER / "crime_incidents.csv", "--layer", "anc", "-o", "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8") as file:
        assert sum(row["anc_grid"].startswith("2A") for row in csv.DictReader(file)) > 0
    run("map", "--layer", "anc", "--by", "incidents", "-o", "map.html")
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "Washington" in html or "Single member districts" in html


def test_a_planner_publishes_new_borders_and_the_old_ones_stay_known(
    run, dc_url, dc_cache, tmp_path
):
    """Wards 2 and 6 become one ward from 2027; answers of before stay those of before."""
    content = json.loads((FOLDER / "wards.geojson").read_bytes())
    for feature in content["features"]:
        if str(feature["properties"]["ward"]) == "6":
            feature["properties"]["ward"] = "2"
    (tmp_path / "wards.geojson").write_text(json.dumps(content))
    command = (
        *(
            "import",
            "grids",
            "wards.geojson",
            "--layer",
            "ward",
            "--code",
            "ward",
            "--name",
            "name",
        ),
        *("--valid-from", "2027-01-01", "--on-duplicate"),
    )
    refused = run(*command, "refuse", "--commit", code=2)
    assert "code 2 stands 2 times" in refused.stderr
    published = run(*command, "merge", "--commit").stdout
    assert published.startswith("published edition 2: 7 grids of wards.geojson in layer ward")
    capitol_hill = {"lon": -76.995, "lat": 38.886, "layer": "ward"}
    with serving(dc_url, dc_cache) as client:

        def answer(**more):
            (result,) = client.get("/api/v1/lookup", params=capitol_hill | more).json()["results"]
            return result["edition"], result["grid"]["code"]

        assert answer() == (1, "6")
        assert answer(at="2026-12-31T23:59:59-05:00") == (1, "6")
        assert answer(at="2027-01-01T00:00:00-05:00") == (2, "2")
        assert answer(at="2027-06-01") == (2, "2")
        assert answer(at="2027-06-01", known_at=NOW.isoformat()) == (1, "6")
        editions = client.get("/api/v1/layers/ward/editions").json()["editions"]
        assert [edition["valid_to"] for edition in editions] == ["2027-01-01T05:00:00Z", None]
        numbered = client.get("/api/v1/layers/ward/grids.geojson?edition=2").json()
        assert len(numbered["features"]) == 7


def test_every_change_is_in_the_audit_and_the_chain_holds(run, dc_url, tmp_path):
    (tmp_path / "roster.csv").write_text("code,name,role\n2A01,New Person,commissioner\n")
    run("import", "members", "roster.csv", "--layer", "anc")
    run("import", "members", "roster.csv", "--layer", "anc", "--commit")
    with opening(dc_url) as store, store.reading() as tx:
        rows = audit.load_audit(tx, limit=100)
        assert audit.find_audit_break(tx) is None
    assert rows[0].actor == "command line"
    assert (rows[0].action, rows[0].subject) == ("import members", "anc")
    assert [row.actor for row in rows[1:]] == ["test"] * (len(rows) - 1)
    actions = sorted({row.action for row in rows})
    assert actions == [
        "import incidents",
        "import members",
        "import points",
        "import residents",
        "publish edition",
    ]


def test_the_demo_a_second_time_leaves_everything_as_it_is(run, dc_url):
    with opening(dc_url) as store, store.reading() as tx:
        before = audit.load_revisions(tx)
    done = run("demo", "--no-serve")
    assert done.stdout == ""
    assert "Washington, DC is loaded into sqlite" in done.stderr
    with opening(dc_url) as store, store.reading() as tx:
        assert audit.load_revisions(tx) == before
