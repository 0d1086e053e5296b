"""Where a file came from: the `source.toml` that lies beside it."""

import tomllib
from pathlib import Path
from typing import Any

from gridgis.errors import InvalidInput

SOURCE_FILE = "source.toml"


def read_provenance(path: Path) -> dict[str, Any]:
    """Read what the `source.toml` in the same folder says of a file; empty where there is none.

    Returns
    -------
    source
        Its ``[defaults]`` overlaid with its own table, ``title`` its name where nothing is said.

    Raises
    ------
    InvalidInput
        If the `source.toml` is not TOML.
    """
    source_file = path.parent / SOURCE_FILE
    if not source_file.is_file():
        return {"title": path.name}
    described = read_toml(source_file)
    own = described.get("files", {}).get(path.name, {})
    return {"title": path.name, **described.get("defaults", {}), **own}


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}") from error
