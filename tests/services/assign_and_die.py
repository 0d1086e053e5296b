"""A program that assigns a file in small chunks and kills itself on the way; see test_assigning."""

import os
import signal
import sys
import time
from pathlib import Path

from gridgis.files import blocks, parquet, textstream
from gridgis.services.assigning import PositionColumns, assign_file
from gridgis.services.editions import EditionViews
from gridgis.services.snapshot import load_snapshot
from gridgis.store.database import Store
from tests.tiny import at

LAYERS = ("town",)
NOW = at("2026-11-22")


def shrink_chunks():
    """Make a few hundred rows a chunk."""
    blocks._BLOCK_BYTES = textstream._BLOCK_BYTES = 4096
    parquet._CHUNK_ROWS, parquet._LEAST_CHUNK_ROWS = 256, 1


def assign(url, source, output, *, show_progress=lambda _: None):
    store = Store(url)
    try:
        snapshot = load_snapshot(store, EditionViews(store, output.parent / "cache"), now=NOW)
        return assign_file(
            snapshot,
            source,
            output,
            layers=LAYERS,
            at=NOW,
            columns=PositionColumns(),
            show_progress=show_progress,
            checkpoint_s=0,
        )
    finally:
        store.close()


def main():
    url, source, output, pieces = sys.argv[1:]
    left = int(pieces)

    def count(_):
        nonlocal left
        left -= 1
        time.sleep(0.05)  # for what was appended before to reach the disk
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    shrink_chunks()
    assign(url, Path(source), Path(output), show_progress=count)


if __name__ == "__main__":
    main()
