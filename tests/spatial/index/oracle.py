"""What an index must answer, computed the slow and simple way: in Python integers, edge by edge."""

from itertools import pairwise

import numpy as np
import shapely

from gridgis.spatial.lattice import WGS84, to_degrees, to_lattice


def edges_of(polygon):
    """List the edges of a polygon as integers (ax, ay, bx, by), every ring in its own direction."""
    edges = []
    for part in shapely.get_parts(polygon):
        for ring in [part.exterior, *part.interiors]:
            vertices = to_lattice(np.array(ring.coords)).tolist()
            edges += [(*a, *b) for a, b in pairwise(vertices) if a != b]
    return edges


def cross(edge, x, y):
    """Twice the signed area of a, b, (x, y), in Python integers without limit."""
    ax, ay, bx, by = edge
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)


def is_on(edge, x, y):
    ax, ay, bx, by = edge
    in_box = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
    return in_box and cross(edge, x, y) == 0


def is_covered(edges, x, y):
    """Whether a point is inside or on the border: even-odd rule on a ray to the east."""
    inside = False
    for edge in edges:
        if is_on(edge, x, y):
            return True
        _, ay, _, by = edge
        if (ay <= y) != (by <= y) and (cross(edge, x, y) > 0) == (by > ay):
            inside = not inside
    return inside


def locate(polygons, lon, lat):
    """Find the smallest number of the polygons that cover each of n points; -1 where none does."""
    edges = [edges_of(polygon) for polygon in polygons]
    points = zip(to_lattice(lon).tolist(), to_lattice(lat).tolist(), strict=True)
    return [next((n for n, of in enumerate(edges) if is_covered(of, x, y)), -1) for x, y in points]


def sides(polygons):
    """Map each edge, without direction, to the numbers of the polygons that have it."""
    found = {}
    for number, polygon in enumerate(polygons):
        for ax, ay, bx, by in edges_of(polygon):
            found.setdefault(frozenset([(ax, ay), (bx, by)]), []).append(number)
    return found


def measure(polygons, own, lon, lat):
    """Geodesic metres from one point to each border of `own` (-1: of any grid with the outside).

    Returns the distances and the numbers beyond, (k,) each. Each edge, straight in longitude and
    latitude, is searched by golden section.
    """
    starts, ends, beyond = [], [], []
    for edge, owners in sides(polygons).items():
        both = [*owners, -1][:2]
        if own in both:
            a, b = edge
            starts.append(a)
            ends.append(b)
            beyond.append(both[1] if both[0] == own else both[0])
    a, b = to_degrees(starts), to_degrees(ends)
    low, high = np.zeros(len(a)), np.ones(len(a))
    ratio = (np.sqrt(5) - 1) / 2

    def distance_m(t):
        at = a + (b - a) * t[:, None]
        return WGS84.inv(np.full(len(a), lon), np.full(len(a), lat), at[:, 0], at[:, 1])[2]

    for _ in range(70):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        is_left = distance_m(left) < distance_m(right)
        high, low = np.where(is_left, right, high), np.where(is_left, low, left)
    nearest = [distance_m(t) for t in (low, high, np.zeros(len(a)), np.ones(len(a)))]
    return np.minimum.reduce(nearest), np.array(beyond)


def points_near(polygons, rng, count):
    """Lattice points where mistakes are likely: (n, 2) integers around `count` edges.

    Vertices, points exactly on an edge, its rounded midpoint, and all their eight neighbours.
    """
    edges = np.array([edge for polygon in polygons for edge in edges_of(polygon)])
    chosen = edges[rng.integers(0, len(edges), count)]
    a, d = chosen[:, :2], chosen[:, 2:] - chosen[:, :2]
    divisor = np.gcd(d[:, 0], d[:, 1])
    on_edge = a + d // divisor[:, None] * rng.integers(0, divisor + 1)[:, None]
    base = np.concatenate([a, on_edge, a + d // 2])
    steps = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    return (base[:, None, :] + steps).reshape(-1, 2)
