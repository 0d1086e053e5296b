"""What readers notice while an edition is published: every request of a steady load is timed."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import orjson

from gridgis.files.vector import read_vector
from gridgis.services.gridset import Columns, prepare_grids
from gridgis.services.publishing import NewEdition, prepare_edition, publish
from gridgis.store import editions as edition_rows
from gridgis.store.database import Store
from tests import dc

_LAYER = "anc"
_READERS = 4
_PAUSE_SECONDS = 0.004
_WINDOW_SECONDS = 2.0


class Reply(NamedTuple):
    """One reply: when it was asked for, how long it took, its status, the edition it names."""

    asked_at: float
    seconds: float
    status: int
    edition: int


def measure(address: str, settings: Mapping[str, str], seconds: int) -> dict[str, Any]:
    """Load a server for some seconds and publish the next edition of a layer in the middle."""
    store = Store(settings["GRIDGIS_DATABASE_URL"])
    try:
        new = _prepare(store)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            reading = pool.submit(_read_steadily, address, seconds)
            time.sleep(seconds / 2)
            published_at = time.time()
            publish(store, new, now=datetime.now(UTC), actor="bench")
            done_at = time.time()
            replies = reading.result()
    finally:
        store.close()
    return _summarise(replies, published_at, done_at)


def _prepare(store: Store) -> NewEdition:
    """Prepare the present grids of the layer as an edition of their own, in force from now."""
    with store.reading() as tx:
        layer = next(some for some in edition_rows.load_layers(tx) if some.code == _LAYER)
    file = read_vector(dc.FOLDER / "smd.geojson")
    grid_set = prepare_grids(file, Columns("smd", "name", ("anc",)))
    source = {"file": Path(file.path).name if hasattr(file, "path") else "smd.geojson"}
    return prepare_edition(layer, grid_set, valid_from=datetime.now(UTC), source=source)


def _read_steadily(address: str, seconds: int) -> list[Reply]:
    return asyncio.run(_read_all(address, seconds))


async def _read_all(address: str, seconds: int) -> list[Reply]:
    end = time.time() + seconds
    read = await asyncio.gather(*(_read(address, end) for _ in range(_READERS)))
    return [reply for replies in read for reply in replies]


async def _read(address: str, end: float) -> list[Reply]:
    """Ask again and again over one connection, with a pause between."""
    where = urlsplit(address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lon, lat = dc.WHITE_HOUSE
    path = f"/api/v1/lookup?lon={lon}&lat={lat}&layer={_LAYER}"
    question = f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode()
    replies = []
    while time.time() < end:
        asked_at, began = time.time(), time.perf_counter()
        writer.write(question)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line.split(b":")[1]) for line in lines if b"content-length:" in line)
        body = await reader.readexactly(length)
        took = time.perf_counter() - began
        status = int(head.split(b" ", 2)[1])
        edition = orjson.loads(body)["results"][0]["edition"] if status == 200 else 0
        replies.append(Reply(asked_at, took, status, edition))
        await asyncio.sleep(_PAUSE_SECONDS)
    writer.close()
    return replies


def _summarise(replies: Sequence[Reply], published_at: float, done_at: float) -> dict[str, Any]:
    start = min(reply.asked_at for reply in replies)
    swapped_at = min((r.asked_at for r in replies if r.edition == 2), default=float("nan"))
    windows: dict[int, list[float]] = {}
    for reply in replies:
        window = int((reply.asked_at - start) / _WINDOW_SECONDS)
        windows.setdefault(window, []).append(reply.seconds * 1000)
    p99 = [round(float(np.percentile(some, 99)), 2) for _, some in sorted(windows.items())]
    return {
        "requests": len(replies),
        "failed": sum(reply.status != 200 for reply in replies),
        "window_seconds": _WINDOW_SECONDS,
        "p99_ms_by_window": p99,
        "published_in_window": int((published_at - start) / _WINDOW_SECONDS),
        "swapped_in_window": int((swapped_at - start) / _WINDOW_SECONDS),
        "swapped_after_seconds": round(swapped_at - done_at, 3),
        "worst_ms": round(max(reply.seconds for reply in replies) * 1000, 2),
    }
