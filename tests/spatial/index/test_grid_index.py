import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridgis.errors import GeometryError, InvalidInput
from gridgis.spatial.index import GridIndex, grid_index
from gridgis.spatial.lattice import to_degrees
from tests.spatial.index import oracle
from tests.spatial.index.sets import UNIT, polygon, scale, scattered_sets, world_grids
from tests.tilings import tilings


@pytest.fixture
def four_squares():
    """Four squares of 10 lattice units that meet at 10, 10; codes from the south-west, row by row::

    20 +---+---+
       | c | d |
    10 +---+---+
       | a | b |
     0 +---+---+
       0   10  20
    """
    squares = [
        polygon((x, y), (x + 10, y), (x + 10, y + 10), (x, y + 10))
        for y in (0, 10)
        for x in (0, 10)
    ]
    return GridIndex.build(["a", "b", "c", "d"], squares)


@pytest.mark.parametrize(
    ("x", "y", "number"),
    [
        pytest.param(5, 5, 0, id="inside-the-first"),
        pytest.param(15, 15, 3, id="inside-the-last"),
        pytest.param(10, 5, 0, id="on-a-shared-edge"),
        pytest.param(15, 10, 1, id="on-a-level-shared-edge"),
        pytest.param(10, 10, 0, id="corner-of-four"),
        pytest.param(20, 10, 1, id="corner-of-two-on-the-outline"),
        pytest.param(20, 20, 3, id="outer-corner"),
        pytest.param(0, 13, 2, id="on-the-outline"),
        pytest.param(11, 10, 1, id="one-step-along-from-the-corner-of-four"),
        pytest.param(11, 11, 3, id="one-step-off-the-corner-of-four"),
        pytest.param(21, 10, -1, id="one-step-outside"),
        pytest.param(-1, -1, -1, id="one-step-outside-a-corner"),
    ],
)
def test_border_counts_in_and_smallest_code_wins(four_squares, x, y, number):
    assert four_squares.locate(x * UNIT, y * UNIT) == number


@pytest.mark.parametrize(
    ("lon", "lat"),
    [
        pytest.param(float("nan"), 0.0, id="nan-lon"),
        pytest.param(0.0, float("nan"), id="nan-lat"),
        pytest.param(float("inf"), 0.0, id="inf"),
        pytest.param(0.0, float("-inf"), id="minus-inf"),
        pytest.param(181.0, 0.0, id="lon-out-of-range"),
        pytest.param(0.0, 90.5, id="lat-out-of-range"),
        pytest.param(1e300, 1e300, id="huge"),
    ],
)
def test_unusable_positions_are_outside(lon, lat):
    index = GridIndex.build([str(n) for n in range(15)], world_grids())
    assert index.locate(lon, lat) == -1
    assert index.locate_many([lon], [lat]).tolist() == [-1]
    assert index.border(lon, lat) == (-1, float("inf"), -1)


def test_positions_are_taken_to_the_nearest_lattice_point(four_squares):
    assert four_squares.locate(20.4 * UNIT, 5 * UNIT) == 1
    assert four_squares.locate(20.6 * UNIT, 5 * UNIT) == -1


def test_integers_and_numpy_numbers_are_positions_too():
    index = GridIndex.build(["a"], [shapely.box(1, 1, 3, 3)])
    assert index.locate(2, 2) == 0
    assert index.locate(np.float32(2), np.int64(2)) == 0
    assert index.locate_many([2, 4], [2, 2]).tolist() == [0, -1]


def test_numbers_follow_the_codes_not_the_order_of_arrival():
    index = GridIndex.build(
        ["10", "9", "01"],
        [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), shapely.box(2, 0, 3, 1)],
    )
    assert index.codes == ("01", "10", "9")
    assert len(index) == 3
    assert [index.locate(lon, 0.5) for lon in (0.5, 1.5, 2.5, 1.0)] == [1, 2, 0, 1]


@given(tilings(merged=True), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_every_answer_in_a_tiling_is_that_of_brute_force(tiling, seed):
    assert_equals_brute_force(list(tiling.polygons.values()), seed)


@given(tilings(min_grids=4, merged=True), st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=30, deadline=None)
def test_every_answer_among_gaps_is_that_of_brute_force(tiling, seed, data):
    polygons = list(tiling.polygons.values())
    kept = data.draw(st.lists(st.sampled_from(range(len(polygons))), min_size=1, unique=True))
    assert_equals_brute_force([polygons[n] for n in kept], seed)


@given(scattered_sets(), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_sets_that_overlap_are_refused_and_all_others_answer_like_brute_force(drawn, seed):
    boards, unit = drawn
    polygons = [scale(board, unit) for board in boards]
    overlap = any(
        shapely.relate_pattern(one, other, "T********")
        for n, one in enumerate(boards)
        for other in boards[:n]
    )
    if overlap:
        with pytest.raises(GeometryError, match="overlap near"):
            GridIndex.build([str(n) for n in range(len(polygons))], polygons)
    elif polygons:
        assert_equals_brute_force(polygons, seed)


def test_grids_over_the_whole_globe_answer_like_brute_force():
    polygons = world_grids()
    rng = np.random.default_rng(8)
    everywhere = np.round(rng.uniform((-180, -90), (180, 90), (300, 2)), 9)
    edges_of_the_world = [
        (-180, 0),
        (180, 0),
        (180, 90),
        (-180, -90),
        (0, 90),
        (0, -90),
        (180, -90),
    ]
    assert_equals_brute_force(polygons, 9, np.vstack([everywhere, edges_of_the_world]))


def test_cities_far_apart_answer_like_brute_force():
    cities = [
        shapely.box(lon + i / 50, lat + j / 50, lon + (i + 1) / 50, lat + (j + 1) / 50)
        for lon, lat in ((-179.9, -60.0), (0.0, 0.0), (121.5, 89.9))
        for i in range(4)
        for j in range(4)
    ]
    assert_equals_brute_force([box for box in cities if box.bounds[3] <= 90], 3)


def test_a_single_grid_of_one_lattice_square_is_found():
    index = GridIndex.build(["a"], [polygon((0, 0), (1, 0), (1, 1), (0, 1))])
    found = {
        (x, y) for x in range(-2, 4) for y in range(-2, 4) if index.locate(x * UNIT, y * UNIT) == 0
    }
    assert found == {(0, 0), (1, 0), (0, 1), (1, 1)}


def test_many_edges_at_one_vertex_answer_like_brute_force():
    angles = np.linspace(0, 2 * np.pi, 401)
    rim = np.rint(np.stack([np.cos(angles), np.sin(angles)], axis=1) * 1e7).astype(int).tolist()
    rim[-1] = rim[0]
    slices = [polygon((0, 0), rim[n], rim[n + 1]) for n in range(400)]
    near_the_centre = [(x, y) for x in range(-3, 4) for y in range(-3, 4)]
    assert_equals_brute_force(slices, 2, to_degrees(near_the_centre))


def test_threads_give_the_same_answers(monkeypatch):
    monkeypatch.setattr(grid_index, "_POINTS_PER_TASK", 1000)
    index = GridIndex.build([str(n) for n in range(15)], world_grids())
    points = np.random.default_rng(1).uniform((-180, -90), (180, 90), (4321, 2))
    alone = index.locate_many(*points.T)
    assert (index.locate_many(*points.T, threads=3) == alone).all()
    assert len(set(alone.tolist())) == 15


@pytest.mark.parametrize("count", [0, 1, 511, 512, 513, 1025])
def test_any_number_of_points_is_answered(four_squares, count):
    lon = np.arange(count) % 25 * UNIT
    lat = np.full(count, 5 * UNIT)
    expected = [0 if x <= 10 else 1 if x <= 20 else -1 for x in np.arange(count) % 25]
    assert four_squares.locate_many(lon, lat).tolist() == expected


def test_columns_of_different_length_are_refused(four_squares):
    with pytest.raises(InvalidInput, match=r"lon of shape \(2,\) and lat of shape \(1,\)"):
        four_squares.locate_many([0.0, 1.0], [0.0])
    with pytest.raises(InvalidInput, match="are not two columns"):
        four_squares.border_many([[0.0]], [[0.0]])


def test_digest_is_the_same_in_any_order_and_from_any_first_vertex():
    left, right = shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)
    turned = shapely.Polygon([(1, 1), (0, 1), (0, 0), (1, 0)])
    digest = GridIndex.build(["a", "b"], [left, right]).digest
    assert GridIndex.build(["b", "a"], [right, turned]).digest == digest
    assert GridIndex.build(["b", "a"], [right, shapely.MultiPolygon([turned])]).digest == digest


@pytest.mark.parametrize(
    ("codes", "polygons"),
    [
        pytest.param(
            ["a", "c"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], id="other-code"
        ),
        pytest.param(["b", "a"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], id="swapped"),
        pytest.param(
            ["a", "b"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1 + 1e-9)], id="one-step-off"
        ),
    ],
)
def test_digest_differs_for_another_set(codes, polygons):
    given_set = GridIndex.build(["a", "b"], [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])
    assert GridIndex.build(codes, polygons).digest != given_set.digest


def assert_equals_brute_force(polygons, seed, more_degrees=None):
    """Compare one point, many points and the grid of `border` with the oracle."""
    index = GridIndex.build([f"{n:04}" for n in range(len(polygons))], polygons)
    rng = np.random.default_rng(seed)
    near = to_degrees(oracle.points_near(polygons, rng, 4))
    low, high = shapely.total_bounds(polygons).reshape(2, 2)
    margin = 0.1 * (high - low)
    anywhere = rng.uniform(low - margin, high + margin, (30, 2))
    points = np.vstack([near, anywhere, near[:0] if more_degrees is None else more_degrees])
    expected = oracle.locate(polygons, *points.T)
    assert index.locate_many(*points.T).tolist() == expected
    assert [index.locate(*point) for point in points] == expected
    in_world = (np.abs(points) <= (180, 90)).all(axis=1)
    found, _, _ = index.border_many(*points[in_world].T)
    assert found.tolist() == np.array(expected)[in_world].tolist()
