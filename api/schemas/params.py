"""Query parameters: one meaning each, unknown names refused."""

import re
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import Path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gridgis.errors import InvalidInput
from gridgis.parse import parse_lat, parse_lon, parse_number, parse_time
from gridgis.services.lookup import Question, position_in_wgs84
from gridgis.spatial.datum import Datum

_AT = "RFC 3339 time, or a date (its midnight in the zone of the service); now when it is left out"


_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def _read_whole(text: Any, what: str) -> int:
    if isinstance(text, int):
        return text
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidInput(f"{what} {str(text)[:40]!r} is not a whole number")
    return int(text)


Lon = Annotated[float, BeforeValidator(parse_lon), Field(description="degrees, west negative")]
Lat = Annotated[float, BeforeValidator(parse_lat), Field(description="degrees, south negative")]
Time = Annotated[str, Field(description=_AT, examples=["2026-11-22T08:00:00Z"])]


def _refuse_control(text: str) -> str:
    # PostgreSQL fails on a NUL, which SQLite takes; no code has any character of this kind
    if _CONTROL.search(text):
        raise InvalidInput(f"{text[:40]!r} has a control character; leave it out")
    return text


Code = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_refuse_control)]
PathCode = Annotated[str, Path(min_length=1, max_length=120), AfterValidator(_refuse_control)]
Cursor = Annotated[str, Field(max_length=1000), AfterValidator(_refuse_control)]
Minutes = Annotated[int, BeforeValidator(partial(_read_whole, what="minutes")), Field(ge=1, le=60)]
Limit = Annotated[int, BeforeValidator(partial(_read_whole, what="limit")), Field(ge=1, le=1000)]


def _read_accuracy(text: Any) -> float:
    metres = float(text) if isinstance(text, int | float) else parse_number(text, "accuracy_m")
    if not 0 <= metres <= 100_000:
        raise InvalidInput(f"accuracy_m {metres:g} is not between 0 and 100000 metres")
    return metres


class Query(BaseModel):
    """Base of all queries: a name that is not listed is refused."""

    model_config = ConfigDict(extra="forbid")


class PlaceQuery(Query):
    """Query about one place."""

    lon: Lon
    lat: Lat
    datum: Datum = "wgs84"

    def position(self) -> tuple[float, float]:
        """Return lon and lat in WGS84."""
        return position_in_wgs84(self.lon, self.lat, self.datum)


class LookupQuery(PlaceQuery):
    """Query of ``GET /lookup``."""

    layer: Code | None = None
    at: Time | None = None
    known_at: Time | None = None
    accuracy_m: Annotated[
        float,
        BeforeValidator(_read_accuracy),
        Field(description="metres within which the position may be wrong"),
    ] = 0.0


class AtQuery(Query):
    """Query of reads that depend on a time."""

    at: Time | None = None


class PageQuery(Query):
    """Query of lists: how many, and after which."""

    limit: Limit = 200
    after: Cursor | None = None


class GridsQuery(Query):
    """Query of ``GET /layers/{layer}/grids.geojson``."""

    level: Code | None = None
    at: Time | None = None
    edition: Annotated[
        int | None, BeforeValidator(partial(_read_whole, what="edition")), Field(ge=1)
    ] = None
    bbox: Annotated[str | None, Field(description="west,south,east,north in degrees")] = None


class PointsQuery(PageQuery):
    """Query of ``GET /service-points``."""

    kind: Code | None = None
    bbox: Annotated[str | None, Field(description="west,south,east,north in degrees")] = None


class NearestQuery(PlaceQuery):
    """Query of ``GET /service-points/nearest``."""

    kind: Code | None = None
    minutes: Minutes = 15
    limit: Annotated[
        int, BeforeValidator(partial(_read_whole, what="limit")), Field(ge=1, le=100)
    ] = 5


class AreaQuery(Query):
    """Query of ``GET /service-points/{id}/area``."""

    minutes: Minutes = 15
    mode: Literal["walk"] = "walk"


class CoverageQuery(Query):
    """Query of ``GET /coverage``."""

    layer: Code
    minutes: Minutes = 15
    mode: Literal["walk"] = "walk"
    kind: Code | None = None


class IncidentsQuery(PageQuery):
    """Query of ``GET /incidents``."""

    bbox: Annotated[str | None, Field(description="west,south,east,north in degrees")] = None
    since: Annotated[Time | None, Field(alias="from")] = None
    until: Annotated[Time | None, Field(alias="to")] = None
    category: Code | None = None


class NoQuery(Query):
    """Query of reads that have no parameters."""


def make_question(
    query: Any, *, now: datetime, zone: ZoneInfo, layers: list[str] | None
) -> Question:
    """Make the question of a lookup from anything with `at`, `known_at` and `accuracy_m`."""
    return Question(
        at=now if query.at is None else parse_time(query.at, zone, "at"),
        layers=layers,
        known_at=None if query.known_at is None else parse_time(query.known_at, zone, "known_at"),
        accuracy_m=query.accuracy_m,
    )


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """Read ``west,south,east,north`` in degrees.

    Raises
    ------
    InvalidInput
        If it has not four numbers, or they are out of order.
    """
    parts = text.split(",")
    if len(parts) != 4:
        raise InvalidInput(f"bbox {text[:60]!r} is not west,south,east,north")
    west, south, east, north = (
        parse_lon(parts[0]),
        parse_lat(parts[1]),
        parse_lon(parts[2]),
        parse_lat(parts[3]),
    )
    if west > east or south > north:
        raise InvalidInput(f"bbox {text[:60]!r} is out of order; write west,south,east,north")
    return west, south, east, north
