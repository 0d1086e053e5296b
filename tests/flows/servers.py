"""A real `gridgis serve` in processes of its own, and questions put to it without a pause."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from tests.dc import ZONE

STARTS_WITHIN_S = 90.0


def environment(url, cache):
    """Environment of a command; nothing of the caller's own settings comes through."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("GRIDGIS_")}
    return own | {
        "GRIDGIS_DATABASE_URL": url,
        "GRIDGIS_CACHE_DIR": str(cache),
        "GRIDGIS_TIMEZONE": ZONE,
    }


def run_gridgis(url, cache, *arguments, cwd):
    command = [sys.executable, "-m", "gridgis.cli", *map(str, arguments)]
    return subprocess.run(
        command, env=environment(url, cache), cwd=cwd, capture_output=True, text=True, check=False
    )


@contextmanager
def serving(url, cache, *, workers, cwd) -> Iterator[str]:
    """Serve on a free port; gives the address once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "gridgis.cli", "serve", "--port", str(port)]
    with (cwd / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [*command, "--workers", str(workers)],
            env=environment(url, cache),
            cwd=cwd,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server, workers)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def ask(address, path):
    """Get JSON over a connection of its own, so that any worker may answer."""
    with urllib.request.urlopen(f"{address}{path}", timeout=10) as answer:  # noqa: S310
        return json.load(answer)


class Questions:
    """Asks one path again and again from several threads; keeps when and what was answered."""

    def __init__(self, address, path, read, *, threads=4, pause_s=0.01):
        self.answers = []
        self.failures = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(address, path, read, pause_s), daemon=True)
            for _ in range(threads)
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=15)

    def _ask(self, address, path, read, pause_s):
        while not self._stop.wait(pause_s):
            asked_at = time.monotonic()
            try:
                self.answers.append((asked_at, read(ask(address, path))))
            except Exception as error:
                self.failures.append(repr(error))


def _wait_for(address, server, workers):
    deadline = time.monotonic() + STARTS_WITHIN_S
    ready = 0
    while ready < 20 * workers:  # in a row, over connections of their own
        assert server.poll() is None, "the server ended; see serve.log"
        assert time.monotonic() < deadline, "the server does not answer"
        try:
            ask(address, "/readyz")
            ready += 1
        except OSError:
            ready = 0
            time.sleep(0.1)
