from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from gridgis.errors import GeometryError
from gridgis.files.vector import read_vector
from tests.files.builders import collection, geoparquet, put, shapefile, square

Save = Callable[[str, Any], Path]


@pytest.mark.parametrize(
    ("x", "y", "phrase"),
    [
        pytest.param(39.0, 116.0, "lon and lat look swapped", id="swapped-axes"),
        pytest.param(397700.0, 137000.0, "if it is projected, pass --crs", id="projected"),
    ],
)
def test_degrees_out_of_range_are_refused_naming_the_feature(
    save: Save, x: float, y: float, phrase: str
) -> None:
    path = save("g.geojson", collection(square(x, y)))
    with pytest.raises(GeometryError) as caught:
        read_vector(path)
    assert str(caught.value).startswith(f"g.geojson feature 1 has the position ({x:g}, {y:g})")
    assert phrase in str(caught.value)


def test_one_stray_feature_is_named_and_not_taken_for_swapped_axes(save: Save) -> None:
    path = save("g.geojson", collection(square(116, 39), square(39, 116)))
    with pytest.raises(GeometryError, match=r"feature 2 .* outside lon/lat degrees"):
        read_vector(path)


def test_a_coordinate_that_is_not_finite_is_refused(tmp_path: Path, save: Save) -> None:
    line = shapely.LineString([(1, 2), (np.inf, 3)])
    path = save("g.parquet", geoparquet(shapes=[shapely.Point(1, 2), line]))
    with pytest.raises(
        GeometryError, match=r"feature 2 has a coordinate that is not a finite number"
    ):
        read_vector(path)
    parts = shapefile([{"code": b"A"}, {"code": b"B"}], [(1, 2), (float("nan"), 2)])
    with pytest.raises(GeometryError, match=r"row 2: its geometry cannot be read \(not closed"):
        read_vector(put(tmp_path, parts))


def test_a_position_without_a_place_in_its_crs_is_refused(save: Save) -> None:
    path = save("g.geojson", collection(square(1e15, 1e15)))
    with pytest.raises(GeometryError, match="has no place in EPSG:4547"):
        read_vector(path, crs="EPSG:4547")


def test_data_outside_the_area_of_their_crs_are_noted(save: Save) -> None:
    path = save("g.geojson", collection(square(-77, 38)))
    assert (
        "outside the area that EPSG:26985 is made for"
        in read_vector(path, crs="EPSG:26985").notes[0]
    )
    inside = save("g.geojson", collection(square(400000, 130000)))
    assert read_vector(inside, crs="EPSG:26985").notes == ()
