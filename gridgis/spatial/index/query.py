"""Kernels that find the grid of one point or of many.

Inside a cell the id of a point is the id of the cell's south-west corner plus the turns of the
edges that a path from the corner to the point crosses: first north along the cell's west side,
then east. The corner is moved by (-½, -½) off the lattice, so that no vertex lies on the first leg;
on the second leg the half-open rule ``ay <= y < by`` counts each vertex once. For one edge::

    crossings = [a ray from the point to the west meets the edge]
              - [a lies west of the cell, from the corner's height up to the point's]
              + [b lies there]
              - [a ray from the corner to the west meets the edge]

The last term does not depend on the point: it is kept in the leaf's base. A point on an edge takes
the smallest id of all edges through it instead.
"""

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from gridgis.spatial.index.compile import SOURCES, inline_part, kernel, part
from gridgis.spatial.index.layout import (
    A_WEST,
    B_WEST,
    EDGE_WORDS,
    FLAG_BITS,
    HEADER_WORDS,
    WIDE,
)
from gridgis.spatial.index.records import (
    Frame,
    cross_sign,
    read_edge,
    read_frame,
    view_array,
    widen,
)

LATTICE_PER_DEGREE = 1e9
ROUNDER = 6755399441055744.0
"""1.5 × 2^52: adding it and taking it off rounds a number within 2^51, ties to even."""

NO_ID = 0x7FFFFFFF
BLOCK_POINTS = 512

# Unsigned offsets: a signed one costs a test for wrapping around at each access.
_U = np.uint64
_1, _2, _3, _4 = (_U(k) for k in range(1, 5))
_EDGE_WORDS, _HEADER, _BLOCK = _U(EDGE_WORDS), _U(HEADER_WORDS), _U(BLOCK_POINTS)


class Work(NamedTuple):
    """Arrays that the stages of a block hand on.

    `places` holds local x, local y and the position in the raster, BLOCK_POINTS words each: of one
    array the compiler can prove that nothing overlaps, and it uses vector instructions.
    """

    places: Any
    pending: Any
    sub_cells: Any


def _emit_prefetch(typing_context: Any, array: Any, at: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        words = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte = ir.IntType(8).as_pointer()
        pointer = builder.bitcast(builder.gep(words, [arguments[1]]), byte)
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        get_function: Any = cgutils.get_or_insert_function
        prefetch = get_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(prefetch, [pointer, word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.uintp), generate


_prefetch: Any = intrinsic(_emit_prefetch)
"""Ask for the memory of array[at], which is read some points later."""


@inline_part
def to_lattice(degrees: float) -> float:
    """Round to the lattice, as a float; equal to `lattice.to_lattice`."""
    return (degrees * LATTICE_PER_DEGREE + ROUNDER) - ROUNDER


@part
def _find_on_border(array: Any, leaf: int, x: int, y: int) -> int:
    """Find the smallest id of the edges through a point, or NO_ID."""
    smallest = NO_ID
    for k in range(int(array[leaf + 1]) & (WIDE - 1)):
        edge = read_edge(array, leaf, k)
        tx, ty = x - edge.ax, y - edge.ay
        if not (0 <= ty <= edge.dy and min(0, edge.dx) <= tx <= max(0, edge.dx)):
            continue
        if cross_sign(tx, ty, edge.dx, edge.dy) == 0:
            right = edge.left + (edge.turn >> FLAG_BITS)
            smallest = min(smallest, edge.left or right, right or edge.left)
    return smallest


@part
def _find_in_wide_leaf(array: Any, leaf: int, x: int, y: int) -> int:
    found = int(array[leaf])
    for k in range(int(array[leaf + 1]) - WIDE):
        edge = read_edge(array, leaf, k)
        tx, ty = x - edge.ax, y - edge.ay
        is_met = 0 <= ty < edge.dy and cross_sign(tx, ty, edge.dx, edge.dy) > 0
        is_a_west = edge.turn & A_WEST and ty >= 0
        is_b_west = edge.turn & B_WEST and ty >= edge.dy
        found += (int(is_met) - int(is_a_west) + int(is_b_west)) * (edge.turn >> FLAG_BITS)
    smallest = _find_on_border(array, leaf, x, y)
    return found if smallest == NO_ID else smallest


@inline_part
def _find_in_leaf(array: Any, leaf: Any, x: int, y: int) -> int:
    """Find the id of a point among the edges of a leaf.

    Without branches on the edges: each would be a coin's toss to the processor.
    """
    count = int(array[leaf + _1])
    if count >= WIDE:
        return _find_in_wide_leaf(array, widen(leaf), widen(x), widen(y))
    found = int(array[leaf])
    is_on_line = False
    at = leaf + _2
    for _ in range(count):
        tx = x - int(array[at])
        ty = y - int(array[at + _1])
        dx = int(array[at + _2])
        dy = int(array[at + _3])
        turn = int(array[at + _4])
        at += _EDGE_WORDS
        side = tx * dy - ty * dx  # > 0: the edge is west of the point
        is_above_a = ty >= 0
        is_above_b = ty >= dy
        is_met = is_above_a & (not is_above_b) & (side > 0)
        west = ((turn >> 1) & is_above_b) - (turn & is_above_a)
        found += (int(is_met) + west) * (turn >> FLAG_BITS)
        is_on_line |= (side == 0) & is_above_a & (ty <= dy)
    if is_on_line:
        smallest = _find_on_border(array, widen(leaf), widen(x), widen(y))
        if smallest != NO_ID:
            return smallest
    return found


@part
def find_one(array: Any, frame: Frame, x: int, y: int) -> int:
    """Find the id of a point inside the raster, x, y lattice units from its corner."""
    value = int(array[HEADER_WORDS + (y >> frame.shift) * frame.columns + (x >> frame.shift)])
    if value >= 0:
        return value
    mask = (1 << frame.shift) - 1
    x &= mask
    y &= mask
    levels = -int(array[~value + 1])
    if levels > 0:
        shift = int(array[~value])
        value = int(array[~value + 2 + ((y >> shift) << levels) + (x >> shift)])
        if value >= 0:
            return value
    return int(np.int32(_find_in_leaf(array, _U(~value), x, y)))


@kernel
def locate_at(address: int, lon: float, lat: float, sources: int = SOURCES) -> int:
    """Find the number of the grid of one point, -1 outside."""
    array = view_array(address)
    frame = read_frame(array)
    x = to_lattice(lon) - frame.west
    y = to_lattice(lat) - frame.south
    side = float(1 << frame.shift)
    if not (0 <= x < frame.columns * side and 0 <= y < frame.rows * side):  # also NaN
        return -1
    return find_one(array, frame, int(x), int(y)) - 1


@inline_part
def _place_points(lon: Any, lat: Any, frame: Frame, places: Any) -> None:
    """Find the cell of each point and its place there; points outside the raster go to cell 0."""
    side = float(1 << frame.shift)
    per_side = 1.0 / side
    west, south = float(frame.west), float(frame.south)
    columns, rows = float(frame.columns), float(frame.rows)
    for i in range(len(lon)):
        x = to_lattice(lon[i]) - west
        y = to_lattice(lat[i]) - south
        is_in_columns = (x * per_side >= 0.0) & (x * per_side < columns)
        is_inside = is_in_columns & (y * per_side >= 0.0) & (y * per_side < rows)
        x = x if is_inside else 0.0
        y = y if is_inside else 0.0
        column = np.floor(x * per_side)
        row = np.floor(y * per_side)
        places[i] = np.int32(x - column * side)
        places[BLOCK_POINTS + i] = np.int32(y - row * side)
        places[2 * BLOCK_POINTS + i] = np.int32(row * columns + column)


@inline_part
def _read_cells(array: Any, found: Any, work: Work) -> int:
    """Read the value of each point's cell; list the points that it leads to a record."""
    for i in range(len(found)):
        found[i] = array[_HEADER + _U(work.places[2 * BLOCK_POINTS + i])]
    count = 0
    for i in range(len(found)):
        work.pending[_U(count)] = i
        count += found[i] < 0
    for j in range(count):
        _prefetch(array, _U(~found[_U(work.pending[j])]))
    return count


@inline_part
def _read_nodes(array: Any, found: Any, work: Work, count: int) -> int:
    """Step from nodes to the values of their sub-cells; list the points that are led to a leaf."""
    for j in range(count):
        i = _U(work.pending[j])
        record = _U(~found[i])
        levels = -int(array[record + _1])
        at = _U(0)
        if levels > 0:
            shift = int(array[record])
            column, row = int(work.places[i]) >> shift, int(work.places[_BLOCK + i]) >> shift
            at = record + _2 + _U((row << levels) + column)
            _prefetch(array, at)
        work.sub_cells[j] = at
    left = 0
    for j in range(count):
        i = _U(work.pending[j])
        sub_cell = work.sub_cells[j]
        value = found[i] if sub_cell == _U(0) else array[sub_cell]
        found[i] = value
        work.pending[_U(left)] = i
        left += value < 0
        _prefetch(array, _U(~value if value < 0 else 0))
    return left


@inline_part
def _locate_block(array: Any, frame: Frame, points: Any, found: Any, work: Work) -> None:
    """Locate up to BLOCK_POINTS points in stages, so that their waits for memory overlap."""
    _place_points(points[0], points[1], frame, work.places)
    count = _read_cells(array, found, work)
    count = _read_nodes(array, found, work, count)
    for j in range(count):
        i = _U(work.pending[j])
        x, y = int(work.places[i]), int(work.places[_BLOCK + i])
        found[i] = _find_in_leaf(array, _U(~found[i]), x, y)
    for k in range(len(found)):
        found[k] -= 1


@kernel
def locate_many(address: int, lon: Any, lat: Any, found: Any, sources: int = SOURCES) -> None:
    """Write the number of the grid of each of n points into `found` (int32), -1 outside."""
    array = view_array(address)
    frame = read_frame(array)
    work = Work(
        np.empty(3 * BLOCK_POINTS, np.int32),
        np.empty(BLOCK_POINTS + 1, np.int32),
        np.empty(BLOCK_POINTS, np.uint64),
    )
    for first in range(0, len(lon), BLOCK_POINTS):
        last = min(len(lon), first + BLOCK_POINTS)
        points = (lon[first:last], lat[first:last])
        _locate_block(array, frame, points, found[first:last], work)
