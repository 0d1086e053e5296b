from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from gridgis.errors import GeometryError, InvalidInput
from gridgis.files.vector import read_vector

Save = Callable[[str, Any], Path]

# two unit squares side by side; arc 0 is their common border, drawn upwards
#
#   (0,1)---(1,1)---(2,1)
#     | left  0  right|
#   (0,0)---(1,0)---(2,0)
ARCS = [
    [[1, 0], [1, 1]],
    [[1, 1], [0, 1], [0, 0], [1, 0]],
    [[1, 0], [2, 0], [2, 1], [1, 1]],
]


def topology(*geometries: Any, arcs: Any = ARCS, **members: Any) -> dict[str, Any]:
    objects = {"grids": {"type": "GeometryCollection", "geometries": list(geometries)}}
    return {"type": "Topology", "objects": objects, "arcs": arcs, **members}


def test_neighbours_share_their_border_vertex_by_vertex(save: Save) -> None:
    left = {"type": "Polygon", "arcs": [[0, 1]], "id": "L", "properties": {"name": "左"}}
    right = {"type": "Polygon", "arcs": [[2, -1]], "id": "R"}
    frame = read_vector(save("t.json", topology(left, right))).frame
    assert frame["id"].tolist() == ["L", "R"]
    assert frame["name"].tolist() == ["左", None]
    assert shapely.equals(
        frame.geometry.to_numpy(), [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    ).all()
    assert shapely.coverage_is_valid(frame.geometry.to_numpy())


def test_quantised_arcs_are_deltas(save: Save) -> None:
    # positions 0,0 -> 10,0 -> 10,10 -> 0,0 at a tenth of a degree from 116, 39
    arcs = [[[0, 0], [10, 0], [0, 10], [-10, -10]]]
    transform = {"scale": [0.1, 0.1], "translate": [116, 39]}
    polygon = {"type": "Polygon", "arcs": [[0]]}
    point = {"type": "Point", "coordinates": [5, 5]}
    tree = topology(polygon, point, arcs=arcs, transform=transform)
    shapes = read_vector(save("t.json", tree)).frame.geometry.to_numpy()
    assert (
        shapes[0]
        .normalize()
        .equals_exact(shapely.Polygon([(116, 39), (117, 39), (117, 40)]).normalize(), 1e-12)
    )
    assert shapes[1].equals_exact(shapely.Point(116.5, 39.5), 1e-12)


def test_every_type_is_decoded(save: Save) -> None:
    ring = [0, 1]
    tree = topology(
        {"type": "MultiPolygon", "arcs": [[ring]]},
        {"type": "LineString", "arcs": [0]},
        {"type": "MultiLineString", "arcs": [[0], [1]]},
        {"type": "MultiPoint", "coordinates": [[0, 0], [1, 1]]},
        {"type": "GeometryCollection", "geometries": [{"type": "LineString", "arcs": [0]}]},
        {"type": None, "properties": {"code": "nowhere"}},
    )
    shapes = read_vector(save("t.json", tree)).frame.geometry
    assert shapes.geom_type.tolist()[:5] == [
        "MultiPolygon",
        "LineString",
        "MultiLineString",
        "MultiPoint",
        "GeometryCollection",
    ]
    assert shapes.iloc[5] is None


def test_one_of_several_objects_is_chosen_by_name(save: Save) -> None:
    tree = topology({"type": "Polygon", "arcs": [[0, 1]]})
    tree["objects"]["points"] = {"type": "Point", "coordinates": [3, 4]}
    path = save("t.json", tree)
    with pytest.raises(InvalidInput, match=r"2 layers \(grids, points\); pass --layer-name"):
        read_vector(path)
    with pytest.raises(InvalidInput, match="no layer 'roads'; it has grids, points"):
        read_vector(path, layer_name="roads")
    assert read_vector(path, layer_name="points").frame.geometry.iloc[0].coords[0] == (3, 4)


@pytest.mark.parametrize(
    ("geometry", "phrase"),
    [
        pytest.param({"type": "Polygon", "arcs": [[0, 7]]}, "arc 7 is not in the file", id="arc"),
        pytest.param({"type": "Polygon", "arcs": [[0, -8]]}, "arc 7 is not in", id="arc-backwards"),
        pytest.param({"type": "Polygon"}, "'arcs'", id="no-arcs"),
        pytest.param({"type": "Blob", "arcs": []}, "Blob is not a type of TopoJSON", id="type"),
        pytest.param({"type": "Polygon", "arcs": [["x"]]}, "cannot be read", id="text-arc"),
        pytest.param({"type": "Point", "coordinates": None}, "cannot be read", id="null-point"),
    ],
)
def test_a_broken_geometry_is_refused_naming_the_feature(
    save: Save, geometry: Any, phrase: str
) -> None:
    good = {"type": "Polygon", "arcs": [[0, 1]]}
    with pytest.raises(GeometryError) as caught:
        read_vector(save("t.json", topology(good, geometry)))
    assert str(caught.value).startswith("t.json feature 2: its geometry cannot be read")
    assert phrase in str(caught.value)


@pytest.mark.parametrize(
    ("members", "phrase"),
    [
        pytest.param({"objects": {}}, "is a TopoJSON without objects", id="no-objects"),
        pytest.param({"arcs": [["x"]]}, "whose arcs cannot be read", id="text-in-arcs"),
        pytest.param({"transform": {"scale": 1}}, "whose arcs cannot be read", id="transform"),
        pytest.param(
            {"objects": {"g": {"type": "GeometryCollection"}}},
            "whose object has no geometries",
            id="no-geometries",
        ),
    ],
)
def test_a_broken_topology_is_refused(save: Save, members: Any, phrase: str) -> None:
    with pytest.raises(InvalidInput, match=phrase):
        read_vector(save("t.json", {**topology(), **members}))
