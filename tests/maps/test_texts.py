from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from string import Formatter

import pytest

from gridgis.errors import InvalidInput
from gridgis.maps.texts import (
    TEXTS,
    count_grids,
    describe_area,
    find_texts,
    format_moment,
    format_value,
    name_kind,
)
from tests.maps.cities import make_area, make_point

ENGLISH, CHINESE = TEXTS["en"], TEXTS["zh-CN"]
CIRCLE = make_area(make_point("p", "police_station", 112.5, 37.8))


def fields(text):
    return {field for _, field, _, _ in Formatter().parse(text) if field}


def test_both_languages_say_the_same_things():
    assert ENGLISH.keys() == CHINESE.keys()
    for key in ENGLISH:
        assert fields(ENGLISH[key]) == fields(CHINESE[key]), key


def test_unknown_language_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput, match="'fr' is not one the map speaks; use zh-CN or en"):
        find_texts("fr")


def test_circle_is_called_a_circle_that_does_not_follow_streets():
    assert describe_area(CIRCLE, ENGLISH) == (
        "15 min walking: circle, 833 m straight, not along streets"
    )
    assert describe_area(CIRCLE, CHINESE) == "15 分钟步行：直线圆圈，半径 833 米，不沿街道"


def test_area_along_streets_is_not_called_a_circle():
    along = replace(CIRCLE, method="network", radius_m=None)
    assert describe_area(along, ENGLISH) == "15 min walking: along streets"
    assert describe_area(along, CHINESE) == "15 分钟步行：沿街道"


def test_kind_of_the_sites_own_is_shown_as_its_word():
    assert name_kind("fire_station", CHINESE) == "消防站"
    assert name_kind("tea_house", CHINESE) == "tea house"


@pytest.mark.parametrize(
    ("value", "measure", "written"),
    [
        pytest.param(1234, "incidents", "1,234", id="count"),
        pytest.param(0.6273, "coverage", "62.7%", id="share"),
        pytest.param(None, "coverage", "no data", id="no data"),
    ],
)
def test_value(value, measure, written):
    assert format_value(value, measure, ENGLISH) == written


def test_one_grid_is_singular():
    assert [count_grids(count, ENGLISH) for count in (0, 1, 2)] == ["0 grids", "1 grid", "2 grids"]


def test_moment_keeps_its_zone():
    moment = datetime(2026, 11, 22, 16, 5, 59, tzinfo=timezone(timedelta(hours=8)))
    assert format_moment(moment) == "2026-11-22 16:05+08:00"
    assert format_moment(moment.astimezone(UTC)) == "2026-11-22 08:05 UTC"
