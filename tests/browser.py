"""The browser that tests of pages and maps share, and axe beside it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
_CHROMIUM_ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


def skip_or_fail(reason: str) -> None:
    """Skip the test, or fail it where skipping is forbidden."""
    if os.environ.get("GRIDGIS_TEST_NO_SKIP") == "1":
        pytest.fail(f"{reason}, and GRIDGIS_TEST_NO_SKIP forbids to skip")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window.

    Playwright runs an event loop in the thread of the tests while it is open, and once at a time:
    it is closed after each module, so that others can run theirs.
    """
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        skip_or_fail("Chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM_ARGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> Path:
    """The script of axe-core, which finds what keeps people out of a page."""
    script = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        skip_or_fail("axe-core is not installed: run npm ci in web/")
    return script
