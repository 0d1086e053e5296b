"""Fixtures for every test: an empty store on each database, a PostGIS database, a fixed time."""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from sqlalchemy import make_url

from gridgis.store.database import Store
from tests import postgis
from tests.browser import axe, browser

__all__ = ["axe", "browser"]  # fixtures for pages and maps alike

# how long an example takes is the machine's affair
settings.register_profile("gridgis", deadline=None)
settings.load_profile("gridgis")

pytest_plugins = ("tests.dc",)
"""The sample city; a plugin, so that all folders share what is loaded once in a run."""


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(
    params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)],
)
def store(request: pytest.FixtureRequest) -> Store:
    """Give an empty store with the present schema, on a database of its own."""
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened


@pytest.fixture
def sqlite_store(tmp_path: Path, sqlite_template: Path) -> Iterator[Store]:
    with _opening(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'gridgis.db')}") as opened:
        yield opened


@pytest.fixture
def postgis_store(create_database: Callable[[str], str], postgis_template: str) -> Iterator[Store]:
    with _opening(create_database(postgis_template)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.postgis)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a database without any tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    url: str = request.getfixturevalue("postgis_url")
    return url


@pytest.fixture
def postgis_url(create_database: Callable[[str], str]) -> str:
    """Name an empty PostgreSQL database whose server has PostGIS; mark the test `postgis`."""
    return create_database("template1")


@pytest.fixture
def create_database(postgis_server: str) -> Iterator[Callable[[str], str]]:
    """Create databases from a template; they are dropped after the test."""
    names: list[str] = []

    def create(template: str) -> str:
        name = _create_database(postgis_server, template)
        names.append(name)
        return _name_database(postgis_server, name)

    yield create
    for name in names:
        _drop_database(postgis_server, name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    with _opening(f"sqlite:///{path}") as fresh:
        fresh.upgrade()
    return path


@pytest.fixture(scope="session")
def postgis_template(postgis_server: str) -> Iterator[str]:
    name = _create_database(postgis_server, "template1")
    with _opening(_name_database(postgis_server, name)) as fresh:
        fresh.upgrade()
    yield name
    _drop_database(postgis_server, name)


@pytest.fixture(scope="session")
def postgis_server() -> Iterator[str]:
    """Name a server where databases may be created: the one given, or a private one."""
    given = os.environ.get("GRIDGIS_TEST_POSTGIS")
    if given:
        yield make_url(given).set(drivername="postgresql").render_as_string(hide_password=False)
        return
    missing = postgis.find_missing_part()
    if missing:
        if os.environ.get("GRIDGIS_TEST_NO_SKIP") == "1":
            pytest.fail(f"{missing}, and GRIDGIS_TEST_NO_SKIP forbids to skip")
        pytest.skip(f"{missing}; or set GRIDGIS_TEST_POSTGIS to the URL of a server with it")
    with postgis.run_server() as url:
        yield url


@contextmanager
def _opening(url: str) -> Iterator[Store]:
    opened = Store(url)
    try:
        yield opened
    finally:
        opened.close()


def _name_database(server: str, name: str) -> str:
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def _create_database(server: str, template: str) -> str:
    name = f"gridgis_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server) as connection:
        # Twice as fast for a small template; older servers know no other way and no word for it.
        strategy = " STRATEGY FILE_COPY" if connection.info.server_version >= 150_000 else ""
    _administer(server, "CREATE DATABASE {} TEMPLATE {}" + strategy, name, template)
    return name


def _drop_database(server: str, name: str) -> None:
    _administer(server, "DROP DATABASE {} WITH (FORCE)", name)


def _administer(server: str, command: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(command).format(*map(sql.Identifier, names)))
