"""The sample city for tests: loaded once in a run, by whichever worker comes first, then copied."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from gridgis.services.city import find_city, load_city
from gridgis.services.editions import EditionViews
from gridgis.services.snapshot import Snapshot, load_snapshot
from gridgis.store.database import Store

FOLDER = Path(__file__).parent.parent / "data" / "boundaries" / "dc"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
ZONE = "America/New_York"

WHITE_HOUSE = (-77.0365, 38.8977)
"""In SMD 2A01 of ANC 2A, in PSA 207 of police district 2, in ward 2."""


def load(url: str, cache: Path) -> None:
    """Create a database and load the city into it, as ``gridgis demo`` does."""
    store = Store(url)
    try:
        store.upgrade()
        views = EditionViews(store, cache)
        load_city(store, views, find_city("dc"), now=NOW, actor="test", tell=lambda _: None)
    finally:
        store.close()


@contextmanager
def opening(url: str) -> Iterator[Store]:
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def open_snapshot(store: Store, cache: Path, *, now: datetime = NOW) -> Snapshot:
    return load_snapshot(store, EditionViews(store, cache), now=now)


@pytest.fixture(scope="session")
def dc_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder that all workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "dc"
    root.mkdir(exist_ok=True)
    return root


@pytest.fixture(scope="session")
def dc_cache(dc_root: Path) -> Path:
    return dc_root / "cache"


@pytest.fixture(scope="session")
def dc_template(dc_root: Path, dc_cache: Path) -> Path:
    """SQLite file with the city; copy it before you change it."""
    finished = dc_root / "dc.db"
    with (dc_root / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not finished.exists():
            partial = dc_root / "loading.db"
            load(f"sqlite:///{partial}", dc_cache)
            partial.rename(finished)
    return finished


@pytest.fixture
def dc_url(dc_template: Path, tmp_path: Path) -> str:
    """Name a copy of the city that a test may change."""
    return f"sqlite:///{shutil.copy(dc_template, tmp_path / 'dc.db')}"


@pytest.fixture
def dc_store(dc_url: str) -> Iterator[Store]:
    with opening(dc_url) as store:
        yield store


@pytest.fixture(scope="session")
def dc_shared(dc_template: Path, dc_root: Path) -> Iterator[Store]:
    """The city for tests that only read it."""
    copy = dc_root / f"shared-{uuid.uuid4().hex[:8]}.db"
    with opening(f"sqlite:///{shutil.copy(dc_template, copy)}") as store:
        yield store


@pytest.fixture(scope="session")
def dc_snapshot(dc_shared: Store, dc_cache: Path) -> Snapshot:
    return open_snapshot(dc_shared, dc_cache)


@pytest.fixture
def dc_postgis_url(dc_postgis: str, create_database: Callable[[str], str]) -> str:
    """Name a copy of the city on PostGIS that a test may change."""
    template = make_url(dc_postgis).database
    assert template is not None
    return create_database(template)


@pytest.fixture(scope="session")
def dc_postgis(postgis_server: str, dc_cache: Path) -> Iterator[str]:
    """PostGIS database with the city, only to be read; tests of one xdist group share it."""
    name = f"gridgis_dc_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgis_server, autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(postgis_server).set(drivername="postgresql+psycopg", database=name)
    text = url.render_as_string(hide_password=False)
    load(text, dc_cache)
    yield text
    with psycopg.connect(postgis_server, autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
