"""The application: everything is wired here and nowhere else."""

import multiprocessing
import os
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import Depends, FastAPI

from gridgis import __version__
from gridgis.parse import parse_zone
from gridgis.services.editions import EditionViews
from gridgis.services.geojson import GridCollections
from gridgis.services.snapshot import SnapshotKeeper
from gridgis.settings import Settings, load_settings
from gridgis.spatial.index import warm_up
from gridgis.store.database import Store

from .deps import Wiring, refuse_doubled
from .errors import TITLES, add_error_handlers
from .middleware import BodyLimit, RequestContext
from .routes import health, incidents, layers, lookup, pages, points
from .schemas.answers import Problem

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": title,
        # a model would be described as application/json, which no refusal is
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
    for status, title in TITLES.items()
    if status != 405
}


def create_app(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    settings
        Where the database and the cache are.
    clock
        Gives the present time in UTC; the system's without one.
    """
    now = clock or (lambda: datetime.now(UTC))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _end_with_parent()
        zone = parse_zone(settings.timezone)
        store = Store(settings.database_url)
        store.require_current()
        warm_up()
        keeper = SnapshotKeeper(store, EditionViews(store, settings.cache_dir), clock=now)
        keeper.start()
        app.state.wiring = Wiring(settings, store, keeper, zone, now)
        try:
            yield
        finally:
            keeper.stop()
            store.close()

    app = FastAPI(
        title="gridgis",
        version=__version__,
        summary="Grids of responsibility: which grid is this, and who is responsible",
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(refuse_doubled)],
        responses=_PROBLEMS,
    )
    add_error_handlers(app)
    app.add_middleware(lookup.DirectLookup)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestContext, basemap_url=settings.basemap_url)
    collections = GridCollections()
    app.include_router(health.router)
    for router in (
        lookup.router,
        layers.make_router(collections),
        points.router,
        incidents.router,
        health.page_router,
    ):
        app.include_router(router, prefix="/api/v1")
    pages.add_pages(app)
    return app


def _end_with_parent() -> None:
    """End this worker when the process that supervises it is gone; else it would keep the port."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=follow, name="parent", daemon=True).start()


def from_environment() -> FastAPI:
    """Make the application from `GRIDGIS_*`; the factory that servers are given."""
    return create_app(load_settings())
