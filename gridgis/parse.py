"""Strict readers of numbers, positions and times: one meaning, or a refusal in words.

Python reads ``1_1_3`` as 113 and ``nan`` as a number, FastAPI reads ``0.5`` as a time in 1970; a
place or a time guessed that way would name the wrong responder.
"""

import re
from datetime import UTC, date, datetime, time
from math import isfinite
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridgis.errors import ConfigError, InvalidInput

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_GROUPED_NUMBER = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def parse_number(text: str, what: str = "number") -> float:
    """Read a plain decimal number; thousands commas (``397,700.46``) are allowed.

    Raises
    ------
    InvalidInput
        If the text is empty, is not a number, or is not finite.
    """
    stripped = text.strip()
    if _GROUPED_NUMBER.fullmatch(stripped):
        stripped = stripped.replace(",", "")
    if not _NUMBER.fullmatch(stripped):
        raise InvalidInput(f"{what} {_shown(text)} is not a number; write it like -77.0365")
    number = float(stripped)
    if not isfinite(number):
        raise InvalidInput(f"{what} {_shown(text)} is too large")
    return number


def parse_lon(text: str) -> float:
    """Read a longitude in degrees, -180 to 180."""
    return _within(parse_number(text, "lon"), 180.0, "lon", text)


def parse_lat(text: str) -> float:
    """Read a latitude in degrees, -90 to 90."""
    return _within(parse_number(text, "lat"), 90.0, "lat", text)


def parse_time(text: str, zone: ZoneInfo, what: str = "time") -> datetime:
    """Read an RFC 3339 time, or a plain date as its midnight in `zone`; returned in UTC.

    Raises
    ------
    InvalidInput
        If the text is neither, has no zone, or lies outside the years 1900 to 2200.
    """
    stripped = text.strip()
    try:
        if _DATE.fullmatch(stripped):
            parsed = datetime.combine(date.fromisoformat(stripped), time(), zone)
        elif _TIME.fullmatch(stripped):
            parsed = datetime.fromisoformat(stripped.upper().replace(" ", "T"))
        else:
            raise ValueError
        if not _FIRST_YEAR <= parsed.year < _LAST_YEAR:
            raise ValueError
        return parsed.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(
            f"{what} {_shown(text)} is not a time; write a date (2026-11-22) or a time with its "
            "zone (2026-11-22T08:00:00Z), from 1900 to 2199"
        ) from error


def parse_zone(name: str) -> ZoneInfo:
    """Find a time zone of the IANA database by its name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"GRIDGIS_TIMEZONE {name!r} is not a zone of the IANA database; "
            "write it like Asia/Shanghai"
        ) from error


def format_time(moment: datetime) -> str:
    """Write a time in UTC as RFC 3339 with a ``Z``, with fractions of a second where it has any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _within(number: float, limit: float, what: str, text: str) -> float:
    if abs(number) > limit:
        raise InvalidInput(
            f"{what} {_shown(text)} is outside -{limit:g} to {limit:g} degrees; "
            "lon comes first, then lat"
        )
    return number


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")
