"""Every error that gridgis raises on purpose.

::

    GridgisError
    ├─ InvalidInput          the data cannot be used: says which row, column, grid   → 422, exit 2
    │  ├─ CrsError           CRS missing, unknown, or not the one required
    │  └─ GeometryError      not a polygon, empty, beyond repair
    ├─ NotFound              layer, edition, grid, member, service point   → 404, exit 4
    ├─ Conflict              true when you asked, no longer   → 409, exit 5
    ├─ FaultsFound           a set of grids that is not seamless; carries the faults  → 422, exit 3
    └─ ConfigError           settings wrong, or a database of another version   → exit 78, at start

HTTP statuses stand in `api/errors.py`, exit codes in `gridgis/cli`. A message is one sentence
that names the culprit and the way out.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gridgis.spatial.faults import Fault


class GridgisError(Exception):
    """Base of all errors raised on purpose; `code` is stable and may be scripted against."""

    code = "error"


class InvalidInput(GridgisError):
    """The data or the request cannot be used."""

    code = "invalid_input"


class CrsError(InvalidInput):
    """The coordinate reference system is missing, unknown, or not the one required."""

    code = "crs"


class GeometryError(InvalidInput):
    """A geometry is not a polygon, is empty, or is beyond use."""

    code = "geometry"


class NotFound(GridgisError):
    """The thing named does not exist."""

    code = "not_found"


class Conflict(GridgisError):
    """True when you asked, no longer; or already there."""

    code = "conflict"


class FaultsFound(GridgisError):
    """A set of grids is not seamless and is not accepted as it is."""

    code = "faults_found"

    def __init__(self, message: str, faults: Sequence["Fault"]) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


class ConfigError(GridgisError):
    """A setting is wrong, or the database is not one this program can use."""

    code = "config"
