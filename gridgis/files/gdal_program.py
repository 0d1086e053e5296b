"""The program that reads and writes Shapefile and GeoPackage with GDAL, in a process of its own.

It is started by `gridgis.files.gdal` and never imported: importing it would load GDAL with all its
drivers into the caller. It sees only files that gridgis copied under names of its own.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

_MEMORY_BYTES = 4 << 30
_CPU_SECONDS = 300
_BATCH_ROWS = 10_000
# pyogrio imports these where it finds them; without them this program starts three times faster
_UNUSED = ("geopandas", "pandas", "shapely", "pyproj")


def main(arguments: list[str]) -> None:
    """Run one command: ``drivers``, ``ALLOWED read ...`` or ``ALLOWED write ...``."""
    _limit()
    for name in _UNUSED:
        sys.modules[name] = None  # type: ignore[assignment]
    import pyogrio  # noqa: PLC0415 - only after the limits are set

    if arguments[0] == "drivers":
        _answer(drivers=sorted(pyogrio.list_drivers()))
        return
    allowed, command, *rest = arguments
    extra = sorted(set(pyogrio.list_drivers()) - set(json.loads(allowed)))
    if extra:
        _answer(extra_drivers=extra)
        return
    try:
        _COMMANDS[command](*rest)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        _answer(error=str(error))
    except (ValueError, RuntimeError, UnicodeDecodeError) as error:
        _answer(error=f"{type(error).__name__}: {error}")


def _read(path: str, out: str, layer: str, encoding: str) -> None:
    import pyarrow  # noqa: PLC0415
    import pyogrio.raw  # noqa: PLC0415

    found = pyogrio.list_layers(path).tolist()
    layers = [name for name, geometry_type in found if geometry_type is not None]
    if layer not in layers and (layer or len(layers) != 1):
        _answer(layers=layers)
        return
    meta, table = pyogrio.raw.read_arrow(
        path, layer=layer or layers[0], encoding=encoding or None, datetime_as_string=True
    )
    with pyarrow.OSFile(out, "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table, _BATCH_ROWS)
    _answer(layers=layers, crs=meta["crs"], geometry=meta["geometry_name"] or "wkb_geometry")


def _write(source: str, out: str, settings: str) -> None:
    import pyarrow  # noqa: PLC0415
    import pyogrio.raw  # noqa: PLC0415

    with pyarrow.OSFile(source, "rb") as file:
        table = pyarrow.ipc.open_file(file).read_all()
    pyogrio.raw.write_arrow(table, out, driver="GPKG", **json.loads(settings))
    _answer()


def _answer(**members: Any) -> None:
    sys.stdout.write(json.dumps(members))


def _limit() -> None:
    """Bound memory and CPU time, so that counts that lie cannot take the machine down."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


_COMMANDS: dict[str, Callable[..., None]] = {"read": _read, "write": _write}

if __name__ == "__main__":
    main(sys.argv[1:])
