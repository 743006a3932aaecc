"""Keeping a pause between requests to one host, and no more than a few at once."""

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
"""Requests under way at once. Fetching waits far more than it works; 48 silent hosts fill no more than these."""
HOST_CONCURRENCY = 2
"""Requests under way at once to one host: fewer than a reader's browser opens for a page."""
MAX_INTERVAL = 60.0
"""Longest pause we keep within a run, in seconds; a robots.txt may ask for days."""
MAX_HOLD = 3.0
"""Longest time in seconds for which all requests to a host wait because one was too many."""
GIVE_UP = 3
"""Requests in a row that a host may leave unanswered before it is left alone for the rest of a run."""
STRIKES = 2
"""Times a host may say that it has too many before it is left alone for as long as it asked."""
NOT_ASKED = frozenset({"held_off", "given_up", "deadline"})
"""Reasons for which a request was not made in this run; nothing is known of its address."""


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(HOST_CONCURRENCY))
    interval: float = 0.0
    next_start: float = 0.0
    """Earliest start of the next request, in the clock's seconds."""
    strikes: int = 0
    closed_until: float = 0.0
    """No request before, in the clock's seconds."""
    queued: int = 0
    """Requests that wait for a slot."""
    unanswered: int = 0
    """Requests in a row without an answer."""


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
        self._deadline = math.inf

    def end_after(self, seconds: float) -> None:
        """Let no request start later than in so many seconds."""
        self._deadline = self._clock() + seconds

    def slow_down(self, host: str, interval: float) -> None:
        """Keep at least that pause, in seconds, between two requests to a host. A shorter one changes nothing."""
        pace = self._hosts[host]
        pace.interval = max(pace.interval, min(interval, MAX_INTERVAL))

    def hold(self, host: str, seconds: float) -> None:
        """Leave a host alone that said that it has too many requests.

        One address of a large host may say so for itself; when it comes again, it is meant for all.
        """
        pace = self._hosts[host]
        pace.strikes += 1
        pace.next_start = max(pace.next_start, self._clock() + min(seconds, MAX_HOLD))
        if pace.strikes >= STRIKES:
            pace.closed_until = max(pace.closed_until, self._clock() + seconds)

    def answered(self, host: str) -> None:
        """Note that a host has answered a request, whatever the answer."""
        self._hosts[host].unanswered = 0

    def unanswered(self, host: str) -> None:
        """Note that a host has left a request without an answer."""
        self._hosts[host].unanswered += 1

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for this host's turn; the request goes inside.

        Raises ``FetchError`` where there is to be no request in this run, at once where that is known already:
        ``held_off`` (the host has asked to be left alone), ``given_up`` (it does not answer), ``deadline`` (its turn
        would come too late).
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
            # The pause is waited for outside the common slots: one slow host must not hold up the others.
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
            raise FetchError("held_off", f"{host} has too many requests; left alone for {seconds:.0f} s")
        if pace.unanswered >= GIVE_UP:
            raise FetchError("given_up", f"{host} left {GIVE_UP} requests in a row unanswered")
        if max(now, pace.next_start + pace.queued * pace.interval) >= self._deadline:
            raise FetchError("deadline", f"the turn of {host} comes after the end of the time for fetching")
