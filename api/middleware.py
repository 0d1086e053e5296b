"""What every request passes: an id, security headers, a limit on its body."""

import logging
import time
import uuid
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import answer_unknown, problem

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A batch of 100,000 points is about 4 MB."""

_SECURITY_HEADERS = {
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self)",
}

_log = logging.getLogger("gridgis.requests")


class TooLarge(Exception):
    """The body passes the limit."""


class RequestContext:
    """Gives each request an id, its answer the security headers, and the log one line.

    An error that nobody foresaw is answered here, not by the framework's outermost layer, whose
    answers have neither.
    """

    def __init__(self, app: ASGIApp, *, basemap_url: str = "") -> None:
        self._app = app
        headers = _SECURITY_HEADERS | {"Content-Security-Policy": _make_policy(basemap_url)}
        self._headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # the answer of GET without its body
            scope = {**scope, "method": "GET"}
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        began_at = time.perf_counter()
        status, started = 500, False

        async def send_with_headers(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                given = list(message.get("headers", ()))
                names = {name for name, _ in given}
                missing = [header for header in self._headers if header[0] not in names]
                own = (b"x-request-id", request_id.encode())
                message = {**message, "headers": [*given, own, *missing]}
            elif method == "HEAD" and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if started:  # half an answer is out: only a broken connection tells the reader
                raise
            answer = answer_unknown(Request(scope), error)
            await answer(scope, receive, send_with_headers)
        finally:
            # the path, never the query: it may hold the place of a person
            _log.info(
                "%s %s %d %.1f ms %s",
                method,
                scope["path"],
                status,
                (time.perf_counter() - began_at) * 1000,
                request_id,
            )


class BodyLimit:
    """Refuses bodies over `MAX_BODY_BYTES`, counted as they arrive; the server has no limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        started = False

        async def counted_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_BODY_BYTES:
                raise TooLarge
            return message

        async def noted_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if _declared_length(scope) > MAX_BODY_BYTES:
                raise TooLarge
            await self._app(scope, counted_receive, noted_send)
        except TooLarge:
            if started:
                raise
            limit = f"a request may hold {MAX_BODY_BYTES // 1024**2} MiB; send it in parts"
            refusal = problem(Request(scope), 413, "too_large", limit, {"Connection": "close"})
            await refusal(scope, receive, send)


def _make_policy(basemap_url: str) -> str:
    """Allow the pages nothing but their own server, and the images of a basemap that was set."""
    parts = urlsplit(basemap_url)
    tiles = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return (
        f"default-src 'self'; img-src 'self' data: blob:{tiles}; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
