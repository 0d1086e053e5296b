"""A file that cannot be used: exit code, one line with file and way out, nothing left behind."""

import json
import re

import numpy as np
import pytest
import shapely

from tests.cli.conftest import count_rows
from tests.files.builders import shapefile, zipped
from tests.zoo import (
    BOW_TIE,
    DELETED_GRID,
    LENS,
    OVERLAP,
    SHIFTED_VERTEX,
    TWO_BY_TWO,
    WEDGE,
    square,
)

UNUSABLE, FAULTY, NOT_FOUND, CONFLICT, MISCONFIGURED = 2, 3, 4, 5, 78


def features(polygons, **more):
    """Make GeoJSON features with columns code and parent."""
    return [
        {
            "type": "Feature",
            "properties": {"code": code, "parent": "P"} | more,
            "geometry": None if polygon is None else shapely.geometry.mapping(polygon),
        }
        for code, polygon in polygons
    ]


def collection(polygons, **more):
    pairs = polygons.items() if isinstance(polygons, dict) else polygons
    content = {"type": "FeatureCollection", "features": features(pairs, **more)}
    return json.dumps(content, ensure_ascii=False).encode()


def swap(polygon):
    """Exchange the axes, as a file that says lat before lon does, near DC's longitude."""
    return shapely.transform(polygon, lambda p: (p + np.array([-97.04, 38.9]))[:, ::-1])


NO_CRS = zipped(
    {
        f"town{suffix}": part
        for suffix, part in shapefile([{"code": b"A"}], [(0, 0)], prj=None).items()
    }
)
"""A zipped shapefile of two squares that does not say its CRS."""

CSV = b"code,name,role,valid_from\nA,Ada,manager,2026-01-01\n"
INCIDENTS = b"code,occurred_at,category,lon,lat\n1,2026-01-01,noise,0.0005,0.0005\n"
POINTS = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"code": "c", "name": "Clinic", "kind": "clinic", "people": 1},
                "geometry": {"type": "Point", "coordinates": [0.0005, 0.0005]},
            }
        ],
    }
).encode()

CHECK = ("check", "{file}", "--code", "code")
GRIDS = (*("import", "grids", "{file}", "--layer", "new", "--code", "code"), "--commit")
MEMBERS = ("import", "members", "{file}", "--layer", "town", "--commit")
SITES = ("import", "points", "{file}", "--commit")
RESIDENTS = (
    *("import", "residents", "{file}", "--residents", "people", "--code", "code"),
    "--commit",
)
INCIDENT = ("import", "incidents", "{file}", "--commit")
ASSIGN = ("assign", "{file}", "--layer", "town", "-o", "out.csv")

READERS = {
    "check": CHECK,
    "grids": GRIDS,
    "members": MEMBERS,
    "points": SITES,
    "residents": RESIDENTS,
    "incidents": INCIDENT,
    "assign": ASSIGN,
}
"""Commands that read a file."""

BORDERS = {"check": CHECK, "grids": GRIDS}
"""Commands that read grids."""

TABLES = {"members": MEMBERS, "incidents": INCIDENT, "assign": ASSIGN}
"""Commands that read a table."""

ANYTHING = {
    "a-missing-file": ("gone.geojson", None, "gone.geojson"),
    "a-folder": ("folder", "folder", "folder"),
    "an-empty-file": ("empty.csv", b"", "empty"),
    "a-file-of-noise": ("noise.bin", bytes(range(256)) * 40, "noise.bin"),
    "a-zip-cut-short": ("half.zip", NO_CRS[: len(NO_CRS) // 2], "half.zip"),
    "a-web-page": ("page.html", b"<!doctype html><html><p>Not found</p></html>", "page.html"),
}
"""Name, content, and what the refusal names, of files that no command can use."""


def refuse(gridgis, database, folder, command, name, content):
    """Write a file, run a command on it, and hold what every refusal must hold."""
    path = folder / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    before = count_rows(database)
    left = {p.name for p in folder.iterdir()}
    outcome = gridgis(*(part.format(file=path) for part in command))
    assert "Traceback" not in outcome.err + outcome.out
    assert len(outcome.refusals) == 1, outcome.err
    assert outcome.err.splitlines()[-1] == outcome.refusals[0]
    assert name in outcome.refusals[0]
    assert count_rows(database) == before
    written = {p.name for p in folder.iterdir()} - left
    assert written <= {"cache", "town.db-wal", "town.db-shm", "town.db.lock"}
    return outcome


@pytest.mark.parametrize("command", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("case", ANYTHING.values(), ids=ANYTHING.keys())
def test_no_command_uses_what_is_no_data(gridgis, town, tmp_path, command, case):
    name, content, _ = case
    outcome = refuse(gridgis, town, tmp_path, command, name, content)
    assert outcome.code == UNUSABLE


GRID_FILES = {
    "no-crs": ("town.zip", NO_CRS, UNUSABLE, UNUSABLE, "--crs"),
    "axes-swapped": (
        "town.geojson",
        collection({code: swap(p) for code, p in TWO_BY_TWO.items()}),
        UNUSABLE,
        UNUSABLE,
        "swapped",
    ),
    "a-null-geometry": (
        "town.geojson",
        collection([*TWO_BY_TWO.items(), ("E", None)]),
        UNUSABLE,
        UNUSABLE,
        r"row 5.*no geometry.*mend the file",
    ),
    "a-point-among-grids": (
        "town.geojson",
        collection([*TWO_BY_TWO.items(), ("E", shapely.Point(0, 0))]),
        UNUSABLE,
        UNUSABLE,
        r"row 5.*is a Point, not a polygon",
    ),
    "a-code-that-stands-twice": (
        "town.geojson",
        collection([*TWO_BY_TWO.items(), ("A", square(2, 0))]),
        FAULTY,
        UNUSABLE,
        r"duplicate code|A stands 2 times, in rows 1, 5.*--on-duplicate merge",
    ),
    "an-empty-code": (
        "town.geojson",
        collection([*TWO_BY_TWO.items(), ("", square(2, 0))]),
        UNUSABLE,
        UNUSABLE,
        r"row 5.*column code is empty",
    ),
    "no-such-column": (
        "town.geojson",
        collection(TWO_BY_TWO).replace(b'"code"', b'"kode"'),
        UNUSABLE,
        UNUSABLE,
        r"no column 'code'; the columns are: kode, parent",
    ),
    "no-feature": ("town.geojson", collection({}), UNUSABLE, UNUSABLE, "no grid|no column"),
    "an-overlap": ("town.geojson", collection(OVERLAP), FAULTY, FAULTY, "1 overlap.*mend"),
    "a-gap": (
        "town.geojson",
        collection(DELETED_GRID),
        FAULTY,
        FAULTY,
        "1 gap.*(accept-gaps|mend)",
    ),
    "a-lens": ("town.geojson", collection(LENS), FAULTY, FAULTY, "1 gap"),
    "a-shifted-vertex": ("town.geojson", collection(SHIFTED_VERTEX), FAULTY, FAULTY, "sliver"),
    "a-wedge-open-to-the-outside": ("town.geojson", collection(WEDGE), FAULTY, FAULTY, "sliver"),
    "a-bow-tie": (
        "town.geojson",
        collection([*TWO_BY_TWO.items(), ("E", BOW_TIE)]),
        FAULTY,
        UNUSABLE,
        r"invalid|E is not valid.*mend it in a GIS",
    ),
    "nan-in-a-coordinate": (
        "town.geojson",
        collection(TWO_BY_TWO).replace(b"0.001", b"NaN", 1),
        UNUSABLE,
        UNUSABLE,
        "town.geojson",
    ),
    "json-cut-short": (
        "town.geojson",
        collection(TWO_BY_TWO)[:-40],
        UNUSABLE,
        UNUSABLE,
        "town.geojson",
    ),
}


@pytest.mark.parametrize("command", BORDERS, ids=BORDERS)
@pytest.mark.parametrize("case", GRID_FILES.values(), ids=GRID_FILES)
def test_grids_that_cannot_be_used(gridgis, town, tmp_path, command, case):
    name, content, code_of_check, code_of_import, words = case
    outcome = refuse(gridgis, town, tmp_path, BORDERS[command], name, content)
    assert outcome.code == (code_of_check if command == "check" else code_of_import)
    assert re.search(words, outcome.refusals[0])


TABLE_FILES = {
    "no-such-column": (
        {
            "members": (CSV.replace(b"name", b"who"), "no column 'name'"),
            "incidents": (INCIDENTS.replace(b"category", b"kind"), "no column 'category'"),
            "assign": (b"code,where\n1,here\n", "pass --lon and --lat"),
        }
    ),
    "wrong-encoding": (
        {
            # 0xff is in no UTF-8 and in no GB18030
            command: (content + b"\xff\xff,\xff", "encoding")
            for command, content in (
                ("members", CSV),
                ("incidents", INCIDENTS),
                ("assign", INCIDENTS),
            )
        }
    ),
    "only-a-header": (
        {
            "members": (b"code,name\n", "no row"),
            "incidents": (b"code,occurred_at,category,lon,lat\n", "no row"),
        }
    ),
    "a-ragged-row": (
        {
            command: (content + b"1,2,3,4,5,6,7,8\n", "line 3 has 8 fields")
            for command, content in (
                ("members", CSV),
                ("incidents", INCIDENTS),
                ("assign", INCIDENTS),
            )
        }
    ),
    "bad-dates-in-every-row": (
        {
            "members": (CSV.replace(b"2026-01-01", b"1.1.2026"), "valid_from '1.1.2026'"),
            "incidents": (
                INCIDENTS.replace(b"2026-01-01", b"yesterday"),
                "occurred_at 'yesterday'",
            ),
        }
    ),
    "a-time-without-its-zone": (
        {
            "members": (CSV.replace(b"2026-01-01", b"2026-01-01T08:00:00"), "with its zone"),
            "incidents": (INCIDENTS.replace(b"2026-01-01", b"2026-01-01 08:00"), "with its zone"),
        }
    ),
    "codes-of-no-grid": ({"members": (CSV.replace(b"A,Ada", b"X,Ada"), "has a grid 'X'")}),
    "an-end-before-the-start": (
        {
            "members": (
                b"code,name,valid_from,valid_to\nA,Ada,2026-01-02,2026-01-01\n",
                "valid_to is not after valid_from",
            )
        }
    ),
}


@pytest.mark.parametrize(
    ("command", "content", "words"),
    [
        pytest.param(TABLES[command], content, words, id=f"{case}-{command}")
        for case, by_command in TABLE_FILES.items()
        for command, (content, words) in by_command.items()
    ],
)
def test_tables_that_cannot_be_used(gridgis, town, tmp_path, command, content, words):
    outcome = refuse(gridgis, town, tmp_path, command, "table.csv", content)
    assert outcome.code == UNUSABLE
    assert words in outcome.refusals[0]


@pytest.mark.parametrize(
    ("command", "content", "words"),
    [
        pytest.param(SITES, POINTS.replace(b'"kind"', b'"sort"'), "pass --kind", id="no-kind"),
        pytest.param(SITES, collection(TWO_BY_TWO, kind="k"), "is not a point", id="no-points"),
        pytest.param(
            SITES,
            json.dumps(
                {"type": "FeatureCollection", "features": json.loads(POINTS)["features"] * 2}
            ).encode(),
            "two service points would have the code 'c'; name a column with --code",
            id="a-code-that-stands-twice",
        ),
        pytest.param(RESIDENTS, POINTS, "is no polygon", id="residents-at-points"),
        pytest.param(
            RESIDENTS, collection(TWO_BY_TWO, people="many"), "people is no count", id="no-counts"
        ),
        pytest.param(
            RESIDENTS, collection(TWO_BY_TWO, people=-1), "people is no count", id="negative-counts"
        ),
    ],
)
def test_places_that_cannot_be_used(gridgis, town, tmp_path, command, content, words):
    outcome = refuse(gridgis, town, tmp_path, command, "places.geojson", content)
    assert outcome.code == UNUSABLE
    assert words in outcome.refusals[0]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("locate", "0", "0", "--layer", "fire"), id="locate"),
        pytest.param(("coverage", "--layer", "fire"), id="coverage"),
        pytest.param(("map", "--layer", "fire", "-o", "out.html"), id="map"),
        pytest.param(("assign", "table.csv", "--layer", "fire", "-o", "out.csv"), id="assign"),
        pytest.param(("import", "members", "table.csv", "--layer", "fire"), id="members"),
    ],
)
def test_an_unknown_layer_is_not_found(gridgis, town, tmp_path, command):
    (tmp_path / "table.csv").write_bytes(b"code,name,lon,lat\nA,Ada,0,0\n")
    outcome = gridgis(*command)
    assert outcome.code == NOT_FOUND
    (line,) = outcome.refusals
    assert "no layer 'fire'; the layers are: town" in line
    assert not (tmp_path / "out.csv").exists()
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize(
    "commit", [pytest.param((), id="tried"), pytest.param(("--commit",), id="meant")]
)
def test_a_second_edition_from_the_same_time_conflicts(gridgis, town, tmp_path, commit):
    (tmp_path / "town.geojson").write_bytes(collection(TWO_BY_TWO))
    before = count_rows(town)
    outcome = gridgis(
        *("import", "grids", "town.geojson", "--layer", "town", "--levels", "grid"),
        *("--code", "code", "--valid-from", "2020-01-01T00:00:00Z", *commit),
    )
    assert outcome.code == CONFLICT
    (line,) = outcome.refusals
    assert "town.geojson" in line
    assert "edition 1 of layer town" in line
    assert "choose another" in line
    assert count_rows(town) == before


def test_other_levels_than_the_layer_has_conflict(gridgis, town, tmp_path):
    (tmp_path / "town.geojson").write_bytes(collection(TWO_BY_TWO))
    outcome = gridgis(
        *("import", "grids", "town.geojson", "--layer", "town", "--code", "code", "--parent"),
        *("parent", "--levels", "top,grid", "--commit"),
    )
    assert outcome.code == CONFLICT
    assert "has the levels" in outcome.refusals[0]


COMMANDS_OF_A_DATABASE = {
    "locate": ("locate", "0", "0"),
    "coverage": ("coverage", "--layer", "town"),
    "map": ("map", "--layer", "town", "-o", "out.html"),
    "serve": ("serve",),
    "assign": ("assign", "x.csv", "--layer", "town", "-o", "out.csv"),
    "members": ("import", "members", "x.csv", "--layer", "town"),
}


@pytest.mark.parametrize("command", COMMANDS_OF_A_DATABASE.values(), ids=COMMANDS_OF_A_DATABASE)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "does not exist; run gridgis init", id="no-database"),
        pytest.param(b"", "is not set up; run gridgis init", id="an-empty-file"),
        pytest.param(b"no database at all " * 300, "cannot be opened", id="another-file"),
    ],
)
def test_a_database_that_is_none(gridgis, tmp_path, monkeypatch, command, content, words):
    path = tmp_path / "town.db"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("GRIDGIS_DATABASE_URL", f"sqlite:///{path}")
    outcome = gridgis(*command)
    assert outcome.code == MISCONFIGURED
    (line,) = outcome.refusals
    assert "town.db" in line
    assert words in line
    assert (path.read_bytes() if path.exists() else None) == content


@pytest.mark.parametrize(
    ("name", "value", "command", "words"),
    [
        pytest.param(
            "DATABASE_URL", "mysql://x/y", ("locate", "0", "0"), "does not speak", id="url"
        ),
        pytest.param("DATABASE_URL", "nonsense", ("init",), "not a database URL", id="no-url"),
        pytest.param("DATABASE_URL", "sqlite://", ("init",), "names no file", id="memory"),
        pytest.param(
            "DATABASE_URL", "sqlite:///no/such/folder/x.db", ("init",), "folder", id="place"
        ),
        pytest.param("TIMEZONE", "Mars/Olympus", ("locate", "0", "0"), "Asia/Shanghai", id="zone"),
        pytest.param("TIMEZONE", "Mars/Olympus", ("serve",), "Asia/Shanghai", id="zone-of-server"),
        pytest.param("BASEMAP_DATUM", "mars", ("locate", "0", "0"), "wgs84", id="datum"),
        pytest.param(
            "DATABASE_URL",
            "postgresql://nobody:secret@127.0.0.1:1/none",
            ("locate", "0", "0"),
            "cannot be opened",
            id="server-that-is-not-there",
        ),
    ],
)
def test_settings_that_are_wrong(gridgis, town, monkeypatch, name, value, command, words):
    monkeypatch.setenv(f"GRIDGIS_{name}", value)
    outcome = gridgis(*command)
    assert outcome.code == MISCONFIGURED
    (line,) = outcome.refusals
    assert f"GRIDGIS_{name}" in line or "folder" in line
    assert words in line
    assert "secret" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(("locate", "east", "0"), "lon 'east' is not a number", id="no-number"),
        pytest.param(("locate", "0", "91"), "lat '91' is outside", id="beyond-the-pole"),
        pytest.param(("locate", "nan", "0"), "lon 'nan' is not a number", id="nan"),
        pytest.param(("locate", "1_0", "0"), "lon '1_0' is not a number", id="underscore"),
        pytest.param(("locate", "0", "0", "--at", "2026-01-01T00:00"), "with its zone", id="naive"),
        pytest.param(("locate", "0", "0", "--at", "2026-02-30"), "is not a time", id="no-such-day"),
        pytest.param(("locate", "0"), "Missing argument 'LAT'", id="half-a-place"),
        pytest.param(("locate", "0", "0", "--where", "x"), "unexpected extra", id="unknown-option"),
        pytest.param(("fly",), "No such command 'fly'", id="unknown-command"),
        pytest.param(
            ("assign", "x.csv", "--layer", ",", "-o", "o.csv"), "names no layer", id="layer"
        ),
    ],
)
def test_arguments_that_cannot_be_used(gridgis, town, arguments, words):
    outcome = gridgis(*arguments)
    assert outcome.code == UNUSABLE
    (line,) = outcome.refusals
    assert words in line
    assert outcome.out == ""
