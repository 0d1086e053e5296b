"""init, locate, import, coverage, map and demo, as a user types them."""

import json
import os
import socket
import sqlite3
import subprocess
import sys

import orjson
import pytest
import shapely

from gridgis.cli import _COMMANDS, run
from gridgis.services.lookup import Question, look_up
from tests.cli.conftest import count_rows
from tests.dc import NOW, WHITE_HOUSE
from tests.zoo import TWO_BY_TWO, square


def test_init_says_what_it_did(gridgis, tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDGIS_DATABASE_URL", f"sqlite:///{tmp_path / 'new.db'}")
    first, again = gridgis("init"), gridgis("init")
    assert (first.code, again.code) == (0, 0)
    assert "migrations applied" in first.out
    assert "already current" in again.out


def test_locate_in_words(gridgis, dc):
    outcome = gridgis("locate", *WHITE_HOUSE)
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.splitlines()[:3] == [
        "anc: SMD 2A01 (2A01) < ANC 2A (2A)",
        "  commissioner: Patrick Kennedy",
        "  certain; 117.3 m to 2B05",
    ]
    assert "(PSA 207 has no member of its own; Police District 2 answers)" in outcome.out


def test_locate_as_json_is_the_answer_of_the_service(gridgis, dc, dc_snapshot):
    outcome = gridgis("locate", *WHITE_HOUSE, "--json", "--at", "2026-11-22T08:00:00Z")
    assert orjson.loads(outcome.out) == look_up(dc_snapshot, *WHITE_HOUSE, Question(NOW))
    assert outcome.out == orjson.dumps(orjson.loads(outcome.out)).decode() + "\n"


def test_locate_outside_in_words(gridgis, dc):
    outcome = gridgis("locate", "-77.2", "38.9", "--layer", "ward")
    assert outcome.code == 0
    assert outcome.out.startswith("ward: outside; the nearest grid is Ward 3 (3), ")


def test_locate_takes_plain_dates_in_the_zone_of_the_settings(gridgis, dc):
    # the layers are in force from midnight of 1 January 2013 in New York, 05:00 in UTC
    def in_force(when):
        answer = orjson.loads(gridgis("locate", *WHITE_HOUSE, "--json", "--at", when).out)
        return answer["results"][0]["edition"], answer["at"]

    assert in_force("2013-01-01") == (1, "2013-01-01T05:00:00Z")
    assert in_force("2013-01-01T04:59:59Z") == (None, "2013-01-01T04:59:59Z")
    assert in_force("2013-01-01T00:00:00-05:00") == (1, "2013-01-01T05:00:00Z")
    # in summer the zone is four hours behind
    assert in_force("2016-07-01") == (1, "2016-07-01T04:00:00Z")


def test_locate_reads_few_modules(dc):
    """Tables, maps and vector files take a second to import; one lookup has no use for them."""
    program = (
        "import sys; from gridgis.cli import run; "
        "code = run(['locate', '-77.0365', '38.8977', '--json']); "
        "heavy = {'geopandas', 'pandas', 'pyarrow', 'folium', 'pyogrio', 'alembic', 'fastapi'}; "
        "sys.exit(f'{code} {sorted(heavy & set(sys.modules))}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.stderr.strip() == "0 []"


def test_a_dry_run_of_grids_changes_nothing(gridgis, town, tmp_path):
    write_grids(tmp_path / "new.geojson", TWO_BY_TWO)
    before = count_rows(town)
    outcome = gridgis(
        "import",
        "grids",
        "new.geojson",
        "--layer",
        "new",
        "--code",
        "code",
        "--valid-from",
        "2026-01-01",
    )
    assert outcome.code == 0
    assert outcome.out == (
        "would publish 4 grids of new.geojson in layer new, in force from 2026-01-01T05:00:00Z\n"
    )
    assert "add --commit" in outcome.err
    assert count_rows(town) == before


def test_grids_of_four_levels_with_chinese_names(gridgis, town, tmp_path):
    """区 > 街道 > 社区 > 网格, six basic grids, then roles at several levels."""
    import_xian(gridgis, tmp_path)
    answer = locate(gridgis, 0.0005, 0.0005)
    assert [part["level"] for part in answer["chain"]] == ["网格", "社区", "街道", "区"]
    assert [part["code"] for part in answer["chain"]] == ["G1", "C1", "S1", "610102"]
    assert answer["chain"][-1]["name"] == "新城区"
    assert answer["grid"]["name"] == "网格一"
    (tmp_path / "roster.csv").write_bytes(
        "code,name,role,phone\n"
        "G1,王网格,网格员,029-1\nC1,李社区,社区书记,029-2\n610102,张区长,区长,029-9\n"
        "S2,赵街道,街道主任,029-3\n".encode("gb18030")
    )
    outcome = gridgis("import", "members", "roster.csv", "--layer", "xian", "--commit")
    assert outcome.code == 0
    assert who(locate(gridgis, 0.0005, 0.0005)) == [("网格员", "王网格", "G1")]
    # G2 of C1 has no 网格员: its community answers; G4 in S2: its street; G6 of S3: the district
    assert who(locate(gridgis, 0.0015, 0.0005)) == [("社区书记", "李社区", "C1")]
    assert who(locate(gridgis, 0.0005, 0.0015)) == [("街道主任", "赵街道", "S2")]
    assert who(locate(gridgis, 0.0025, 0.0015)) == [("区长", "张区长", "610102")]
    words = gridgis("locate", "0.0005", "0.0005", "--layer", "xian").out
    assert "xian: 网格一 (G1) < 一社区 (C1) < 解放门街道 (S1) < 新城区 (610102)" in words


def test_layer_codes_that_cannot_stand_in_an_address(gridgis, town, tmp_path):
    write_grids(tmp_path / "new.geojson", TWO_BY_TWO)
    for code in ("a/b", "a,b", "", "x" * 65):
        outcome = gridgis("import", "grids", "new.geojson", "--layer", code, "--code", "code")
        assert outcome.code == 2
        assert "choose another --layer" in outcome.refusals[0]


def test_gaps_are_accepted_only_when_asked(gridgis, town, tmp_path):
    ring = {f"G{n}": square(n % 3, n // 3) for n in range(9) if n != 4}
    write_grids(tmp_path / "ring.geojson", ring)
    command = ("import", "grids", "ring.geojson", "--layer", "ring", "--code", "code")
    refused = gridgis(*command, "--commit")
    assert refused.code == 3
    assert "--accept-gaps" in refused.refusals[0]
    taken = gridgis(*command, "--accept-gaps", "--commit")
    assert taken.code == 0
    assert "1 gaps accepted as holes" in taken.err
    answer = orjson.loads(gridgis("locate", "0.0015", "0.0015", "--layer", "ring", "--json").out)
    (result,) = answer["results"]
    assert (result["grid"], result["certainty"]) == (None, "outside")


def test_another_outline_is_remarked(gridgis, town, tmp_path):
    write_grids(tmp_path / "new.geojson", TWO_BY_TWO | {"E": square(2, 0)})
    outcome = gridgis(
        "import", "grids", "new.geojson", "--layer", "town", "--code", "code", "--levels", "grid"
    )
    assert "the outline differs by 12,309 m²" in outcome.err


def test_members_that_cannot_be_used_are_left_out_and_said(gridgis, town, tmp_path):
    (tmp_path / "roster.csv").write_text(
        "code,name,home\nA,Ada,x\nX,Xi,x\n,No,x\nB,vacant,x\n", encoding="utf-8"
    )
    outcome = gridgis("import", "members", "roster.csv", "--layer", "town", "--commit")
    assert outcome.code == 0
    assert "row 2 left out: no edition of layer town has a grid 'X'" in outcome.err
    assert "row 3 left out: column code is empty" in outcome.err
    assert "columns left out: home" in outcome.err
    assert outcome.out == "imported: 2 rows, 1 vacancies, 1 added, 0 ended, 0 unchanged\n"
    again = gridgis("import", "members", "roster.csv", "--layer", "town")
    assert again.out.startswith("would import: 2 rows")


def test_points_in_metres_come_in_as_degrees(gridgis, town, tmp_path, monkeypatch):
    content = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::26985"}},
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "White House"},
                # 397 km east and 136 km north of the origin of Maryland's plane
                "geometry": {"type": "Point", "coordinates": [396834.0, 136650.0]},
            }
        ],
    }
    (tmp_path / "p.geojson").write_text(json.dumps(content))
    outcome = gridgis("import", "points", "p.geojson", "--kind", "house", "--commit")
    assert outcome.code == 0
    with sqlite3.connect(town) as connection:
        ((lon, lat),) = connection.execute("SELECT lon, lat FROM service_point")
    assert (lon, lat) == (pytest.approx(-77.0365, abs=1e-3), pytest.approx(38.8977, abs=1e-3))


def test_coverage_as_table_and_json(gridgis, dc):
    table = gridgis("coverage", "--layer", "ward")
    assert table.code == 0
    lines = table.out.splitlines()
    assert lines[0] == "code,residents,covered,share"
    assert len(lines) == 9
    assert "(circle)" in table.err
    answer = orjson.loads(gridgis("coverage", "--layer", "ward", "--json").out)
    assert answer["method"] == "circle"
    assert sum(row["residents"] for row in answer["grids"]) == pytest.approx(answer["residents"])
    assert sum(row["covered"] for row in answer["grids"]) == pytest.approx(answer["covered"])


def test_a_map_is_one_file_that_says_circle(gridgis, dc, tmp_path):
    outcome = gridgis("map", "--layer", "ward", "-o", tmp_path / "map.html")
    assert outcome.code == 0
    assert outcome.out == ""
    html = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "(circle)" in html
    assert "Coverage of Wards" in html
    chinese = gridgis("map", "--layer", "ward", "--language", "zh-CN", "-o", tmp_path / "zh.html")
    assert chinese.code == 0
    assert "直线圆圈" in (tmp_path / "zh.html").read_text(encoding="utf-8")


def test_a_map_that_cannot_be_written(gridgis, dc, tmp_path):
    outcome = gridgis("map", "--layer", "ward", "-o", tmp_path / "no" / "map.html")
    assert outcome.code == 2
    assert "cannot be written" in outcome.refusals[0]


def test_an_unknown_city(gridgis, town):
    outcome = gridgis("demo", "--city", "atlantis", "--no-serve")
    assert outcome.code == 4
    assert "there is: dc" in outcome.refusals[0]


def test_a_port_that_is_taken_is_said_before_anything_else(gridgis, town):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = gridgis("serve", "--port", port)
    assert outcome.code == 78
    assert f"port {port} of 127.0.0.1" in outcome.refusals[0]
    assert "choose another --port" in outcome.refusals[0]


@pytest.mark.parametrize("command", [(), *((name,) for name in _COMMANDS)], ids=str)
def test_every_command_explains_itself(gridgis, command):
    outcome = gridgis(*command, "--help")
    assert outcome.code == 0
    assert outcome.err == ""
    assert outcome.out.startswith("Usage: gridgis")


def test_an_error_nobody_foresaw_leaves_its_trace_in_a_file(gridgis, town, tmp_path, monkeypatch):
    def explode(*_args, **_kwargs):
        raise RuntimeError("secret")

    monkeypatch.setattr("gridgis.cli.locate.look_up", explode)
    outcome = gridgis("locate", "0", "0")
    assert outcome.code == 70
    (line,) = outcome.refusals
    assert "secret" not in outcome.err
    (report,) = tmp_path.glob("gridgis-error-*.log")
    assert str(report) in line
    assert "RuntimeError: secret" in report.read_text()


def test_an_interrupt_is_no_error(gridgis, town, monkeypatch):
    def interrupt(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("gridgis.cli.locate.look_up", interrupt)
    outcome = gridgis("locate", "0", "0")
    assert outcome.code == 130
    assert "interrupted" in outcome.err


def test_results_into_a_closed_pipe_are_no_error(dc):
    shell = f"{sys.executable} -m gridgis.cli coverage --layer anc | head -1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, text=True, check=False
    )
    assert done.stdout == "code,residents,covered,share\n"
    assert "Traceback" not in done.stderr


def write_grids(path, polygons, properties=None):
    features = [
        {
            "type": "Feature",
            "properties": {"code": code} | (properties or {}).get(code, {}),
            "geometry": shapely.geometry.mapping(polygon),
        }
        for code, polygon in polygons.items()
    ]
    content = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def import_xian(gridgis, folder):
    #   G4 G5 G6    S2: C3 (G4), C4 (G5)   S3: C5 (G6)
    #   G1 G2 G3    S1: C1 (G1, G2), C2 (G3)
    tree = {
        "G1": ("网格一", "C1", "S1"),
        "G2": ("网格二", "C1", "S1"),
        "G3": ("网格三", "C2", "S1"),
        "G4": ("网格四", "C3", "S2"),
        "G5": ("网格五", "C4", "S2"),
        "G6": ("网格六", "C5", "S3"),
    }
    polygons = {code: square(n % 3, n // 3) for n, code in enumerate(tree)}
    properties = {
        code: {"名称": name, "社区": community, "街道": street, "区": "610102"}
        for code, (name, community, street) in tree.items()
    }
    write_grids(folder / "xian.geojson", polygons, properties)
    uppers = {
        ("communities", "社区"): {
            "C1": ("一社区", square(0, 0, columns=2)),
            "C2": ("二社区", square(2, 0)),
            "C3": ("三社区", square(0, 1)),
            "C4": ("四社区", square(1, 1)),
            "C5": ("五社区", square(2, 1)),
        },
        ("streets", "街道"): {
            "S1": ("解放门街道", square(0, 0, columns=3)),
            "S2": ("西一路街道", square(0, 1, columns=2)),
            "S3": ("中山门街道", square(2, 1)),
        },
        ("districts", "区"): {"610102": ("新城区", square(0, 0, columns=3, rows=2))},
    }
    for (file, column), named in uppers.items():
        write_grids(
            folder / f"{file}.geojson",
            {code: outline for code, (_, outline) in named.items()},
            {code: {column: code, "名称": name} for code, (name, _) in named.items()},
        )
    outcome = gridgis(
        *("import", "grids", "xian.geojson", "--layer", "xian", "--title", "新城区网格"),
        *(
            "--code",
            "code",
            "--name",
            "名称",
            "--parent",
            "社区",
            "--parent",
            "街道",
            "--parent",
            "区",
        ),
        *("--levels", "区,街道,社区,网格", "--valid-from", "2025-01-01", "--commit"),
        *("--parents", "communities.geojson", "--parent-code", "社区", "--parent-name", "名称"),
        *("--parents", "streets.geojson", "--parent-code", "街道", "--parent-name", "名称"),
        *("--parents", "districts.geojson", "--parent-code", "区", "--parent-name", "名称"),
    )
    assert outcome.code == 0, outcome.err


def locate(gridgis, lon, lat):
    (result,) = orjson.loads(gridgis("locate", lon, lat, "--layer", "xian", "--json").out)[
        "results"
    ]
    return result


def who(answer):
    return [(entry["role"], entry["member"], entry["grid"]) for entry in answer["responsible"]]


def test_run_gives_the_exit_code():
    assert run(["--version"]) == 0


def test_the_second_row_of_a_code_is_left_out_and_the_others_are_taken(gridgis, town, tmp_path):
    rows = [
        "code,occurred_at,category,lon,lat",
        "1,2026-01-01,noise,0.0005,0.0005",
        "1,2026-01-02,light,0.0005,0.0005",
        "2,2026-01-03,noise,0.0005,0.0005",
    ]
    (tmp_path / "incidents.csv").write_text("\n".join(rows) + "\n")
    outcome = gridgis("import", "incidents", "incidents.csv", "--commit")
    assert outcome.code == 0
    assert "row 2 left out: has the code of row 1" in outcome.err
    with sqlite3.connect(town) as connection:
        stored = connection.execute("SELECT code, category FROM incident ORDER BY code").fetchall()
    assert stored == [("1", "noise"), ("2", "noise")]


def test_a_row_without_a_role_is_said(gridgis, town, tmp_path):
    (tmp_path / "members.csv").write_text("code,name\nA,Ada\n")
    outcome = gridgis("import", "members", "members.csv", "--layer", "town")
    assert "1 rows without a role are read as 'manager'" in outcome.err


def test_control_characters_of_a_file_never_reach_the_terminal(gridgis, town, tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"code": "A\n\x1b[31m"},
        "geometry": {
            "type": "Polygon",
            "coordinates": [[[0, 0], [0.001, 0], [0.001, 0.001], [0, 0]]],
        },
    }
    content = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "odd.geojson").write_text(content)
    outcome = gridgis("check", "odd.geojson", "--code", "code")
    assert "\x1b" not in outcome.out + outcome.err
    assert outcome.out.count("\n") == 1
