"""Incidents, read only."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from gridgis.parse import parse_time
from gridgis.services.incidents import list_incidents, read_cursor, write_cursor

from ..deps import Wired
from ..replies import next_link
from ..schemas.answers import IncidentList
from ..schemas.params import IncidentsQuery, parse_bbox

router = APIRouter(tags=["incidents"])


@router.get("/incidents", response_model=IncidentList)
def incidents(
    query: Annotated[IncidentsQuery, Query()], request: Request, wired: Wired
) -> dict[str, object]:
    """List incidents by time, each with the grids it was in."""
    found = list_incidents(
        wired.store,
        bbox=None if query.bbox is None else parse_bbox(query.bbox),
        since=None if query.since is None else parse_time(query.since, wired.zone, "from"),
        until=None if query.until is None else parse_time(query.until, wired.zone, "to"),
        category=query.category,
        after=None if query.after is None else read_cursor(query.after),
        limit=query.limit + 1,
    )
    shown = found[: query.limit]
    after = write_cursor(shown[-1]) if len(found) > query.limit else None
    return {"incidents": shown, "next": next_link(request, after)}
