"""Service points, what they serve, and how well they cover the grids."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gridgis.services.catalogue import open_edition
from gridgis.services.coverage import describe_coverage, measure_coverage
from gridgis.services.points import draw_area, find_nearest_points, list_points

from ..deps import Wired
from ..replies import next_link, reply_json
from ..schemas.answers import CoverageAnswer, NearPointList, PointList
from ..schemas.params import (
    AreaQuery,
    CoverageQuery,
    NearestQuery,
    PathCode,
    PointsQuery,
    parse_bbox,
)

router = APIRouter(tags=["service points"])


@router.get("/service-points", response_model=PointList)
def service_points(
    query: Annotated[PointsQuery, Query()], request: Request, wired: Wired
) -> dict[str, object]:
    """List service points by code."""
    bbox = None if query.bbox is None else parse_bbox(query.bbox)
    points = list_points(
        wired.store, kind=query.kind, bbox=bbox, after=query.after, limit=query.limit + 1
    )
    shown = points[: query.limit]
    after = shown[-1]["code"] if len(points) > query.limit else None
    return {"service_points": shown, "next": next_link(request, after)}


@router.get("/service-points/nearest", response_model=NearPointList)
def nearest(query: Annotated[NearestQuery, Query()], wired: Wired) -> dict[str, object]:
    """List the service points nearest to a place, with walking minutes."""
    lon, lat = query.position()
    points = find_nearest_points(
        wired.store, lon, lat, kind=query.kind, minutes=query.minutes, limit=query.limit
    )
    return {"service_points": points}


@router.get(
    "/service-points/{code:path}/area", responses={200: {"content": {"application/geo+json": {}}}}
)
def area(
    code: PathCode, query: Annotated[AreaQuery, Query()], request: Request, wired: Wired
) -> Response:
    """Give what one point serves as GeoJSON; a drawing, counts come from ``/coverage``."""
    content = draw_area(wired.store, code, minutes=query.minutes, mode=query.mode)
    return reply_json(request, content, media_type="application/geo+json")


@router.get("/coverage", response_model=CoverageAnswer)
def coverage(query: Annotated[CoverageQuery, Query()], wired: Wired) -> dict[str, object]:
    """Count the residents of each grid with a service point in reach."""
    view = open_edition(wired.snapshot, query.layer, at=wired.clock())
    measured = measure_coverage(wired.store, view, minutes=query.minutes, kind=query.kind)
    return describe_coverage(measured)
