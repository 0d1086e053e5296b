"""The command line in this process, on a database of its own, with what it left behind."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from gridgis.cli import run
from tests.dc import ZONE, opening
from tests.tiny import at, publish_grids
from tests.zoo import TWO_BY_TWO


@dataclass(frozen=True)
class Outcome:
    """What a command gave back."""

    code: int
    out: str
    err: str

    @property
    def refusals(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("gridgis: ")]


@pytest.fixture
def gridgis(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Outcome]:
    """Run a command; the settings are those of the environment, the folder is the test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDGIS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("GRIDGIS_TIMEZONE", ZONE)

    def call(*arguments: object) -> Outcome:
        code = run([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture
def town(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Database with the layer `town` of four squares A to D, in force from 2020."""
    path = Path(shutil.copy(sqlite_template, tmp_path / "town.db"))
    with opening(f"sqlite:///{path}") as store:
        publish_grids(store, TWO_BY_TWO, now=at("2020-01-01"))
    monkeypatch.setenv("GRIDGIS_DATABASE_URL", f"sqlite:///{path}")
    return path


@pytest.fixture
def dc(dc_url: str, dc_cache: Path, gridgis, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Database with the sample city."""
    monkeypatch.setenv("GRIDGIS_DATABASE_URL", dc_url)
    monkeypatch.setenv("GRIDGIS_CACHE_DIR", str(dc_cache))
    return Path(dc_url.removeprefix("sqlite:///"))


def count_rows(database: Path) -> dict[str, int]:
    """Count the rows of every table, those of the spatial indexes too."""
    with closing(sqlite3.connect(database)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
            for (name,) in names.fetchall()
        }
