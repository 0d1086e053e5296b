"""Incidents: something reported at a place and time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident; `code` is unique within `source`, `lon`, `lat` in degrees on the lattice."""

    source: str
    code: str
    category: str
    occurred_at: datetime
    lon: float
    lat: float
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IncidentGrid:
    """The grid an incident was in, by the edition in force when it occurred."""

    source: str
    code: str
    layer: str
    edition: int
    grid: str | None
