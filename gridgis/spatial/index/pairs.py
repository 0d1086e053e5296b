"""Kernel that pairs the borders of neighbours: each edge once, with the grid on either side."""

from typing import Any

import numpy as np

from gridgis.spatial.index.compile import SOURCES, kernel, part

_MIXER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@part
def _hash_edge(ax: int, ay: int, bx: int, by: int) -> Any:
    mixed = np.uint64(0)
    for number in (ax, ay, bx, by):
        mixed = (mixed ^ np.uint64(number)) * _MIXER
        mixed ^= mixed >> _SHIFT
    return mixed


@kernel
def pair_edges(
    vertices: Any, starts: Any, owners: Any, sources: int = SOURCES
) -> tuple[Any, Any, Any, int]:
    """Pair n directed edges, each with the interior of its owner on the right.

    Parameters
    ----------
    vertices
        Lattice integers, (v, 2).
    starts
        Positions of the vertices where the edges begin, (n,); each ends at the vertex behind.
    owners
        Ids, (n,), > 0.

    Returns
    -------
    edges
        (m, 4) lattice integers ax ay bx by, with by > ay, or by = ay and bx > ax, in the order of
        their first appearance.
    left, right
        (m,) ids seen from a towards b, 0 for none.
    clash
        Position of the first directed edge whose side was already taken, -1 if there is none.
    """
    count = len(owners)
    slots = 1
    while slots < 2 * count:
        slots *= 2
    table = np.full(slots, -1, np.int32)
    mask = np.uint64(slots - 1)
    edges = np.empty((count, 4), np.int64)
    left = np.zeros(count, np.int32)
    right = np.zeros(count, np.int32)
    paired = 0
    for k in range(count):
        start = starts[k]
        ax, ay = vertices[start, 0], vertices[start, 1]
        bx, by = vertices[start + 1, 0], vertices[start + 1, 1]
        if ax == bx and ay == by:
            continue
        upwards = ay < by or (ay == by and ax < bx)
        if not upwards:
            ax, ay, bx, by = bx, by, ax, ay
        slot = _hash_edge(ax, ay, bx, by) & mask
        while True:
            at = table[slot]
            if at < 0:
                at = paired
                table[slot] = at
                edges[at, 0], edges[at, 1], edges[at, 2], edges[at, 3] = ax, ay, bx, by
                paired += 1
                break
            edge = edges[at]
            if edge[0] == ax and edge[1] == ay and edge[2] == bx and edge[3] == by:
                break
            slot = (slot + np.uint64(1)) & mask
        side = right if upwards else left
        if side[at] != 0:
            return edges[:paired], left[:paired], right[:paired], k
        side[at] = owners[k]
    return edges[:paired], left[:paired], right[:paired], -1
