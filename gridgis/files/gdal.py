"""GDAL at arm's length: a process of its own with the drivers for Shapefile and GeoPackage alone.

GDAL opens whatever a file's content asks for: a text named ``.shp`` can be a virtual source that
fetches a URL or reads ``/etc/passwd``. So every read goes through a new process in which all other
drivers are left out before GDAL starts (``OGR_SKIP``), with limits on memory and time, on copies
under our own names. This process, and the program that uses gridgis as a library, never loads GDAL.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from gridgis.errors import ConfigError, InvalidInput
from gridgis.files.layers import choose_layer

ALLOWED_DRIVERS = ("ESRI Shapefile", "GPKG")

_PROGRAM = Path(__file__).with_name("gdal_program.py")
_TIME_LIMIT_S = 300
_FOREIGN_SETTINGS = ("GDAL_", "OGR_", "CPL_", "SHAPE_", "AWS_", "AZURE_", "GS_", "VSI", "PYTHON")


def read_layer(
    path: Path, name: str, *, layer_name: str | None = None, encoding: str = ""
) -> tuple[pa.Table, str, str | None]:
    """Read one layer.

    Parameters
    ----------
    path
        A copy under a name of ours, alone in a temporary folder.
    name
        The user's name of it, for messages.
    layer_name
        The layer; needed where there are several with geometry.
    encoding
        '' for the encoding that GDAL takes by itself.

    Returns
    -------
    table, geometry, crs
        n rows; the name of the WKB column in it; the CRS as GDAL writes it, None without one.

    Raises
    ------
    InvalidInput
        If GDAL cannot read it, takes more than 5 minutes or 4 GiB, or the layer is not settled.
    """
    out = path.with_name("layer.arrow")
    answer = _run("read", str(path), str(out), layer_name or "", encoding, name=name)
    # the program reads nothing where this refuses
    choose_layer(answer["layers"], layer_name, name)
    with pa.OSFile(str(out), "rb") as file:
        table = pa.ipc.open_file(file).read_all()
    return table, answer["geometry"], answer["crs"]


def write_layer(
    table: pa.Table, path: Path, *, layer: str, geometry: str, geometry_type: str, crs: str
) -> None:
    """Write a table with a WKB column as the one layer of a new GeoPackage.

    Raises
    ------
    InvalidInput
        If GDAL cannot write it.
    """
    source = path.with_name("layer.arrow")
    with pa.OSFile(str(source), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    settings = {
        "layer": layer,
        "geometry_name": geometry,
        "geometry_type": geometry_type,
        "crs": crs,
    }
    _run("write", str(source), str(path), json.dumps({**settings, "crs": crs}), name=path.name)


def _run(command: str, *arguments: str, name: str) -> dict[str, Any]:
    """Run one command with the allowed drivers only, and fail when GDAL has any other."""
    environment = {
        **_environment(),
        "OGR_SKIP": ",".join(_skipped_drivers()),
        "SHAPE_RESTORE_SHX": "YES",
    }
    answer = _start([json.dumps(ALLOWED_DRIVERS), command, *arguments], environment, name)
    if "extra_drivers" in answer:
        raise ConfigError(
            f"GDAL keeps drivers that are not allowed here ({', '.join(answer['extra_drivers'])}); "
            f"install another pyogrio, or convert {name} to GeoJSON"
        )
    if "error" in answer:
        raise InvalidInput(
            f"{name} cannot be read ({_one_line(answer['error'])}); it may be damaged"
        )
    return answer


@cache
def _skipped_drivers() -> tuple[str, ...]:
    """List all drivers of this GDAL but the allowed; it is asked, for each release has others."""
    answer = _start(["drivers"], _environment(), "pyogrio")
    missing = set(ALLOWED_DRIVERS) - set(answer["drivers"])
    if missing:
        raise ConfigError(
            f"GDAL has no driver for {', '.join(sorted(missing))}; install pyogrio again"
        )
    return tuple(driver for driver in answer["drivers"] if driver not in ALLOWED_DRIVERS)


def _start(arguments: list[str], environment: dict[str, str], name: str) -> dict[str, Any]:
    try:
        finished = subprocess.run(  # noqa: S603 - our own program, arguments as a list
            [sys.executable, "-P", str(_PROGRAM), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIME_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InvalidInput(f"{name} takes more than {_TIME_LIMIT_S} s to read; not read") from error
    try:
        answer: dict[str, Any] = json.loads(finished.stdout)
    except ValueError as error:
        if finished.returncode < 0 or b"MemoryError" in finished.stderr:
            raise InvalidInput(
                f"{name} broke the reader; it is damaged or far too large"
            ) from error
        raise ConfigError(f"the reader of {name} did not start; is pyogrio installed?") from error
    return answer


def _environment() -> dict[str, str]:
    """Return the environment without what GDAL or Python would act on, with our import path."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.upper().startswith(_FOREIGN_SETTINGS)
    }
    return {**kept, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}


def _one_line(text: str) -> str:
    return " ".join(text.split())[:300]
