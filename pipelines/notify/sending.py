"""Parcels handed to their channels, every channel at its own pace."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from pipelines.notify.channels import Channel
    from pipelines.notify.digests import Parcel
    from pipelines.notify.notice import Notice

FAILURES_IN_A_ROW = 2
"""Failures after which a channel rests for this delivery: each may be a time-out of many seconds."""
MAX_ERROR = 500
"""Characters kept of an error."""


def send(
    notices: Mapping[Parcel, Notice],
    channels: Mapping[str, Channel],
    failures: Counter[str],
) -> Iterator[tuple[Parcel, str | None]]:
    """Send what is said of parcels, every channel in a thread of its own; yield each as soon as its channel is done.

    A channel with ``FAILURES_IN_A_ROW`` stops; its other parcels are not yielded and stay as they are.
    """
    by_channel: defaultdict[str, list[Parcel]] = defaultdict(list)
    for parcel in notices:
        by_channel[parcel.channel].append(parcel)
    done: queue.SimpleQueue[tuple[Parcel, str | None] | None] = queue.SimpleQueue()
    stop = threading.Event()

    def work(name: str) -> None:
        try:
            for parcel in by_channel[name]:
                if stop.is_set() or failures[name] >= FAILURES_IN_A_ROW:
                    break
                error = _attempt(channels[name], notices[parcel])
                failures[name] = failures[name] + 1 if error else 0
                done.put((parcel, error))
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
        stop.set()  # the store failed or we were interrupted: what is being sent now is the last
        for thread in threads:
            thread.join()


def _attempt(channel: Channel, notice: Notice) -> str | None:
    """Send one notice; the error's text when it failed."""
    try:
        channel.send(notice)
    except Exception as error:  # noqa: BLE001 - whatever a receiver's library raises, the other channels go on
        return f"{type(error).__name__}: {error}"[:MAX_ERROR]
    return None
