from pathlib import Path

import pytest
from pydantic import ValidationError

from gridgis.errors import ConfigError
from gridgis.settings import Settings, load_settings

EXAMPLE = Path(__file__).parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch):
    for field in Settings.model_fields:
        monkeypatch.delenv(f"GRIDGIS_{field.upper()}", raising=False)


def documented():
    """Name and value of each setting of the example, with the comment line above it."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return {
        line.partition("=")[0]: (line.partition("=")[2], lines[number - 1])
        for number, line in enumerate(lines)
        if line and not line.startswith("#")
    }


def test_every_setting_stands_in_the_example_and_no_other():
    assert set(documented()) == {f"GRIDGIS_{field.upper()}" for field in Settings.model_fields}


@pytest.mark.parametrize("field", Settings.model_fields)
def test_example_shows_the_default_and_explains_it(field):
    value, comment = documented()[f"GRIDGIS_{field.upper()}"]
    assert value == str(Settings.model_fields[field].default)
    assert comment.startswith("# ")
    assert comment.endswith(".")


def test_example_itself_is_a_usable_environment(monkeypatch):
    for name, (value, _) in documented().items():
        monkeypatch.setenv(name, value)
    assert load_settings() == Settings()


def test_settings_are_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("GRIDGIS_DATABASE_URL", "postgresql+psycopg://gridgis@db/gridgis")
    monkeypatch.setenv("GRIDGIS_CACHE_DIR", "/var/cache/gridgis")
    monkeypatch.setenv("GRIDGIS_UNKNOWN", "ignored")
    settings = load_settings()
    assert settings.database_url == "postgresql+psycopg://gridgis@db/gridgis"
    assert settings.cache_dir == Path("/var/cache/gridgis")


def test_wrong_value_is_refused_with_the_name_of_its_variable(monkeypatch):
    monkeypatch.setenv("GRIDGIS_BASEMAP_DATUM", "cgcs")
    with pytest.raises(ConfigError, match=r"^GRIDGIS_BASEMAP_DATUM: .*'wgs84', 'gcj02' or 'bd09'"):
        load_settings()


def test_settings_do_not_change():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().timezone = "Asia/Shanghai"
