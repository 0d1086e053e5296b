"""Pieces of kernels that read the array of an index, and the exact test that they share."""

from typing import Any, NamedTuple

import numpy as np
from numba import carray, types  # type: ignore[attr-defined]  # numba declares no exports
from numba.core import cgutils
from numba.extending import intrinsic

from gridgis.spatial.index.compile import inline_part, part
from gridgis.spatial.index.layout import (
    AT_COLUMNS,
    AT_ROWS,
    AT_SHIFT,
    AT_SOUTH,
    AT_WEST,
    BLOCK_LEVELS,
    EDGE_WORDS,
    MAX_WORDS,
    WIDE,
    WIDE_EDGE_WORDS,
)

_LOW_WORD = 0xFFFFFFFF
_LOW_HALF = (1 << 20) - 1
ZERO: Any = np.int64(0)
"""With a type: a literal 0 would have what it is handed to compiled once more."""


class Frame(NamedTuple):
    """Where the raster lies; west and south in lattice units."""

    shift: int
    columns: int
    rows: int
    west: int
    south: int


class Edge(NamedTuple):
    """One edge of a leaf, from a to a + d, in lattice units from the corner of its cell."""

    ax: int
    ay: int
    dx: int
    dy: int
    turn: int
    left: int


def _emit_pointer(typing_context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


_to_pointer: Any = intrinsic(_emit_pointer)


@inline_part
def view_array(address: int) -> Any:
    """View the array at an address; the caller keeps it alive.

    numba takes 0.25 µs longer to accept an array than a number, and would compile everything twice,
    for arrays that may be written and for those that may not.
    """
    return carray(_to_pointer(address), (MAX_WORDS,), np.int32)


@inline_part
def widen(word: Any) -> Any:
    """Take an int32 word as int64, so that what is compiled for the one serves the other."""
    return np.int64(word)


@inline_part
def count_blocks(cells: int) -> int:
    """Count the blocks along a row or column of so many cells."""
    return ((cells - 1) >> BLOCK_LEVELS) + 1


@inline_part
def read_long(array: Any, at: Any) -> Any:
    """Read a number of two words."""
    return (widen(array[at + 1]) << 32) | (widen(array[at]) & _LOW_WORD)


@part
def write_long(array: Any, at: int, number: int) -> None:
    """Write a number of two words."""
    array[at] = np.int32(number & _LOW_WORD)
    array[at + 1] = np.int32(number >> 32)


@inline_part
def read_frame(array: Any) -> Frame:
    """Read where the raster lies."""
    return Frame(
        widen(array[AT_SHIFT]),
        widen(array[AT_COLUMNS]),
        widen(array[AT_ROWS]),
        read_long(array, AT_WEST),
        read_long(array, AT_SOUTH),
    )


@part
def read_edge(array: Any, leaf: int, k: int) -> Edge:
    """Read edge k of a leaf, narrow or wide."""
    count = widen(array[leaf + 1])
    if count >= WIDE:
        at = leaf + 2 + WIDE_EDGE_WORDS * k
        return Edge(
            read_long(array, at),
            read_long(array, at + 2),
            read_long(array, at + 4),
            read_long(array, at + 6),
            widen(array[at + 8]),
            widen(array[at + 9]),
        )
    at = leaf + 2 + EDGE_WORDS * k
    return Edge(
        widen(array[at]),
        widen(array[at + 1]),
        widen(array[at + 2]),
        widen(array[at + 3]),
        widen(array[at + 4]),
        widen(array[leaf + 2 + EDGE_WORDS * count + k]),
    )


@part
def cross_sign(ux: int, uy: int, vx: int, vy: int) -> int:
    """Sign of ux·vy - uy·vx, exact for numbers within 2^40: high and low 20 bits apart."""
    high = ux * (vy >> 20) - uy * (vx >> 20)
    low = ux * (vy & _LOW_HALF) - uy * (vx & _LOW_HALF)
    high += low >> 20
    if high != 0:
        return 1 if high > 0 else -1
    return 1 if low & _LOW_HALF else 0
