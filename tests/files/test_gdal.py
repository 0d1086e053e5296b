"""GDAL sees only files of ours, with two drivers, in a process of its own."""

import http.server
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gridgis.errors import ConfigError, InvalidInput
from gridgis.files import gdal
from gridgis.files.vector import read_vector
from tests.files.builders import put, shapefile, zipped

Save = Callable[[str, Any], Path]

VIRTUAL = (
    '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource>'
    "<SrcLayer>x</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"
)


@pytest.fixture
def requests() -> Iterator[list[str]]:
    """Requests that reach a listener on this machine; its address is the first entry."""
    seen: list[str] = []

    class Listener(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seen.append(f"http://127.0.0.1:{server.server_port}/x.geojson")
    yield seen
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("prefix", ["", "/vsicurl/", "/vsizip//vsicurl/", "GeoJSON:", "GPKG:"])
def test_a_name_is_never_followed(requests: list[str], prefix: str) -> None:
    with pytest.raises(InvalidInput, match="no such file"):
        read_vector(prefix + requests[0])
    assert len(requests) == 1


@pytest.mark.parametrize("name", ["up.shp", "up.gpkg", "up.geojson", "up.kml", "up.zip", "up.vrt"])
def test_content_is_never_followed(requests: list[str], save: Save, name: str) -> None:
    for source in (f"/vsicurl/{requests[0]}", "CSV:/etc/passwd"):
        content: Any = VIRTUAL.format(source=source)
        if name.endswith(".zip"):
            members = shapefile([{"code": b"A"}], [(1, 2)]) | {".shp": content.encode()}
            content = zipped({f"up{suffix}": part for suffix, part in members.items()})
        with pytest.raises(InvalidInput) as caught:
            read_vector(save(name, content))
        assert "root" not in str(caught.value)
    assert len(requests) == 1


def test_only_two_drivers_are_left_and_the_caller_has_none(tmp_path: Path) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(1, 2)]))
    program = (
        "import sys\n"
        "from gridgis.files.vector import read_vector, write_geopackage\n"
        f"frame = read_vector({str(path)!r}).frame\n"
        f"write_geopackage({str(tmp_path / 'out.gpkg')!r}, frame)\n"
        "assert not {'pyogrio', 'fiona', 'osgeo'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    assert {"GeoJSON", "OGR_VRT", "HTTP", "CSV"} <= set(gdal._skipped_drivers())
    assert not set(gdal.ALLOWED_DRIVERS) & set(gdal._skipped_drivers())


def test_a_driver_that_stays_fails_the_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(1, 2)]))
    kept = tuple(driver for driver in gdal._skipped_drivers() if driver != "OGR_VRT")
    monkeypatch.setattr(gdal, "_skipped_drivers", lambda: kept)
    with pytest.raises(ConfigError, match=r"not allowed here \(OGR_VRT\)"):
        read_vector(path)


def test_settings_of_gdal_in_the_environment_are_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OGR_SKIP", "ESRI Shapefile")
    monkeypatch.setenv("SHAPE_ENCODING", "KOI8-R")
    rows = [{"name": "小店区".encode("gbk")}]
    path = put(tmp_path, shapefile(rows, [(1, 2)]))
    assert read_vector(path).frame["name"].tolist() == ["小店区"]


def test_a_reader_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, shapefile([{"code": b"A"}], [(1, 2)]))
    monkeypatch.setattr(gdal, "_TIME_LIMIT_S", 0.001)
    with pytest.raises(InvalidInput, match=r"grids\.shp takes more than 0\.001 s"):
        gdal.read_layer(path, "grids.shp")


@pytest.mark.parametrize(
    ("program", "error", "phrase"),
    [
        pytest.param("import os; os.abort()", InvalidInput, "broke the reader", id="crash"),
        pytest.param("raise MemoryError", InvalidInput, "broke the reader", id="memory"),
        pytest.param("import nowhere", ConfigError, "did not start", id="not-installed"),
    ],
)
def test_a_reader_that_dies_is_told_apart(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    error: type[Exception],
    phrase: str,
) -> None:
    script = tmp_path / "program.py"
    script.write_text(program)
    gdal._skipped_drivers()
    monkeypatch.setattr(gdal, "_PROGRAM", script)
    with pytest.raises(error, match=phrase):
        gdal.read_layer(tmp_path / "grids.shp", "grids.shp")
