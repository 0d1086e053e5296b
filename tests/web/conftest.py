"""Fixtures of the pages: the real service with the sample city, and visits in a real browser."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import ROOT, skip_or_fail

PAGES = ROOT / "api" / "web"
START_LIMIT_S = 120.0

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sample city on a free port; gives the address without a slash at its end."""
    if not (PAGES / "index.html").is_file():
        skip_or_fail("the pages are not built: run `make web`")
    folder = tmp_path_factory.mktemp("site")
    environment = os.environ | {
        "GRIDGIS_DATABASE_URL": f"sqlite:///{folder / 'gridgis.db'}",
        "GRIDGIS_CACHE_DIR": str(folder / "cache"),
        "GRIDGIS_TIMEZONE": "America/New_York",
    }
    command = [sys.executable, "-m", "gridgis.cli"]
    demo = subprocess.run(
        [*command, "demo", "--no-serve"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stderr
    port = _find_free_port()
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "serve", "--port", str(port)],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _await_ready(address, server, folder / "serve.log")
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def ask(site: str) -> Ask:
    """Ask the service itself: ``ask("lookup", lon=..., lat=...)`` gives the JSON answer."""

    def get(path: str, **query: object) -> Any:
        text = "&".join(f"{name}={value}" for name, value in query.items())
        with urllib.request.urlopen(f"{site}/api/v1/{path}?{text}") as answer:  # noqa: S310 (own)
            return json.load(answer)

    return get


@pytest.fixture
def visit(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Open the page at a query; every visit must end without outside requests or complaints.

    ``visit(query, failing=True)`` is for tests that break requests on purpose: the browser itself
    then writes to the console.
    """
    visits = []

    def open_page(query: str = "", *, failing: bool = False, **options: Any) -> Page:
        size = {"width": 1280, "height": 800}
        defaults = {"viewport": size, "locale": "en-US", "reduced_motion": "reduce"}
        context = browser.new_context(**(defaults | options))
        page = context.new_page()
        requests: list[str] = []
        complaints: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        visits.append((context, requests, complaints, failing))
        page.goto(f"{site}/{query}", wait_until="commit")
        return page

    yield open_page
    for context, requests, complaints, failing in visits:
        context.close()
        outside = [url for url in requests if not url.startswith((site, "data:", "blob:"))]
        assert outside == []
        expected = "Failed to load resource" if failing else None
        assert [text for text in complaints if expected is None or expected not in text] == []


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{address}/readyz"):  # noqa: S310 (own server)
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the service did not start:\n{log.read_text()[-2000:]}")
