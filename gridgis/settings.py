"""The settings of one running gridgis, read from `GRIDGIS_*` once by the command line or server."""

from pathlib import Path
from typing import Literal

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gridgis.errors import ConfigError


class Settings(BaseSettings):
    """Settings with their defaults; `.env.example` explains each."""

    model_config = SettingsConfigDict(env_prefix="GRIDGIS_", extra="ignore", frozen=True)

    database_url: str = "sqlite:///gridgis.db"
    cache_dir: Path = Path("~/.cache/gridgis")
    timezone: str = "UTC"
    basemap_url: str = ""
    basemap_datum: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    ConfigError
        If a value is not of its kind; the message names the variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "GRIDGIS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg'].lower()}") from error
