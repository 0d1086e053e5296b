"""The exact proof that grids are seamless, without any tolerance.

Walk around every grid with its inside on the left and write each border segment down with its
direction. Inside a seamless set every segment is walked once in each direction and cancels::

        ┌────▲────┐ ┌────▲────┐
        │ A  │  ◄─┼─┼─►  │  B │        the segment between A and B is walked up by A, down by B
        └────┴────┘ └────┴────┘

What does not cancel is the outline. Theorem: the sum of the winding numbers of the borders is the
number of grids that cover a place; if the borders sum to the border of the outline, then exactly
one grid covers every place inside and none outside — no gap and no overlap can hide. For a seamless
set the sum fails only where a vertex of one grid has no partner on its neighbour, which is refused
too. On the lattice the sum is one of integers. It holds for valid polygons only; `clean` sees to
that. The meridians 180° and -180° are different lines here: grids on both sides do not cancel.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.spatial import rings as ring_arrays
from gridgis.spatial.lattice import IntArray
from gridgis.spatial.rings import Polygons, Rings

__all__ = ["OUTLINE", "Seams", "find_seams", "subtract_border", "sum_segments"]

OUTLINE = -1
"""Stands for the outline where a polygon's number is expected."""

_NARROW = 1 << 31
_MIX_LOW, _MIX_HIGH = np.int64(-7046029254386353131), np.int64(-4417276706812531889)


@dataclass(frozen=True)
class Seams:
    """Directed border segments that do not cancel; none for a seamless set.

    Attributes
    ----------
    starts, ends
        (n, 2) lattice integers.
    polygons
        (n,) number of the polygon that walks the segment, `OUTLINE` for the outline (reversed).
    positions
        (n,) position of the segment start in the vertices of its rings.
    """

    starts: IntArray
    ends: IntArray
    polygons: NDArray[np.intp]
    positions: IntArray

    def __len__(self) -> int:
        return len(self.polygons)


def find_seams(polygons: Polygons, outline: Any = None) -> Seams:
    """Sum the directed border segments of polygons, less the outline's, and return what is left.

    Parameters
    ----------
    polygons
        m valid lon/lat polygons with vertices on the lattice.
    outline
        The polygon they must fill; None leaves the outline of the set in the result.

    Returns
    -------
    seams
        Empty if and only if the polygons fill `outline` with no gap and no overlap, and share
        every border vertex by vertex.

    Notes
    -----
    O(n log n) in the n segments, by sorting integers; no overlay, no tolerance.
    """
    everything = [*polygons] if outline is None else [*polygons, outline]
    return sum_segments(
        ring_arrays.from_polygons(everything),
        reversed_polygon=None if outline is None else len(everything) - 1,
    )


def sum_segments(rings: Rings, reversed_polygon: int | None = None) -> Seams:
    """Sum the directed segments of `rings`; `reversed_polygon` is walked the other way round."""
    positions = rings.starts
    start, end = rings.vertices[positions], rings.vertices[positions + 1]
    polygons = rings.polygon_of(positions)
    if reversed_polygon is not None:
        is_outline = polygons == reversed_polygon
        start[is_outline], end[is_outline] = end[is_outline], start[is_outline]
        polygons = np.where(is_outline, OUTLINE, polygons)
    left = _uncancelled(start, end)
    return Seams(start[left], end[left], polygons[left], positions[left])


def subtract_border(seams: Seams, outline: Any) -> Seams:
    """Take the border of `outline` off seams that were summed without one.

    The result is what `find_seams` with that outline would leave, at the price of the leftover
    segments alone; a `positions` entry of the outline counts in the outline's own rings.
    """
    rings = ring_arrays.from_polygons([outline])
    positions = rings.starts
    start = np.concatenate([seams.starts, rings.vertices[positions + 1]])
    end = np.concatenate([seams.ends, rings.vertices[positions]])
    polygons = np.r_[seams.polygons, np.full(len(positions), OUTLINE)]
    left = _uncancelled(start, end)
    return Seams(start[left], end[left], polygons[left], np.r_[seams.positions, positions][left])


def _uncancelled(start: IntArray, end: IntArray) -> IntArray:
    """Positions of segments that are not walked equally often in both directions, ascending."""
    if len(start) == 0:
        return np.empty(0, np.int64)
    keys = _vertex_keys(np.concatenate([start, end]))
    start_key, end_key = keys[: len(start)], keys[len(start) :]
    low, high = np.minimum(start_key, end_key), np.maximum(start_key, end_key)
    direction = np.sign(end_key - start_key)
    with np.errstate(over="ignore"):
        mixed = low * _MIX_LOW ^ high * _MIX_HIGH
    # one sort of a mix of both keys is fast; should two segments ever mix alike and fall between
    # each other, some of them are left over too many, never wrongly cancelled, and the slow sort
    # of what is left decides
    left = _sum_sorted(low, high, direction, np.argsort(mixed, kind="stable"))
    low, high, direction = low[left], high[left], direction[left]
    return left[_sum_sorted(low, high, direction, np.lexsort((high, low)))]


def _sum_sorted(low: IntArray, high: IntArray, direction: IntArray, order: IntArray) -> IntArray:
    """Sum the directions of each run of equal segments in `order`; positions of sums not zero."""
    if len(order) == 0:
        return order
    low, high = low[order], high[order]
    first = np.flatnonzero(np.r_[True, (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    total = np.add.reduceat(direction[order], first)
    if not total.any():
        return np.empty(0, np.int64)
    counts = np.diff(np.r_[first, len(order)])
    return np.sort(order[np.repeat(total != 0, counts)])


def _vertex_keys(vertices: IntArray) -> IntArray:
    """One int64 for each vertex, equal only for equal vertices."""
    return (_narrowed(vertices[:, 0]) << 32) | _narrowed(vertices[:, 1])


def _narrowed(values: IntArray) -> IntArray:
    """Values as distinct integers below 2^31: their offset up to 2.1 degrees, their rank beyond."""
    offsets: IntArray = values - values.min()
    if offsets.max() < _NARROW:
        return offsets
    ranks: IntArray = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return ranks
