"""The lease on the memory: who stood still has lost it, who goes on renews it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import StoreUnavailableError
from pipelines.stores.elastic import ElasticsearchStore

if TYPE_CHECKING:
    from tests.stores.conftest import Make, Place


def test_a_holder_who_stood_still_may_not_write_any_more(
    elastic_place: Place, make: type[Make], monkeypatch: pytest.MonkeyPatch
) -> None:
    stalled, other = (elastic_place.open(lease_seconds=0.6) for _ in range(2))
    assert isinstance(stalled, ElasticsearchStore)
    stalled.setup()
    with pytest.raises(StoreUnavailableError, match="lease"), stalled.exclusive():  # noqa: PT012 - one story
        # As if the machine had slept: nobody renews.
        monkeypatch.setattr(stalled._lease, "_write", lambda _: time.sleep(5))
        with other.exclusive():
            other.remember([make.entry(1)])
        stalled.remember([make.entry(2)])
    monkeypatch.undo()
    assert list(other.remembered([f"{number:040x}" for number in (1, 2)])) == [f"{1:040x}"]
    with stalled.exclusive():
        stalled.remember([make.entry(2)])
    assert len(other.remembered([f"{number:040x}" for number in (1, 2)])) == 2


def test_a_lease_held_for_long_is_renewed(elastic_place: Place) -> None:
    holder, other = (elastic_place.open(lease_seconds=0.6) for _ in range(2))
    holder.setup()
    entered = threading.Event()

    def wait() -> None:
        with other.exclusive():
            entered.set()

    with holder.exclusive():
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert not entered.wait(2.5)
    assert entered.wait(10)
    waiting.join()


def test_a_lease_within_itself_is_a_mistake(elastic_place: Place) -> None:
    store = elastic_place.open()
    store.setup()
    with store.exclusive(), pytest.raises(RuntimeError, match="already"), store.exclusive():
        pass
