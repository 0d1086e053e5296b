import numpy as np
import pytest
import shapely
from hypothesis import given

from gridgis.spatial.seams import find_seams
from gridgis.spatial.slits import find_slits
from tests import zoo
from tests.tilings import tilings


def slits(layer):
    shapes = np.array(list(layer.values()), dtype=object)
    return find_slits(shapely.union_all(shapes), find_seams(shapes), shapes)


@pytest.mark.parametrize("name", zoo.SEAMLESS)
def test_seamless_layer_has_no_slits(name):
    assert slits(zoo.SEAMLESS[name]) == []


def test_wedge_of_two_millimetres_is_a_slit_between_both():
    ((shape, numbers),) = slits(zoo.WEDGE)
    assert numbers == (0, 1)
    wedge = shapely.Polygon([(0.001, 0), (0.001 + 18e-9, 0.001), (0.001, 0.001)])
    assert shape.symmetric_difference(wedge).area < 0.01 * wedge.area


def test_grids_that_meet_at_an_acute_angle_on_the_outline_leave_no_slit():
    # 20 degrees between their outer sides
    away = np.tan(np.radians(10))
    layer = {
        "A": zoo.polygon((0, 0), (1, 0), (1 - away, 1), (0, 1)),
        "B": zoo.polygon((1, 0), (2, 0), (2, 1), (1 + away, 1)),
    }
    assert slits(layer) == []


@given(tilings(merged=True))
def test_random_tiling_of_a_box_has_no_slits(tiling):
    assert slits(tiling.polygons) == []
