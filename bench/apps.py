"""The two applications that the lookup's route is compared with, for a server's ``--factory``."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
from fastapi import FastAPI

_CONNECTIONS = 4

_GRIDS = """
    WITH in_force AS (
        SELECT DISTINCT ON (layer) id, layer, number FROM edition
        WHERE valid_from <= %(at)s ORDER BY layer, valid_from DESC
    )
    SELECT in_force.layer, in_force.number, own.code, own.name, above.code, above.name
    FROM in_force
    LEFT JOIN LATERAL (
        SELECT code, name, parent FROM grid
        WHERE edition_id = in_force.id
          AND ST_Covers(polygon, ST_SetSRID(ST_Point(%(lon)s, %(lat)s), ST_SRID(polygon)))
        ORDER BY code LIMIT 1
    ) AS own ON true
    LEFT JOIN grid AS above ON above.edition_id = in_force.id AND above.code = own.parent
    ORDER BY in_force.layer
"""

_ROSTER = """
    SELECT layer, grid, role, member, phone FROM responsibility
    WHERE (layer, grid) IN (SELECT * FROM unnest(%(layers)s::text[], %(grids)s::text[]))
      AND recorded_to IS NULL
      AND valid_from <= %(at)s AND (valid_to IS NULL OR %(at)s < valid_to)
    ORDER BY layer, grid, role, member
"""


def hello() -> FastAPI:
    """Make the smallest application of the framework's own tutorial, in its faster form."""
    app = FastAPI()

    @app.get("/")
    async def say_hello() -> dict[str, str]:
        return {"message": "Hello World"}

    return app


def postgis() -> FastAPI:
    """Make an application that answers from a database of gridgis, whose URL is BENCH_DATABASE.

    It does less than gridgis: no border, no fallback, no time of knowledge, two levels at most.
    """
    free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        url = os.environ["BENCH_DATABASE"]
        for _n in range(_CONNECTIONS):
            # compiling each query anew would take ten times as long as answering it
            connection = await psycopg.AsyncConnection.connect(
                url, autocommit=True, options="-c jit=off"
            )
            connection.prepare_threshold = 0
            await free.put(connection)
        yield
        while not free.empty():
            await (await free.get()).close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/api/v1/lookup")
    async def look_up(lon: float, lat: float) -> dict[str, Any]:
        at = datetime.now(UTC)
        connection = await free.get()
        try:
            asked = await connection.execute(_GRIDS, {"lon": lon, "lat": lat, "at": at})
            grids = await asked.fetchall()
            places = [(row[0], code) for row in grids for code in (row[2], row[4]) if code]
            layers, codes = [place[0] for place in places], [place[1] for place in places]
            asked = await connection.execute(_ROSTER, {"layers": layers, "grids": codes, "at": at})
            roster = await asked.fetchall()
        finally:
            free.put_nowait(connection)
        results = [_answer(grid, [row for row in roster if row[0] == grid[0]]) for grid in grids]
        return {"lon": lon, "lat": lat, "at": at.isoformat(), "results": results}

    return app


def _answer(grid: Any, roster: Any) -> dict[str, Any]:
    layer, edition, *named = grid
    pairs = [named[:2], named[2:]]
    return {
        "layer": layer,
        "edition": edition,
        "chain": [{"code": code, "name": name} for code, name in pairs if code],
        "responsible": [
            {"role": role, "member": member, "phone": phone, "grid": of}
            for _, of, role, member, phone in roster
        ],
    }
