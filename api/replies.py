"""Replies that may be kept: an ETag for what is read again and again."""

import re
from hashlib import sha256
from urllib.parse import urlencode

import orjson
from fastapi import Request
from fastapi.responses import Response

from gridgis.services.geojson import Encoded

_UNCHANGED = 304
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


def reply_json(
    request: Request, content: object, *, media_type: str = "application/json"
) -> Response:
    """Reply with JSON under the digest of it; 304 without content when the reader has it."""
    body = orjson.dumps(content)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": _ASK_AGAIN}
    if _has(request, tag):
        return Response(status_code=_UNCHANGED, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def reply_geojson(request: Request, encoded: Encoded, *, is_fixed: bool) -> Response:
    """Reply with encoded GeoJSON, gzipped for readers that take it; `is_fixed` never changes."""
    tag = f'W/"{encoded.digest[:32]}"'  # weak: one tag for the plain and the gzipped bytes
    headers = {
        "ETag": tag,
        "Vary": "Accept-Encoding",
        "Cache-Control": _FOR_EVER if is_fixed else _ASK_AGAIN,
    }
    if _has(request, tag):
        return Response(status_code=_UNCHANGED, headers=headers)
    if _takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return Response(encoded.gzipped, headers=headers, media_type="application/geo+json")
    return Response(encoded.plain, headers=headers, media_type="application/geo+json")


def next_link(request: Request, after: str | None) -> str | None:
    """Return the address of the next page, from the root of the server: this query behind `after`.

    The path holds the prefix under which the server is reached, so that a client may join the link
    to the address that it asked.
    """
    if after is None:
        return None
    params = [(k, v) for k, v in request.query_params.multi_items() if k != "after"]
    return f"{request.url.path}?{urlencode([*params, ('after', after)])}"


def _has(request: Request, tag: str) -> bool:
    """Whether the reader has what `tag` names; compared weakly, as RFC 9110 has it for reads."""
    named = request.headers.get("if-none-match", "")
    known = {known.strip().removeprefix("W/") for known in named.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def _takes_gzip(request: Request) -> bool:
    for offered in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, quality = offered.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"q=0(\.0*)?", quality.strip())
    return False
