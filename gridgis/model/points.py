"""Service points, their service areas, and the residents they serve."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

WALKING_KMH = 5.0
DETOUR = 1.5
"""Walked over straight distance: the equal-area factor of real street networks is 1.36 to 1.55."""


@dataclass(frozen=True, slots=True)
class ServicePoint:
    """A place that serves the public; `lon`, `lat` in degrees on the lattice.

    `code` is unique and stable; `kind` is a word such as ``police_station``; `hours` is shown as
    the source wrote it.
    """

    code: str
    kind: str
    name: str
    lon: float
    lat: float
    address: str | None = None
    phone: str | None = None
    hours: str | None = None
    services: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceArea:
    """What a service point serves within `minutes`: a lon/lat polygon, a drawing and not a count.

    `method` is ``circle`` (straight distance speed × time / 1.5) or ``network`` (along streets).
    """

    point: str
    minutes: int
    mode: str
    method: str
    speed_kmh: float
    radius_m: float | None
    computed_at: datetime
    polygon: Any


@dataclass(frozen=True, slots=True)
class ResidentPoint:
    """Residents counted at one place; a census area is spread evenly over such points."""

    lon: float
    lat: float
    residents: float
    area_code: str


def circle_radius_m(minutes: int, speed_kmh: float = WALKING_KMH) -> float:
    """Radius in metres of the circle that stands for `minutes` without a street graph."""
    return speed_kmh * 1000.0 * minutes / 60.0 / DETOUR
