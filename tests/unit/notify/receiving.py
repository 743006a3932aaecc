"""A channel that keeps what it gets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.unit.notify.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.notify.notice import Notice
    from pipelines.stores.protocol import Store
    from schemas.records import Alert, AlertState

    Raise = Callable[..., list[Alert]]

FAR = NOW + timedelta(days=9999)


class Receiver:
    """A channel which keeps what it gets, and fails on the attempts it is told to."""

    def __init__(self, *fails: int) -> None:
        self.fails = set(fails)
        self.attempts = 0
        self.got: list[Notice] = []

    def send(self, notice: Notice) -> None:
        self.attempts += 1
        if self.attempts in self.fails:
            raise OSError("the receiver is down")
        self.got.append(notice)


def states(store: Store) -> set[AlertState]:
    return {alert.state for alert in store.iter_alerts()}
