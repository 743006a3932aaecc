"""Pacing of requests: a pause between requests to a host, and a limit on concurrent requests."""

from __future__ import annotations

import asyncio
import math
from collections import defaultdict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.errors import FetchError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

CONCURRENCY = 100
"""Concurrent requests to all hosts. Fetching mostly waits; 48 silent hosts use up at most this number."""
HOST_CONCURRENCY = 2
"""Concurrent requests to one host: fewer than a browser opens for a page."""
MAX_INTERVAL = 60.0
"""Longest pause kept within a run, in seconds; a robots.txt may ask for days."""
MAX_HOLD = 3.0
"""Longest delay, in seconds, of all requests to a host after it has reported too many requests."""
GIVE_UP = 3
"""Consecutive unanswered requests after which a host gets no more requests in a run."""
STRIKES = 2
"""Reports of too many requests after which a host gets no request for the time that it asked for."""
NOT_ASKED = frozenset({"held_off", "given_up", "deadline"})
"""Reasons for which a request was not made in this run; they say nothing about its address."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HOST_CONCURRENCY))
    interval: float = 0.0
    next_start: float = 0.0
    """Earliest start of the next request, in the clock's seconds."""
    strikes: int = 0
    closed_until: float = 0.0
    """Time before which no request is made, in the clock's seconds."""
    queued: int = 0
    """Number of requests that wait for a slot."""
    unanswered: int = 0
    """Number of consecutive requests without an answer."""


class Pacer:
    """Admission of requests, host by host. ``clock`` and ``sleep`` take seconds; tests replace them."""

    def __init__(
        self,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._all = asyncio.Semaphore(CONCURRENCY)
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)
        self._deadline = math.inf

    def end_after(self, seconds: float) -> None:
        """Refuse requests that would start more than ``seconds`` from now."""
        self._deadline = self._clock() + seconds

    def slow_down(self, host: str, interval: float) -> None:
        """Keep at least this pause, in seconds, between two requests to a host. A shorter pause changes nothing."""
        pace = self._hosts[host]
        pace.interval = max(pace.interval, min(interval, MAX_INTERVAL))

    def hold(self, host: str, seconds: float) -> None:
        """Delay requests to a host that has reported too many requests.

        A single address of a large host may report its own limit; a repeated report is taken to concern the host.
        """
        pace = self._hosts[host]
        pace.strikes += 1
        pace.next_start = max(pace.next_start, self._clock() + min(seconds, MAX_HOLD))
        if pace.strikes >= STRIKES:
            pace.closed_until = max(pace.closed_until, self._clock() + seconds)

    def answered(self, host: str) -> None:
        """Record that a host has answered a request, with any status."""
        self._hosts[host].unanswered = 0

    def unanswered(self, host: str) -> None:
        """Record that a host has not answered a request."""
        self._hosts[host].unanswered += 1

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait until a request to the host may start; the request is made inside the context.

        Raises:
            FetchError: no request may be made in this run: ``held_off`` (the host has asked for fewer requests),
                ``given_up`` (it does not answer) or ``deadline`` (the request would start too late). It is raised
                without waiting if this is already known.
        """
        pace = self._hosts[host]
        self._refuse(host, pace)
        pace.queued += 1
        try:
            await pace.slots.acquire()
        finally:
            pace.queued -= 1
        try:
            self._refuse(host, pace)
            now = self._clock()
            start = max(now, pace.next_start)
            pace.next_start = start + pace.interval
            # Sleep outside the common slots: a slow host must not hold up the others.
            if start > now:
                await self._sleep(start - now)
            async with self._all:
                yield
        finally:
            pace.slots.release()

    def _refuse(self, host: str, pace: _Host) -> None:
        now = self._clock()
        if pace.closed_until > now:
            seconds = pace.closed_until - now
            raise FetchError("held_off", f"{host} has reported too many requests; no request for {seconds:.0f} s")
        if pace.unanswered >= GIVE_UP:
            raise FetchError("given_up", f"{host} left {GIVE_UP} requests in a row unanswered")
        if max(now, pace.next_start + pace.queued * pace.interval) >= self._deadline:
            raise FetchError("deadline", f"the request to {host} would start after the deadline for fetching")
