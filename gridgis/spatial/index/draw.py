"""Kernels that draw the borders of a set of grids into an index, and prove that ids are unique.

What a place is in is kept as a *cover*: the sum of ``COVER + id`` over the grids there. The high
part counts them, and where it is 1 the low part is the id. Crossing an edge from left to right adds
``cover(right) - cover(left)``; so covers are summed eastwards along the lines of cell corners.

Floats only choose. A corner that they put on the wrong side of an edge is within a unit of that
edge, so the edge is listed in the corner's cell, and there its share is taken off the base again.

The proof, for valid polygons whose edges are paired:

1. No two edges of a leaf cross. Edges that cross do so in some cell, and both are listed there.
2. Just above the lower end of each edge that is not level, the cover to its left is what the edge
   says. Every region is bounded by such edges, and by 1 no cover changes but at an edge, so no
   region is covered twice.
"""

from typing import Any, NamedTuple

import numpy as np

from gridgis.spatial.index.compile import SOURCES, inline_part, kernel, part
from gridgis.spatial.index.layout import (
    A_WEST,
    B_WEST,
    BLOCK_LEVELS,
    EDGE_WORDS,
    FLAG_BITS,
    HEADER_WORDS,
    MAX_SUB_LEVELS,
    NARROW_LIMIT,
    WIDE,
    WIDE_EDGE_WORDS,
)
from gridgis.spatial.index.records import ZERO, count_blocks, cross_sign, widen, write_long

COVER = 1 << 40
MARGIN = 3
"""Lattice units by which an edge is listed beyond the cells it meets; floats err by less."""

SUB_CELLS_PER_EDGE = 3.0

WORDS_PER_EDGE = 64
"""Room made for records ahead, twice what cities take: what is never written takes no memory."""

_NO_FAULT: Any = (np.int64(-1), np.int64(-1))


class Borders(NamedTuple):
    """n edges ax ay bx by, (n, 4), in lattice units from some corner; ids beside them, (n,)."""

    edges: Any
    left: Any
    right: Any


class Raster(NamedTuple):
    """rows × columns cells of 2^shift lattice units; its corner is at 0, 0."""

    shift: int
    rows: int
    columns: int


class Cell(NamedTuple):
    """One cell: its corner and shift, the edges near it, and the cover that these do not change."""

    west: int
    south: int
    shift: int
    members: Any
    base: int


@inline_part
def _to_cover(number: int) -> int:
    return COVER + number if number > 0 else 0


@inline_part
def _turn_cover(borders: Borders, k: int) -> int:
    """Give what crossing edge k from left to right adds to the cover."""
    return _to_cover(widen(borders.right[k])) - _to_cover(widen(borders.left[k]))


@part
def _walk_cells(borders: Borders, raster: Raster, counts: Any, starts: Any, listed: Any) -> None:
    """Count the edges near each cell; with `listed`, also write them into each cell's list."""
    side = 1 << raster.shift
    for k in range(len(borders.edges)):
        ax, ay, bx, by = borders.edges[k]
        low, high = min(ax, bx), max(ax, bx)
        first_row = max(0, (ay - MARGIN) >> raster.shift)
        last_row = min(raster.rows - 1, (by + MARGIN) >> raster.shift)
        for row in range(first_row, last_row + 1):
            west, east = low, high
            if first_row != last_row and by > ay:
                south = max(ay, (row << raster.shift) - MARGIN) - ay
                north = min(by, (row << raster.shift) + side + MARGIN) - ay
                lean = float(bx - ax) / (by - ay)
                at_south, at_north = ax + lean * south, ax + lean * north
                west = max(low, int(np.floor(min(at_south, at_north))) - 1)
                east = min(high, int(np.ceil(max(at_south, at_north))) + 1)
            first = max(0, (west - MARGIN) >> raster.shift)
            last = min(raster.columns - 1, (east + MARGIN) >> raster.shift)
            for cell in range(row * raster.columns + first, row * raster.columns + last + 1):
                if len(listed) > 0:
                    listed[starts[cell] + counts[cell]] = k
                counts[cell] += 1


@part
def _list_edges(borders: Borders, raster: Raster) -> tuple[Any, Any]:
    """List the edges near each cell: those of cell q are listed[starts[q]:starts[q + 1]]."""
    cells = raster.rows * raster.columns
    counts = np.zeros(cells, np.int32)
    starts = np.zeros(cells + 1, np.int64)
    _walk_cells(borders, raster, counts, starts, np.empty(0, np.int32))
    for cell in range(cells):
        starts[cell + 1] = starts[cell] + counts[cell]
        counts[cell] = 0
    listed = np.empty(max(1, starts[cells]), np.int32)
    _walk_cells(borders, raster, counts, starts, listed)
    return starts, listed


@part
def _find_column(edge: Any, row: int, shift: int) -> int:
    """Find the first corner east of an edge on a row's line of corners; -1 if it does not meet."""
    ax, ay, bx, by = edge
    y = row << shift
    if not ay < y <= by:
        return -1
    x = ax + float(bx - ax) * ((y - 0.5 - ay) / (by - ay))
    return max(0, int(np.floor((x + 0.5) / (1 << shift))) + 1)


@part
def _sum_covers(borders: Borders, raster: Raster, base: int) -> Any:
    """Sum the covers at the south-west corners of all cells, (rows, columns)."""
    covers = np.zeros((raster.rows, raster.columns), np.int64)
    at_west = np.zeros(raster.rows, np.int64)
    at_west[0] = base
    for k in range(len(borders.edges)):
        turn = _turn_cover(borders, k)
        ax, ay, bx, by = borders.edges[k]
        after_a, after_b = (ay >> raster.shift) + 1, (by >> raster.shift) + 1
        for row in range(max(0, after_a), min(raster.rows, after_b)):
            column = _find_column(borders.edges[k], row, raster.shift)
            if 0 <= column < raster.columns:
                covers[row, column] += turn
        if ax < 0 and 0 < after_a < raster.rows:
            at_west[after_a] -= turn
        if bx < 0 and 0 < after_b < raster.rows:
            at_west[after_b] += turn
    row_cover = 0
    for row in range(raster.rows):
        row_cover += at_west[row]
        cover = row_cover
        for column in range(raster.columns):
            cover += covers[row, column]
            covers[row, column] = cover
    return covers


@part
def _make_cell(borders: Borders, raster: Raster, cell: int, cover: int, members: Any) -> Cell:
    """Take off the cover at a cell's corner what the edges near the cell gave to it."""
    row, column = cell // raster.columns, cell % raster.columns
    for k in members:
        if 0 <= _find_column(borders.edges[k], row, raster.shift) <= column:
            cover -= _turn_cover(borders, k)
    return Cell(column << raster.shift, row << raster.shift, raster.shift, members, cover)


@part
def _select(borders: Borders, cell: Cell) -> Borders:
    """Copy the edges near a cell, counted from its corner."""
    count = len(cell.members)
    edges = np.empty((count, 4), np.int64)
    left = np.empty(count, np.int32)
    right = np.empty(count, np.int32)
    for i in range(count):
        ax, ay, bx, by = borders.edges[cell.members[i]]
        edges[i, 0], edges[i, 1] = ax - cell.west, ay - cell.south
        edges[i, 2], edges[i, 3] = bx - cell.west, by - cell.south
        left[i], right[i] = borders.left[cell.members[i]], borders.right[cell.members[i]]
    return Borders(edges, left, right)


@part
def _is_wide(borders: Borders, members: Any) -> bool:
    for k in members:
        for j in range(4):
            if abs(borders.edges[k, j]) >= NARROW_LIMIT:
                return True
    return False


@part
def _write_leaf(array: Any, leaf: int, borders: Borders, cell: Cell) -> int:
    """Write the leaf of a cell; return the offset behind it."""
    count = len(cell.members)
    is_wide = _is_wide(borders, cell.members)
    array[leaf] = np.int32(cell.base)  # the counts in the high part fall away
    array[leaf + 1] = count + WIDE if is_wide else count
    for i in range(count):
        ax, ay, bx, by = borders.edges[cell.members[i]]
        left, right = widen(borders.left[cell.members[i]]), borders.right[cell.members[i]]
        turn = (right - left) << FLAG_BITS
        turn |= A_WEST if ax < cell.west and ay >= cell.south else 0
        turn |= B_WEST if bx < cell.west and by >= cell.south else 0
        if is_wide:
            at = leaf + 2 + WIDE_EDGE_WORDS * i
            write_long(array, at, ax)
            write_long(array, at + 2, ay)
            write_long(array, at + 4, bx - ax)
            write_long(array, at + 6, by - ay)
            array[at + 8], array[at + 9] = turn, left
        else:
            at = leaf + 2 + EDGE_WORDS * i
            array[at], array[at + 1] = ax, ay
            array[at + 2], array[at + 3], array[at + 4] = bx - ax, by - ay, turn
            array[leaf + 2 + EDGE_WORDS * count + i] = left
    return leaf + 2 + (WIDE_EDGE_WORDS if is_wide else EDGE_WORDS + 1) * count


@part
def _reserve(array: Any, used: int, needed: int) -> Any:
    """Make room for some more words, in a copy if need be."""
    if used + needed <= len(array):
        return array
    larger = np.empty(2 * len(array) + needed, np.int32)
    larger[:used] = array[:used]
    return larger


@part
def _are_apart(e: Any, f: Any) -> bool:
    """Whether edge f does not have one end on each side of the line through edge e."""
    ex, ey = e[2] - e[0], e[3] - e[1]
    side_of_start = cross_sign(ex, ey, f[0] - e[0], f[1] - e[1])
    return side_of_start * cross_sign(ex, ey, f[2] - e[0], f[3] - e[1]) >= 0


@part
def _is_left_proved(borders: Borders, cell: Cell, k: int) -> bool:
    """Whether the cover left of edge k, just above its lower end, is what the edge says.

    An edge that lies on edge k there (a vertex of one neighbour amid an edge of the other) speaks
    for the same two sides.
    """
    x, y, bx, by = borders.edges[k]
    cover, said_left, said_right = cell.base, 0, 0
    for m in cell.members:
        ax, ay, cx, cy = borders.edges[m]
        turn = _turn_cover(borders, m)
        if ax < cell.west and cell.south <= ay <= y:
            cover -= turn
        if cx < cell.west and cell.south <= cy <= y:
            cover += turn
        if not ay <= y < cy:
            continue
        side = cross_sign(x - ax, y - ay, cx - ax, cy - ay)
        if side == 0:
            side = cross_sign(bx - x, by - y, cx - ax, cy - ay)
            if side == 0:
                said_left += _to_cover(widen(borders.left[m]))
                said_right += _to_cover(widen(borders.right[m]))
        if side > 0:
            cover += turn
    return cover == said_left and said_left < 2 * COVER and said_right < 2 * COVER


@part
def _find_fault(borders: Borders, cell: Cell) -> Any:
    """Find two edges of a leaf that cross, or one, twice, whose left side is not what it says."""
    side = 1 << cell.shift
    for i in range(len(cell.members)):
        k = widen(cell.members[i])
        edge = borders.edges[k]
        for j in range(i):
            other = borders.edges[cell.members[j]]
            if not (_are_apart(edge, other) or _are_apart(other, edge)):
                return k, widen(cell.members[j])
        starts_here = (
            cell.west <= edge[0] < cell.west + side and cell.south <= edge[1] < cell.south + side
        )
        if starts_here and edge[1] < edge[3] and not _is_left_proved(borders, cell, k):
            return k, k
    return _NO_FAULT


@part
def _draw_node(
    array: Any, node: int, borders: Borders, cell: Cell, levels: int
) -> tuple[Any, int, tuple[int, int]]:
    """Draw a dense cell as a raster of its own; return the array, the offset behind, a fault."""
    raster = Raster(cell.shift - levels, 1 << levels, 1 << levels)
    covers = _sum_covers(borders, raster, cell.base).ravel()
    starts, listed = _list_edges(borders, raster)
    most_words = 2 + 3 * len(covers) + len(listed) * WIDE_EDGE_WORDS
    array = _reserve(array, node, most_words)
    array[node], array[node + 1] = raster.shift, -levels
    used = node + 2 + len(covers)
    for q in range(len(covers)):
        members = listed[starts[q] : starts[q + 1]]
        if len(members) == 0:
            array[node + 2 + q] = np.int32(covers[q])
            continue
        sub_cell = _make_cell(borders, raster, q, covers[q], members)
        fault = _find_fault(borders, sub_cell)
        if fault[0] >= 0:
            return array, used, fault
        array[node + 2 + q] = ~used
        used = _write_leaf(array, used, borders, sub_cell)
    return array, used, _NO_FAULT


@part
def _choose_levels(count: int) -> int:
    """Choose how often to halve a cell of `count` edges; one edge needs no node."""
    if count <= 1:
        return 0
    levels = int(np.rint(0.5 * np.log2(count * SUB_CELLS_PER_EDGE)))
    return max(1, min(MAX_SUB_LEVELS, levels))


@part
def _draw_cell(
    array: Any, used: int, inner: Borders, cell: Cell
) -> tuple[Any, int, tuple[int, int]]:
    """Draw the record of a cell, from its own edges counted from its corner."""
    count = len(inner.edges)
    everything = np.arange(count).astype(np.int32)
    own = Cell(ZERO, ZERO, cell.shift, everything, cell.base)
    levels = _choose_levels(count)
    if levels > 0:
        return _draw_node(array, used, inner, own, levels)
    array = _reserve(array, used, 2 + WIDE_EDGE_WORDS * count)
    fault = _find_fault(inner, own)
    if fault[0] >= 0:
        return array, used, fault
    return array, _write_leaf(array, used, inner, own), _NO_FAULT


@kernel
def draw(borders: Borders, raster: Raster, sources: int = SOURCES) -> tuple[Any, int, int]:
    """Draw paired edges, counted from the raster's corner, into a new index; its header stays 0.

    Returns
    -------
    array
        The words of the index, int32.
    first, second
        Positions of two edges that cross, or twice that of an edge whose side another grid covers;
        -1 where the ids are proved unique.
    """
    starts, listed = _list_edges(borders, raster)
    covers = _sum_covers(borders, raster, ZERO).ravel()
    block_columns = count_blocks(raster.columns)
    blocks = HEADER_WORDS + len(covers)
    used = blocks + count_blocks(raster.rows) * block_columns
    array = np.empty(used + WORDS_PER_EDGE * len(borders.edges) + 1024, np.int32)
    array[:used] = 0
    for q in range(len(covers)):
        members = listed[starts[q] : starts[q + 1]]
        if len(members) == 0:
            array[HEADER_WORDS + q] = np.int32(covers[q])
            continue
        array[HEADER_WORDS + q] = ~used
        row, column = q // raster.columns, q % raster.columns
        array[blocks + (row >> BLOCK_LEVELS) * block_columns + (column >> BLOCK_LEVELS)] = 1
        cell = _make_cell(borders, raster, q, covers[q], members)
        array, used, fault = _draw_cell(array, used, _select(borders, cell), cell)
        if fault[0] >= 0:
            return array[:used], members[fault[0]], members[fault[1]]
    return array[:used], -1, -1
