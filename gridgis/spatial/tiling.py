"""Is a set of grids seamless, and if not, where not: the list of faults, each with its place.

The proof is `find_seams`; this module explains what it left over. The leftover segments are closed
to faces, and the number of grids over a face tells: none is a gap, two or more an overlap.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from gridgis.errors import FaultsFound
from gridgis.spatial import rings as ring_arrays
from gridgis.spatial.faces import close_faces, cover_faces
from gridgis.spatial.faults import (
    SLIVER_WIDTH_M,
    Fault,
    area_words,
    count_kinds,
    list_words,
    make_fault,
    make_unmatched_vertex,
    measure_width_m,
    sort_faults,
)
from gridgis.spatial.lattice import (
    LATTICE_PER_DEGREE,
    IntArray,
    metres_per_degree,
    to_degrees,
)
from gridgis.spatial.matching import Added, match_vertices
from gridgis.spatial.seams import OUTLINE, Seams, find_seams, subtract_border
from gridgis.spatial.slits import find_slits

__all__ = [
    "SLIVER_WIDTH_M",
    "Fault",
    "Tiling",
    "count_kinds",
    "find_faults",
    "find_multiparts",
    "match_edges",
    "prove",
]


@dataclass(frozen=True)
class Tiling:
    """Grids proved seamless: `polygons` by code fill `outline`; its holes are accepted gaps."""

    polygons: Mapping[str, Any]
    outline: Any


def match_edges(
    polygons: Mapping[str, Any], boundary: Any = None
) -> tuple[dict[str, Any], Any, list[Fault]]:
    """Give neighbours the border vertices that one of them lacks.

    Parameters
    ----------
    polygons
        Valid lon/lat polygons on the lattice by code.
    boundary
        The outline that they must fill; it is matched too.

    Returns
    -------
    polygons, boundary
        The same, with the missing vertices. A polygon that would cross itself with them is kept as
        it was; what it lacks is then a seam that `find_faults` sees.
    faults
        One `unmatched_vertex` for each vertex lacking, with the code that lacks it first; the
        detail says where it could not be added.
    """
    codes = sorted(polygons)
    names = [*codes, "the boundary"]
    everything = [polygons[code] for code in codes]
    if boundary is not None:
        everything.append(boundary)
    rings = ring_arrays.from_polygons(everything)
    outline = None if boundary is None else len(codes)
    if len(rings.vertices) == 0:
        return dict(polygons), boundary, []
    matched, added = match_vertices(rings, _metres_per_unit(rings.vertices), outline=outline)
    if not added:
        return dict(polygons), boundary, []
    changed = np.unique([vertex.polygon for vertex in added])
    made = dict(zip(changed.tolist(), ring_arrays.to_polygons(matched)[changed], strict=True))
    kept = {number for number, polygon in made.items() if not polygon.is_valid}
    faults = [_unmatched_vertex(vertex, names, vertex.polygon in kept) for vertex in added]
    fit = [p if n in kept else made.get(n, p) for n, p in enumerate(everything)]
    by_code = dict(zip(codes, fit[: len(codes)], strict=True))
    matched_boundary = None if boundary is None else fit[-1]
    return {code: by_code[code] for code in polygons}, matched_boundary, faults


def _unmatched_vertex(added: Added, names: list[str], is_kept_out: bool) -> Fault:
    lacking, owner = names[added.polygon], names[added.owner]
    lon, lat = to_degrees(np.array(added.vertex)).tolist()
    fault = make_unmatched_vertex(lacking, owner, lon, lat)
    if is_kept_out:
        reason = f"{fault.detail}, and cannot get it: {lacking} would cross itself"
        return replace(fault, detail=reason)
    return fault


def find_faults(polygons: Mapping[str, Any], boundary: Any = None) -> list[Fault]:
    """List the gaps, overlaps, slivers and places outside of a set of grids, largest first.

    Parameters
    ----------
    polygons
        Valid lon/lat polygons on the lattice by code, their edges matched.
    boundary
        The polygon that they must fill. Without it a gap is what the grids enclose, or a slit
        narrower than 0.5 m between two grids that is open to the outside.

    Returns
    -------
    faults
        Empty if and only if the set is seamless and fills its boundary. They do not depend on the
        order of `polygons`.
    """
    return _survey(polygons, boundary).faults


@dataclass(frozen=True)
class _Survey:
    """The faults of a set of grids, and what the grids cover where the faults left it clear."""

    faults: list[Fault]
    outline: Any


def _survey(polygons: Mapping[str, Any], boundary: Any) -> _Survey:
    codes = sorted(polygons)
    shapes = np.array([polygons[code] for code in codes], dtype=object)
    seams = find_seams(shapes, boundary)
    if len(seams) == 0:
        return _Survey([], shapely.Polygon() if boundary is None else boundary)
    faces = close_faces(seams)
    counts, touching = cover_faces(faces, shapes)
    is_inside = np.full(len(faces), fill_value=True)
    if boundary is not None:
        is_inside = shapely.intersects(boundary, faces.samples)
    faults = []
    for number, face in enumerate(faces.shapes):
        count = counts[number]
        over = _named(codes, {*touching[number], *faces.left[number]})
        if count == 0 and is_inside[number]:
            faults.append(_gap(face, _named(codes, faces.right[number])))
        elif count > 1 and is_inside[number]:
            faults.append(_overlap(face, over))
        elif count > 0 and not is_inside[number]:
            faults.append(_outside(face, over))
    outline, unexplained = boundary, seams
    if boundary is None:
        filled = shapely.coverage_union_all(faces.shapes)
        faults += [_gap(slit, _named(codes, n)) for slit, n in find_slits(filled, seams, shapes)]
        outline = shapely.coverage_union_all(faces.shapes[counts > 0])
        unexplained = subtract_border(seams, outline)
    if not faults:
        faults = _unexplained(codes, unexplained)
    return _Survey(sort_faults(faults), outline)


def find_multiparts(polygons: Mapping[str, Any]) -> list[Fault]:
    """List grids of several parts, which may be right; the place is inside the smallest part."""
    faults = []
    for code, polygon in polygons.items():
        if polygon.geom_type == "MultiPolygon":
            part = min(polygon.geoms, key=lambda geometry: float(geometry.area))
            detail = f"{code} has {len(polygon.geoms)} parts; the smallest has {area_words(part)}"
            faults.append(make_fault("multipart", (code,), part, detail))
    return faults


def prove(
    polygons: Mapping[str, Any], boundary: Any = None, *, accept_gaps: bool = False
) -> Tiling:
    """Prove that polygons are seamless; the only maker of a `Tiling`.

    Parameters
    ----------
    polygons
        Valid lon/lat polygons on the lattice by code, their edges matched.
    boundary
        The polygon that they must fill; without it, their own outline.
    accept_gaps
        Whether gaps become holes of the outline, outside the layer's boundary.

    Raises
    ------
    FaultsFound
        If they are not seamless; it carries the faults.
    """
    survey = _survey(polygons, boundary)
    refused = [fault for fault in survey.faults if not (accept_gaps and fault.kind == "gap")]
    if refused:
        raise FaultsFound(f"the grids are not seamless: {count_kinds(refused)}", refused)
    outline = survey.outline
    if survey.faults:
        shapes = np.array([polygons[code] for code in sorted(polygons)], dtype=object)
        outline = shapely.coverage_union_all(shapes)
        open_seams = _unexplained(sorted(polygons), find_seams(shapes, outline))
        if open_seams:
            raise FaultsFound("the grids are not seamless: their borders do not close", open_seams)
    return Tiling(dict(polygons), outline)


def _gap(face: Any, codes: tuple[str, ...]) -> Fault:
    width_m = measure_width_m(face)
    kind = "gap" if width_m >= SLIVER_WIDTH_M else "sliver"
    detail = f"no grid covers {area_words(face)} beside {list_words(codes) or 'the boundary'}"
    return make_fault(kind, codes, face, detail, width_m=width_m)


def _overlap(face: Any, codes: tuple[str, ...]) -> Fault:
    return make_fault("overlap", codes, face, f"{list_words(codes)} overlap by {area_words(face)}")


def _outside(face: Any, codes: tuple[str, ...]) -> Fault:
    reach = "reaches" if len(codes) == 1 else "reach"
    reaching = f"{list_words(codes)} {reach} {area_words(face)} outside the boundary"
    return make_fault("outside", codes, face, reaching)


def _unexplained(codes: list[str], seams: Seams) -> list[Fault]:
    """One sliver at the first segment that did not cancel, so that nothing passes unproved."""
    if len(seams) == 0:
        return []
    first = np.lexsort((*seams.ends.T, *seams.starts.T))[0]
    lon, lat = to_degrees(seams.starts[first])
    involved = _named(codes, set(seams.polygons.tolist()) - {OUTLINE})
    detail = f"the borders of {list_words(involved)} do not close on one another"
    return [Fault("sliver", involved, 0.0, 0.0, float(lon), float(lat), detail)]


def _named(codes: list[str], numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted(codes[number] for number in numbers))


def _metres_per_unit(vertices: IntArray) -> tuple[float, float]:
    east_m, north_m = metres_per_degree(float(to_degrees(vertices[:, 1]).mean()))
    return east_m / LATTICE_PER_DEGREE, north_m / LATTICE_PER_DEGREE
