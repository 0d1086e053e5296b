"""Memory of one engine on one workload, in a process of its own: ``python -m bench.memory``."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from bench.lookup import GRIDGIS, build_index
from bench.machine import read_resident_bytes
from bench.peers import PEERS
from bench.workloads import Floats, Polygons, load_grids, make_points
from gridgis.spatial.index import GridIndex, warm_up

_POINTS = 100_000


def _measure_gridgis(polygons: Polygons, points: Floats) -> int:
    """Measure an index that is opened from its file, as in every process but the one that built."""
    with tempfile.TemporaryDirectory() as folder:
        path = build_index(polygons).save(Path(folder))
        warm_up()
        before = read_resident_bytes()
        index = GridIndex.open(path)
        index.locate_many(*np.ascontiguousarray(points.T))
        return read_resident_bytes() - before


def _measure_peer(name: str, polygons: Polygons, points: Floats) -> int:
    peer = next(peer for peer in PEERS if peer.name == name)
    with peer.open(polygons[:2]) as opened:  # its programs are loaded: only data is to be counted
        opened.give(points[:2])()
    before = read_resident_bytes()
    with peer.open(polygons) as opened:
        query = opened.give(points)
        query()
        return read_resident_bytes(opened.process) - (0 if opened.process else before)


def main(name: str, engine: str) -> None:
    """Print by how many bytes the engine grows."""
    polygons = load_grids(name)
    points = make_points(polygons, "uniform", _POINTS)
    if engine == GRIDGIS:
        grown = _measure_gridgis(polygons, points)
    else:
        grown = _measure_peer(engine, polygons, points)
    sys.stdout.write(json.dumps(grown))


if __name__ == "__main__":
    main(*sys.argv[1:])
