"""One pool of workers for a whole process: a stream's runner makes and drops steps, and workers start slowly."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING

from pipelines.ingest.pool import RefinePool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.clean.learning import Learned
    from schemas.records import Rule

_pools: dict[tuple[tuple[Rule, ...], int | None, frozenset[tuple[str, frozenset[str]]]], RefinePool] = {}
_lock = threading.Lock()


def shared_pool(rules: Sequence[Rule], workers: int | None = None, *, learned: Learned) -> RefinePool:
    """Return the process's pool for these rules and learned lines.

    The pool ends with the process, or when the process requests a pool for other rules or lines.
    """
    key = (tuple(rules), workers, frozenset(learned.items()))
    with _lock:
        if key not in _pools:
            close_shared()
            _pools[key] = RefinePool(rules, workers, learned=learned)
            atexit.register(close_shared)
        return _pools[key]


def close_shared() -> None:
    """End the workers."""
    while _pools:
        _pools.popitem()[1].close()
