"""The horizon, in both stores."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.grouping.horizon import forget_quiet

if TYPE_CHECKING:
    from pipelines.stores.protocol import Store
    from tests.stores.conftest import Make


def test_quiet_stories_are_forgotten_and_lively_ones_kept_whole(store: Store, make: type[Make]) -> None:
    # Entries are first seen a minute apart; 0 to 3 are one story, and so are 2 and 8 of another.
    story = {0: "quiet", 1: "quiet", 2: "lively", 3: "quiet", 4: "alone", 8: "lively", 9: "new"}
    store.remember([make.entry(number, story_id=name) for number, name in story.items()])
    limit = make.day + timedelta(minutes=5)
    assert forget_quiet(store, limit) == 4
    left = store.remembered([make.entry(number).fingerprint.article_id for number in story])
    assert {entry.story_id for entry in left.values()} == {"lively", "new"}
    assert len(left) == 3
    assert forget_quiet(store, limit) == 0
