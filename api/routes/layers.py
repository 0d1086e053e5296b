"""Layers, their editions, and their grids."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from gridgis.errors import InvalidInput
from gridgis.parse import parse_time
from gridgis.services.catalogue import (
    describe_one_grid,
    find_rank,
    list_editions,
    list_layers,
    open_edition,
)
from gridgis.services.geojson import GridCollections
from gridgis.services.lookup import Question

from ..deps import Wired
from ..replies import reply_geojson, reply_json
from ..schemas.answers import EditionList, GridAnswer, LayerList
from ..schemas.params import AtQuery, GridsQuery, NoQuery, PathCode, parse_bbox


def make_router(collections: GridCollections) -> APIRouter:
    """Make the routes; `collections` keeps encoded grids for all of them."""
    router = APIRouter(tags=["layers"])

    @router.get("/layers", response_model=LayerList)
    def layers(_query: Annotated[NoQuery, Query()], request: Request, wired: Wired) -> Response:
        """List the layers, each with its edition in force now."""
        snapshot, now = wired.snapshot, wired.clock()
        content = {"layers": list_layers(snapshot, at=now), "next": None}
        return reply_json(request, content)

    @router.get("/layers/{layer}/editions", response_model=EditionList)
    def editions(
        layer: PathCode, _query: Annotated[NoQuery, Query()], request: Request, wired: Wired
    ) -> Response:
        """List the editions of a layer by number."""
        snapshot = wired.snapshot
        content = {"editions": list_editions(snapshot, layer), "next": None}
        return reply_json(request, content)

    @router.get(
        "/layers/{layer}/grids.geojson",
        responses={200: {"content": {"application/geo+json": {}}}},
    )
    def grids(
        layer: PathCode, query: Annotated[GridsQuery, Query()], request: Request, wired: Wired
    ) -> Response:
        """Give the grids of one level as GeoJSON; their coordinates are those of lookups."""
        at = wired.clock() if query.at is None else parse_time(query.at, wired.zone, "at")
        if query.at is not None and query.edition is not None:
            raise InvalidInput("at and edition are both given; give one of them")
        view = open_edition(wired.snapshot, layer, at=at, number=query.edition)
        rank = find_rank(view.layer, query.level)
        bbox = None if query.bbox is None else parse_bbox(query.bbox)
        encoded = collections.encode(view, rank, bbox)
        return reply_geojson(request, encoded, is_fixed=query.edition is not None)

    @router.get("/grids/{layer}/{code:path}", response_model=GridAnswer)
    def grid(
        layer: PathCode,
        code: PathCode,
        query: Annotated[AtQuery, Query()],
        request: Request,
        wired: Wired,
    ) -> Response:
        """Describe one grid of any level and say who is responsible for it."""
        snapshot = wired.snapshot
        at = wired.clock() if query.at is None else parse_time(query.at, wired.zone, "at")
        view = open_edition(snapshot, layer, at=at)
        content = describe_one_grid(snapshot, view, code, Question(at))
        return reply_json(request, content)

    return router
