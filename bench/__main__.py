"""``python -m bench lookup | start | http | report [--quick]``: measure, and write the tables."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.workloads import CACHE, WORKLOADS

RESULTS = Path(__file__).parent / "RESULTS.md"
_PARTS = ("lookup", "start", "http")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TOKIO_WORKER_THREADS")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure one part, keep its figures, and write the tables of all parts measured so far."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("part", choices=(*_PARTS, "report"))
    parser.add_argument("--quick", action="store_true", help="short, and not written to the tables")
    parser.add_argument("--only", choices=tuple(WORKLOADS), help="one workload of the lookup")
    options = parser.parse_args(arguments)
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # before any peer is loaded
    if options.part != "report":
        for figures in _measure(options.part, options.quick, options.only):
            if options.quick:
                sys.stdout.write(json.dumps(figures, indent=1) + "\n")
            else:
                _keep(options.part, figures)
        if options.quick:
            return
    parts = {
        part: json.loads((CACHE / f"{part}.json").read_text())
        for part in _PARTS
        if (CACHE / f"{part}.json").exists()
    }
    render: Callable[[Any], str] = import_module("bench.report").render
    RESULTS.write_text(render(parts))
    _tell(f"wrote {RESULTS.name}")


def _measure(part: str, quick: bool, only: str | None) -> Iterator[dict[str, Any]]:
    """Measure a part; the lookup gives its workloads one by one, as each takes minutes."""
    module = import_module(f"bench.{part}")
    effort = module.QUICK if quick else module.FULL
    if part == "lookup":
        names = [only] if only else ["city", "metro"] if quick else list(WORKLOADS)
        yield from module.run(effort, names, _tell)
    else:
        yield module.run(effort, _tell)


def _keep(part: str, figures: dict[str, Any]) -> None:
    """Keep the figures of a part; workloads that were measured before stay beside new ones."""
    CACHE.mkdir(parents=True, exist_ok=True)
    path = CACHE / f"{part}.json"
    if "sets" in figures and path.exists():
        before = json.loads(path.read_text())["figures"]
        if before["effort"] == figures["effort"]:
            figures["sets"] = before["sets"] | figures["sets"]
    measured = {
        "machine": describe_machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "figures": figures,
    }
    path.write_text(json.dumps(measured, indent=1))


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main()
