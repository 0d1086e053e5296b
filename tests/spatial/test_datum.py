import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gridgis.spatial.datum import (
    Datum,
    bd09_from_gcj02,
    from_wgs84,
    gcj02_from_bd09,
    gcj02_from_wgs84,
    suspect_datum,
    to_wgs84,
    wgs84_from_gcj02,
)

WGS84 = Geod(ellps="WGS84")
# well inside the rectangle of the shift
CHINESE_LON = st.floats(73.0, 135.0)
CHINESE_LAT = st.floats(3.0, 54.0)


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    return float(WGS84.inv(lon, lat, other_lon, other_lat)[2])


@pytest.mark.parametrize(
    ("wgs84", "gcj02", "bd09"),
    [
        # the pair that the first open implementations published as their check
        pytest.param((116.39123, 39.90691), (116.39747107, 39.90831122), None, id="beijing"),
        # the example of Baidu's own conversion service
        pytest.param(None, (116.404, 39.915), (116.41036949, 39.92133699), id="gcj02-to-bd09"),
    ],
)
def test_published_pairs(
    wgs84: tuple[float, float] | None,
    gcj02: tuple[float, float],
    bd09: tuple[float, float] | None,
) -> None:
    if wgs84 is not None:
        assert np.allclose(gcj02_from_wgs84(*wgs84), gcj02, atol=1e-8)
        assert np.allclose(wgs84_from_gcj02(*gcj02), wgs84, atol=1e-8)
    if bd09 is not None:
        assert np.allclose(bd09_from_gcj02(*gcj02), bd09, atol=1e-8)
        assert np.allclose(gcj02_from_bd09(*bd09), gcj02, atol=1e-8)


@settings(deadline=None)
@given(lon=CHINESE_LON, lat=CHINESE_LAT, datum=st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_there_and_back_is_less_than_a_tenth_of_a_millimetre(
    lon: float, lat: float, datum: Datum
) -> None:
    there = from_wgs84(lon, lat, datum)
    back = to_wgs84(*there, datum)
    assert distance_m(lon, lat, *map(float, back)) < 1e-4
    again = from_wgs84(*back, datum)
    assert np.allclose(again, there, atol=1e-9, rtol=0)


@pytest.mark.parametrize("lon", [105.0, 105.0 + 1e-12, np.nextafter(105.0, 0.0)])
def test_the_inverse_holds_where_the_formula_has_a_corner(lon: float) -> None:
    back = wgs84_from_gcj02(*gcj02_from_wgs84(lon, 35.0))
    assert distance_m(lon, 35.0, *map(float, back)) < 1e-4


@settings(deadline=None)
@given(lon=CHINESE_LON, lat=CHINESE_LAT)
def test_the_shift_is_of_the_known_size(lon: float, lat: float) -> None:
    assert 10 < distance_m(lon, lat, *map(float, gcj02_from_wgs84(lon, lat))) < 1000
    assert 400 < distance_m(lon, lat, *map(float, bd09_from_gcj02(lon, lat))) < 1100


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        pytest.param(-77.0365, 38.8977, id="washington"),
        pytest.param(139.69, 35.69, id="tokyo"),
        pytest.param(115.0, -32.0, id="south-of-the-equator"),
    ],
)
@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_outside_china_nothing_is_shifted(lon: float, lat: float, datum: Datum) -> None:
    assert tuple(map(float, from_wgs84(lon, lat, datum))) == (lon, lat)
    assert tuple(map(float, to_wgs84(lon, lat, datum))) == (lon, lat)


def test_arrays_keep_their_shape_and_nan_and_are_not_changed() -> None:
    lon = np.array([[116.0, np.nan], [-77.0, 108.0]])
    lat = np.array([[39.0, 39.0], [38.0, np.nan]])
    before = lon.copy()
    for datum in ("wgs84", "gcj02", "bd09"):
        out_lon, out_lat = to_wgs84(lon, lat, datum)
        assert out_lon.shape == out_lat.shape == (2, 2)
        assert np.isnan(out_lon).tolist() == np.isnan(lon).tolist()
        assert np.isnan(out_lat).tolist() == np.isnan(lat).tolist()
        assert np.array_equal(lon, before, equal_nan=True)
        assert not np.shares_memory(out_lon, lon)


# suspicion

# six districts of a made-up city near Taiyuan, drawn by an irregular sketch of corners
#
#   a---b---c---d
#   | 0 | 1 | 2 |
#   e---f---g---h
#   | 3 | 4 | 5 |
#   i---j---k---l
CORNERS = np.array(
    [
        [(112.40, 38.10), (112.52, 38.13), (112.61, 38.09), (112.77, 38.11)],
        [(112.38, 37.95), (112.55, 37.98), (112.63, 37.93), (112.79, 37.97)],
        [(112.41, 37.80), (112.50, 37.83), (112.66, 37.78), (112.75, 37.81)],
    ]
)
DISTRICTS = np.array(
    [
        shapely.Polygon(
            [
                CORNERS[row, column],
                CORNERS[row + 1, column],
                CORNERS[row + 1, column + 1],
                CORNERS[row, column + 1],
            ]
        )
        for row in range(2)
        for column in range(3)
    ]
)


def shifted(shapes: np.ndarray, datum: Datum) -> np.ndarray:
    """What a file in a datum holds for places of WGS84."""
    moved: np.ndarray = shapely.transform(
        shapes,
        lambda positions: np.column_stack(from_wgs84(positions[:, 0], positions[:, 1], datum)),
    )
    return moved


def unshifted(shapes: np.ndarray, datum: Datum) -> np.ndarray:
    moved: np.ndarray = shapely.transform(
        shapes, lambda positions: np.column_stack(to_wgs84(positions[:, 0], positions[:, 1], datum))
    )
    return moved


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_set_declared_as_wgs84_is_suspected(datum: Datum) -> None:
    suspicion = suspect_datum(shifted(DISTRICTS, datum), DISTRICTS)
    assert suspicion is not None
    assert (suspicion.datum, suspicion.of_reference) == (datum, False)
    assert suspicion.misfit_m > 100
    assert suspicion.misfit_after_m < 0.001


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_shifted_reference_is_suspected(datum: Datum) -> None:
    suspicion = suspect_datum(DISTRICTS, shifted(DISTRICTS, datum))
    assert suspicion is not None
    assert (suspicion.datum, suspicion.of_reference) == (datum, True)


def test_a_set_that_was_unshifted_for_nothing_is_suspected() -> None:
    suspicion = suspect_datum(unshifted(DISTRICTS, "gcj02"), DISTRICTS, declared="gcj02")
    assert suspicion is not None
    assert (suspicion.datum, suspicion.of_reference) == ("wgs84", False)


def test_bd09_taken_for_gcj02_is_suspected() -> None:
    read_as_gcj02 = unshifted(shifted(DISTRICTS, "bd09"), "gcj02")
    suspicion = suspect_datum(read_as_gcj02, DISTRICTS, declared="gcj02")
    assert suspicion is not None
    assert suspicion.datum == "bd09"


def test_the_union_of_the_grids_is_enough() -> None:
    outline = [shapely.union_all(DISTRICTS)]
    suspicion = suspect_datum([shapely.union_all(shifted(DISTRICTS, "gcj02"))], outline)
    assert suspicion is not None
    assert suspicion.datum == "gcj02"


def test_points_against_their_survey() -> None:
    places = shapely.centroid(DISTRICTS)
    suspicion = suspect_datum(shifted(places, "gcj02"), places)
    assert suspicion is not None
    assert suspicion.datum == "gcj02"
    assert suspicion.misfit_m > 300


def test_coarser_outlines_are_still_recognised() -> None:
    # vertices rounded to a thousandth of a degree, about 100 m, as web maps publish them
    coarse = shapely.transform(shifted(DISTRICTS, "gcj02"), lambda positions: positions.round(3))
    suspicion = suspect_datum(coarse, DISTRICTS)
    assert suspicion is not None
    assert suspicion.datum == "gcj02"


def test_missing_and_empty_pairs_are_left_out() -> None:
    shapes = [None, shapely.Polygon(), *shifted(DISTRICTS, "gcj02")]
    references = [DISTRICTS[0], DISTRICTS[0], *DISTRICTS]
    suspicion = suspect_datum(shapes, references)
    assert suspicion is not None
    assert suspicion.datum == "gcj02"


@pytest.mark.parametrize(
    ("shapes", "references"),
    [
        pytest.param(DISTRICTS, DISTRICTS, id="the-same"),
        pytest.param([], [], id="nothing"),
        pytest.param([None], [DISTRICTS[0]], id="nothing-to-compare"),
        pytest.param(
            shapely.transform(DISTRICTS, lambda p: p + 0.0002), DISTRICTS, id="redrawn-by-20-m"
        ),
        pytest.param(
            shapely.transform(DISTRICTS, lambda p: p - 0.02), DISTRICTS, id="moved-another-way"
        ),
        pytest.param(DISTRICTS[[1, 2, 0, 4, 5, 3]], DISTRICTS, id="other-districts"),
        pytest.param(
            [shapely.box(-77.1, 38.8, -77.0, 38.9)],
            [shapely.box(-77.104, 38.804, -77.004, 38.904)],
            id="outside-china",
        ),
    ],
)
def test_what_no_datum_explains_is_not_suspected(
    shapes: list[shapely.Geometry], references: list[shapely.Geometry]
) -> None:
    assert suspect_datum(shapes, references) is None
