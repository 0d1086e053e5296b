"""The answers, field by field, for the API description; a test holds real answers against them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Certainty = Literal["certain", "ambiguous", "outside"]
ReasonCode = Literal["vacant_role", "vacant_grid", "vacant_chain"]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GridName(_Answer):
    """A grid by code and name, with the code of its level."""

    level: str
    code: str
    name: str


class Vacant(_Answer):
    """What is vacant: a role, or every role, of a grid."""

    role: str | None
    level: str
    grid: str


class Responsible(_Answer):
    """Who answers; `reason` says why it is not a member of the grid itself."""

    role: str | None
    member: str | None
    phone: str | None
    grid: str
    acting_for: str | None
    reason: str | None
    reason_code: ReasonCode | None
    vacant: Vacant | None


class Border(_Answer):
    """Metres to the nearest border, and the grid beyond it (null: outside the layer)."""

    distance_m: float
    neighbour: str | None


class Nearest(_Answer):
    """The nearest grid of a place outside, and the metres to it."""

    code: str
    name: str
    distance_m: float


class LayerAnswer(_Answer):
    """The answer in one layer."""

    layer: str
    edition: int | None
    grid: GridName | None
    chain: list[GridName]
    responsible: list[Responsible]
    border: Border | None
    certainty: Certainty
    nearest: Nearest | None = None
    reason: str | None = None


class LookupAnswer(_Answer):
    """The answer for one place, a result for each layer asked."""

    lon: float
    lat: float
    at: str
    results: list[LayerAnswer]


class BatchAnswer(_Answer):
    """Answers in the order of the points."""

    answers: list[LookupAnswer]


class Problem(_Answer):
    """A refusal, RFC 9457; `code` is stable, `instance` the id of the request."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str


class LevelAnswer(_Answer):
    """One level of a layer; rank 1 is the top."""

    rank: int
    code: str
    name: str


class EditionAnswer(_Answer):
    """One edition; `valid_to` is null while no later one is known."""

    number: int
    valid_from: str
    valid_to: str | None
    recorded_at: str
    grid_count: int
    area_m2: float
    digest: str
    source: dict[str, Any]


class LayerDescription(_Answer):
    """A layer, its levels from the top down, and its edition in force."""

    code: str
    name: str
    levels: list[LevelAnswer]
    edition: EditionAnswer | None
    bbox: list[float] | None


class LayerList(_Answer):
    """All layers."""

    layers: list[LayerDescription]
    next: str | None


class EditionList(_Answer):
    """All editions of a layer, in the order of their numbers."""

    editions: list[EditionAnswer]
    next: str | None


class GridAnswer(_Answer):
    """One grid: where it stands in its layer and who answers for it."""

    layer: str
    edition: int
    grid: GridName
    chain: list[GridName]
    children: list[str]
    area_m2: float
    bbox: list[float]
    responsible: list[Responsible]


class PointAnswer(_Answer):
    """A service point."""

    code: str
    kind: str
    name: str
    lon: float
    lat: float
    address: str | None
    phone: str | None
    hours: str | None
    services: list[str]


class PointList(_Answer):
    """Service points by code."""

    service_points: list[PointAnswer]
    next: str | None


class NearPoint(PointAnswer):
    """A service point near a place; `minutes` by `method`, `within` the minutes asked for."""

    distance_m: float
    minutes: float
    method: Literal["circle", "network"]
    within: bool


class NearPointList(_Answer):
    """Service points by nearness."""

    service_points: list[NearPoint]


class GridCoverage(_Answer):
    """Residents of one grid, and how many of them a service point reaches."""

    code: str
    residents: float
    covered: float
    share: float | None


class CoverageAnswer(_Answer):
    """Coverage of a layer; the grids' sums are the city's."""

    layer: str
    edition: int
    minutes: int
    mode: str
    kind: str | None
    method: Literal["circle", "network"]
    residents: float
    covered: float
    share: float | None
    grids: list[GridCoverage]


class IncidentAnswer(_Answer):
    """An incident with the grid it was in when it occurred, by layer."""

    code: str
    category: str
    occurred_at: str
    lon: float
    lat: float
    source: str
    grids: dict[str, str | None]


class IncidentList(_Answer):
    """Incidents by time."""

    incidents: list[IncidentAnswer]
    next: str | None
