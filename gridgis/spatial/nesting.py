"""Check that the grids of one level fill the grids of the level above, each its own parent.

A parent's border is taken off the sum of its children's borders. What does not cancel, of all
parents together, is closed to faces: places that lie in a child of one parent and in another
parent, or in only one of the two.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridgis.spatial.faces import Faces, close_faces, cover_faces
from gridgis.spatial.faults import (
    SLIVER_WIDTH_M,
    Fault,
    area_words,
    list_words,
    make_fault,
    measure_area_m2,
    measure_width_m,
    sort_faults,
)
from gridgis.spatial.seams import OUTLINE, Seams, find_seams

__all__ = ["NESTING_AREA_M2", "find_nesting_faults"]

NESTING_AREA_M2 = 1.0
"""A place smaller than this, or narrower than a sliver, is not a fault: levels are often drawn
apart from each other."""


def find_nesting_faults(
    polygons: Mapping[str, Any], parent_of: Mapping[str, str], parents: Mapping[str, Any]
) -> list[Fault]:
    """List where children do not fill exactly the polygon of their parent, largest first.

    Parameters
    ----------
    polygons
        Valid lon/lat polygons of the children on the lattice, by code.
    parent_of
        Code of the parent of each child.
    parents
        Valid lon/lat polygons of the parents on the lattice, by code.

    Returns
    -------
    faults
        All of kind ``nesting``; `codes` are those of children, then of their parents and of the
        parents that the place lies in. One for each place larger than `NESTING_AREA_M2` and wider
        than `SLIVER_WIDTH_M`, one for each child without a known parent, and one for each parent
        without children.
    """
    children_of: dict[str, list[str]] = {code: [] for code in sorted(parents)}
    orphans = []
    for code in sorted(polygons):
        if parent_of.get(code) in children_of:
            children_of[parent_of[code]].append(code)
        else:
            orphans.append(_orphan(code, parent_of.get(code), polygons[code]))
    childless = [_childless(p, parents[p]) for p, codes in children_of.items() if not codes]
    seams = _sum_families(polygons, children_of, parents)
    misplaced = _misplaced(polygons, parent_of, parents, seams) if len(seams) else []
    return sort_faults([*orphans, *childless, *misplaced])


def _orphan(code: str, parent: str | None, polygon: Any) -> Fault:
    if parent is None:
        return make_fault("nesting", (code,), polygon, f"{code} names no parent")
    detail = f"{code} names the parent {parent}, which is not there"
    return make_fault("nesting", (code, parent), polygon, detail)


def _childless(code: str, polygon: Any) -> Fault:
    return make_fault("nesting", (code,), polygon, f"{code} has no children")


def _sum_families(
    polygons: Mapping[str, Any], children_of: Mapping[str, list[str]], parents: Mapping[str, Any]
) -> Seams:
    """Sum the children's borders of each parent less its own; what is left of all of them.

    Numbers are those of the children in order of their codes.
    """
    number_of = {code: number for number, code in enumerate(sorted(polygons))}
    left = []
    for parent, codes in children_of.items():
        if codes:
            seams = find_seams([polygons[code] for code in codes], parents[parent])
            numbers = np.array([*(number_of[code] for code in codes), OUTLINE], np.intp)
            left.append((seams, numbers[seams.polygons]))
    nothing = np.empty((0, 2), np.int64)
    return Seams(
        np.concatenate([nothing, *(seams.starts for seams, _ in left)]),
        np.concatenate([nothing, *(seams.ends for seams, _ in left)]),
        np.concatenate([nothing[:, 0], *(numbers for _, numbers in left)]),
        np.concatenate([nothing[:, 0], *(seams.positions for seams, _ in left)]),
    )


def _misplaced(
    polygons: Mapping[str, Any],
    parent_of: Mapping[str, str],
    parents: Mapping[str, Any],
    seams: Seams,
) -> list[Fault]:
    codes, upper = sorted(polygons), sorted(parents)
    faces = close_faces(seams)
    inside = _name_covering(faces, codes, polygons)
    within = _name_covering(faces, upper, parents)
    faults = []
    for number, face in enumerate(faces.shapes):
        if any(parent_of.get(child) not in parents for child in inside[number]):
            continue  # what a child without a parent covers is told once, by its own fault
        own = {parent_of[child] for child in inside[number]}
        if own == set(within[number]) or measure_area_m2(face) <= NESTING_AREA_M2:
            continue
        width_m = measure_width_m(face)
        if width_m <= SLIVER_WIDTH_M:
            continue
        along = {codes[walker] for walker in faces.left[number]}
        children = tuple(sorted({*inside[number], *(c for c in along if parent_of.get(c) in own)}))
        others = tuple(sorted(own | set(within[number])))
        detail = _describe(face, children, sorted(own), within[number])
        faults.append(make_fault("nesting", children + others, face, detail, width_m=width_m))
    return faults


def _name_covering(
    faces: Faces, codes: list[str], polygons: Mapping[str, Any]
) -> list[tuple[str, ...]]:
    """Codes of the polygons over the sample of each face; on a common border all that touch it."""
    shapes: NDArray[np.object_] = np.array([polygons[code] for code in codes], dtype=object)
    _, touching = cover_faces(faces, shapes)
    return [tuple(codes[number] for number in numbers) for numbers in touching]


def _describe(face: Any, children: tuple[str, ...], own: list[str], within: tuple[str, ...]) -> str:
    area = area_words(face)
    if not children:
        return f"{area} of {list_words(within)} lie in none of its children"
    belong = f"{list_words(children)} {'belongs' if len(children) == 1 else 'belong'} to"
    lie = f"lie in {list_words(within)}" if within else "lie outside every parent"
    return f"{belong} {list_words(tuple(own))}, but {area} {lie}"
