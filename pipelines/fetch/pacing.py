"""Keeping a pause between requests to one host, and no more than a few at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

CONCURRENCY = 32
"""Requests under way at once. Fetching waits far more than it works."""
HOST_CONCURRENCY = 2
"""Requests under way at once to one host: fewer than a reader's browser opens for a page."""
MAX_INTERVAL = 60.0
"""Longest pause we keep within a run, in seconds; a robots.txt may ask for days."""
MAX_HOLD = 3.0
"""Longest time in seconds for which all requests to a host wait because one was too many."""
STRIKES = 2
"""Times a host may say that it has too many before it is left alone for as long as it asked."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HOST_CONCURRENCY))
    interval: float = 0.0
    next_start: float = 0.0
    """Earliest start of the next request, in the clock's seconds."""
    strikes: int = 0
    closed_until: float = 0.0
    """No request before, in the clock's seconds."""


class Pacer:
    """Lets requests through, host by host. ``clock`` and ``sleep`` are seconds; given for tests."""

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._all = asyncio.Semaphore(CONCURRENCY)
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)

    def slow_down(self, host: str, interval: float) -> None:
        """Keep at least that pause, in seconds, between two requests to a host. A shorter one changes nothing."""
        one = self._hosts[host]
        one.interval = max(one.interval, min(interval, MAX_INTERVAL))

    def hold(self, host: str, seconds: float) -> None:
        """A host said that it has too many requests, and asked to be left alone for a while.

        One address of a large host may say so for itself; when it comes again, it is meant for all.
        """
        one = self._hosts[host]
        one.strikes += 1
        one.next_start = max(one.next_start, self._clock() + min(seconds, MAX_HOLD))
        if one.strikes >= STRIKES:
            one.closed_until = max(one.closed_until, self._clock() + seconds)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn; the request goes inside.

        Raises ``FetchError`` (``held_off``) where the host has asked to be left alone.
        """
        one = self._hosts[host]
        # The pause is waited for outside the common slots: one slow host must not hold up the others.
        async with one.slots:
            now = self._clock()
            if one.closed_until > now:
                raise FetchError(
                    "held_off", f"{host} has too many requests; left alone for {one.closed_until - now:.0f} s"
                )
            start = max(now, one.next_start)
            one.next_start = start + one.interval
            if start > now:
                await self._sleep(start - now)
            async with self._all:
                yield
