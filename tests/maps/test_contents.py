from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from gridgis.errors import InvalidInput
from gridgis.maps.contents import MapIncidents, check_contents
from tests.maps.cities import make_area, make_four_grids, make_point, make_small_city

GRIDS = make_four_grids()
STRAY = make_area(make_point("elsewhere", "library", 112.5, 37.8))


def test_small_city_can_be_drawn():
    check_contents(make_small_city())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"grids": []}, "Community grids has no grids", id="no grids"),
        pytest.param(
            {"at": datetime(2026, 1, 1)}, "at 2026.* no time zone", id="time without zone"
        ),
        pytest.param(
            {"grids": [*GRIDS, GRIDS[1]]}, "grid B is on the map 2 times", id="grid twice"
        ),
        pytest.param({"areas": [STRAY]}, "area of elsewhere has no service point", id="stray area"),
        pytest.param(
            {"incidents": MapIncidents([1.0], [2.0, 3.0], ["noise"])},
            "1 lon, 2 lat and 1 categories",
            id="columns of unequal length",
        ),
        pytest.param(
            {"incidents": MapIncidents([1.0, np.nan], [2.0, 3.0], ["noise"] * 2)},
            "incident 2 of 2 has no position",
            id="incident without a longitude",
        ),
        pytest.param(
            {"incidents": MapIncidents([37.8], [112.5], ["noise"])},
            "incident 1 of 1 has no position",
            id="incident with swapped axes",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(change, said):
    with pytest.raises(InvalidInput, match=said):
        check_contents(make_small_city(**change))


def test_service_point_twice_is_refused():
    city = make_small_city()
    with pytest.raises(InvalidInput, match="service point p1 is on the map 2 times"):
        check_contents(replace(city, points=(*city.points, city.points[0])))
