"""Is the process alive, is it ready, and what a page must know of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from gridgis import __version__
from gridgis.parse import format_time
from gridgis.services.catalogue import describe_source

from ..deps import Wired
from ..schemas.params import NoQuery

router = APIRouter(tags=["health"])
page_router = APIRouter(tags=["page"])


@router.get("/healthz")
async def healthz(_query: Annotated[NoQuery, Query()]) -> dict[str, str]:
    """Say that the process is alive."""
    return {"status": "ok"}


@router.get("/readyz")
def readyz(_query: Annotated[NoQuery, Query()], wired: Wired) -> dict[str, Any]:
    """Say what answers are given from; `stale_since` while the database cannot be reached."""
    snapshot, stale_since = wired.snapshot, wired.keeper.stale_since
    return {
        "status": "ready",
        "revision": snapshot.revision,
        "loaded_at": format_time(snapshot.loaded_at),
        "stale_since": None if stale_since is None else format_time(stale_since),
        "layers": list(snapshot.layers),
    }


@page_router.get("/page")
def page(_query: Annotated[NoQuery, Query()], wired: Wired) -> dict[str, Any]:
    """Give a page its settings, and the sources to be named in its footer."""
    snapshot, now = wired.snapshot, wired.clock()
    editions = (snapshot.edition_at(layer, now) for layer in snapshot.layers)
    return {
        "version": __version__,
        "timezone": wired.settings.timezone,
        "languages": ["zh-CN", "en"],
        "basemap": {"url": wired.settings.basemap_url, "datum": wired.settings.basemap_datum},
        "sources": [
            {"layer": edition.layer} | describe_source(edition) for edition in editions if edition
        ],
    }
