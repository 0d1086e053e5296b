"""Errors as RFC 9457 problems: one table of statuses, one form for every refusal."""

import logging
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from gridgis.errors import (
    ConfigError,
    Conflict,
    FaultsFound,
    GridgisError,
    InvalidInput,
    NotFound,
)

STATUSES: dict[type[GridgisError], int] = {
    InvalidInput: 422,
    FaultsFound: 422,
    NotFound: 404,
    Conflict: 409,
    ConfigError: 503,
    GridgisError: 500,
}
"""Status of an error: that of its own class, else of the nearest base."""

TITLES = {
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    415: "Not JSON",
    422: "Cannot be used",
    500: "Internal error",
    503: "Not available",
}
_HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "not_json"}

_log = logging.getLogger(__name__)


def problem(request: Request, status: int, code: str, detail: str, headers: Any = None) -> Response:
    """Make a problem; `instance` is the id of the request, also in its `X-Request-ID` header."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "instance": request.state.request_id,
    }
    return Response(
        orjson.dumps(body),
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of `app` that is foreseen with a problem."""
    app.add_exception_handler(GridgisError, _answer_known)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)


def _answer_known(request: Request, error: Exception) -> Response:
    assert isinstance(error, GridgisError)  # noqa: S101 - registered for this class
    status = next(STATUSES[base] for base in type(error).__mro__ if base in STATUSES)
    if status == 500:
        return answer_unknown(request, error)
    if status == 503:
        # after the start only the database can be at fault, and its name is the operator's matter
        _log.error("request %s: %s", request.state.request_id, error)
        detail = "the database cannot be reached at present; ask again in a while"
        return problem(request, status, "unavailable", detail, {"Retry-After": "5"})
    code = "invalid_parameter" if status == 422 else error.code
    return problem(request, status, code, str(error))


def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    return problem(request, 422, "invalid_parameter", _in_words(error.errors()[0]))


def _in_words(first: Any) -> str:
    where, *names = first["loc"]
    name = ".".join(str(part) for part in names) or "the body"
    kind = "parameter" if where in ("query", "path") else "field"
    if first["type"] == "missing":
        return f"{kind} {name} is missing"
    if first["type"] == "extra_forbidden":
        return f"there is no {kind} {name} here"
    message = first["msg"].removeprefix("Value error, ")
    return f"{kind} {name}: {message[:1].lower()}{message[1:]}"


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    detail = {
        404: f"there is nothing at {request.url.path}",
        405: f"{request.method} is not possible at {request.url.path}",
    }.get(error.status_code, str(error.detail))
    code = _HTTP_CODES.get(error.status_code, "error")
    return problem(request, error.status_code, code, detail, error.headers)


def answer_unknown(request: Request, error: Exception) -> Response:
    """Log an error nobody foresaw, with its trace, and tell the user only its request id."""
    _log.error("request %s failed", request.state.request_id, exc_info=error)
    detail = f"an internal error; tell the operator the request id {request.state.request_id}"
    return problem(request, 500, "internal_error", detail)
