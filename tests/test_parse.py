from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridgis.errors import ConfigError, InvalidInput
from gridgis.parse import format_time, parse_lat, parse_lon, parse_number, parse_time, parse_zone

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("-77.0365", -77.0365, id="a longitude"),
        pytest.param("+38.89", 38.89, id="a plus sign"),
        pytest.param(" 12\t", 12.0, id="blanks around it"),
        pytest.param(".5", 0.5, id="no leading zero"),
        pytest.param("5.", 5.0, id="no decimals after the point"),
        pytest.param("1.5e3", 1500.0, id="an exponent"),
        pytest.param("-0", 0.0, id="minus zero"),
        pytest.param("007", 7.0, id="leading zeros"),
        pytest.param("397,700.46", 397_700.46, id="thousands commas"),
        pytest.param("-1,234,567", -1_234_567.0, id="two thousands commas"),
    ],
)
def test_plain_number_is_read(text, expected):
    assert parse_number(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="blanks only"),
        pytest.param("nan", id="not a number"),
        pytest.param("-inf", id="minus infinity"),
        pytest.param("Infinity", id="infinity in words"),
        pytest.param("1_1_3", id="underscores"),
        pytest.param("0x10", id="hexadecimal"),
        pytest.param("1e", id="an exponent without digits"),
        pytest.param("1e1000", id="an exponent of four digits"),
        pytest.param("1e999", id="larger than a double"),
        pytest.param("--5", id="two signs"),
        pytest.param("5-", id="a sign behind"),
        pytest.param("1 000", id="a blank between"),
        pytest.param("1.2.3", id="two points"),
        pytest.param(".", id="a point alone"),
        pytest.param("0,050", id="a decimal comma that looks like thousands"),
        pytest.param("38,89", id="a decimal comma"),
        pytest.param("1234,567", id="a comma after four digits"),
        pytest.param("1,23,456", id="a group of two digits"),
        pytest.param("1,000e3", id="commas with an exponent"),
        pytest.param("１２", id="full-width digits"),
        pytest.param("٣٨", id="Arabic digits"),
        pytest.param("−77.0", id="a typographic minus"),
        pytest.param("38.89°", id="a degree sign"),
        pytest.param("38.89N", id="a compass letter"),
        pytest.param("5\n6", id="two lines"),
        pytest.param("5\x00", id="a NUL byte"),
        pytest.param("True", id="a truth value"),
        pytest.param("9" * 400, id="four hundred digits"),
    ],
)
def test_odd_number_is_refused_in_words(text):
    with pytest.raises(InvalidInput, match=r"is not a number; write it like|is too large"):
        parse_number(text)


def test_refusal_names_what_it_is_about_and_shortens_what_it_shows():
    with pytest.raises(InvalidInput, match=r"^lat 'x{37}\.\.\.' is not a number"):
        parse_lat("x" * 5000)


@pytest.mark.parametrize(
    ("read", "text", "expected"),
    [
        pytest.param(parse_lon, "180", 180.0, id="the 180th meridian"),
        pytest.param(parse_lon, "-180.0", -180.0, id="the 180th meridian from the west"),
        pytest.param(parse_lat, "-90", -90.0, id="the south pole"),
        pytest.param(parse_lon, "112.5", 112.5, id="a longitude beyond 90"),
    ],
)
def test_position_within_its_range_is_read(read, text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("read", "text", "said"),
    [
        pytest.param(
            parse_lat, "112.5", "lat '112.5' is outside -90 to 90", id="lon and lat swapped"
        ),
        pytest.param(parse_lon, "180.000001", "outside -180 to 180", id="just beyond"),
        pytest.param(parse_lon, "397,700.46", "outside -180 to 180", id="metres"),
        pytest.param(parse_lat, "", "lat '' is not a number", id="nothing"),
    ],
)
def test_position_outside_its_range_is_refused_in_words(read, text, said):
    with pytest.raises(InvalidInput, match=said):
        read(text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_written_double_reads_back(number):
    assert parse_number(repr(number)) == number


@given(st.text(max_size=12))
def test_any_text_is_a_number_to_python_too_or_refused(text):
    try:
        number = parse_number(text)
    except InvalidInput:
        return
    assert number == float(text.replace(",", ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-11-22", "2026-11-21T16:00:00Z", id="midnight in Shanghai"),
        pytest.param("2026-11-22T08:00:00Z", "2026-11-22T08:00:00Z", id="UTC"),
        pytest.param("2026-11-22t08:00:00z", "2026-11-22T08:00:00Z", id="small letters"),
        pytest.param("2026-11-22 08:00:00+08:00", "2026-11-22T00:00:00Z", id="a blank for the T"),
        pytest.param("2026-11-22T08:00:00-05:30", "2026-11-22T13:30:00Z", id="west of Greenwich"),
        pytest.param("2026-11-22T08:00:00.25Z", "2026-11-22T08:00:00.250000Z", id="a fraction"),
        pytest.param(
            "2026-11-22T08:00:00.123456789Z",
            "2026-11-22T08:00:00.123456Z",
            id="nanoseconds are cut",
        ),
        pytest.param(" 2024-02-29 ", "2024-02-28T16:00:00Z", id="a leap day, blanks around it"),
        pytest.param("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z", id="the first moment"),
        pytest.param("2199-12-31T23:59:59Z", "2199-12-31T23:59:59Z", id="the last second"),
    ],
)
def test_time_is_read_in_its_zone(text, expected):
    assert format_time(parse_time(text, SHANGHAI)) == expected
    assert parse_time(text, SHANGHAI).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("now", id="a word"),
        pytest.param("0.5", id="a number"),
        pytest.param("1763798400", id="seconds since 1970"),
        pytest.param("20261122", id="a date without dashes"),
        pytest.param("2026-W47-7", id="a week date"),
        pytest.param("2026-326", id="a day of the year"),
        pytest.param("22/11/2026", id="day first"),
        pytest.param("2026-02-30", id="a day that is not in the calendar"),
        pytest.param("2025-02-29", id="a leap day in a common year"),
        pytest.param("2026-11-22T08:00:00", id="a time without a zone"),
        pytest.param("2026-11-22T08:00Z", id="no seconds"),
        pytest.param("2026-11-22T25:00:00Z", id="hour 25"),
        pytest.param("2026-11-22T08:00:60Z", id="a leap second"),
        pytest.param("2026-11-22T08:00:00+25:00", id="a zone of 25 hours"),
        pytest.param("2026-11-22T08:00:00+0800", id="a zone without a colon"),
        pytest.param("2026-11-22T08:00:00 CST", id="a zone by its letters"),
        pytest.param("2026-11-22T08:00:00Z[UTC]", id="a zone in brackets"),
        pytest.param("2026-11-22T08:00:00.Z", id="a point without digits"),
        pytest.param("2026-11-22T08:00:00Z\n2026", id="two lines"),
        pytest.param("1899-12-31T23:59:59Z", id="before 1900"),
        pytest.param("2200-01-01", id="after 2199"),
        pytest.param("0000-01-01", id="year zero"),
        pytest.param("２０２６-11-22", id="full-width digits"),
    ],
)
def test_odd_time_is_refused_in_words(text):
    with pytest.raises(InvalidInput, match=r"valid_from .* is not a time; write a date"):
        parse_time(text, SHANGHAI, "valid_from")


def test_date_whose_midnight_the_clocks_skipped_begins_with_its_first_moment():
    # in São Paulo the clocks went from 00:00 to 01:00 (UTC-2) on 4 November 2018
    moment = parse_time("2018-11-04", ZoneInfo("America/Sao_Paulo"))
    assert format_time(moment) == "2018-11-04T03:00:00Z"


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2198, 12, 31)),
    st.integers(-14 * 60, 14 * 60),
)
def test_written_time_reads_back_as_the_same_moment(wall, offset_minutes):
    moment = wall.replace(tzinfo=timezone(timedelta(minutes=offset_minutes)))
    assert parse_time(format_time(moment), SHANGHAI) == moment
    assert parse_time(moment.isoformat(), SHANGHAI) == moment


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_is_refused(text):
    try:
        moment = parse_time(text, SHANGHAI)
    except InvalidInput:
        return
    assert 1899 <= moment.year <= 2200


def test_zone_is_found_by_its_name():
    assert parse_zone("Asia/Shanghai") == SHANGHAI


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Beijing", id="a city that is not a zone"),
        pytest.param("", id="nothing"),
        pytest.param("Asia", id="a folder"),
        pytest.param("../../etc/passwd", id="a path"),
        pytest.param("/etc/localtime", id="an absolute path"),
        pytest.param("UTC\x00", id="a NUL byte"),
        pytest.param("x" * 5000, id="five thousand letters"),
    ],
)
def test_unknown_zone_is_refused_in_words(name):
    with pytest.raises(
        ConfigError, match=r"GRIDGIS_TIMEZONE .* is not a zone of the IANA database"
    ):
        parse_zone(name)
