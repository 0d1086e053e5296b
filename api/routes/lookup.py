"""Which grid is this, and who is responsible: one place or many."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from gridgis.errors import InvalidInput
from gridgis.services.lookup import (
    Answer,
    Question,
    find_layers,
    look_up,
    look_up_if_ready,
    look_up_many,
)
from gridgis.spatial.datum import Datum, to_wgs84
from gridgis.spatial.lattice import FloatArray

from ..deps import Wired, Wiring
from ..schemas.answers import BatchAnswer, LookupAnswer
from ..schemas.params import LookupQuery, make_question

router = APIRouter(tags=["lookup"])

_LOOKUP_PATH = "/api/v1/lookup"
_DEGREES = rb"(-?\d{1,3}(?:\.\d{1,20})?)"
_PLAIN = re.compile(rb"lon=%b&lat=%b(?:&layer=([\w.-]{1,120}))?" % (_DEGREES, _DEGREES))
_BATCH_FIELDS = {"points", "layer", "at", "known_at", "datum", "accuracy_m"}
_BATCH_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["points"],
                "additionalProperties": False,
                "properties": {
                    "points": {
                        "type": "array",
                        "items": {
                            "type": "array",
                            "items": {"type": "number"},
                            "minItems": 2,
                            "maxItems": 2,
                        },
                        "description": "lon, lat in degrees",
                    },
                    "layer": {"type": "string"},
                    "at": {"type": "string"},
                    "known_at": {"type": "string"},
                    "datum": {"enum": ["wgs84", "gcj02", "bd09"]},
                    "accuracy_m": {"type": "number", "minimum": 0},
                },
            }
        }
    },
}


@dataclass(frozen=True)
class _Batch:
    """The body of a batch; `points` is (n, 2) in degrees."""

    points: FloatArray
    layer: str | None
    at: str | None
    known_at: str | None
    accuracy_m: float
    datum: Datum


@router.get("/lookup", response_model=LookupAnswer)
def lookup(query: Annotated[LookupQuery, Query()], wired: Wired) -> Response:
    """Say which grid a place is in and who is responsible, in one layer or in all."""
    layers = None if query.layer is None else [query.layer]
    question = make_question(query, now=wired.clock(), zone=wired.zone, layers=layers)
    answer = look_up(wired.snapshot, *query.position(), question)
    return Response(orjson.dumps(answer), media_type="application/json")


class DirectLookup:
    """Answers the plain question, a place now, ahead of the router, on the event loop.

    The way through router, dependencies, query model and thread pool costs some ten times the
    answer. Whatever is not plain, or not ready, takes it: only that way refuses, loads or builds.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        body = _answer_plain(scope) if scope["type"] == "http" else None
        if body is None:
            await self._app(scope, receive, send)
            return
        length = str(len(body)).encode()
        headers = [(b"content-length", length), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _answer_plain(scope: Scope) -> bytes | None:
    if scope["method"] != "GET" or scope["path"] != scope.get("root_path", "") + _LOOKUP_PATH:
        return None
    plain = _PLAIN.fullmatch(scope["query_string"])
    if plain is None:
        return None
    lon, lat = float(plain[1]), float(plain[2])
    if abs(lon) > 180.0 or abs(lat) > 90.0:
        return None
    wired: Wiring = scope["app"].state.wiring
    layers = None if plain[3] is None else [plain[3].decode()]
    question = Question(at=wired.clock(), layers=layers)
    answer = look_up_if_ready(wired.snapshot, lon, lat, question)
    return None if answer is None else orjson.dumps(answer)


@router.post(
    "/lookup/batch", response_model=BatchAnswer, openapi_extra={"requestBody": _BATCH_BODY}
)
async def lookup_batch(request: Request, wired: Wired) -> Response:
    """Answer for many places, in their order; the answer is streamed."""
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type.strip().lower() != "application/json":
        raise HTTPException(415, "send the points as application/json")
    # a large body takes a while to read; other requests of this process go on meanwhile
    batch = await run_in_threadpool(_read_batch, await request.body())
    layers = None if batch.layer is None else [batch.layer]
    question = make_question(batch, now=wired.clock(), zone=wired.zone, layers=layers)
    snapshot = wired.snapshot
    find_layers(snapshot, layers)
    lon, lat = batch.points.T
    if batch.datum != "wgs84":
        lon, lat = to_wgs84(lon, lat, batch.datum)
    blocks = look_up_many(snapshot, lon, lat, question)
    return StreamingResponse(_encode(blocks), media_type="application/json")


def _encode(blocks: Iterator[list[Answer]]) -> Iterator[bytes]:
    yield b'{"answers":['
    comma = b""
    for block in blocks:
        yield comma + orjson.dumps(block)[1:-1]
        comma = b","
    yield b"]}"


def _read_batch(body: bytes) -> _Batch:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the body is not JSON: {error}") from error
    # orjson takes the last of two equal names; nobody can say which was meant
    json.loads(body, object_pairs_hook=_refuse_doubled)
    if not isinstance(given, dict) or "points" not in given:
        raise InvalidInput('the body is not an object with "points": [[lon, lat], ...]')
    for name in given:
        if name not in _BATCH_FIELDS:
            raise InvalidInput(f"there is no field {name!r} here")
    for name in ("layer", "at", "known_at"):
        if not isinstance(given.get(name), str | None):
            raise InvalidInput(f"field {name} is not a text")
    accuracy_m = given.get("accuracy_m", 0.0)
    if not _is_number(accuracy_m) or not 0 <= accuracy_m <= 100_000:
        raise InvalidInput("field accuracy_m is not between 0 and 100000 metres")
    datum = given.get("datum", "wgs84")
    if datum not in get_args(Datum):
        raise InvalidInput(f"field datum is not one of {', '.join(get_args(Datum))}")
    points = _read_points(given["points"])
    return _Batch(
        points, given.get("layer"), given.get("at"), given.get("known_at"), accuracy_m, datum
    )


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    counts = Counter(name for name, _ in pairs)
    for name, count in counts.items():
        if count > 1:
            raise InvalidInput(f"field {name} is given {count} times; give it once")


def _read_points(points: Any) -> FloatArray:
    if not isinstance(points, list):
        raise InvalidInput("field points is not a list of [lon, lat]")
    for number, point in enumerate(points):
        is_pair = isinstance(point, list) and len(point) == 2
        if not is_pair or not all(_is_number(degrees) for degrees in point):
            raise InvalidInput(f"points[{number}] is not [lon, lat] in numbers")
    degrees = np.array(points, dtype=np.float64).reshape(-1, 2)
    beyond = np.flatnonzero((np.abs(degrees) > [180.0, 90.0]).any(axis=1))
    if len(beyond):
        lon, lat = points[beyond[0]]
        raise InvalidInput(
            f"points[{beyond[0]}] is [{lon}, {lat}], outside ±180 and ±90 degrees; "
            "lon comes first, then lat"
        )
    return degrees


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
