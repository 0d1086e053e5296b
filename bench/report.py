"""The tables of RESULTS.md, from the figures that were measured; nothing is typed in by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.lookup import GRIDGIS
from bench.workloads import WORKLOADS

Parts = Mapping[str, Any]

_HEAD = """# Benchmarks

Written by `make bench`; every figure below was measured, none is copied. Rerun a part with
`make bench-lookup`, `make bench-http` or `make bench-start`; `.build/bench-venv/bin/python -m bench
lookup --quick` is a short run that only prints.

Read the ratios, not the speeds: each compares two runs that follow each other on the same machine,
which others may use at the same time.
"""

_LOOKUP = """
## Lookup

One thread each. The time is CPU time of the process that works, the ratio is that of the CPU time a
point, the median over {rounds} rounds. Everybody is given the same {points:,} points in its own
form (PostGIS a tenth of them); building that form is not counted. A peer finds the pairs of point
and grid; gridgis also decides for the smallest code where a point lies on a border. `uniform`
points lie over the box of the set, a third of them outside every grid; `clustered` ones around 300
hot spots; `border` ones exactly on edges and vertices, all of them, which no real table has.
"""

_LIMITS = """
## What the figures do not say

- The sets are made: Voronoi polygons with jagged borders of {segments} segments. Real borders have
  longer edges and other shapes; what these do to the ratios was not measured here.
- The answers of the peers are not checked here. They take coordinates as floats: for points on
  borders their answers depend on the last bit.
- DuckDB and SedonaDB build their index within each join, and PostGIS reads rows from its buffers:
  they are databases that can do much else. One thread each is their weakest form.
- Memory is the growth of the resident set of a fresh process by opening the set and one query.
  gridgis counts its whole index, mapped from its file and shared by all processes; shapely and
  geopandas need their polygons beside it, which are not counted.
- A server, the load and the system share the cores of one machine: the requests a second are those
  of this machine, and a latency of a network is missing.
"""


def render(parts: Parts) -> str:
    """Write the tables of the parts that were measured."""
    sections = [_HEAD]
    if parts:
        sections.append(_list_machine(parts))
    if "lookup" in parts:
        sections += _render_lookup(parts["lookup"]["figures"])
    if "http" in parts:
        sections += _render_http(parts["http"]["figures"])
    if "start" in parts:
        sections += _render_start(parts["start"]["figures"])
    sections.append(_LIMITS.format(segments="4 (nation) or 16"))
    return "\n".join(section.strip("\n") + "\n" for section in sections)


def _list_machine(parts: Parts) -> str:
    merged: dict[str, str] = {}
    for part in parts.values():
        merged |= part["machine"]
    dates = ", ".join(f"{name} {part['date']}" for name, part in parts.items())
    facts = "; ".join(f"{name} {value}" for name, value in merged.items())
    return f"Machine: {facts}. Measured: {dates}.\n"


def _render_lookup(figures: Parts) -> Iterable[str]:
    effort = figures["effort"]
    yield _LOOKUP.format(rounds=effort["rounds"], points=effort["points"])
    for name, reason in figures["missing"].items():
        yield f"Missing on this machine, and so not compared: **{name}** ({reason}).\n"
    for name in WORKLOADS:
        measured = figures["sets"].get(name)
        if measured is None:
            yield f"### {name}\n\nNot measured yet: `python -m bench lookup --only {name}`.\n"
            continue
        vertices = measured["vertices"] / measured["grids"]
        yield f"### {name}: {measured['grids']:,} grids of {vertices:.0f} vertices\n"
        yield _tabulate_set(measured)
        yield _describe_own(measured)


def _tabulate_set(measured: Parts) -> str:
    speed = measured["speed"]
    head = ["", *(f"{kind}, M points/s" for kind in speed), *(f"{kind}, ratio" for kind in speed)]
    head += ["build, CPU s", "memory, MB", "files, MB"]
    rows = []
    for name in speed["uniform"]:
        rates = [f"{speed[kind][name]['points_per_second'] / 1e6:.2f}" for kind in speed]
        ratios = [
            "1" if name == GRIDGIS else f"{speed[kind][name]['ratio']:.0f}×" for kind in speed
        ]
        size = measured["index_bytes"] if name == GRIDGIS else measured["disk_bytes"][name]
        rows.append(
            [
                *(name, *rates, *ratios, f"{measured['build'][name]:.2f}"),
                f"{measured['memory'][name] / 1e6:.0f}",
                f"{size / 1e6:.1f}" if size else "–",
            ]
        )
    return _tabulate(head, rows)


def _describe_own(measured: Parts) -> str:
    mismatches, single = dict(measured["mismatches"]), measured["single_ns"]
    checked = mismatches.pop("points")
    counted = ", ".join(f"{kind} {count}" for kind, count in mismatches.items())
    threads = measured["two_threads"]
    fastest = {
        kind: min((s["ratio"], name) for name, s in speed.items() if name != GRIDGIS)
        for kind, speed in measured["speed"].items()
    }
    best = "; ".join(f"{kind} {ratio:.0f}× ({name})" for kind, (ratio, name) in fastest.items())
    return (
        f"- Against the fastest peer: {best}.\n"
        f"- Answers that differ from shapely `covered_by` and the smallest code, of {checked:,} "
        f"points of each kind: {counted}.\n"
        f"- {measured['index_bytes'] / measured['grids']:,.0f} bytes a grid.\n"
        f"- One point from Python: {single['locate'] / 1000:.2f} µs; with the border "
        f"{single['border'] / 1000:.2f} µs.\n"
        f"- Two threads: {threads['gain']:.2f} times the speed of one (best "
        f"{threads['best_gain']:.2f}), by the clock on the wall.\n"
    )


def _render_http(figures: Parts) -> Iterable[str]:
    effort = figures["effort"]
    yield (
        "## HTTP\n\nuvicorn with one process, the same options for all; wrk with one thread on the "
        f"same machine, {effort['seconds']} s a run, in turn, the median of {effort['rounds']}. "
        "`hello-world` is the framework's own, `gridgis` is `GET /api/v1/lookup` with the full "
        "answer of the sample city (three layers), a third of the places outside; `PostGIS` is a "
        "small application that asks a database for grids, chain and roster, without borders and "
        "fallbacks.\n"
    )
    for name, reason in figures["missing"].items():
        yield f"Missing on this machine: **{name}** ({reason}).\n"
    rows = []
    for connections, servers in figures["load"].items():
        ratios = servers["ratios"]
        for name, some in servers.items():
            if name != "ratios":
                ratio = f"{ratios[f'to {name}']:.2f}" if f"to {name}" in ratios else ""
                rows.append(
                    [
                        *(connections, name, f"{some['per_second']:,.0f}", ratio),
                        *(f"{some['p50_ms']:.2f}", f"{some['p99_ms']:.2f}", str(some["failed"])),
                    ]
                )
    head = ["connections", "", "requests/s", "gridgis to it", "p50 ms", "p99 ms", "failed"]
    yield _tabulate(head, rows)
    yield _describe_swap(figures["swap"])


def _describe_swap(swap: Parts) -> str:
    windows = ", ".join(f"{p99:.1f}" for p99 in swap["p99_ms_by_window"])
    return (
        f"While an edition was published under a steady load of four readers: {swap['requests']:,} "
        f"requests, {swap['failed']} failed; p99 in ms of each {swap['window_seconds']:.0f} s: "
        f"{windows}. Published in window {swap['published_in_window'] + 1}; the first answer with "
        f"the new edition came {swap['swapped_after_seconds']:.2f} s after the transaction. The "
        f"slowest request took {swap['worst_ms']:.0f} ms.\n"
    )


def _render_start(figures: Parts) -> Iterable[str]:
    times = figures["effort"]["times"]
    yield f"## Start\n\nWall time of a whole process, kernels compiled before; median of {times}.\n"
    rows = [
        [name, f"{some['median']:.2f}", f"{some['least']:.2f}"]
        for name, some in figures["seconds"].items()
    ]
    yield _tabulate(["", "median, s", "least, s"], rows)


def _tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
