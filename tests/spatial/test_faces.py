import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gridgis.spatial.faces import close_faces, cover_faces
from gridgis.spatial.seams import Seams, find_seams
from tests import zoo
from tests.tilings import tilings


def shapes(layer):
    return np.array(list(layer.values()), dtype=object)


def test_deleted_grid_is_a_face_that_its_neighbours_end_at():
    seams = find_seams(shapes(zoo.DELETED_GRID))
    faces = close_faces(seams)
    counts, touching = cover_faces(faces, shapes(zoo.DELETED_GRID))
    codes = "".join(zoo.DELETED_GRID)
    (gap,) = np.flatnonzero(counts == 0)
    assert shapely.equals(faces.shapes[gap], zoo.square(1, 1))
    assert "".join(codes[n] for n in faces.right[gap]) == "BDFH"
    assert faces.left[gap] == ()
    assert touching[gap] == ()


def test_overlap_is_a_face_that_both_cover():
    layer = shapes(zoo.OVERLAP)
    faces = close_faces(find_seams(layer))
    counts, touching = cover_faces(faces, layer)
    assert sorted(counts.tolist()) == [1, 1, 2]
    double = int(np.argmax(counts))
    assert (faces.left[double], touching[double]) == ((0, 1), (0, 1))
    assert faces.right[double] == ()


def test_sample_on_a_common_border_is_covered_once():
    # the middle of the outline of two by two lies where all four meet
    layer = shapes(zoo.TWO_BY_TWO)
    faces = close_faces(find_seams(layer))
    counts, touching = cover_faces(faces, layer)
    assert counts.tolist() == [1]
    assert shapely.equals(faces.shapes[0], zoo.TWO_BY_TWO_OUTLINE)
    assert len(touching[0]) >= 1


def test_no_seams_close_no_faces():
    nothing = find_seams(shapes(zoo.TWO_BY_TWO), zoo.TWO_BY_TWO_OUTLINE)
    assert len(close_faces(nothing)) == 0


@given(tilings(merged=True), st.randoms(use_true_random=False))
def test_faces_do_not_depend_on_the_order_of_the_seams(tiling, random):
    seams = find_seams(shapes(tiling.polygons)[1:], tiling.outline)
    order = list(range(len(seams)))
    random.shuffle(order)
    shuffled = Seams(
        seams.starts[order], seams.ends[order], seams.polygons[order], seams.positions[order]
    )
    one, other = close_faces(seams), close_faces(shuffled)
    assert one.shapes.tolist() == other.shapes.tolist()
    assert (one.left, one.right) == (other.left, other.right)
