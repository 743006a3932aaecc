"""A limit on the memory of a worker process."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path

_STATUS = Path("/proc/self/statm")


def limit_memory(more: int) -> None:
    """Let this process take ``more`` bytes of address space on top of what it has; beyond, ``MemoryError``.

    Works on Linux, where the kernel refuses what is beyond the limit. Other systems do not keep to it (macOS) or
    have none (Windows); there the time limit of the pool is what bounds a worker.
    """
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Unix only

    pages = int(_STATUS.read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + more
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with suppress(ValueError, OSError):  # a lower limit may have been set from outside; then that one holds
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
