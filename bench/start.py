"""How long a new process takes to its first answer, with the kernels compiled and kept before."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from bench.workloads import load_grids
from gridgis.spatial.index import GridIndex, warm_up
from tests import dc

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
_FIRST_ANSWER = """
import sys
from pathlib import Path
from gridgis.spatial.index import GridIndex
GridIndex.open(Path(sys.argv[1])).locate(120.2, 30.25)
"""


class Effort(NamedTuple):
    """How many processes are started for each figure."""

    times: int


FULL = Effort(9)
QUICK = Effort(3)


def run(effort: Effort, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure the wall time of whole processes, from start to end."""
    environment = {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}
    warm_up()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        polygons = load_grids("city")
        codes = [f"{number:07}" for number in range(len(polygons))]
        index = GridIndex.build(codes, list(polygons)).save(folder)
        database = f"sqlite:///{folder / 'gridgis.db'}"
        dc.load(database, folder / "cache")
        settings = {"GRIDGIS_DATABASE_URL": database, "GRIDGIS_CACHE_DIR": str(folder / "cache")}
        lon, lat = map(str, dc.WHITE_HOUSE)
        python = [sys.executable, "-c"]
        commands: dict[str, Sequence[str]] = {
            "python -c pass": [*python, "pass"],
            "first point of an opened index": [*python, _FIRST_ANSWER, str(index)],
            "gridgis locate": [sys.executable, "-m", "gridgis.cli", "locate", lon, lat],
        }
        found = {
            name: _time_processes(command, environment | settings, effort.times)
            for name, command in commands.items()
        }
    tell(str(found))
    return {"seconds": found, "effort": effort._asdict()}


def _time_processes(
    command: Sequence[str], environment: Mapping[str, str], times: int
) -> dict[str, float]:
    spent = []
    for _ in range(times + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        spent.append(time.perf_counter() - began)
    warm = spent[1:]  # the first writes bytecode and fills the cache of the file system
    return {"median": median(warm), "least": min(warm)}
