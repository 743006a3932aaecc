"""Python's collector of garbage cycles, held off where it only costs."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collector_paused(*, lasting: bool = False) -> Iterator[None]:
    """Build something large, none of which is garbage yet; ``lasting``: nor ever will be.

    Looking through it for garbage again and again takes half the time of building it. What lasts would be looked
    through later too, whenever there is nothing to find: ``gc.freeze`` is there for this.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if lasting:
            gc.freeze()
        if enabled:
            gc.enable()
