"""Faults: what keeps a set of grids from being published, each in words and with its place."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, pi, sqrt
from typing import Any

import numpy as np
import shapely

from gridgis.spatial.lattice import metres_per_degree

__all__ = [
    "SLIVER_WIDTH_M",
    "Fault",
    "area_words",
    "count_kinds",
    "list_words",
    "local_plane",
    "make_fault",
    "make_unmatched_vertex",
    "measure_area_m2",
    "measure_width_m",
    "sort_faults",
]

SLIVER_WIDTH_M = 0.05
"""A gap narrower than this is a sliver: two borders meant to be one, within the reach of a snap."""

_WIDTH_STEP = 0.02
_LISTED = 8
_KIND_WORDS = {
    "gap": ("gap", "gaps"),
    "overlap": ("overlap", "overlaps"),
    "sliver": ("sliver", "slivers"),
    "unmatched_vertex": ("unmatched vertex", "unmatched vertices"),
    "invalid": ("invalid grid", "invalid grids"),
    "duplicate_code": ("duplicate code", "duplicate codes"),
    "multipart": ("multipart grid", "multipart grids"),
    "outside": ("place outside the boundary", "places outside the boundary"),
    "nesting": ("grid outside its parent", "grids outside their parents"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a set of grids from being published.

    `kind` is one of gap, overlap, sliver, unmatched_vertex, invalid, duplicate_code, multipart,
    outside, nesting. `lon`, `lat` is a place inside it to zoom to; `width_m` is the diameter of its
    largest circle. `geometry` is its shape in degrees, None where it is a point.
    """

    kind: str
    codes: tuple[str, ...]
    area_m2: float
    width_m: float
    lon: float
    lat: float
    detail: str
    geometry: Any = None


def make_unmatched_vertex(lacking: str, owner: str, lon: float, lat: float) -> Fault:
    """Make the fault of a vertex on a common border that only `owner` has."""
    detail = f"{lacking} has no vertex where {owner} has one on their common border"
    return Fault("unmatched_vertex", (lacking, owner), 0.0, 0.0, lon, lat, detail)


def make_fault(
    kind: str, codes: tuple[str, ...], face: Any, detail: str, *, width_m: float | None = None
) -> Fault:
    """Make the fault of a lon/lat polygon; its width is measured unless it is known."""
    place = shapely.point_on_surface(face)
    width_m = measure_width_m(face) if width_m is None else width_m
    return Fault(kind, codes, measure_area_m2(face), width_m, place.x, place.y, detail, face)


def sort_faults(faults: Sequence[Fault]) -> list[Fault]:
    """Largest first; equal areas by code and place, so that every run lists them alike."""
    return sorted(faults, key=lambda fault: (-fault.area_m2, fault.codes, fault.lon, fault.lat))


def count_kinds(faults: Sequence[Fault]) -> str:
    """Faults in words: ``2 gaps, 1 overlap``."""
    counts = Counter(fault.kind for fault in faults)
    return ", ".join(f"{n} {_KIND_WORDS[kind][n > 1]}" for kind, n in sorted(counts.items()))


def measure_area_m2(face: Any) -> float:
    """Area in square metres of a lon/lat polygon whose borders are straight in degrees.

    The geodesic area will not do for a face: between two vertices 1 km apart the geodesic bends
    away from the straight border by centimetres, and a sliver is thinner than that. True to 1e-5
    up to an extent of one degree.
    """
    return float(local_plane(face)[0](face).area)


def measure_width_m(face: Any) -> float:
    """Diameter in metres of the largest circle inside a lon/lat polygon, to two hundredths of it.

    The circle fits if the polygon shrunk by its radius is not empty; the search starts between
    2 · area / perimeter, which always fits, and the circle of the polygon's own area. It takes as
    long for a thin polygon as for a round one, unlike a search for the circle's centre.
    """
    in_metres = local_plane(face)[0](face)
    if in_metres.area == 0.0:
        return 0.0
    low = log(2 * in_metres.area / in_metres.length)
    high = log(2 * sqrt(in_metres.area / pi))
    while high - low > _WIDTH_STEP:
        middle = (low + high) / 2
        if in_metres.buffer(-exp(middle) / 2).is_empty:
            high = middle
        else:
            low = middle
    return exp((low + high) / 2)


def local_plane(geometry: Any) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """Functions from degrees to metres around the centroid of `geometry`, and back."""
    centroid = geometry.centroid
    origin = np.array([centroid.x, centroid.y])
    scale = np.array(metres_per_degree(centroid.y))
    return (
        lambda g: shapely.transform(g, lambda degrees: (degrees - origin) * scale),
        lambda g: shapely.transform(g, lambda metres: metres / scale + origin),
    )


def area_words(face: Any) -> str:
    """Area of a lon/lat polygon in words: ``0.142 km²``, ``812 m²``, ``0.405 m²``."""
    area = measure_area_m2(face)
    if area >= 1e5:
        return f"{area / 1e6:.3g} km²"
    return f"{area:.3g} m²" if area < 1000 else f"{area:.0f} m²"


def list_words(names: tuple[str, ...]) -> str:
    """Names in words: ``A, B and C``; of more than eight, how many more."""
    if len(names) > _LISTED:
        return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
