"""Habits of the whole: imports, names, errors, settings, and what the wheel holds."""

import ast
import os
import re
import subprocess
import sys
import venv
import zipfile
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import numpy
import pytest

import api
import gridgis
import gridgis.spatial

ROOT = Path(__file__).parent.parent
SITE = Path(numpy.__file__).parent.parent
"""Where the dependencies are installed."""


def sources(package):
    return sorted(path for path in (ROOT / package).rglob("*.py") if "web" not in path.parts)


def imports(path):
    """Every import of a module: name and how many levels up, 0 for an absolute one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0


@pytest.mark.parametrize("path", sources("api"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_api_imports_itself_only_relatively(path):
    # in the wheel its name is another
    absolute = {name.split(".")[0] for name, level in imports(path) if level == 0}
    assert not absolute & {"api", "gridgis_api"}
    for name, level in imports(path):
        assert level <= len(path.relative_to(ROOT / "api").parts), (
            f"{name} reaches above the package"
        )


@pytest.mark.parametrize("path", sources("gridgis"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_library_does_not_know_its_edges(path):
    absolute = {name.split(".")[0] for name, _ in imports(path)}
    assert not absolute & {"api", "gridgis_api", "tests"}
    is_edge = path.is_relative_to(ROOT / "gridgis" / "cli")
    assert is_edge or not absolute & {"fastapi", "starlette", "click", "uvicorn"}


@pytest.mark.parametrize(
    "path", [*sources("api"), *sources("gridgis")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_module_says_its_concern_and_is_of_a_size_to_read(path):
    text = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", "?"))
    assert len(text.splitlines()) <= 400


def test_nothing_is_done_at_import(tmp_path):
    """Importing every module makes no file, reads no setting and opens no database."""
    program = """
import os, pkgutil, sys
from importlib import import_module
touched = []
def watch(event, arguments):
    if event in ("sqlite3.connect", "socket.connect", "subprocess.Popen"):
        touched.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        touched.append(str(arguments[0]))
sys.addaudithook(watch)
import api, gridgis
for package in (gridgis, api):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith(("__main__", ".env", "gdal_program")):
            import_module(module.name)
own = [t for t in touched if "__pycache__" not in t]  # numba asks whether it may write there
sys.exit(repr(own) if own else 0)
"""
    environment = os.environ | {
        "GRIDGIS_DATABASE_URL": "nonsense",
        "GRIDGIS_TIMEZONE": "Mars/Olympus",
        "GRIDGIS_BASEMAP_DATUM": "mars",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_exported_names_of_the_library_part_exist():
    named = 0
    for module in walk_packages(gridgis.spatial.__path__, "gridgis.spatial."):
        loaded = import_module(module.name)
        for name in getattr(loaded, "__all__", ()):
            assert hasattr(loaded, name), f"{module.name} exports {name}, which it lacks"
            named += 1
        assert list(getattr(loaded, "__all__", ())) == sorted(
            getattr(loaded, "__all__", ()), key=_as_ruff_sorts
        )
    assert named > 20


def _as_ruff_sorts(name):
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    return kind, name


def test_both_packages_say_what_they_are():
    assert api.__doc__
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+)?", gridgis.__version__)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build the wheel without the pages."""
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        env=os.environ | {"GRIDGIS_SKIP_WEB": "1"},
        capture_output=True,
        check=True,
    )
    (built,) = out.glob("gridgis-*.whl")
    return built


class TestWheel:
    def test_its_names_are_ours(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            tops = {name.split("/")[0] for name in archive.namelist()}
        assert {top for top in tops if not top.endswith(".dist-info")} == {"gridgis", "gridgis_api"}

    @pytest.mark.parametrize(
        "name",
        [
            "gridgis/py.typed",
            "gridgis/cities/dc/city.toml",
            "gridgis/cities/dc/source.toml",
            "gridgis/cities/dc/smd.geojson",
            "gridgis/store/migrations/env.py",
            "gridgis/store/migrations/versions/foundation.py",
            "gridgis/maps/page/coverage.html",
            "gridgis_api/app.py",
        ],
    )
    def test_what_it_needs_lies_in_it(self, wheel, name):
        with zipfile.ZipFile(wheel) as archive:
            assert name in archive.namelist()

    def test_nothing_else_came_in(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        odd = re.compile(r"(^|/)(tests?|node_modules|__pycache__|\.[^/]+)/|\.(pyc|db|log|nbi|nbc)$")
        assert [name for name in names if odd.search(name)] == []

    def test_it_works_where_only_it_is_installed(self, wheel, tmp_path):
        """Unpacked into a fresh environment beside the present dependencies."""
        home = tmp_path / "venv"
        venv.create(home, with_pip=False)
        (packages,) = home.glob("lib/python*/site-packages")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(packages)
        # a line of a .pth adds the folder itself, not the editable install that it holds
        (packages / "dependencies.pth").write_text(f"{SITE}\n")
        program = (
            "import gridgis, gridgis_api.app, gridgis.services.city as city; "
            "print(gridgis.__file__, gridgis_api.__file__, city.find_city('dc').folder)"
        )
        done = subprocess.run(
            [home / "bin" / "python", "-c", program],
            cwd=tmp_path,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert all(place.startswith(str(packages)) for place in done.stdout.split())
        assert len(done.stdout.split()) == 3
