"""The route of the lookup beside a hello-world of the same framework, and beside PostGIS.

Each application has one process of the same server with the same options, wrk is beside it on the
same machine, and each is asked in turn. The last part publishes an edition under load.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import orjson
import psycopg

from bench import swap
from bench.workloads import CACHE
from tests import dc, postgis

_PATHS = 2000
_BOX = (-77.11, 38.80, -76.91, 38.99)
_SCRIPT = Path(__file__).with_name("points.lua")

Record = dict[str, Any]


class Effort(NamedTuple):
    """Seconds of one measurement, how often it is repeated, seconds of load around a swap."""

    seconds: int
    rounds: int
    swap_seconds: int


FULL = Effort(3, 3, 16)
QUICK = Effort(1, 1, 6)


def run(effort: Effort, tell: Callable[[str], None]) -> Record:
    """Measure all that this machine can run; what it lacks is told and recorded."""
    missing = {}
    if shutil.which("wrk") is None:
        missing["wrk"] = "wrk is not installed (Debian package wrk)"
    lacking = postgis.find_missing_part()
    if lacking:
        missing["PostGIS"] = lacking
    for reason in missing.values():
        tell(reason)
    with ExitStack() as stack:
        folder = CACHE / "http"
        database = _load_city(folder)
        servers = {"hello-world": stack.enter_context(_serving("bench.apps:hello", {}))}
        own = {"GRIDGIS_DATABASE_URL": database, "GRIDGIS_CACHE_DIR": str(folder / "cache")}
        servers["gridgis"] = stack.enter_context(_serving("api.app:from_environment", own))
        if "PostGIS" not in missing:
            url = stack.enter_context(postgis.run_server())
            dc.load(url.replace("postgresql:", "postgresql+psycopg:"), folder / "cache")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")
            their = {"BENCH_DATABASE": url}
            servers["PostGIS"] = stack.enter_context(_serving("bench.apps:postgis", their))
        load = {} if "wrk" in missing else _race(servers, effort, tell)
        swapped = swap.measure(servers["gridgis"], own, effort.swap_seconds)
        tell(f"while an edition was published: {swapped}")
    return {"missing": missing, "load": load, "swap": swapped, "effort": effort._asdict()}


def _load_city(folder: Path) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = f"sqlite:///{(folder / 'gridgis.db').resolve()}"
    dc.load(url, folder / "cache")
    return url


@contextmanager
def _serving(factory: str, settings: Mapping[str, str]) -> Iterator[str]:
    """Serve an application on a free port with one process; gives its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "--factory", factory, "--port", str(port)]
    quiet = ["--log-level", "warning", "--no-access-log", "--no-server-header"]
    process = subprocess.Popen([*command, *quiet], env=os.environ | dict(settings))
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the server did not start; its words are above")


def _race(
    servers: Mapping[str, str], effort: Effort, tell: Callable[[str], None]
) -> dict[str, Record]:
    """Load each server in turn, with 1 connection and with 32."""
    paths = {"hello-world": _write_paths("hello", ["/"])}
    paths |= dict.fromkeys(("gridgis", "PostGIS"), _write_paths("lookup", _choose_paths()))
    found: dict[str, Record] = {}
    for connections in (1, 32):
        runs: dict[str, list[Record]] = {name: [] for name in servers}
        for name, address in servers.items():
            _load(address, paths[name], connections, 1)
        for _ in range(effort.rounds):
            for name, address in servers.items():
                runs[name].append(_load(address, paths[name], connections, effort.seconds))
        found[str(connections)] = {name: _summarise(some) for name, some in runs.items()}
        ratios = {
            f"to {name}": median(
                ours["per_second"] / theirs["per_second"]
                for ours, theirs in zip(runs["gridgis"], runs[name], strict=True)
            )
            for name in servers
            if name != "gridgis"
        }
        found[str(connections)]["ratios"] = ratios
        tell(f"{connections} connections: {found[str(connections)]}")
    return found


def _choose_paths() -> list[str]:
    """Choose places in the box of the sample city; about a third of them lie outside it."""
    west, south, east, north = _BOX
    places = np.random.default_rng(17).uniform((west, south), (east, north), (_PATHS, 2))
    return [f"/api/v1/lookup?lon={lon:.6f}&lat={lat:.6f}" for lon, lat in places.tolist()]


def _write_paths(name: str, paths: Sequence[str]) -> Path:
    path = CACHE / f"{name}-paths.txt"
    path.write_text("\n".join(paths) + "\n")
    return path


def _load(address: str, paths: Path, connections: int, seconds: int) -> Record:
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "-s", str(_SCRIPT)]
    done = subprocess.run(
        [*command, address, "--", str(paths)], check=True, capture_output=True, text=True
    )
    figures: Record = orjson.loads(done.stderr)
    return figures | {"per_second": figures["requests"] / figures["seconds"]}


def _summarise(runs: Sequence[Record]) -> Record:
    summary = {
        figure: median(run[figure] for run in runs) for figure in ("per_second", "p50_ms", "p99_ms")
    }
    return summary | {"failed": sum(run["failed"] for run in runs)}
