"""Sending of notices, with a thread per channel."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from pipelines.notify.channels import Channel
    from pipelines.notify.digests import Digest
    from pipelines.notify.notice import Notice

FAILURES_IN_A_ROW = 2
"""Consecutive failures after which a channel is skipped for this delivery, since each may be a long time-out."""
MAX_ERROR = 500
"""Characters of an error that are recorded."""


def send(
    notices: Mapping[Digest, Notice],
    channels: Mapping[str, Channel],
    failures: Counter[str],
) -> Iterator[tuple[Digest, str | None]]:
    """Send the notices of digests, with a thread per channel; yield each digest with its error as soon as it is done.

    A channel stops after ``FAILURES_IN_A_ROW``; its other digests are not yielded and stay unchanged.
    """
    by_channel: defaultdict[str, list[Digest]] = defaultdict(list)
    for digest in notices:
        by_channel[digest.channel].append(digest)
    done: queue.SimpleQueue[tuple[Digest, str | None] | None] = queue.SimpleQueue()
    stop = threading.Event()

    def work(name: str) -> None:
        try:
            for digest in by_channel[name]:
                if stop.is_set() or failures[name] >= FAILURES_IN_A_ROW:
                    break
                error = _attempt(channels[name], notices[digest])
                failures[name] = failures[name] + 1 if error else 0
                done.put((digest, error))
        finally:
            done.put(None)

    threads = [threading.Thread(target=work, args=(name,), name=f"notify-{name}") for name in sorted(by_channel)]
    for thread in threads:
        thread.start()
    try:
        running = len(threads)
        while running:
            item = done.get()
            if item is None:
                running -= 1
            else:
                yield item
    finally:
        stop.set()  # the store failed or an interrupt arrived: each channel finishes only its present notice
        for thread in threads:
            thread.join()


def _attempt(channel: Channel, notice: Notice) -> str | None:
    """Send a notice; return the text of the error, or ``None``."""
    try:
        channel.send(notice)
    except Exception as error:  # noqa: BLE001 - no error of a receiver's library may stop the other channels
        return f"{type(error).__name__}: {error}"[:MAX_ERROR]
    return None
