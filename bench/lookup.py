"""The lookup against its peers: speed, build, size, memory, and a check of every answer.

Every ratio is of CPU seconds a point, of two runs that follow each other: on a machine that others
use too, neighbours in time are slowed alike. The figure is the median over all rounds.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import shapely

from bench.machine import read_cpu_seconds
from bench.peers import PEERS, Opened, Peer, Query
from bench.workloads import KINDS, Floats, Polygons, load_grids, make_points
from gridgis.spatial.index import GridIndex
from gridgis.spatial.lattice import to_lattice

GRIDGIS = "gridgis"
_SPEED_KINDS = ("uniform", "clustered", "border")
_OWN_REPEATS = 5
_ONE_BY_ONE = 20_000

Record = dict[str, Any]


class Effort(NamedTuple):
    """How much is asked: points for speed, rounds, points of each kind that are checked."""

    points: int
    rounds: int
    checked: int
    checked_in_nation: int
    builds: int


FULL = Effort(500_000, 3, 1_000_000, 100_000, 3)
QUICK = Effort(50_000, 1, 20_000, 20_000, 1)


def run(effort: Effort, names: Sequence[str], tell: Callable[[str], None]) -> Iterator[Record]:
    """Measure the workloads `names`, each for itself; what a peer lacks is told and recorded."""
    missing = {peer.name: reason for peer in PEERS if (reason := peer.find_missing())}
    for name, reason in missing.items():
        tell(f"{name} is missing: {reason}")
    present = [peer for peer in PEERS if peer.name not in missing]
    for name in names:
        sets = {name: _measure_set(name, effort, present, tell)}
        yield {"missing": missing, "sets": sets, "effort": effort._asdict()}


def build_index(polygons: Polygons) -> GridIndex:
    """Build the index of a set; the codes are in the order of the polygons."""
    return GridIndex.build([f"{number:07}" for number in range(len(polygons))], list(polygons))


def _measure_set(
    name: str, effort: Effort, peers: Sequence[Peer], tell: Callable[[str], None]
) -> Record:
    polygons = load_grids(name)
    index, build = _build_often(polygons, effort.builds)
    tell(f"{name}: {len(polygons)} grids, built in {build:.2f} CPU seconds")
    record: Record = {
        "grids": len(polygons),
        "vertices": int(shapely.get_num_coordinates(polygons).sum()),
        "build": {GRIDGIS: build},
        "index_bytes": index._array.nbytes,
        "memory": {peer: _measure_memory(name, peer) for peer in (GRIDGIS, *_names(peers))},
        "single_ns": _measure_single(index, polygons),
        "two_threads": _measure_threads(index, polygons, effort),
    }
    checked = effort.checked_in_nation if name == "nation" else effort.checked
    record["mismatches"] = {"points": checked, **_check(index, polygons, checked, tell)}
    with ExitStack() as stack:
        opened = {}
        for peer in peers:
            began = read_cpu_seconds()
            opened[peer.name] = stack.enter_context(peer.open(polygons))
            process = opened[peer.name].process
            spent = read_cpu_seconds(process) - (0 if process else began)
            record["build"][peer.name] = spent
        record["disk_bytes"] = {peer: some.disk_bytes for peer, some in opened.items()}
        record["speed"] = {
            kind: _race(index, make_points(polygons, kind, effort.points), peers, opened, effort)
            for kind in _SPEED_KINDS
        }
    for kind, speed in record["speed"].items():
        tell(f"{name}, {kind}: {_in_words(speed)}")
    return record


def _names(peers: Sequence[Peer]) -> list[str]:
    return [peer.name for peer in peers]


def _build_often(polygons: Polygons, times: int) -> tuple[GridIndex, float]:
    build_index(polygons[:2])  # compiles, or loads what was compiled
    spent = []
    for _ in range(times):
        began = read_cpu_seconds()
        index = build_index(polygons)
        spent.append(read_cpu_seconds() - began)
    return index, median(spent)


def _race(
    index: GridIndex,
    points: Floats,
    peers: Sequence[Peer],
    opened: dict[str, Opened],
    effort: Effort,
) -> Record:
    """Ask everybody for the same points in turn, gridgis before and after each peer."""
    lon, lat = np.ascontiguousarray(points.T)

    def ask_own() -> float:
        spent = [_spend(lambda: index.locate_many(lon, lat)) for _ in range(_OWN_REPEATS)]
        return median(spent) / len(points)

    queries: dict[str, tuple[Query, int]] = {}
    for peer in peers:
        some = points[: int(len(points) * peer.share)]
        queries[peer.name] = (opened[peer.name].give(some), len(some))
        queries[peer.name][0]()
    own_seconds: list[float] = [ask_own()]
    peer_seconds: dict[str, list[float]] = {name: [] for name in queries}
    ratios: dict[str, list[float]] = {name: [] for name in queries}
    for _ in range(effort.rounds):
        for name, (query, count) in queries.items():
            spent = _spend(query, opened[name].process) / count
            own_seconds.append(ask_own())
            peer_seconds[name].append(spent)
            ratios[name].append(spent / median(own_seconds[-2:]))
    return {
        GRIDGIS: {"points_per_second": 1 / median(own_seconds)},
        **{
            name: {
                "points_per_second": 1 / median(peer_seconds[name]),
                "ratio": median(ratios[name]),
                "least_ratio": min(ratios[name]),
            }
            for name in queries
        },
    }


def _spend(query: Callable[[], Any], process: int = 0) -> float:
    began = read_cpu_seconds(process)
    query()
    return read_cpu_seconds(process) - began


def _check(
    index: GridIndex, polygons: Polygons, count: int, tell: Callable[[str], None]
) -> dict[str, int]:
    """Count the points of each kind for which shapely, on the integers, has another answer."""
    on_lattice = shapely.transform(polygons, lambda degrees: to_lattice(degrees).astype(float))
    tree = shapely.STRtree(on_lattice)
    mismatches = {}
    for kind in KINDS:
        points = make_points(polygons, kind, count, seed=23)
        lon, lat = np.ascontiguousarray(points.T)
        shapes = shapely.points(to_lattice(points).astype(float))
        of_point, of_grid = tree.query(shapes, predicate="covered_by")
        descending = np.argsort(-of_grid, kind="stable")
        expected = np.full(count, -1)
        expected[of_point[descending]] = of_grid[descending]  # the last, the smallest, stays
        found = index.locate_many(lon, lat)
        some = zip(lon[:_ONE_BY_ONE].tolist(), lat[:_ONE_BY_ONE].tolist(), strict=True)
        single = np.array([index.locate(*place) for place in some])
        differing = (found != expected).sum() + (single != found[:_ONE_BY_ONE]).sum()
        mismatches[kind] = int(differing)
        tell(f"  {kind}: {differing} of {count} points differ from shapely")
    return mismatches


def _measure_single(index: GridIndex, polygons: Polygons) -> dict[str, float]:
    """Measure one point at a time from Python, in nanoseconds; the loop itself is taken off."""
    points = make_points(polygons, "clustered", 200_000, seed=5)
    lon, lat = points[:, 0].tolist(), points[:, 1].tolist()

    def time_calls(ask: Callable[[float, float], Any]) -> float:
        spent = []
        for _ in range(5):
            began = time.process_time()
            for x, y in zip(lon, lat, strict=True):
                ask(x, y)
            spent.append(time.process_time() - began)
        return median(spent) / len(lon) * 1e9

    return {"locate": time_calls(index.locate), "border": time_calls(index.border)}


def _measure_threads(index: GridIndex, polygons: Polygons, effort: Effort) -> Record:
    """Compare the wall time of one thread and two, in turn."""
    points = make_points(polygons, "uniform", 20 * effort.points, seed=3)
    lon, lat = np.ascontiguousarray(points.T)
    gains, spent = [], []
    for _ in range(max(3, 2 * effort.rounds)):
        wall = []
        for threads in (1, 2):
            began = time.perf_counter()
            index.locate_many(lon, lat, threads=threads)
            wall.append(time.perf_counter() - began)
        gains.append(wall[0] / wall[1])
        spent.append(wall[1])
    return {
        "gain": median(gains),
        "best_gain": max(gains),
        "points_per_second": len(points) / median(spent),
    }


def _measure_memory(name: str, peer: str) -> int:
    """Ask a process of its own by how many bytes it grows when it opens a set and answers."""
    command = [sys.executable, "-m", "bench.memory", name, peer]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    grown: int = json.loads(done.stdout)
    return grown


def _in_words(speed: Record) -> str:
    own = speed[GRIDGIS]["points_per_second"] / 1e6
    ratios = {name: some["ratio"] for name, some in speed.items() if name != GRIDGIS}
    listed = ", ".join(f"{name} {ratio:.0f}×" for name, ratio in ratios.items())
    return f"{own:.1f} million points a CPU second; {listed}"
