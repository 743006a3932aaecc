"""Extraction processes for benchmarks that have Beam in their main module."""

from __future__ import annotations

import sys

from pipelines.ingest.pool import start_server


def start_workers() -> None:
    """Start the server that forks workers, which are not to import this program's main module: they need no Beam.

    ``pipelines.beam`` has a main module that imports nothing for the same reason.
    """
    main = sys.modules["__main__"]
    main.__spec__ = None
    main.__file__ = None
    start_server()
