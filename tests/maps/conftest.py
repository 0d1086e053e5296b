"""What a page needs before it can be opened: the built libraries, a browser, axe."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridgis.errors import ConfigError
from gridgis.maps.selfcontained import read_assets


def skip_or_fail(reason: str) -> None:
    """Skip the test, or fail it where skipping is forbidden."""
    if os.environ.get("GRIDGIS_TEST_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def built_assets() -> None:
    """The libraries of a page, which the build of the web pages copies."""
    try:
        read_assets()
    except ConfigError as error:
        skip_or_fail(str(error))


@pytest.fixture(scope="session")
def browser() -> Iterator:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("Chromium is not installed")
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> Path:
    script = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        skip_or_fail("axe-core is not installed: run npm ci in web/")
    return script
