"""A limit on the memory of a worker process."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/statm")


def limit_memory(more: int) -> None:
    """Limit this process to ``more`` bytes of address space beyond its current use; beyond, ``MemoryError``.

    Works on Linux, where the kernel refuses memory beyond the limit. macOS ignores the limit and Windows has none, so
    that only the pool's time limit bounds a worker there.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Unix only

    pages = int(_STATUS.read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with suppress(ValueError, OSError):  # a lower limit set from outside stays in force
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
