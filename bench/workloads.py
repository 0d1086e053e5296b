"""Sets of grids and points for the lookup benchmark, the same on every machine and in every run.

The grids are Voronoi polygons around random sites, half of them crowded around centres as in a
city. Each border is drawn once, as a jagged line, and is shared by its two neighbours vertex by
vertex. Coordinates have seven decimals, as in the files that cities publish; so many lattice points
lie exactly on an edge, which is where a lookup may go wrong.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gridgis.spatial.lattice import to_degrees, to_lattice

CACHE = Path(".build/bench")
KINDS = ("uniform", "clustered", "border", "vertex", "step")

_DECIMALS = 7
_HOT_SPOTS = 300
_ROUGHNESS = 0.6

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Polygons = NDArray[np.object_]


class Workload(NamedTuple):
    """How many grids, the segments of a jagged border, and where: centre and radius in degrees."""

    grids: int
    segments: int
    centre: tuple[float, float]
    radius: float


WORKLOADS: Mapping[str, Workload] = {
    "city": Workload(897, 16, (120.2, 30.25), 0.4),
    "metro": Workload(20_000, 16, (121.5, 31.2), 1.2),
    "nation": Workload(500_000, 4, (105.0, 35.0), 15.0),
}


def load_grids(name: str) -> Polygons:
    """Give the n polygons of a workload, in degrees; made once, then read from the cache."""
    path = CACHE / f"{name}.npz"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        _, vertices, (of_ring, of_polygon) = shapely.to_ragged_array(make_grids(WORKLOADS[name]))
        np.savez(path, vertices=vertices, of_ring=of_ring, of_polygon=of_polygon)
    with np.load(path) as kept:
        offsets = (kept["of_ring"], kept["of_polygon"])
        kind = shapely.GeometryType.POLYGON
        polygons: Polygons = shapely.from_ragged_array(kind, kept["vertices"], offsets)
    return polygons


def make_grids(workload: Workload, *, seed: int = 7) -> Polygons:
    """Make the n polygons of a workload, in degrees; the order is by distance from the centre."""
    from scipy.spatial import Voronoi  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    sites = _scatter_sites(workload, rng)
    diagram = Voronoi(sites)
    ends = np.asarray(diagram.ridge_vertices)
    is_used = (diagram.ridge_points.min(axis=1) < workload.grids) & (ends.min(axis=1) >= 0)
    starts, stops = diagram.vertices[ends[is_used]].transpose(1, 0, 2)
    beside = sites[diagram.ridge_points[is_used, 0]]
    lines = _draw_jagged(starts, stops, beside, workload.segments, rng)
    lines = to_degrees(to_lattice(np.round(lines, _DECIMALS)))
    is_long = (lines[:, 0] != lines[:, -1]).any(axis=1)
    faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(lines[is_long])))
    own_sites = shapely.points(sites[: workload.grids])
    of_site, of_face = shapely.STRtree(faces).query(own_sites, predicate="intersects")
    if not np.array_equal(of_site, np.arange(workload.grids)):
        raise ValueError("a site has lost its polygon; choose another seed")
    polygons: Polygons = shapely.remove_repeated_points(faces[of_face])
    return polygons


def _scatter_sites(workload: Workload, rng: np.random.Generator) -> Floats:
    """Scatter sites, (m, 2), those of the grids first; the others only bound the outermost."""
    count = 2 * workload.grids + 200
    angle, away = rng.uniform(0, 2 * np.pi, count), 1.7 * np.sqrt(rng.random(count))
    spread = np.stack([np.cos(angle), np.sin(angle)], axis=1) * away[:, None]
    centres = rng.normal(0, 0.5, (max(6, int(np.sqrt(count) / 4)), 2))
    chosen = centres[rng.integers(0, len(centres), count // 2)]
    spread[: count // 2] = chosen + rng.normal(0, 0.12, chosen.shape)
    angle = np.arctan2(spread[:, 1], spread[:, 0])
    outline = 1 + 0.15 * np.cos(2 * angle + 1) + 0.1 * np.cos(3 * angle) + 0.05 * np.cos(7 * angle)
    from_centre = np.argsort(np.hypot(*spread.T) / outline)
    sites: Floats = np.array(workload.centre) + spread[from_centre] * workload.radius
    return sites


def _draw_jagged(
    starts: Floats, stops: Floats, beside: Floats, segments: int, rng: np.random.Generator
) -> Floats:
    """Draw n borders as lines of `segments` segments, (n, segments + 1, 2).

    A line stays inside the triangle of its border and the site on either side, and the triangles of
    a diagram do not overlap; so no two lines cross.
    """
    along = stops - starts
    length = np.hypot(*along.T)
    unit = along / length[:, None]
    across = np.stack([-unit[:, 1], unit[:, 0]], axis=1)
    height = np.abs(((beside - starts) * across).sum(axis=1))
    foot = ((beside - starts) * unit).sum(axis=1)
    t = np.linspace(0, 1, segments + 1)
    slope_start = np.where(foot > 0, height / np.maximum(foot, 1e-12), 1.0).clip(0, 1)
    slope_stop = np.where(foot < length, height / np.maximum(length - foot, 1e-12), 1.0).clip(0, 1)
    limit = np.minimum(slope_start[:, None] * t, slope_stop[:, None] * (1 - t))
    offset = _displace_midpoints(len(starts), segments, rng) * limit * 0.8 * length[:, None]
    straight = starts[:, None] + along[:, None] * t[:, None]
    lines: Floats = straight + offset[..., None] * across[:, None]
    return lines


def _displace_midpoints(count: int, segments: int, rng: np.random.Generator) -> Floats:
    """Draw fractal lines between -1 and 1, (count, segments + 1); `segments` is a power of two."""
    offset = np.zeros((count, segments + 1))
    step, reach = segments, 1.0
    while step > 1:
        half = step // 2
        middle = np.arange(half, segments, step)
        mean = (offset[:, middle - half] + offset[:, middle + half]) / 2
        offset[:, middle] = mean + rng.uniform(-reach, reach, mean.shape)
        step, reach = half, reach * _ROUGHNESS
    return offset.clip(-1, 1)


def make_points(polygons: Polygons, kind: str, count: int, *, seed: int = 11) -> Floats:
    """Make points on the lattice, (count, 2) in degrees.

    ``uniform`` over the box of the set; ``clustered`` around 300 hot spots of very different
    weight; ``border`` exactly on edges; ``vertex`` on vertices; ``step`` one lattice step away from
    points on edges, in any of eight directions.
    """
    rng = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(polygons)
    if kind == "uniform":
        return _to_lattice_degrees(rng.uniform((west, south), (east, north), (count, 2)))
    if kind == "clustered":
        spots = shapely.get_coordinates(shapely.centroid(rng.choice(polygons, _HOT_SPOTS)))
        weights = rng.pareto(1.2, _HOT_SPOTS) + 0.1
        chosen = rng.choice(_HOT_SPOTS, count, p=weights / weights.sum())
        reach = (east - west) * np.exp(rng.normal(-5.5, 0.8, _HOT_SPOTS))
        away = rng.normal(0, 1, (count, 2)) * reach[chosen][:, None]
        return _to_lattice_degrees(spots[chosen] + away)
    on_border = _points_on_edges(polygons, count, rng, only_vertices=kind == "vertex")
    if kind == "step":
        directions = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j])
        on_border += directions[rng.integers(0, len(directions), count)]
    return to_degrees(on_border)


def _points_on_edges(
    polygons: Polygons, count: int, rng: np.random.Generator, *, only_vertices: bool
) -> Ints:
    """Choose lattice points that lie exactly on an edge, (count, 2) integers."""
    chosen = polygons[rng.integers(0, len(polygons), min(count, 4 * len(polygons)))]
    vertices, owner = shapely.get_coordinates(chosen, return_index=True)
    lattice = to_lattice(vertices)
    first = rng.choice(np.flatnonzero(owner[1:] == owner[:-1]), count)
    step = lattice[first + 1] - lattice[first]
    divisor = np.gcd(step[:, 0], step[:, 1])
    part = np.zeros(count, np.int64) if only_vertices else rng.integers(0, divisor + 1)
    chosen_points: Ints = lattice[first] + step // np.maximum(divisor, 1)[:, None] * part[:, None]
    return chosen_points


def _to_lattice_degrees(degrees: Any) -> Floats:
    return to_degrees(to_lattice(degrees))
