"""Kernels that measure how far a point is from the border of its grid, and what lies beyond.

Metres come from a plane that touches the ellipsoid at the point: a place i, j lattice units away
is ``north · j`` metres north and ``(east + slope · metres north) · i`` metres east, with the scale
of the latitude midway. The nearest place on an edge is chosen with the scale of the point itself,
which moves it by centimetres along the edge and changes its distance by micrometres: within 500 m
the distance is geodesic to 1 mm, up to 85° of latitude. An edge is straight in longitude and
latitude, as in every lookup.

Only sums, products, quotients and roots enter, which IEEE 754 fixes to the last bit: the sine of a
mathematics library differs between machines, and the answers must not.
"""

from typing import Any, NamedTuple

import numpy as np

from gridgis.spatial.index.compile import SOURCES, inline_part, kernel, part
from gridgis.spatial.index.layout import BLOCK_LEVELS, FLAG_BITS, HEADER_WORDS, WIDE
from gridgis.spatial.index.query import LATTICE_PER_DEGREE, NO_ID, find_one, to_lattice
from gridgis.spatial.index.records import (
    Frame,
    count_blocks,
    read_edge,
    read_frame,
    view_array,
    widen,
)

_RADIANS_PER_UNIT = np.pi / 180.0 / LATTICE_PER_DEGREE
_EQUATORIAL_RADIUS_M = 6378137.0
_ECCENTRICITY_SQUARED = 0.0066943799901413165
_MAX_LON, _MAX_LAT = 180 * LATTICE_PER_DEGREE, 90 * LATTICE_PER_DEGREE
_SINE_TERMS = 12
_PRODUCT_LIMIT = 1 << 31


class Place(NamedTuple):
    """A point in lattice units from some corner, its id, and the scales of its plane."""

    x: int
    y: int
    own: int
    east: float
    north: float
    slope: float


class Near(NamedTuple):
    """The nearest border so far: squared metres, and the id beyond it."""

    squared_m: float
    beyond: int


@part
def _sine(angle: float) -> float:
    """Sum the series of the sine; exact to some 1e-16 between -π/2 and π/2."""
    term = angle
    total = angle
    for k in range(1, _SINE_TERMS):
        term *= -angle * angle / (2 * k * (2 * k + 1))
        total += term
    return total


@part
def _to_place(array: Any, frame: Frame, lon: float, lat: float) -> Place:
    """Find the id and the scales at a point, from the WGS84 radii of curvature."""
    x, y = int(to_lattice(lon)) - frame.west, int(to_lattice(lat)) - frame.south
    column, row = x >> frame.shift, y >> frame.shift
    own = 0
    if 0 <= column < frame.columns and 0 <= row < frame.rows:
        own = find_one(array, frame, x, y)
    angle = to_lattice(lat) * _RADIANS_PER_UNIT
    sine = _sine(angle)
    squashed = 1.0 - _ECCENTRICITY_SQUARED * sine * sine
    transverse_m = _EQUATORIAL_RADIUS_M / np.sqrt(squashed)
    meridional_m = transverse_m * (1.0 - _ECCENTRICITY_SQUARED) / squashed
    east = transverse_m * _sine(np.pi / 2 - abs(angle)) * _RADIANS_PER_UNIT
    return Place(x, y, own, east, meridional_m * _RADIANS_PER_UNIT, -sine / 2 * _RADIANS_PER_UNIT)


@inline_part
def _move_origin(place: Place, west: int, south: int) -> Place:
    """Count a place from another corner."""
    return Place(place.x - west, place.y - south, place.own, place.east, place.north, place.slope)


@inline_part
def _square_to_edge(place: Place, tx: int, ty: int, dx: int, dy: int) -> float:
    """Squared metres from a point to the edge from a to a + d, where t = point - a."""
    ex, ey = dx * place.east, dy * place.north
    length_squared = ex * ex + ey * ey
    along = tx * place.east * ex + ty * place.north * ey
    if along <= 0.0:
        i, north_m = float(-tx), -ty * place.north
    elif along >= length_squared:  # from integers, so that all edges of a vertex agree
        i, north_m = float(dx - tx), (dy - ty) * place.north
    else:
        if max(abs(tx), abs(ty), abs(dx), dy) < _PRODUCT_LIMIT:
            cross = float(tx * dy - ty * dx)  # exactly 0 for a point on the edge
        else:
            cross = float(tx) * dy - float(ty) * dx
        i = -cross * place.north * ey / length_squared
        north_m = cross * place.east * place.north * ex / length_squared
    east_m = i * (place.east + place.slope * north_m)
    return east_m * east_m + north_m * north_m


@part
def _search_leaf(array: Any, leaf: int, place: Place, near: Near) -> Near:
    """Measure the edges of a leaf that have the point's own id on one side."""
    for k in range(int(array[leaf + 1]) & (WIDE - 1)):
        edge = read_edge(array, leaf, k)
        right = edge.left + (edge.turn >> FLAG_BITS)
        if place.own == edge.left:
            beyond = right
        elif place.own == right:
            beyond = edge.left
        else:
            continue
        squared_m = _square_to_edge(place, place.x - edge.ax, place.y - edge.ay, edge.dx, edge.dy)
        if squared_m < near.squared_m or (squared_m == near.squared_m and beyond < near.beyond):
            near = Near(squared_m, beyond)
    return near


@part
def _bound_strip(place: Place, low: int, high: int) -> tuple[float, float]:
    """Bound the strip of lattice rows low to high: least metres north, least scale east."""
    low_m, high_m = (low - place.y) * place.north, (high - place.y) * place.north
    gap_m = max(0.0, low_m, -high_m)
    return gap_m, place.east + min(place.slope * low_m, place.slope * high_m)


@part
def _is_near(place: Place, strip: tuple[float, float], west: int, side: int, near: Near) -> bool:
    """Whether the cell from west to west + side in a strip may hold a border as near as `near`."""
    east_m = max(0, west - place.x, place.x - west - side) * max(0.0, strip[1])
    return strip[0] * strip[0] + east_m * east_m <= near.squared_m


@part
def _search_node(array: Any, node: int, place: Place, near: Near) -> Near:
    """Search the sub-cells of a node; `place` counts from the corner of its cell."""
    shift = int(array[node])
    levels = -int(array[node + 1])
    side = 1 << shift
    for row in range(1 << levels):
        strip = _bound_strip(place, row << shift, (row + 1) << shift)
        if strip[0] * strip[0] > near.squared_m:
            continue
        for column in range(1 << levels):
            value = int(array[node + 2 + (row << levels) + column])
            if value < 0 and _is_near(place, strip, column << shift, side, near):
                near = _search_leaf(array, ~value, place, near)
    return near


@part
def _search_cells(array: Any, frame: Frame, place: Place, window: Any, near: Near) -> Near:
    """Search the cells of a window: first row, last row, first column, last column."""
    first_row, last_row, first_column, last_column = window
    side = 1 << frame.shift
    for row in range(max(0, first_row), min(frame.rows - 1, last_row) + 1):
        south = row << frame.shift
        strip = _bound_strip(place, south, south + side)
        if strip[0] * strip[0] > near.squared_m:
            continue
        for column in range(max(0, first_column), min(frame.columns - 1, last_column) + 1):
            value = widen(array[HEADER_WORDS + row * frame.columns + column])
            west = column << frame.shift
            if value >= 0 or not _is_near(place, strip, west, side, near):
                continue
            inner = _move_origin(place, west, south)
            if array[~value + 1] < 0:
                near = _search_node(array, ~value, inner, near)
            else:
                near = _search_leaf(array, ~value, inner, near)
    return near


@part
def _search_block(array: Any, frame: Frame, place: Place, block: Any, near: Near) -> Near:
    """Search the cells of the block at a row and column, if it has any that may matter."""
    row, column = block
    blocks = HEADER_WORDS + frame.rows * frame.columns
    if array[blocks + row * count_blocks(frame.columns) + column] == 0:
        return near
    shift = frame.shift + BLOCK_LEVELS
    strip = _bound_strip(place, row << shift, (row + 1) << shift)
    if not _is_near(place, strip, column << shift, 1 << shift, near):
        return near
    first_row, first_column = row << BLOCK_LEVELS, column << BLOCK_LEVELS
    last = (1 << BLOCK_LEVELS) - 1
    window = (first_row, first_row + last, first_column, first_column + last)
    return _search_cells(array, frame, place, window, near)


@part
def _search_ring(array: Any, frame: Frame, place: Place, radius: int, near: Near) -> Near:
    """Search the blocks that are `radius` blocks from the point's own, as far as there are any."""
    shift = frame.shift + BLOCK_LEVELS
    column, row = place.x >> shift, place.y >> shift
    rows, columns = count_blocks(frame.rows), count_blocks(frame.columns)
    west, east = column - radius, column + radius
    for r in range(max(0, row - radius), min(rows - 1, row + radius) + 1):
        if abs(r - row) == radius:
            for c in range(max(0, west), min(columns - 1, east) + 1):
                near = _search_block(array, frame, place, (r, c), near)
        else:
            if 0 <= west < columns:
                near = _search_block(array, frame, place, (r, west), near)
            if 0 <= east < columns:
                near = _search_block(array, frame, place, (r, east), near)
    return near


@part
def _bound_beyond(place: Place, shift: int, radius: int) -> float:
    """Bound the metres to anything outside the square of blocks up to `radius`."""
    column, row = place.x >> shift, place.y >> shift
    west, east = (column - radius) << shift, (column + radius + 1) << shift
    south, north = (row - radius) << shift, (row + radius + 1) << shift
    strip = _bound_strip(place, south, north)
    east_m = min(place.x - west, east - place.x) * max(0.0, strip[1])
    return min(east_m, min(place.y - south, north - place.y) * place.north)


@part
def _search_around(array: Any, frame: Frame, place: Place, max_m: float) -> Near:
    """Search the cells next to a point, then rings of blocks until none can hold a nearer one."""
    column, row = place.x >> frame.shift, place.y >> frame.shift
    near = Near(max_m * max_m, NO_ID)
    near = _search_cells(array, frame, place, (row - 1, row + 1, column - 1, column + 1), near)
    column, row = column >> BLOCK_LEVELS, row >> BLOCK_LEVELS
    last_column, last_row = count_blocks(frame.columns) - 1, count_blocks(frame.rows) - 1
    radius = max(0, -column, column - last_column, -row, row - last_row)
    last = max(column, last_column - column, row, last_row - row)
    while radius <= last:
        near = _search_ring(array, frame, place, radius, near)
        least_m = _bound_beyond(place, frame.shift + BLOCK_LEVELS, radius)
        if least_m * least_m > near.squared_m:
            break
        radius += 1
    return near


@part
def _measure(array: Any, lon: float, lat: float, max_m: float) -> tuple[int, float, int]:
    """Find the grid of a point, the metres to its border, and the grid beyond."""
    if not (abs(to_lattice(lon)) <= _MAX_LON and abs(to_lattice(lat)) <= _MAX_LAT):  # also NaN
        return -1, np.inf, -1
    frame = read_frame(array)
    place = _to_place(array, frame, lon, lat)
    near = _search_around(array, frame, place, max_m)
    if near.beyond == NO_ID:
        return place.own - 1, np.inf, -1
    return place.own - 1, np.sqrt(near.squared_m), near.beyond - 1


@kernel
def border_at(
    address: int, lon: float, lat: float, max_m: float, sources: int = SOURCES
) -> tuple[int, float, int]:
    """Find the grid of one point, the metres to its border, and the grid beyond."""
    return _measure(view_array(address), lon, lat, max_m)


@kernel
def border_many(
    address: int, points: Any, max_m: float, results: Any, sources: int = SOURCES
) -> None:
    """Measure n points (lon, lat) into the three arrays of `results`: grid, metres, grid beyond."""
    array = view_array(address)
    lon, lat = points
    found, distance_m, beyond = results
    for i in range(len(lon)):
        found[i], distance_m[i], beyond[i] = _measure(array, lon[i], lat[i], max_m)
