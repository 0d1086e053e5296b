"""The shipped application over the sample city, at a fixed time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridgis.settings import Settings
from tests.dc import NOW, ZONE


@contextmanager
def serving(
    url: str, cache: Path, *, clock: Callable[[], datetime] = lambda: NOW
) -> Iterator[TestClient]:
    """Serve a database in this process."""
    app = create_app(Settings(database_url=url, cache_dir=cache, timezone=ZONE), clock=clock)
    with TestClient(app) as client:
        yield client


@pytest.fixture(scope="session")
def client(dc_shared, dc_cache: Path) -> Iterator[TestClient]:
    """The city, for tests that only read it."""
    with serving(f"sqlite:///{dc_shared._path}", dc_cache) as client:
        yield client


def refused(answer, status, code):
    """Hold what every problem must hold; returns its detail."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert list(body) == ["type", "title", "status", "detail", "code", "instance"]
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert body["instance"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    return body["detail"]
