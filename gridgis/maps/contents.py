"""What a coverage map shows: plain values of the caller, checked before anything is drawn."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridgis.errors import InvalidInput
from gridgis.model.points import ServiceArea, ServicePoint

Measure = Literal["incidents", "coverage"]


@dataclass(frozen=True, slots=True)
class MapGrid:
    """One grid: a lon/lat (Multi)Polygon, the value that colours it, and facts to show beside it.

    `value` is a count for the measure ``incidents``, a share from 0 to 1 for ``coverage``, None
    where there is no data. `details` are heading → text, such as the responsible member; the
    headings come in the language of the map.
    """

    code: str
    name: str
    polygon: Any
    value: float | None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MapIncidents:
    """n incidents as three columns: `lon`, `lat` in degrees, and their category."""

    lon: ArrayLike = ()
    lat: ArrayLike = ()
    category: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMap:
    """Everything on one map page.

    The grids share their borders vertex by vertex and belong to edition `edition` of the layer
    named `layer`, in force `at`. `figures` are heading → text pairs shown under the title, such as
    the covered share of the city. `sources` are shown as they are written.
    """

    title: str
    language: str
    measure: Measure
    layer: str
    edition: int
    at: datetime
    made_at: datetime
    grids: Sequence[MapGrid]
    points: Sequence[ServicePoint] = ()
    areas: Sequence[ServiceArea] = ()
    incidents: MapIncidents = MapIncidents()
    sources: Sequence[str] = ()
    figures: Sequence[tuple[str, str]] = ()


def check_contents(contents: CoverageMap) -> None:
    """Refuse what cannot be drawn.

    Raises
    ------
    InvalidInput
        If there is no grid, a time has no zone, a grid code or a point code occurs twice, an area
        belongs to no point, or an incident has no position on the earth.
    """
    if not contents.grids:
        raise InvalidInput(f"layer {contents.layer} has no grids to draw; import its grids first")
    for what, moment in (("at", contents.at), ("made_at", contents.made_at)):
        if moment.utcoffset() is None:
            raise InvalidInput(f"{what} {moment} has no time zone; give one with its offset")
    _refuse_duplicates("grid", [grid.code for grid in contents.grids])
    codes = [point.code for point in contents.points]
    _refuse_duplicates("service point", codes)
    for area in contents.areas:
        if area.point not in codes:
            raise InvalidInput(
                f"the service area of {area.point} has no service point on the map; add the point "
                "or leave the area out"
            )
    _check_incidents(contents.incidents)


def to_lat_lon(incidents: MapIncidents) -> NDArray[np.float64]:
    """Return the positions as an array of shape (n, 2), latitude first as Leaflet wants it."""
    return np.column_stack(
        [np.asarray(incidents.lat, np.float64), np.asarray(incidents.lon, np.float64)]
    )


def _refuse_duplicates(what: str, codes: Sequence[str]) -> None:
    for code, count in Counter(codes).most_common(1):
        if count > 1:
            raise InvalidInput(f"{what} {code} is on the map {count} times; give each once")


def _check_incidents(incidents: MapIncidents) -> None:
    sizes = {np.size(incidents.lon), np.size(incidents.lat), len(incidents.category)}
    if len(sizes) > 1:
        raise InvalidInput(
            f"incidents have {np.size(incidents.lon)} lon, {np.size(incidents.lat)} lat and "
            f"{len(incidents.category)} categories; give as many of each"
        )
    usable = np.all(np.abs(to_lat_lon(incidents)) <= (90.0, 180.0), axis=1)
    if not usable.all():
        first = int(np.argmin(usable))
        raise InvalidInput(
            f"incident {first + 1} of {usable.size} has no position in lon -180 to 180, lat -90 to "
            "90; leave it out of the map"
        )
